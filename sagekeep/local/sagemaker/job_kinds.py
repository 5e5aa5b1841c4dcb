"""The two kinds of job: what their operations, tables and defaults are called, and what a request must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sagekeep.local.sagemaker.checks import check_key, check_role, check_volume_key, check_vpc_config, members
from sagekeep.local.sagemaker.errors import invalid
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.platform import DOWNLOADING, RUNNING, STARTING, UPLOADING
from sagekeep.local.sagemaker.store import Record, State, Table
from sagekeep.local.sagemaker.world import World

_A_DAY = {"MaxRuntimeInSeconds": 24 * 3600}


@dataclass(frozen=True)
class JobKind:
    """Attributes:
    word: as in platform.Job and in messages.
    prefix: the start of the names of operations and members.
    cluster: the path of the instances in a request.
    unique: (list, member): names that may be in a list once.
    phases: the SecondaryStatus of the platform's phases where it differs; none for a kind without one.
    missing: what AWS says of a job that does not exist.
    """

    word: str
    prefix: str
    table: Callable[[State], Table]
    defaults: Params
    cluster: tuple[str, ...]
    unique: tuple[tuple[str, str], ...]
    phases: dict[str, str] | None
    missing: str

    @property
    def event(self) -> str:
        """The detail type of its events."""
        return f"SageMaker {self.word.capitalize()} Job State Change"

    def name_of(self, request: Params) -> str:
        """The job's name in a request."""
        return str(request[f"{self.prefix}Name"])

    def find(self, state: State, request: Params) -> Record:
        """The job that a request names; ValidationException, as AWS answers in spite of its model."""
        found = self.table(state).get(self.name_of(request))
        if found is None:
            raise invalid(self.missing.format(name=self.name_of(request)))
        return found


PROCESSING = JobKind(
    "processing",
    "ProcessingJob",
    lambda state: state.processing_jobs,
    {"StoppingCondition": _A_DAY},
    ("ProcessingResources", "ClusterConfig"),
    (("ProcessingInputs", "InputName"), ("Outputs", "OutputName")),
    None,
    "Could not find requested job with name: {name}",
)
TRAINING = JobKind(
    "training",
    "TrainingJob",
    lambda state: state.training_jobs,
    {
        "StoppingCondition": _A_DAY,
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
    },
    ("ResourceConfig",),
    (("InputDataConfig", "ChannelName"),),
    {STARTING: STARTING, DOWNLOADING: DOWNLOADING, RUNNING: "Training", UPLOADING: UPLOADING},
    "Requested resource not found.",
)
KINDS = (PROCESSING, TRAINING)


def check_job(world: World, kind: JobKind, request: Params) -> None:
    """What AWS checks before it makes a job, beyond the shape of the request; ValidationException."""
    cluster: Any = request
    for part in kind.cluster:
        cluster = cluster.get(part, {})
    for member in ("InstanceType", "InstanceCount"):
        if member not in cluster:
            raise invalid(f"{member} is required in {'.'.join(kind.cluster)}.")
    for holder, member in kind.unique:
        _once(member, [item[member] for item in members(request, holder)])
    for uri in (*members(request, "S3Uri"), *members(request, "S3OutputPath")):
        if not uri.startswith("s3://"):
            raise invalid(f"The S3 URI '{uri}' must begin with s3://.")
    if kind is TRAINING and "TrainingImage" not in request.get("AlgorithmSpecification", {}):
        raise invalid("AlgorithmSpecification requires a TrainingImage.")
    check_role(world, request["RoleArn"])
    volume_key = next(iter(members(request, "VolumeKmsKeyId")), None)
    check_volume_key(members(request, "InstanceType"), volume_key)
    for key in (*members(request, "KmsKeyId"), *members(request, "VolumeKmsKeyId")):
        check_key(world, key)
    for vpc in members(request, "VpcConfig"):
        check_vpc_config(world, vpc)


def _once(member: str, names: Iterable[str]) -> None:
    names = list(names)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise invalid(f"{member} must be unique within a job, got '{twice[0]}' twice.")
