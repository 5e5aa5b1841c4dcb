"""The handlers themselves: from Terraform's event to an answer that JSON can hold."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from adapter import Time, Wire, refusal
from clouds import Ec2Cloud, S3Cloud, SageMakerCloud
from sagekeep_runtime.errors import FunctionError
from samples import sample

TF = {"action": "delete", "prev_input": None}
OWN = {"action": "own", "pipeline_name": "p", "endpoint_name": "e", "removal": "destroy", "tf": TF}
AWAIT = {
    "action": "await_interfaces",
    "security_group_id": "sg-1",
    "subnet_ids": ["subnet-1"],
    "job_role_arn": "arn:aws:iam::123456789012:role/job",
    "network": "ours",
    "job_role": "ours",
    "removal": "destroy",
    "tf": TF,
}
SEED = {"action": "seed", "bucket": "b", "key": "raw/a.csv", "rows": 20, "seed": 1, "kms_key_arn": "k", "label": "y"}


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@pytest.fixture
def wires(monkeypatch: pytest.MonkeyPatch) -> dict[str, Wire]:
    backends = {"sagemaker": SageMakerCloud(Time()), "s3": S3Cloud(), "ec2": Ec2Cloud()}
    found = {service: Wire(service, backend) for service, backend in backends.items()}
    for name in ("pipeline_manager", "data_seed", "job_sweeper", "studio_sweeper"):
        module = importlib.import_module(f"{name}.handler")
        monkeypatch.setattr(module, "patient_client", lambda service: found[service].client)
    reader = importlib.import_module("pipeline_reader.handler")
    monkeypatch.setattr(reader, "quick_client", lambda service: found[service].client)
    return found


def handler_of(name: str) -> Callable[[Any, Any], dict[str, Any]]:
    return importlib.import_module(f"{name}.handler").handler  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("name", "event", "status"),
    [
        ("pipeline_manager", {"action": "upsert", "configuration": sample()}, "created"),
        ("pipeline_manager", OWN, "deleted"),
        ("pipeline_reader", {"action": "describe", "configuration": sample()}, "missing"),
        ("data_seed", {**SEED, "tf": {"action": "create", "prev_input": None}}, "written"),
        ("data_seed", {**SEED, "tf": TF}, "kept"),
        ("job_sweeper", AWAIT, "gone"),
        ("studio_sweeper", {"action": "sweep_domain", "domain_id": "d-1", "tf": TF}, "swept"),
        ("studio_sweeper", {"action": "sweep_network", "vpc_id": "vpc-1", "tf": TF}, "swept"),
    ],
)
@pytest.mark.usefixtures("wires")
def test_a_handler_answers_in_json(name: str, event: dict[str, Any], status: str) -> None:
    answer = handler_of(name)(event, Context())
    assert json.loads(json.dumps(answer)) == answer
    assert answer["status"] == status


@pytest.mark.parametrize("name", ["pipeline_manager", "data_seed", "job_sweeper", "studio_sweeper"])
@pytest.mark.usefixtures("wires")
def test_a_broken_event_fails_in_words(name: str) -> None:
    with pytest.raises(FunctionError, match="the request is not valid:\n- action: is missing"):
        handler_of(name)({}, Context())


def test_a_throttled_upsert_fails_in_words_and_the_next_one_repairs_it(wires: dict[str, Wire]) -> None:
    wires["sagemaker"].faults["CreatePipeline"] = [refusal("ThrottlingException", "Rate exceeded")]
    event = {"action": "upsert", "configuration": sample()}
    with pytest.raises(FunctionError, match="CreatePipeline: ThrottlingException: Rate exceeded AWS throttled"):
        handler_of("pipeline_manager")(event, Context())
    assert handler_of("pipeline_manager")(event, Context())["status"] == "created"
