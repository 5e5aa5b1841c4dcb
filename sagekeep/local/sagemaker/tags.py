"""Tags of anything that has an ARN here."""

from __future__ import annotations

from sagekeep.local.sagemaker.errors import invalid, limit_exceeded, not_found
from sagekeep.local.sagemaker.listing import Listing, Row, listed
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.store import Handler, State
from sagekeep.local.sagemaker.world import Caller

MOST_TAGS = 50
_LIST = Listing("ListTags", "Tags", "Key", page=MOST_TAGS, sort="Key")


def check_tags(request: Params) -> None:
    """No key twice, none of AWS's own; ValidationException."""
    keys = [tag["Key"] for tag in request.get("Tags") or []]
    if len(set(keys)) != len(keys):
        raise invalid(f"Tag keys must be unique, got {', '.join(keys)}.")
    for key in keys:
        if key.lower().startswith("aws:"):
            raise invalid(f"Tag key '{key}' is invalid: the prefix aws: is reserved.")


def _tags(state: State, arn: str) -> dict[str, str]:
    if not any(record.arn == arn.lower() for table in state.tables for record in table):
        raise not_found(f"Resource [{arn}] does not exist.")
    return state.tags.setdefault(arn.lower(), {})


def _add(state: State, request: Params, _caller: Caller) -> Params:
    tags = _tags(state, request["ResourceArn"])
    merged = tags | {tag["Key"]: tag["Value"] for tag in request["Tags"]}
    if len(merged) > MOST_TAGS:
        raise limit_exceeded("Tags per resource", MOST_TAGS)
    tags.update(merged)
    return {"Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}


def _delete(state: State, request: Params, _caller: Caller) -> Params:
    tags = _tags(state, request["ResourceArn"])
    for key in request["TagKeys"]:
        tags.pop(key, None)
    return {}


def _list(state: State, request: Params, _caller: Caller) -> Params:
    tags = _tags(state, request["ResourceArn"])
    return listed(_LIST, request, [Row(i, {"Key": k, "Value": v}) for i, (k, v) in enumerate(tags.items())])


OPERATIONS: dict[str, Handler] = {"AddTags": _add, "DeleteTags": _delete, "ListTags": _list}
