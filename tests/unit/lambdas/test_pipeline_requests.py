"""Promises of request parsing: everything that is wrong is said at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_manager.configuration import PipelineConfiguration
from pipeline_manager.requests import Ownership, Upsert, parse
from sagekeep_runtime.errors import RequestError
from samples import documents, sample

CONTRACT = Path(__file__).parents[3] / "lambda_src" / "pipeline_manager" / "CONTRACT.md"
LEAVES = {
    "pipeline_name": 1,
    "tags": {"a": 1},
    "subnet_ids": [],
    "seed": "7",
    "test_fraction": 1,
    "time_limit_seconds": True,
    "kms_key_arn": "alias/acme",
    "code_prefix": "/code/",
    "problem_type": "ranking",
    "label": "--label",
}


def faults(document: Any) -> list[str]:
    with pytest.raises(RequestError) as caught:
        PipelineConfiguration.parse(document)
    return [line[2:] for line in str(caught.value).splitlines()[1:]]


@settings(max_examples=30, deadline=None)
@given(documents())
def test_a_valid_configuration_is_taken_as_it_is(document: dict[str, Any]) -> None:
    parsed = PipelineConfiguration.parse(document)
    assert parsed.label == document["label"]
    assert parsed.volume_gib.train == document["volume_gib"]["train"]
    assert dict(parsed.tags) == document["tags"]


@settings(max_examples=30, deadline=None)
@given(st.sets(st.sampled_from(sorted(sample())), min_size=1))
def test_every_missing_key_is_named_and_nothing_else(names: set[str]) -> None:
    document = {key: value for key, value in sample().items() if key not in names}
    found = faults(document)
    assert {line.split(":")[0] for line in found} == {f"configuration.{name}" for name in names}
    assert len(found) == len(names)


@settings(max_examples=30, deadline=None)
@given(st.sets(st.sampled_from(sorted(LEAVES)), min_size=1))
def test_every_wrong_value_is_named_with_its_rule(names: set[str]) -> None:
    found = faults(sample(**{name: LEAVES[name] for name in names}))
    assert {line.split(":")[0] for line in found} == {f"configuration.{name}" for name in names}
    assert all("must" in line and "(got " in line for line in found)


def test_missing_unknown_and_wrong_keys_are_all_reported_at_once_with_their_paths() -> None:
    document = sample(surprise=1, seed=-1, images={"process": "x", "train": "y", "serve": "z"})
    del document["bucket"]
    assert faults(document) == [
        "configuration.bucket: is missing, must be a text",
        "configuration.images.inference: is missing, must be a text",
        "configuration.seed: must be from 0 to 4294967295 (got -1)",
        "configuration.surprise: is not known here",
        "configuration.images.serve: is not known here",
    ]


def test_a_model_is_never_served_by_another_version_than_the_one_that_trained_it() -> None:
    images = sample()["images"] | {
        "inference": "763104351884.dkr.ecr.us-east-1.amazonaws.com/autogluon:1.6-cpu-amzn2023"
    }
    (found,) = faults(sample(images=images))
    assert found.startswith("configuration.images.inference: must be of the version that trains (1.5.0)")


@pytest.mark.parametrize("label", ['say "x"', "back\\slash", "-x", "two\nlines", "", "x" * 249])
def test_a_label_that_would_not_reach_the_scripts_as_it_is_is_refused(label: str) -> None:
    (found,) = faults(sample(label=label))
    assert found.startswith("configuration.label: must")


@pytest.mark.parametrize("document", [None, [], "text", 3])
def test_what_is_not_an_object_is_refused(document: Any) -> None:
    assert faults(document)[0].startswith("configuration: must be an object")


def test_a_long_value_is_cut_in_the_message() -> None:
    assert len(faults(sample(label="x\n" * 5000))[0]) < 250


def test_the_contract_names_the_keys_of_a_configuration_and_no_others() -> None:
    rows = CONTRACT.read_text(encoding="utf-8").partition("exactly these keys")[2].splitlines()
    keys = [key for row in rows if row.startswith("| `") for key in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(keys) == sorted(sample())


def test_events_become_requests() -> None:
    upsert = parse({"action": "upsert", "configuration": sample()})
    assert isinstance(upsert, Upsert)
    event = {"action": "own", "pipeline_name": "p", "endpoint_name": "e", "removal": "retain"}
    own = parse({**event, "tf": {"action": "delete", "prev_input": None}})
    assert own == Ownership(pipeline_name="p", endpoint_name="e", removal="retain", terraform="delete")


@pytest.mark.parametrize(
    ("event", "named"),
    [
        ({}, "action: is missing"),
        ({"action": "destroy"}, "action: must be one of upsert, own"),
        ({"action": "upsert"}, "configuration: is missing"),
        ({"action": "own", "pipeline_name": "p", "endpoint_name": "e", "removal": "maybe"}, "tf: is missing"),
        ([], "event: must be an object"),
    ],
)
def test_events_that_break_the_contract_are_refused(event: Any, named: str) -> None:
    with pytest.raises(RequestError, match=named):
        parse(event)
