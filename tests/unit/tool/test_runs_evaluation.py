"""How predictions are measured."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagekeep.runs.evaluation import Answer, accuracy, canonical, rmse, roc_auc, score

ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 6).map(lambda n: n / 6)), min_size=2, max_size=60)


@given(ROWS.filter(lambda rows: len({positive for positive, _ in rows}) == 2))
def test_the_area_is_the_share_of_pairs_in_the_right_order_ties_counting_half(rows: list[tuple[bool, float]]) -> None:
    pairs = [(good, bad) for positive, good in rows for other, bad in rows if positive and not other]
    naive = sum(1.0 if good > bad else 0.5 if good == bad else 0.0 for good, bad in pairs) / len(pairs)
    assert math.isclose(roc_auc([p for p, _ in rows], [s for _, s in rows]), naive, abs_tol=1e-12)


@given(ROWS.filter(lambda rows: len({positive for positive, _ in rows}) == 2))
def test_either_class_may_be_the_positive_one(rows: list[tuple[bool, float]]) -> None:
    area = roc_auc([p for p, _ in rows], [s for _, s in rows])
    assert math.isclose(area, roc_auc([not p for p, _ in rows], [1 - s for _, s in rows]), abs_tol=1e-12)


def test_an_area_needs_both_classes() -> None:
    with pytest.raises(ValueError, match="both classes"):
        roc_auc([True, True], [0.1, 0.2])


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1))
def test_the_root_mean_squared_error_is_zero_for_the_truth_and_never_above_the_largest_error(
    rows: list[tuple[float, float]],
) -> None:
    labels, said = [a for a, _ in rows], [b for _, b in rows]
    assert rmse(labels, labels) == 0
    # The square of an error below 1e-154 is too small for a float to be exact.
    assert rmse(labels, said) <= max(abs(a - b) for a, b in rows) * (1 + 1e-9) + 1e-150


def test_a_class_is_the_same_however_a_file_or_a_model_writes_it() -> None:
    assert canonical("1") == canonical(1.0) == canonical("1.50".replace("50", "0"))
    assert canonical("TRUE") == canonical(True)
    assert canonical(" benign ") == "benign"
    assert canonical("1") != canonical("10")
    assert accuracy(["1", "0", "True"], [1.0, 1.0, True]) == pytest.approx(2 / 3)


def answers(*chances: dict[str, float]) -> list[Answer]:
    return [Answer(max(row, key=lambda name: row[name]), row) for row in chances]


def test_two_classes_are_measured_by_area_more_by_accuracy_numbers_by_error() -> None:
    two = answers({"a": 0.9, "b": 0.1}, {"a": 0.6, "b": 0.4}, {"a": 0.3, "b": 0.7})
    assert score(["a", "b", "b"], two).metric == "ROC AUC"
    assert score(["a", "b", "b"], two).value == 1.0
    three = answers({"a": 0.5, "b": 0.3, "c": 0.2}, {"a": 0.1, "b": 0.3, "c": 0.6})
    assert (score(["a", "b"], three).metric, score(["a", "b"], three).value) == ("accuracy", 0.5)
    numbers = [Answer(1.0), Answer(4.0)]
    assert (score(["1", "2"], numbers).metric, score(["1", "2"], numbers).value) == ("RMSE", pytest.approx(2**0.5))


def test_rows_of_a_single_class_are_measured_by_accuracy() -> None:
    one = answers({"a": 0.9, "b": 0.1}, {"a": 0.2, "b": 0.8})
    assert (score(["a", "a"], one).metric, score(["a", "a"], one).value) == ("accuracy", 0.5)


def test_answers_that_do_not_fit_the_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        score(["a"], [])
