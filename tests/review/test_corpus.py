"""The recorded plans of real terraform: each says what cases.toml, written before the rules, expects of it."""

from __future__ import annotations

import json
import re

import pytest

from sagekeep.review.model import Risk
from tests.review import corpus

CASES = {case["name"]: case for case in corpus.cases()}


@pytest.mark.parametrize("name", CASES)
def test_a_plan_means_what_was_expected(name: str) -> None:
    case, review = CASES[name], corpus.reviewed(name)
    found = {(f.risk.value, f.change.address, f.rule) for f in review.findings}
    assert {tuple(one) for one in case.get("expect", ())} <= found
    assert review.worst.value == case["worst"]
    assert (not review.findings) == case.get("empty", False)


@pytest.mark.parametrize("name", CASES)
def test_every_change_is_told_in_words(name: str) -> None:
    review = corpus.reviewed(name)
    told = {(f.change.stack, f.change.address) for f in review.findings}
    wanted = {(p.stack, c.address) for p in review.plans for c in p.changes if not c.drift and not c.data}
    assert wanted <= told
    for finding in review.findings:
        assert finding.sentence[0].isupper()
        assert not re.search(r"\{|\bNone\b|\s\s", finding.sentence)


@pytest.mark.parametrize("name", CASES)
def test_what_goes_is_never_called_harmless_unless_something_greater_goes(name: str) -> None:
    review = corpus.reviewed(name)
    gone = {(c.stack, c.address) for p in review.plans for c in p.changes if c.action == "delete" and not c.drift}
    harmless = [f for f in review.findings if (f.change.stack, f.change.address) in gone and f.risk == Risk.HARMLESS]
    assert {f.rule for f in harmless} <= {"goes-with-its-owner", "invocation-anew", "terraform-only-destroyed"}


def test_there_are_thirty_plans_of_ours_and_five_of_others() -> None:
    assert len([name for name in CASES if not name.startswith("shape-")]) >= 30
    assert len([name for name in CASES if name.startswith("shape-")]) >= 5
    for case in CASES.values():
        for stack in case["stacks"]:
            assert json.loads(corpus.text(case["name"], stack))["terraform_version"]
