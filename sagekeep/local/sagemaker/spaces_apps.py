"""Spaces of a domain and the apps that run in them."""

from __future__ import annotations

from sagekeep.local.sagemaker.checks import check_role
from sagekeep.local.sagemaker.domains import domain, live_domain, running_apps
from sagekeep.local.sagemaker.errors import in_use, invalid, not_found
from sagekeep.local.sagemaker.idleness import SETTINGS, check_idle_time, user_settings
from sagekeep.local.sagemaker.lifecycle_configs import check_lifecycle_configs
from sagekeep.local.sagemaker.listing import Listing, Row, listed
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.profiles import profile
from sagekeep.local.sagemaker.store import DELAYS, Handler, Record, State
from sagekeep.local.sagemaker.world import Caller

_SPACES = Listing("ListSpaces", "Spaces", "SpaceName")
_APPS = Listing("ListApps", "Apps", "AppName")
_SPACE_NAMES = {"arn": "SpaceArn", "status": "Status"}
_APP_NAMES = {"arn": "AppArn", "status": "Status"}
_IN_SPACES = tuple(SETTINGS)
_DEFAULT_INSTANCE = "ml.t3.medium"


def space(state: State, domain_id: str, name: str) -> Record:
    """The space; ResourceNotFound."""
    found = state.spaces.get(domain_id, name)
    if found is None:
        raise not_found(f"Space [{state.arn('space', domain_id, name)}] does not exist.")
    return found


def _create_space(state: State, request: Params, _caller: Caller) -> Params:
    owner_domain = live_domain(state, request["DomainId"])
    key = (request["DomainId"], request["SpaceName"])
    if state.spaces.get(*key):
        raise in_use(f"Space [{state.arn('space', *key)}] already exists.")
    if ("OwnershipSettings" in request) != ("SpaceSharingSettings" in request):
        raise invalid("OwnershipSettings and SpaceSharingSettings must be given together.")
    owner = request.get("OwnershipSettings", {}).get("OwnerUserProfileName")
    if owner:
        profile(state, request["DomainId"], owner)
    if request.get("SpaceSharingSettings", {}).get("SharingType") == "Private" and not _app_type(request):
        raise invalid("SpaceSettings.AppType is required for a space with SharingType Private.")
    if "SpaceSharingSettings" not in request and not owner_domain.data.get("DefaultSpaceSettings"):
        raise invalid(f"Domain [{owner_domain.arn}] has no DefaultSpaceSettings, which a shared space needs.")
    check_lifecycle_configs(state, request.get("SpaceSettings", {}))
    named = {"DomainId": request["DomainId"], "UserProfileName": owner}
    check_idle_time(user_settings(state, named), request.get("SpaceSettings", {}))
    record = state.add(state.spaces, key, request)
    record.data["HomeEfsFileSystemUid"] = str(200000 + record.serial)
    record.data["Url"] = f"{owner_domain.data['Url']}/{_path(request)}/default"
    return {"SpaceArn": record.arn}


def _app_type(request: Params) -> str:
    return str(request.get("SpaceSettings", {}).get("AppType", ""))


def _path(request: Params) -> str:
    return _app_type(request).lower() or "jupyter"


def _describe_space(state: State, request: Params, _caller: Caller) -> Params:
    return state.view(space(state, request["DomainId"], request["SpaceName"]), **_SPACE_NAMES)


def _update_space(state: State, request: Params, _caller: Caller) -> Params:
    record = space(state, request["DomainId"], request["SpaceName"])
    settings = request.get("SpaceSettings", {})
    check_lifecycle_configs(state, settings)
    check_idle_time(user_settings(state, record.data), settings)
    if settings and running_apps(state, domain(state, request["DomainId"]), SpaceName=record.data["SpaceName"]):
        raise in_use(f"Unable to update Space [{record.arn}] because App(s) are associated with it.")
    if settings:
        record.data["SpaceSettings"] = {**record.data.get("SpaceSettings", {}), **settings}
    if "SpaceDisplayName" in request:
        record.data["SpaceDisplayName"] = request["SpaceDisplayName"]
    record.touch(state.now, "Updating", DELAYS["space"])
    return {"SpaceArn": record.arn}


def _delete_space(state: State, request: Params, _caller: Caller) -> Params:
    record = space(state, request["DomainId"], request["SpaceName"])
    if running_apps(state, domain(state, request["DomainId"]), SpaceName=record.data["SpaceName"]):
        raise in_use(f"Unable to delete Space [{record.arn}] because App(s) are associated with it.")
    record.delete(state.now, DELAYS["space"])
    return {}


def _list_spaces(state: State, request: Params, _caller: Caller) -> Params:
    return listed(_SPACES, request, [Row(r.serial, _space_summary(state, r)) for r in state.spaces])


def _space_summary(state: State, record: Record) -> Params:
    data = state.view(record, **_SPACE_NAMES)
    settings = data.get("SpaceSettings", {})
    summary = {k: settings[k] for k in ("AppType", "SpaceStorageSettings", "RemoteAccess") if k in settings}
    parts = {
        "SpaceSettingsSummary": summary,
        "SpaceSharingSettingsSummary": data.get("SpaceSharingSettings"),
        "OwnershipSettingsSummary": data.get("OwnershipSettings"),
    }
    return data | {name: part for name, part in parts.items() if part}


def app_key(request: Params) -> tuple[str, str, str, str]:
    """Domain, owner (space or user profile), type and name, as in the app's ARN; ValidationException."""
    owners = [request[name] for name in ("UserProfileName", "SpaceName") if request.get(name)]
    if len(owners) != 1:
        raise invalid("Exactly one of UserProfileName and SpaceName is required.")
    return (request["DomainId"], owners[0], request["AppType"], request["AppName"])


def _create_app(state: State, request: Params, _caller: Caller) -> Params:
    home = live_domain(state, request["DomainId"])
    key = app_key(request)
    owner, settings = _owner(state, request)
    _check_app(request, owner)
    check_role(state.world, _execution_role(home, settings))
    data = {**request, "ResourceSpec": _resource_spec(request, owner, settings)}
    check_lifecycle_configs(state, data["ResourceSpec"])
    if data["ResourceSpec"]["InstanceType"] == "system" and request["AppType"] in _IN_SPACES:
        raise invalid(f"Instance type 'system' is not supported for AppType {request['AppType']}.")
    for running in running_apps(state, home, **_owner_member(request)):
        if running.key == key or request["AppType"] in _IN_SPACES:
            raise in_use(f"App [{running.arn}] already exists.")
    record = state.add(state.apps, key, data)
    if home.data["AppNetworkAccessType"] == "VpcOnly":
        _attach(state, record, home, settings)
    return {"AppArn": record.arn}


def _owner_member(request: Params) -> Params:
    return {name: request[name] for name in ("UserProfileName", "SpaceName") if request.get(name)}


def _owner(state: State, request: Params) -> tuple[Record, Params]:
    """The space or user profile that owns the app, InService, and the settings of its user."""
    domain_id = request["DomainId"]
    name = request.get("UserProfileName")
    found = space(state, domain_id, request["SpaceName"]) if not name else profile(state, domain_id, name)
    status = found.status(state.now)
    if status != "InService":
        raise invalid(f"[{found.arn}] is not in a valid state: {status}. It must be InService.")
    return found, user_settings(state, request)


def _check_app(request: Params, owner: Record) -> None:
    kind = request["AppType"]
    if kind in _IN_SPACES and not request.get("SpaceName"):
        raise invalid(f"AppType {kind} is supported in a space only: give SpaceName instead of UserProfileName.")
    if kind in _IN_SPACES and request["AppName"] != "default":
        raise invalid(f"AppName must be 'default' for AppType {kind}.")
    wanted = owner.data.get("SpaceSettings", {}).get("AppType")
    if wanted and wanted != kind:
        raise invalid(f"Space [{owner.arn}] is for AppType {wanted}, not {kind}.")


def _execution_role(home: Record, settings: Params) -> str:
    return str(settings.get("ExecutionRole") or home.data["DefaultUserSettings"]["ExecutionRole"])


def _resource_spec(request: Params, owner: Record, settings: Params) -> Params:
    """The request's, else the space's, else the user's; AWS starts an app on ml.t3.medium where none names one."""
    member = SETTINGS.get(request["AppType"], "")
    spec: Params = {"InstanceType": _DEFAULT_INSTANCE if request["AppType"] in _IN_SPACES else "system"}
    for layer in (settings, owner.data.get("SpaceSettings", {})):
        spec |= layer.get(member, {}).get("DefaultResourceSpec", {})
    return {**spec, **request.get("ResourceSpec", {})}


def _attach(state: State, record: Record, home: Record, settings: Params) -> None:
    """A VpcOnly app holds an interface in the VPC until it is Deleted, and with it subnet and groups."""
    groups = settings.get("SecurityGroups") or home.data["DefaultUserSettings"]["SecurityGroups"]
    description = f"[DO NOT DELETE] ENI managed by SageMaker for Studio App [{record.arn}]"
    subnet = home.data["SubnetIds"][0]
    record.interfaces.append(state.world.create_network_interface(subnet, groups, description))


def _app(state: State, request: Params) -> Record:
    found = state.apps.get(*app_key(request))
    if found is None:
        raise not_found(f"App [{state.arn('app', *app_key(request))}] does not exist.")
    return found


def _describe_app(state: State, request: Params, _caller: Caller) -> Params:
    return state.view(_app(state, request), **_APP_NAMES)


def _delete_app(state: State, request: Params, _caller: Caller) -> Params:
    record = _app(state, request)
    if record.status(state.now) == "Deleted":
        raise not_found(f"App [{record.arn}] does not exist.")
    record.delete(state.now, DELAYS["app"])
    return {}


def _list_apps(state: State, request: Params, _caller: Caller) -> Params:
    return listed(_APPS, request, [Row(r.serial, state.view(r, **_APP_NAMES)) for r in state.apps])


OPERATIONS: dict[str, Handler] = {
    "CreateSpace": _create_space,
    "DescribeSpace": _describe_space,
    "UpdateSpace": _update_space,
    "DeleteSpace": _delete_space,
    "ListSpaces": _list_spaces,
    "CreateApp": _create_app,
    "DescribeApp": _describe_app,
    "DeleteApp": _delete_app,
    "ListApps": _list_apps,
}
