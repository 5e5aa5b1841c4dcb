"""Processing and training jobs: Create, Describe, Stop and List; the platform runs them."""

from __future__ import annotations

import copy
from functools import partial

from sagekeep.local.sagemaker.checks import members
from sagekeep.local.sagemaker.errors import in_use, invalid, not_modelled
from sagekeep.local.sagemaker.events import emit
from sagekeep.local.sagemaker.job_kinds import KINDS, TRAINING, JobKind, check_job
from sagekeep.local.sagemaker.job_views import RUNS, refresh
from sagekeep.local.sagemaker.listing import Listing, Row, listed
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.permissions import volume_grant
from sagekeep.local.sagemaker.platform import JOB_OVER, Job, JobState
from sagekeep.local.sagemaker.store import Handler, Record, State
from sagekeep.local.sagemaker.world import Caller, World


def settle(state: State) -> None:
    """See how the jobs go that are not over; one that is lets go of its network interfaces."""
    for kind in KINDS:
        for record in kind.table(state):
            if state.platform and record.steady in RUNS:
                _follow(state, kind, record, state.platform.job(record.arn))


def _follow(state: State, kind: JobKind, record: Record, job: JobState) -> None:
    changed = refresh(kind, record, job)
    if job.phase in JOB_OVER:
        state.detach(record, list(record.interfaces))
    if changed:
        emit(state, kind.event, f"Describe{kind.prefix}", record.arn, _view(state, kind, record))


def _create(kind: JobKind, state: State, request: Params, _caller: Caller) -> Params:
    if state.platform is None:
        raise not_modelled(f"{kind.word} jobs where there is no platform to run them")
    check_job(state.world, kind, request)
    _let_volumes_use_their_key(state.world, kind, request)
    table, name = kind.table(state), kind.name_of(request)
    found = table.get(name)
    if found:
        raise in_use(
            f"{kind.word.capitalize()} job names must be unique within an AWS account and region, and a {kind.word} "
            f"job with this name already exists ({found.arn})"
        )
    record = state.add(table, (name,), {**kind.defaults, **request})
    for vpc in members(request, "VpcConfig"):
        state.attach(record, vpc, request["RoleArn"], count=1, what=f"{kind.word} job")
    job = Job(kind.word, name, record.arn, copy.deepcopy(record.data))
    if kind is TRAINING:
        path = request["OutputDataConfig"]["S3OutputPath"].rstrip("/")
        record.data["ModelArtifacts"] = {"S3ModelArtifacts": f"{path}/{name}/output/model.tar.gz"}
    state.platform.start_job(job)
    _follow(state, kind, record, JobState())
    return {f"{kind.prefix}Arn": record.arn}


def _let_volumes_use_their_key(world: World, kind: JobKind, request: Params) -> None:
    """With the job's role (developer guide, SageMaker roles). AWS lets the job fail, this refuses to make it."""
    for key in members(request, "VolumeKmsKeyId"):
        reason = world.denied(request["RoleArn"], "SageMaker", volume_grant(world, key))
        if reason:
            raise invalid(f"The {kind.word} job's volume cannot use its KMS key. {reason}")


def _view(state: State, kind: JobKind, record: Record) -> Params:
    return state.view(record, arn=f"{kind.prefix}Arn", status=f"{kind.prefix}Status")


def _describe(kind: JobKind, state: State, request: Params, _caller: Caller) -> Params:
    return _view(state, kind, kind.find(state, request))


def _stop(kind: JobKind, state: State, request: Params, _caller: Caller) -> Params:
    record = kind.find(state, request)
    if record.steady not in RUNS or state.platform is None:
        raise invalid(f"The request was rejected because the {kind.word} job is in status {record.steady}.")
    if "StopTime" not in record.data:
        record.data["StopTime"] = state.now
        state.platform.stop_job(record.arn)
        _follow(state, kind, record, state.platform.job(record.arn))
    return {}


def _list(kind: JobKind, state: State, request: Params, _caller: Caller) -> Params:
    rows = [Row(record.serial, _view(state, kind, record)) for record in kind.table(state)]
    listing = Listing(
        f"List{kind.prefix}s", f"{kind.prefix}Summaries", f"{kind.prefix}Name", also={"Status": f"{kind.prefix}Status"}
    )
    return listed(listing, request, rows)


_HANDLERS = {"Create{}": _create, "Describe{}": _describe, "Stop{}": _stop, "List{}s": _list}
OPERATIONS: dict[str, Handler] = {
    template.format(kind.prefix): partial(handler, kind) for kind in KINDS for template, handler in _HANDLERS.items()
}
