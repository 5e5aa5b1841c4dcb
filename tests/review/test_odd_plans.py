"""Recorded plans in which something is not as Terraform would write it: read or refused, never a traceback."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagekeep.errors import UsageError
from sagekeep.review import reading
from sagekeep.review.review import review
from tests.review import built, corpus

ODD: tuple[Any, ...] = (None, [], {}, "", 0, True, 1.5, "x", [None], [{}], ["x"], {"a": None}, [[]])
CASES = ("studio-key", "bucket-public", "role-widened", "network-moved", "pull-request", "drift")
WHOLE = tuple(json.loads(corpus.text(case, plan.stack)) for case in CASES for plan in corpus.plans(case))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a change."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def put(value: Any, path: tuple[Any, ...], odd: Any) -> None:
    """Something else in its place."""
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = copy.deepcopy(odd)


def changes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """What a plan does."""
    return [c["change"] for c in plan.get("resource_changes", []) if c["change"]["actions"] != ["no-op"]]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([plan for plan in WHOLE if changes(plan)]), st.data())
def test_a_value_of_another_kind_anywhere_is_no_traceback(plan: dict[str, Any], data: st.DataObject) -> None:
    odd = copy.deepcopy(plan)
    change = data.draw(st.sampled_from(changes(odd)))
    side = data.draw(st.sampled_from(("before", "after", "after_unknown", "after_sensitive")))
    where = list(places(change.get(side)))
    if where:
        put(change[side], data.draw(st.sampled_from(where)), data.draw(st.sampled_from(ODD)))
    try:
        read = reading.parse(json.dumps(odd), Path("s.json"))
    except UsageError:
        return
    assert review([read]).findings


INSTANCES = {"pipeline_name": "p", "instances": {"train": "ml.m5.large"}}


@pytest.mark.parametrize("instances", [True, {"train": True}])
def test_instances_that_are_known_after_the_apply_are_told_as_such(instances: Any) -> None:
    made = built.change(
        "terraform_data",
        {"input": INSTANCES},
        {"input": {"pipeline_name": "p", "instances": {}}},
        after_unknown={"input": {"instances": instances}},
    )
    (cost,) = (finding for finding in built.found(made) if finding.rule == "instances-changed")
    assert "(known after apply)" in cost.sentence


def test_rules_of_a_group_that_are_no_list_are_no_traceback() -> None:
    assert built.rules_of(built.change("aws_security_group", {"ingress": 1.5}, {"ingress": True}))
