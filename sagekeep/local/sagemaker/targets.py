"""What a step makes: its request from the step's arguments, and how it goes by its Describe call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sagekeep.local.sagemaker.model import Params, input_shape, pick
from sagekeep.local.sagemaker.store import random_id

LONGEST_NAME = 63  # of jobs, models and endpoint configurations
_RANDOM = 10

RUNNING, SUCCEEDED, STOPPED, FAILED = "Executing", "Succeeded", "Stopped", "Failed"


@dataclass(frozen=True)
class Target:
    """The thing a step of one type makes. `noun` is the start of its members' names and its key in step Metadata."""

    noun: str

    @property
    def create(self) -> str:
        """The operation that makes it."""
        return f"Create{self.noun}"

    @property
    def describe(self) -> str:
        """The operation that tells how it goes."""
        return f"Describe{self.noun}"

    def key(self, name: str) -> Params:
        """The request of a Describe or Stop call."""
        return {f"{self.noun}Name": name}

    def metadata(self, arn: str) -> Params:
        """What the step's Metadata says of it."""
        return {self.noun: {"Arn": arn}}


TARGETS: Mapping[str, Target] = {
    "Processing": Target("ProcessingJob"),
    "Training": Target("TrainingJob"),
    "Model": Target("Model"),
    "EndpointConfig": Target("EndpointConfig"),
    "Endpoint": Target("Endpoint"),
}
JOBS = ("Processing", "Training")


def generated_name(execution_id: str, step: str) -> str:
    """A name as AWS makes it for a step's job or model: pipelines-<execution id>-<step>-<random>."""
    start = f"pipelines-{execution_id}-"
    room = LONGEST_NAME - len(start) - _RANDOM - 1
    return f"{start}{step.replace('_', '-')[:room]}-{random_id(_RANDOM)}"


def unique_config_name(execution_id: str, wanted: str) -> str:
    """The name of an EndpointConfig step's configuration: the wanted one with a suffix of the execution."""
    return f"{wanted[: LONGEST_NAME - len(execution_id) - 1]}-{execution_id}"


def update_request(arguments: Params) -> Params:
    """The UpdateEndpoint request for the arguments of CreateEndpoint: what both have."""
    return pick(input_shape("UpdateEndpoint"), arguments)


def progress(kind: str, wanted: Params, found: Params) -> tuple[str, str]:
    """How a step goes by what Describe answers: RUNNING, SUCCEEDED, STOPPED or FAILED, and the reason.

    `wanted` is the request that was sent.
    """
    noun = TARGETS[kind].noun
    status = found.get(f"{noun}Status", "Completed")
    reason = found.get("FailureReason", "")
    if kind == "Endpoint":
        if status == "InService" and found["EndpointConfigName"] == wanted["EndpointConfigName"]:
            return SUCCEEDED, ""
        return (FAILED, reason) if status in ("InService", "Failed", "Deleting") else (RUNNING, "")
    if status == "Stopped":
        return STOPPED, f"ClientError: {noun} {found[f'{noun}Name']} ended in status Stopped."
    return {"Completed": (SUCCEEDED, ""), "Failed": (FAILED, reason)}.get(status, (RUNNING, ""))
