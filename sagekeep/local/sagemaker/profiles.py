"""User profiles of a Studio domain, and the URLs with which they sign in."""

from __future__ import annotations

from sagekeep.local.sagemaker.domains import check_user_settings, live_domain, running_apps
from sagekeep.local.sagemaker.errors import in_use, invalid, not_found
from sagekeep.local.sagemaker.listing import Listing, Row, listed
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.store import DELAYS, Handler, Record, State, random_id
from sagekeep.local.sagemaker.world import Caller

_LIST = Listing("ListUserProfiles", "UserProfiles", "UserProfileName")
_NAMES = {"arn": "UserProfileArn", "status": "Status"}
_FIRST_UID = 200000


def profile(state: State, domain_id: str, name: str) -> Record:
    """The user profile; ResourceNotFound."""
    found = state.profiles.get(domain_id, name)
    if found is None:
        raise not_found(f"UserProfile [{state.arn('user-profile', domain_id, name)}] does not exist.")
    return found


def _create(state: State, request: Params, _caller: Caller) -> Params:
    domain = live_domain(state, request["DomainId"])
    key = (request["DomainId"], request["UserProfileName"])
    if state.profiles.get(*key):
        raise in_use(f"UserProfile [{state.arn('user-profile', *key)}] already exists.")
    if "SingleSignOnUserIdentifier" in request or "SingleSignOnUserValue" in request:
        raise invalid("SingleSignOnUserIdentifier and SingleSignOnUserValue cannot be used in a domain with IAM.")
    check_user_settings(state, request.get("UserSettings"), domain.data["VpcId"])
    record = state.add(state.profiles, key, request)
    record.data["HomeEfsFileSystemUid"] = str(_FIRST_UID + record.serial)
    return {"UserProfileArn": record.arn}


def _describe(state: State, request: Params, _caller: Caller) -> Params:
    return state.view(profile(state, request["DomainId"], request["UserProfileName"]), **_NAMES)


def _update(state: State, request: Params, _caller: Caller) -> Params:
    record = profile(state, request["DomainId"], request["UserProfileName"])
    domain = live_domain(state, request["DomainId"])
    settings = request.get("UserSettings", {})
    check_user_settings(state, settings, domain.data["VpcId"])
    record.data["UserSettings"] = {**record.data.get("UserSettings", {}), **settings}
    record.touch(state.now, "Updating", DELAYS["user-profile"])
    return {"UserProfileArn": record.arn}


def _delete(state: State, request: Params, _caller: Caller) -> Params:
    record = profile(state, request["DomainId"], request["UserProfileName"])
    name = record.data["UserProfileName"]
    domain = state.domains.get(request["DomainId"])
    owned = [
        space
        for space in state.spaces.where(DomainId=request["DomainId"])
        if space.data.get("OwnershipSettings", {}).get("OwnerUserProfileName") == name
    ]
    held = (("App", running_apps(state, domain, UserProfileName=name) if domain else []), ("Space", owned))
    for kind, blockers in held:
        if blockers:
            raise in_use(f"Unable to delete UserProfile [{record.arn}] because {kind}(s) are associated with it.")
    record.delete(state.now, DELAYS["user-profile"])
    return {}


def _list(state: State, request: Params, _caller: Caller) -> Params:
    return listed(_LIST, request, [Row(r.serial, state.view(r, **_NAMES)) for r in state.profiles])


def _presign(state: State, request: Params, _caller: Caller) -> Params:
    domain = live_domain(state, request["DomainId"])
    profile(state, request["DomainId"], request["UserProfileName"])
    space = request.get("SpaceName")
    if space and not state.spaces.get(request["DomainId"], space):
        raise not_found(f"Space [{state.arn('space', request['DomainId'], space)}] does not exist.")
    return {"AuthorizedUrl": f"{domain.data['Url']}/auth?token={random_id(64)}"}


OPERATIONS: dict[str, Handler] = {
    "CreateUserProfile": _create,
    "DescribeUserProfile": _describe,
    "UpdateUserProfile": _update,
    "DeleteUserProfile": _delete,
    "ListUserProfiles": _list,
    "CreatePresignedDomainUrl": _presign,
}
