"""Studio lifecycle configurations: scripts that run when an app starts."""

from __future__ import annotations

import base64
import binascii

from sagekeep.local.sagemaker.checks import members
from sagekeep.local.sagemaker.errors import in_use, invalid, not_found
from sagekeep.local.sagemaker.listing import Listing, Row, listed
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.store import Handler, Record, State
from sagekeep.local.sagemaker.world import Caller

_LIST = Listing(
    "ListStudioLifecycleConfigs", "StudioLifecycleConfigs", "StudioLifecycleConfigName",
    order="Descending", also={"AppType": "StudioLifecycleConfigAppType"},
)  # fmt: skip
_NAMES = {"arn": "StudioLifecycleConfigArn"}


def check_lifecycle_configs(state: State, settings: Params) -> None:
    """Every lifecycle configuration that the settings name exists; ValidationException."""
    known = {record.arn for record in state.lifecycle_configs}
    for member in ("LifecycleConfigArns", "LifecycleConfigArn"):
        for arn in members(settings, member):
            # "None" is AWS's word for no configuration where a default exists.
            if arn != "None" and arn.lower() not in known:
                raise invalid(f"StudioLifecycleConfig [{arn}] does not exist.")


def _users(state: State, arn: str) -> list[Record]:
    users = [*state.domains, *state.profiles]
    return [
        user
        for user in users
        if arn in {a.lower() for m in ("LifecycleConfigArns", "LifecycleConfigArn") for a in members(user.data, m)}
    ]


def _find(state: State, request: Params) -> Record:
    found = state.lifecycle_configs.get(request["StudioLifecycleConfigName"])
    if found is None:
        arn = state.arn("studio-lifecycle-config", request["StudioLifecycleConfigName"])
        raise not_found(f"StudioLifecycleConfig [{arn}] does not exist.")
    return found


def _create(state: State, request: Params, _caller: Caller) -> Params:
    name = request["StudioLifecycleConfigName"]
    if state.lifecycle_configs.get(name):
        raise in_use(f"StudioLifecycleConfig [{state.arn('studio-lifecycle-config', name)}] already exists.")
    try:
        base64.b64decode(request["StudioLifecycleConfigContent"], validate=True)
    except binascii.Error:
        raise invalid("StudioLifecycleConfigContent must be base64-encoded.") from None
    return {"StudioLifecycleConfigArn": state.add(state.lifecycle_configs, (name,), request).arn}


def _describe(state: State, request: Params, _caller: Caller) -> Params:
    return state.view(_find(state, request), **_NAMES)


def _delete(state: State, request: Params, _caller: Caller) -> Params:
    record = _find(state, request)
    users = _users(state, record.arn)
    if users:
        raise in_use(f"Unable to delete StudioLifecycleConfig [{record.arn}] because [{users[0].arn}] uses it.")
    state.remove(state.lifecycle_configs, record)
    return {}


def _list(state: State, request: Params, _caller: Caller) -> Params:
    return listed(_LIST, request, [Row(r.serial, state.view(r, **_NAMES)) for r in state.lifecycle_configs])


OPERATIONS: dict[str, Handler] = {
    "CreateStudioLifecycleConfig": _create,
    "DescribeStudioLifecycleConfig": _describe,
    "DeleteStudioLifecycleConfig": _delete,
    "ListStudioLifecycleConfigs": _list,
}
