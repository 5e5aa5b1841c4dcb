"""The endpoint reads CSV and JSON in the forms people send, and says exactly what is wrong with the others."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from types import ModuleType
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

NAMES = ("age", "city", "income")
PARSED = {"age": [31.0, None], "city": ["Bern, old town", "007"], "income": [1.5, -2.0]}


@pytest.fixture
def read(payload: ModuleType) -> Callable[[Any, str], Any]:
    """read(body, content type) for a model of two numbers and a text."""
    schema = payload.Schema(columns=NAMES, numeric=frozenset({"age", "income"}), label="bought")
    return partial(payload.parse, schema=schema)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param('age,city,income\n31,"Bern, old town",1.5\n,007,-2\n', "text/csv", id="csv with header"),
        pytest.param('31,"Bern, old town",1.5\nNA,007,-2', "text/csv", id="csv without header"),
        pytest.param('31,"Bern, old town",1.5\n?,007,-2', "text/csv; header=absent", id="csv, header=absent"),
        pytest.param(
            'income,bought,city,age\r\n1.5,yes,"Bern, old town",31\r\n-2,no,007,\r\n',
            "text/csv",
            id="label, other order",
        ),
        pytest.param('age, city, income\n31, "Bern, old town", 1.5\n, 007, -2', "text/csv", id="spaces"),
        pytest.param(
            '\ufeffage,city,income\n31,"Bern, old town",1.5\n,007,-2'.encode(),
            "text/csv; charset=utf-8",
            id="bytes, BOM",
        ),
        pytest.param(
            '{"instances": [[31, "Bern, old town", 1.5], [null, "007", -2]]}',
            "application/json",
            id="instances: arrays",
        ),
        pytest.param(
            '{"instances": [{"age": 31, "city": "Bern, old town", "income": 1.5},'
            ' {"age": null, "city": "007", "income": "-2", "bought": "no"}]}',
            "application/json",
            id="instances: objects",
        ),
        pytest.param(
            '[{"age": 31, "city": "Bern, old town", "income": 1.5}, {"age": NaN, "city": "007", "income": -2}]',
            "Application/JSON; charset=utf-8",
            id="list of objects",
        ),
    ],
)
def test_one_request_in_many_forms_is_one_table(read: Callable[..., Any], body: Any, content_type: str) -> None:
    assert read(body, content_type) == PARSED


@pytest.mark.parametrize(
    ("body", "content_type", "status", "message"),
    [
        ("x", "application/x-parquet", 415, "cannot read 'application/x-parquet'; send text/csv or application/json"),
        ("x", "", 415, "cannot read ''; send text/csv or application/json"),
        ("", "text/csv", 400, "the request holds no rows"),
        ("age,city,income\n", "text/csv", 400, "the request holds no rows"),
        ('{"instances": []}', "application/json", 400, "the request holds no rows"),
        (
            "age,town,income\n1,x,2",
            "text/csv",
            400,
            "unknown columns: 'town'; missing columns: 'city'; the model takes 'age', 'city', 'income'",
        ),
        ("age,city\n1,x", "text/csv", 400, "missing columns: 'income'; the model takes 'age', 'city', 'income'"),
        ("age,city,income,age\n1,x,2,3", "text/csv", 400, "the header names a column twice: 'age'"),
        ("age,city,income\n1,x,2\n1,x", "text/csv", 400, "row 2: 2 fields, but the header has 3"),
        (
            "1,x,2,yes",
            "text/csv",
            400,
            "row 1: 4 values, but the model takes 3, without the label 'bought', in this order: 'age', 'city', ",
        ),
        (
            "a,b,c\n1,x,2",
            "text/csv",
            400,
            "row 1, column 'age': 'a' is not a number; if row 1 is a header, its names are not the model's: 'age', ",
        ),
        ("1,x,2\n1,x,1_000", "text/csv", 400, "row 2, column 'income': '1_000' is not a number"),
        ('1,"x,2', "text/csv", 400, "CSV, line 1: unexpected end of data"),
        (b"\xff\xfe", "text/csv", 400, "the body is not UTF-8: byte 0"),
        ("{", "application/json", 400, "not JSON: Expecting property name enclosed in double quotes: "),
        (
            '{"rows": []}',
            "application/json",
            400,
            'expected {"instances": [...]} or a list, of objects (by column name) or of arrays, not of both',
        ),
        ('[[1, "x", 2], {}]', "application/json", 400, "expected "),
        (
            '[{"age": 1, "city": "x", "income": 2}, {"age": 1, "sity": "x"}]',
            "application/json",
            400,
            "row 2: unknown columns: 'sity'; missing columns: 'city', 'income'; the model takes ",
        ),
        (
            '[[1, ["x"], 2]]',
            "application/json",
            400,
            "row 1, column 'city': a single value is expected, not a list or an object",
        ),
    ],
)
def test_a_wrong_request_is_answered_with_what_to_change(
    read: Callable[..., Any], body: Any, content_type: str, status: int, message: str
) -> None:
    with pytest.raises(Exception, match=f"^{re.escape(message)}") as raised:
        read(body, content_type)
    assert getattr(raised.value, "status_code", None) == status


def test_columns_that_are_named_by_numbers_are_a_header_only_when_they_are_the_model_s(payload: ModuleType) -> None:
    numbered = payload.Schema(columns=("0", "1", "2"), numeric=frozenset({"0", "1", "2"}), label="3")
    for header in ("0,1,2", "0,1,2,3"):
        values = header.replace("0,1,2", "7,8,9")
        assert payload.parse(f"{header}\n{values}\n", "text/csv", numbered) == {"0": [7.0], "1": [8.0], "2": [9.0]}
    assert payload.parse("1,1,0\n", "text/csv", numbered) == {"0": [1.0], "1": [1.0], "2": [0.0]}
    assert payload.parse("0,1,2\n", "text/csv; header=absent", numbered) == {"0": [0.0], "1": [1.0], "2": [2.0]}


def test_true_and_false_are_numbers_where_training_made_them_numbers(read: Callable[..., Any]) -> None:
    assert read('[[true, "x", "FALSE"]]', "application/json")["age"] == [1.0]
    assert read("true,x,False", "text/csv")["income"] == [0.0]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("text/csv", "text/csv"),
        ("image/png, text/csv;q=0.9", "text/csv"),
        ("text/csv; header=absent", "text/csv; header=absent"),
    ],
)
def test_the_answer_comes_in_the_accepted_type(payload: ModuleType, accept: str | None, kind: str) -> None:
    assert payload.answer_type(accept) == kind


def test_an_answer_that_cannot_be_given_is_refused_with_the_ones_that_can(payload: ModuleType) -> None:
    with pytest.raises(payload.RequestError, match="accept application/json or text/csv") as raised:
        payload.answer_type("image/png")
    assert raised.value.status_code == 406


def test_answers_carry_probabilities_for_classes_and_none_for_a_regression(payload: ModuleType) -> None:
    classes = payload.Answer(["yes", "no"], [{"no": 0.25, "yes": 0.75}, {"no": 1.0, "yes": 0.0}])
    assert json.loads(payload.render(classes, "application/json")) == {
        "predictions": ["yes", "no"],
        "probabilities": [{"no": 0.25, "yes": 0.75}, {"no": 1.0, "yes": 0.0}],
    }
    table = "prediction,probability_no,probability_yes\nyes,0.25,0.75\nno,1.0,0.0\n"
    assert payload.render(classes, "text/csv") == table
    assert payload.render(classes, "text/csv; header=absent") == table.split("\n", 1)[1]
    assert json.loads(payload.render(payload.Answer([1.5], []), "application/json")) == {"predictions": [1.5]}
    assert payload.render(payload.Answer([1.5], []), "text/csv") == "prediction\n1.5\n"


cells = st.tuples(
    st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
    st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    st.integers(-(2**53), 2**53),
)


@given(rows=st.lists(cells, min_size=1, max_size=5))
def test_csv_and_json_of_the_same_rows_are_read_alike(payload: ModuleType, rows: list[tuple[Any, ...]]) -> None:
    schema = payload.Schema(NAMES, frozenset({"age", "income"}), "bought")
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([NAMES, *rows])
    by_csv = payload.parse(out.getvalue(), "text/csv", schema)
    headless = payload.parse(out.getvalue().split("\r\n", 1)[1], "text/csv; header=absent", schema)
    by_json = payload.parse(
        json.dumps([dict(zip(NAMES, row, strict=True)) for row in rows]), "application/json", schema
    )
    assert by_csv == headless == by_json
    assert by_csv["age"] == [row[0] for row in rows]


hostile = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["größe", "日本語", "😀", "مرحبا", "\u202e", "a\r\nb", "\0", "\ud83d", "x" * 10_000]),
)


def refusal(payload: ModuleType, *arguments: Any) -> Any:
    """The RequestError of a request, or None."""
    schema = payload.Schema(NAMES, frozenset({"age", "income"}), "bought")
    body, content_type, accept = arguments
    try:
        payload.answer_type(accept)
        payload.parse(body, content_type, schema)
    except payload.RequestError as error:
        return error
    return None


@given(name=hostile, cell=hostile, kind=st.sampled_from(["text/csv", "application/json"]) | hostile, accept=hostile)
def test_whatever_a_request_holds_its_refusal_has_http_s_own_phrase_and_a_short_text(
    payload: ModuleType, name: str, cell: str, kind: str, accept: str
) -> None:
    table = f"{name},city,income\n{cell},x,1\n"
    document = json.dumps([{name: cell, "city": "x", "income": 1}])
    for body in (table, table.encode(errors="surrogatepass"), document, document[:-1]):
        for wanted in (accept, "*/*"):
            error = refusal(payload, body, kind, wanted)
            if error is not None:
                assert error.phrase == HTTPStatus(error.status_code).phrase
                assert error.phrase.isascii()
                assert error.phrase.isprintable()
                assert len(error.message.encode()) < 20_000
                assert not set(error.message) & {"\r", "\n", "\0", "\u202e"}


def test_numbers_of_any_length_and_headers_of_any_width_are_refused_and_not_counted_out(payload: ModuleType) -> None:
    assert refusal(payload, f"[[{'9' * 5000}, 1, 2]]", "application/json", "*/*").status_code == 400
    wide = ",".join(["age", "city", "income"] * 200_000)
    assert "twice" in refusal(payload, f"{wide}\n", "text/csv", "*/*").message


@settings(max_examples=20)
@given(width=st.integers(1, 1000), kind=st.sampled_from(["application/json", "text/csv", "text/csv; header=absent"]))
def test_an_answer_that_is_too_large_is_refused_with_a_number_of_rows_that_fits(
    payload: ModuleType, width: int, kind: str
) -> None:
    def answer(rows: int) -> Any:
        return payload.Answer(["x" * width] * rows, [{"ja": 0.25, "ne": 0.75}] * rows)

    with mock.patch.object(payload, "LARGEST_ANSWER", limit := 50_000):
        with pytest.raises(payload.RequestError, match="send") as raised:
            payload.render(answer(2 * limit // width), kind)
        assert raised.value.status_code == 413
        fit = int(re.search(r"send (\d+) rows", raised.value.message)[1])
        assert len(payload.render(answer(fit), kind)) <= limit
