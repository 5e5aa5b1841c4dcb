"""Promises of the reader: the truth when AWS tells it, and an answer in any case."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from adapter import Time, Wire, refusal
from clouds import SageMakerCloud
from pipeline_manager.configuration import PipelineConfiguration
from pipeline_manager.manager import upsert
from pipeline_reader.reader import describe
from samples import sample

NAME = sample()["pipeline_name"]
KEYS = {"status", "reason", "live_sha256", "wanted_sha256", "in_sync", "pipeline_arn"}


@pytest.fixture
def wire() -> Wire:
    return Wire("sagemaker", SageMakerCloud(Time()))


def put(wire: Wire, **changes: Any) -> dict[str, Any]:
    return upsert(PipelineConfiguration.parse(sample(**changes)), client=wire.client, budget=Time().budget())


def read(wire: Wire, **changes: Any) -> dict[str, Any]:
    answer = describe({"action": "describe", "configuration": sample(**changes)}, client=lambda: wire.client)
    assert set(answer) == KEYS
    return answer


def test_what_the_manager_made_is_in_sync(wire: Wire) -> None:
    made = put(wire)
    answer = read(wire)
    assert (answer["status"], answer["in_sync"], answer["reason"]) == ("live", True, "")
    assert answer["live_sha256"] == answer["wanted_sha256"] == made["definition_sha256"]
    assert answer["pipeline_arn"] == made["pipeline_arn"]


def test_a_changed_definition_is_reported(wire: Wire) -> None:
    put(wire)
    answer = read(wire, seed=8)
    assert (answer["status"], answer["in_sync"]) == ("live", False)
    assert answer["live_sha256"] != answer["wanted_sha256"]
    assert f"pipeline {NAME} was changed outside Terraform" in answer["reason"]


def test_a_changed_role_is_reported(wire: Wire) -> None:
    put(wire)
    answer = read(wire, pipeline_role_arn="arn:aws:iam::123456789012:role/other")
    assert answer["in_sync"] is False
    assert "its role is" in answer["reason"]


def test_a_missing_pipeline_is_reported(wire: Wire) -> None:
    answer = read(wire)
    assert (answer["status"], answer["in_sync"], answer["live_sha256"]) == ("missing", False, "")
    assert answer["wanted_sha256"]


@pytest.mark.parametrize(
    "fault", [refusal("AccessDeniedException", "no"), refusal("ThrottlingException", "slow"), refusal("Odd")]
)
def test_a_refusal_breaks_no_plan_and_claims_no_drift(wire: Wire, fault: Any) -> None:
    wire.faults["DescribePipeline"] = [fault]
    answer = read(wire)
    assert (answer["status"], answer["in_sync"]) == ("unknown", True)
    assert "DescribePipeline" in answer["reason"]


def test_an_unreachable_service_breaks_no_plan(wire: Wire) -> None:
    def unreachable() -> None:
        raise ConnectTimeoutError(endpoint_url="https://api.sagemaker.us-east-1.amazonaws.com")

    wire.faults["DescribePipeline"] = [unreachable]
    answer = read(wire)
    assert (answer["status"], answer["in_sync"]) == ("unknown", True)
    assert "private DNS" in answer["reason"]


@pytest.mark.parametrize("event", [{}, {"action": "describe"}, {"action": "describe", "configuration": {}}, None])
def test_a_broken_request_breaks_no_plan(wire: Wire, event: Any) -> None:
    answer = describe(event, client=lambda: wire.client)
    assert set(answer) == KEYS
    assert (answer["status"], answer["in_sync"]) == ("unknown", True)


def test_a_client_that_cannot_be_made_breaks_no_plan() -> None:
    def broken() -> Any:
        raise OSError("no region")

    answer = describe({"action": "describe", "configuration": sample()}, client=broken)
    assert (answer["status"], answer["reason"]) == ("unknown", "no region")


def test_reading_writes_nothing(wire: Wire) -> None:
    put(wire)
    wire.calls.clear()
    read(wire)
    assert wire.operations() == ["DescribePipeline"]
