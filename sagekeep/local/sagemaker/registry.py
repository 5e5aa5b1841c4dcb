"""Model package groups. A missing one is a ValidationException, as on AWS, not ResourceNotFound."""

from __future__ import annotations

from sagekeep.local.sagemaker.errors import invalid
from sagekeep.local.sagemaker.listing import Listing, Row, listed
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.store import Handler, Record, State, user_context
from sagekeep.local.sagemaker.world import Caller

_LIST = Listing("ListModelPackageGroups", "ModelPackageGroupSummaryList", "ModelPackageGroupName")
_NAMES = {"arn": "ModelPackageGroupArn", "status": "ModelPackageGroupStatus"}


def _find(state: State, request: Params) -> Record:
    given = request["ModelPackageGroupName"]
    found = state.package_groups.get(given.rpartition("/")[2])
    arn = given if given.startswith("arn:") else state.arn("model-package-group", given)
    if found is None or found.arn != arn.lower():
        raise invalid(f"ModelPackageGroup {arn} does not exist.")
    return found


def _create(state: State, request: Params, caller: Caller) -> Params:
    name = request["ModelPackageGroupName"]
    if state.package_groups.get(name):
        raise invalid(f"Model Package Group already exists: {state.arn('model-package-group', name)}")
    record = state.add(state.package_groups, (name,), request, CreatedBy=user_context(caller))
    record.steady = "Completed"
    return {"ModelPackageGroupArn": record.arn}


def _describe(state: State, request: Params, _caller: Caller) -> Params:
    return state.view(_find(state, request), **_NAMES)


def _delete(state: State, request: Params, _caller: Caller) -> Params:
    state.remove(state.package_groups, _find(state, request))
    return {}


def _list(state: State, request: Params, _caller: Caller) -> Params:
    if request.get("CrossAccountFilterOption") == "CrossAccount":
        return listed(_LIST, request, [])
    return listed(_LIST, request, [Row(r.serial, state.view(r, **_NAMES)) for r in state.package_groups])


OPERATIONS: dict[str, Handler] = {
    "CreateModelPackageGroup": _create,
    "DescribeModelPackageGroup": _describe,
    "DeleteModelPackageGroup": _delete,
    "ListModelPackageGroups": _list,
}
