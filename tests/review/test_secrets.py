"""Sensitive values are in no output, wherever a plan holds them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from sagekeep.review import gate_rules, reading
from sagekeep.review.gate import decide
from sagekeep.review.masking import CHANGED, MASK, mask
from sagekeep.review.model import Plan
from sagekeep.review.reports import markdown, outline, page, terminal
from sagekeep.review.review import review
from tests.review import built, corpus

PLANTED = "planted"


def outputs(*plans: Plan) -> str:
    """All that the four reports print, every detail of it."""
    reviewed = review(plans)
    decision = decide(reviewed, gate_rules.load(None), "", datetime.now(UTC))
    told = outline.outline(reviewed, decision)
    screen = Console(file=StringIO(), width=100)
    terminal.show(screen, told, everything=True)
    shown = screen.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(
        (shown, markdown.render(told), page.render(told), json.dumps(outline.document(reviewed, decision)))
    )


@pytest.mark.parametrize("case", ["shape-secrets", "shape-web"])
def test_secrets_of_real_plans_are_in_no_output(case: str) -> None:
    plans = corpus.plans(case)
    assert any(PLANTED in corpus.text(case, plan.stack) for plan in plans)
    told = outputs(*plans)
    assert MASK in told or CHANGED in told or "known after" in told
    assert PLANTED not in told


_V = {"v": True}
PLACES = (
    built.change("aws_x", {"v": "planted-1"}, {"v": "planted-2"}, after_sensitive={"v": True}),
    built.change("aws_x", {"v": "planted-1"}, {"v": "planted-2"}, before_sensitive={"v": True}),
    built.change("aws_x", {"v": "planted-1"}, {"v": "planted-2"}, after_sensitive=True),
    built.change("aws_x", {"v": ["a", "planted-1"]}, {"v": ["b", "planted-2"]}, after_sensitive={"v": [False, True]}),
    built.change("aws_x", {"v": {"k": "planted-1"}}, {"v": {"k": "planted-2"}}, after_sensitive={"v": {"k": True}}),
    built.change("aws_x", {"v": "planted-1", "w": "a"}, {"v": "planted-1", "w": "planted-1"}, after_sensitive=_V),
    built.change("aws_s3_bucket", {"bucket": "planted-1"}, None, before_sensitive={"bucket": True}),
    built.change("aws_kms_key", {"policy": "planted-1"}, {"policy": "planted-2"}, after_sensitive={"policy": True}),
    built.change(
        "terraform_data",
        {"input": {"pipeline_name": "planted-1", "instances": {"train": "planted-3"}}},
        {"input": {"pipeline_name": "planted-2", "instances": {"train": "planted-4"}}},
        after_sensitive={"input": True},
    ),
    built.change("aws_lambda_invocation", {"input": '{"action": "own"}'}, None, before_sensitive={"input": True}),
    built.change(
        "terraform_data",
        {"input": {"pipeline_name": "p", "instances": {"train": "planted-3"}}},
        {"input": {"pipeline_name": "p", "instances": {"train": "planted-4"}}},
        after_sensitive={"input": {"instances": True}},
    ),
    built.change("aws_iam_role", {"name": "planted-1"}, {"name": "planted-2"}, after_sensitive=True),
    built.change("aws_security_group", {"ingress": [{"a": "planted-1"}]}, {}, before_sensitive=True),
    built.change("aws_x", {"v": "planted-1"}, None, name='n["planted-1"]', before_sensitive=_V),
)  # fmt: skip


@pytest.mark.parametrize("planted", PLACES)
def test_a_secret_at_any_place_is_in_no_output(planted: built.Json) -> None:
    drift = dict(planted)
    variables = {"password": {"value": "planted-variable"}}
    outs = {"o": {"actions": ["update"], "before": "planted-o", "after": "planted-p", "after_sensitive": True}}
    told = outputs(built.plan(planted, resource_drift=[drift], variables=variables, output_changes=outs))
    assert PLANTED not in told


LONG = "planted-" + "x" * 120
CLEAR = (
    (LONG, f"a long text that begins before the secret: {LONG}"),
    ("-----BEGIN\nplanted-line\nEND", {"key": "-----BEGIN\nplanted-line\nEND"}),
    ('planted-"quoted"', ['is planted-"quoted"']),
    ("planted-é", {"k": ["planted-é"]}),
)


@pytest.mark.parametrize(("secret", "clear"), CLEAR)
@pytest.mark.parametrize("stays", [True, False])
def test_a_secret_that_stands_elsewhere_in_clear_is_masked_however_it_is_written(
    secret: str, clear: object, *, stays: bool
) -> None:
    holder = built.change("aws_y", {"v": secret}, {"v": secret, "n": stays or 1}, after_sensitive=_V)
    if stays:
        holder = built.change("aws_y", {"v": secret}, {"v": secret}, before_sensitive=_V)
    assert PLANTED not in outputs(built.plan(holder, built.change("aws_x", {"w": "a"}, {"w": clear}, name="other")))


def test_a_secret_that_is_the_first_word_of_a_sentence_is_masked() -> None:
    grant = built.change("aws_kms_grant", None, {"key_id": "k", "grantee_principal": "planted-1"})
    told = outputs(built.plan(grant, built.change("aws_x", None, {"v": "planted-1"}, after_sensitive=_V)))
    assert PLANTED not in told.lower()


WITHIN: tuple[dict[str, object], ...] = (
    {"output_changes": {"o": {"actions": ["create"], "before": None, "after": "planted-1", "after_sensitive": True}}},
    {
        "variables": {"p": {"value": "planted-1"}},
        "configuration": {"root_module": {"variables": {"p": {"sensitive": True}}}},
    },
)


@pytest.mark.parametrize("more", WITHIN)
def test_secrets_of_variables_and_outputs_are_masked_where_they_stand_in_clear(more: dict[str, object]) -> None:
    checks = [
        {"address": {"to_display": "c"}, "status": "fail", "instances": [{"problems": [{"message": "planted-1"}]}]}
    ]
    shown = built.change("aws_x", {"w": "a"}, {"w": "planted-1"})
    assert PLANTED not in outputs(built.plan(shown, checks=checks, **more))


def test_that_a_secret_changes_is_told() -> None:
    (finding,) = built.found(PLACES[0])
    assert finding.details == (f"v: {MASK} → {CHANGED}",)


_values = st.recursive(
    st.text("planted", min_size=8), lambda inner: st.lists(inner) | st.dictionaries(st.text("ab"), inner), max_leaves=8
)


@settings(max_examples=100, deadline=None)
@given(_values)
def test_whatever_is_marked_whole_is_masked_whole(value: object) -> None:
    assert mask({"v": value}, {"v": True}, set()) == {"v": MASK}


def test_a_file_of_secrets_that_is_no_plan_shows_none(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('{"format_version": "9.0", "variables": {"a": {"value": "planted"}}}')
    with pytest.raises(Exception, match=r"9\.0") as caught:
        reading.read(tmp_path / "s.json")
    assert PLANTED not in str(caught.value)
