"""The pipeline's definition compared step by step, built by the project's own code."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from sagekeep.review.masking import UNKNOWN
from sagekeep.review.model import Finding
from sagekeep.review.pipeline import definition, steps
from sagekeep.review.review import review
from tests.review import corpus
from tests.review.built import change, plan

ROOT = Path(__file__).parents[2]


def configuration() -> dict[str, Any]:
    """What a recorded plan has."""
    (read,) = corpus.plans("hyperparameter")
    found = next(c for c in read.changes if c.type == "terraform_data" and not c.drift)
    return copy.deepcopy(dict(found.before["input"]))


def told(after: dict[str, Any], root: Path | None = ROOT) -> list[str]:
    """What is said of another configuration."""
    finding = _finding(after, root)
    return list(finding.details) if finding else []


def _finding(after: dict[str, Any], root: Path | None) -> Finding | None:
    made = change("terraform_data", {"input": configuration()}, {"input": after}, name="pipeline_configuration")
    found = review([plan(made, stack="pipeline")], root=root).findings
    return next((f for f in found if f.rule == "pipeline-definition-changed"), None)


CHANGES = (
    ({"seed": 7}, ["step Preprocess: AppSpecification.ContainerArguments", "step Train: HyperParameters.seed"]),
    ({"label": "churn"}, ["parameter Label: DefaultValue: label → churn"]),
    ({"presets": "best_quality"}, ["parameter Presets: DefaultValue"]),
    ({"instances": {"process": "ml.m5.large", "train": "ml.c5.xlarge", "endpoint": "ml.m5.large"}}, ["step Train: "]),
    ({"endpoint_name": "other"}, ["step EndpointConfig: ", "step Endpoint: EndpointName"]),
    ({"kms_key_arn": UNKNOWN}, ["step Preprocess: ", "step Train: "]),
    ({"subnet_ids": [UNKNOWN]}, ["step Preprocess: NetworkConfig.VpcConfig.Subnets", "step Train: VpcConfig.Subnets"]),
)


@pytest.mark.parametrize(("changes", "expected"), CHANGES)
def test_a_change_of_the_configuration_is_told_by_step_and_field(changes: dict[str, Any], expected: list[str]) -> None:
    lines = told({**configuration(), **changes})
    for start in expected:
        assert any(line.startswith(start) for line in lines), lines
    assert all(len(line) < 400 and line.startswith(("step ", "parameter ")) for line in lines)


def test_what_is_known_after_the_apply_is_told_as_such() -> None:
    lines = told({**configuration(), "kms_key_arn": UNKNOWN})
    assert any(line.endswith(UNKNOWN) or UNKNOWN in line for line in lines)
    assert not any("known-after-apply" in line or "000000000000" in line for line in lines)


def test_what_the_definition_does_not_show_is_no_change_of_it() -> None:
    assert told({**configuration(), "description": "other words"}) == []


def test_elsewhere_the_configuration_itself_is_compared(tmp_path: Path) -> None:
    after = {**configuration(), "seed": 7}
    assert told(after, None) == told(after, tmp_path) == ["seed: 42 → 7"]


def test_a_configuration_that_the_code_refuses_is_compared_as_it_is() -> None:
    assert told({**configuration(), "seed": -1}) == ["seed: 42 → -1"]


def test_steps_that_come_go_and_change_places() -> None:
    before, _ = definition.both(ROOT, configuration(), configuration()) or ({}, {})
    names = [step["Name"] for step in before["Steps"]]
    without = {**before, "Steps": before["Steps"][:-1]}
    turned = {**before, "Steps": before["Steps"][::-1]}
    assert [c.text for c in steps.compare(before, without)] == [f"step {names[-1]} goes"]
    assert [c.text for c in steps.compare(without, before)] == [f"step {names[-1]} is new"]
    assert [c.text for c in steps.compare(before, turned)] == [f"order of steps: {', '.join(names[::-1])}"]
    assert steps.compare(before, before) == []
