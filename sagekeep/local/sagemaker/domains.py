"""Studio domains, with the EFS file system, its network interfaces and the two groups that nobody tracks.

CreateDomain makes, in the VPC, `security-group-for-{inbound,outbound}-nfs-<domain id>`, which name each other
on TCP 2049, and one mount target per availability zone (EFS allows no second). Deletion removes the file system
and its interfaces only with RetentionPolicy.HomeEfsFileSystem = Delete; the groups stay in any case.
"""

from __future__ import annotations

from typing import Any

from sagekeep.local.sagemaker.checks import check_groups, check_key, check_role, check_subnets, members
from sagekeep.local.sagemaker.errors import in_use, invalid, not_found, not_modelled
from sagekeep.local.sagemaker.lifecycle_configs import check_lifecycle_configs
from sagekeep.local.sagemaker.listing import Listing, Row, listed
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.store import DELAYS, Handler, Record, State, random_id
from sagekeep.local.sagemaker.world import Caller

NFS_PORT = 2049
_LIST = Listing("ListDomains", "Domains", "DomainName")
_NAMES = {"arn": "DomainArn", "status": "Status"}
_DEFAULTS: Params = {"AppNetworkAccessType": "PublicInternetOnly", "TagPropagation": "DISABLED"}
_USER_DEFAULTS: Params = {"DefaultLandingUri": "studio::", "StudioWebPortal": "ENABLED"}
_SETTINGS = ("DefaultUserSettings", "DefaultSpaceSettings")


def domain(state: State, domain_id: str) -> Record:
    """The domain; ResourceNotFound."""
    found = state.domains.get(domain_id)
    if found is None:
        raise not_found(f"Domain [{domain_id}] does not exist.")
    return found


def live_domain(state: State, domain_id: str) -> Record:
    """The domain, InService; ResourceNotFound, or ValidationException in another state."""
    found = domain(state, domain_id)
    status = found.status(state.now)
    if status != "InService":
        raise invalid(f"Domain [{found.arn}] is not in a valid state: {status}. It must be InService.")
    return found


def _create(state: State, request: Params, _caller: Caller) -> Params:
    _refuse_unmodelled(request)
    if state.domains.where(DomainName=request["DomainName"]):
        raise in_use(f"Domain [{request['DomainName']}] already exists.")
    missing = [name for name in ("VpcId", "SubnetIds") if not request.get(name)]
    if missing:
        raise invalid(f"{missing[0]} is required for a domain with AuthMode IAM.")
    data = {**_DEFAULTS, **request}
    data["DefaultUserSettings"] = {**_USER_DEFAULTS, **request["DefaultUserSettings"]}
    _check_network(state, data)
    _check_settings(state, data, data["VpcId"])
    key = data.get("KmsKeyId") or data.get("HomeEfsFileSystemKmsKeyId")
    if key:
        check_key(state.world, key)
        data |= {"KmsKeyId": key, "HomeEfsFileSystemKmsKeyId": key}
    domain_id = f"d-{random_id(12)}"
    url = f"https://{domain_id}.studio.{state.world.region}.sagemaker.aws"
    record = state.add(state.domains, (domain_id,), data, DomainId=domain_id, Url=url)
    if data.get("HomeEfsFileSystemCreation") != "Disabled":
        _make_file_system(state, record)
    return {"DomainArn": record.arn, "DomainId": domain_id, "Url": url}


def _refuse_unmodelled(request: Params) -> None:
    if request.get("AuthMode") == "SSO":
        raise not_modelled("AuthMode SSO of a domain; use IAM")
    for member in ("RStudioServerProDomainSettings", "RStudioServerProDomainSettingsForUpdate"):
        if members(request, member):
            raise not_modelled(f"{member} of a domain")


def _check_network(state: State, data: Params) -> None:
    vpc_id = check_subnets(state.world, data["SubnetIds"])
    if vpc_id != data["VpcId"]:
        raise invalid(f"The subnets belong to VPC '{vpc_id}', not to '{data['VpcId']}'.")
    if data["AppNetworkAccessType"] == "VpcOnly" and not data["DefaultUserSettings"].get("SecurityGroups"):
        raise invalid("DefaultUserSettings.SecurityGroups is required when AppNetworkAccessType is VpcOnly.")


def _check_settings(state: State, data: Params, vpc_id: str) -> None:
    if "DefaultUserSettings" in data and not data["DefaultUserSettings"].get("ExecutionRole"):
        raise invalid("DefaultUserSettings.ExecutionRole is required.")
    for name in _SETTINGS:
        check_user_settings(state, data.get(name), vpc_id)
    for member in ("DomainSettings", "DomainSettingsForUpdate"):
        check_groups(state.world, (data.get(member) or {}).get("SecurityGroupIds", ()), vpc_id)


def check_user_settings(state: State, settings: Params | None, vpc_id: str) -> None:
    """Role, groups and lifecycle configurations in settings of users or spaces exist; None is no settings."""
    if not settings:
        return
    if settings.get("ExecutionRole"):
        check_role(state.world, settings["ExecutionRole"])
    check_groups(state.world, settings.get("SecurityGroups", ()), vpc_id)
    check_lifecycle_configs(state, settings)


def _make_file_system(state: State, record: Record) -> None:
    world, domain_id = state.world, record.key[0]
    tags = {"ManagedByAmazonSageMakerResource": record.arn}
    groups = {}
    for way in ("inbound", "outbound"):
        groups[way] = world.create_security_group(
            record.data["VpcId"],
            f"security-group-for-{way}-nfs-{domain_id}",
            f"[DO NOT DELETE] Security Group that allows {way} NFS traffic for SageMaker Notebooks Domain "
            f"[{domain_id}]",
            tags,
        )
    world.authorize_ingress(groups["inbound"], port=NFS_PORT, peer_group_id=groups["outbound"])
    world.authorize_egress(groups["outbound"], port=NFS_PORT, peer_group_id=groups["inbound"])
    record.data["HomeEfsFileSystemId"] = f"fs-{random_id(17)}"
    # Not a member of any answer: the group of mount targets in zones that an update adds.
    record.data["InboundNfsGroup"] = groups["inbound"]
    _add_mount_targets(state, record, record.data["SubnetIds"], zones=set())


def _add_mount_targets(state: State, record: Record, subnets: list[str], *, zones: set[str]) -> None:
    for subnet_id in subnets:
        subnet = state.world.subnet(subnet_id)
        if subnet and subnet.zone_id not in zones:
            zones.add(subnet.zone_id)
            description = f"EFS mount target for {record.data['HomeEfsFileSystemId']} (fsmt-{random_id(17)})"
            group = record.data["InboundNfsGroup"]
            record.interfaces.append(state.world.create_network_interface(subnet_id, [group], description))


def _describe(state: State, request: Params, _caller: Caller) -> Params:
    return state.view(domain(state, request["DomainId"]), **_NAMES)


def _update(state: State, request: Params, _caller: Caller) -> Params:
    record = live_domain(state, request["DomainId"])
    _refuse_unmodelled(request)
    if request.get("VpcId") not in (None, record.data["VpcId"]):
        raise not_modelled("UpdateDomain with another VpcId")
    after: Params = {**record.data, **{k: v for k, v in request.items() if k != "DomainSettingsForUpdate"}}
    for name in _SETTINGS:
        if name in request:
            after[name] = {**record.data.get(name, {}), **request[name]}
    if "DomainSettingsForUpdate" in request:
        after["DomainSettings"] = {**record.data.get("DomainSettings", {}), **request["DomainSettingsForUpdate"]}
    _check_network(state, after)
    _check_settings(state, after, after["VpcId"])
    if after["AppNetworkAccessType"] != record.data["AppNetworkAccessType"] and running_apps(state, record):
        raise in_use(f"Unable to update Domain [{record.arn}] because App(s) are running in it.")
    _move_mount_targets(state, record, after["SubnetIds"])
    record.data = after
    record.touch(state.now, "Updating", DELAYS["domain"])
    return {"DomainArn": record.arn}


def _move_mount_targets(state: State, record: Record, subnets: list[str]) -> None:
    if "HomeEfsFileSystemId" not in record.data:
        return
    old = [state.world.subnet(subnet_id) for subnet_id in record.data["SubnetIds"]]
    _add_mount_targets(state, record, subnets, zones={subnet.zone_id for subnet in old if subnet})


def running_apps(state: State, record: Record, **members_: Any) -> list[Record]:
    """The apps of a domain that are not Deleted, of one user profile or space where members say so."""
    apps = state.apps.where(DomainId=record.data["DomainId"], **members_)
    return [app for app in apps if app.status(state.now) != "Deleted"]


def _delete(state: State, request: Params, _caller: Caller) -> Params:
    record = domain(state, request["DomainId"])
    members_ = {"DomainId": record.data["DomainId"]}
    held = (
        ("App", running_apps(state, record)),
        ("Space", state.spaces.where(**members_)),
        ("UserProfile", state.profiles.where(**members_)),
    )
    for kind, blockers in held:
        if blockers:
            raise in_use(f"Unable to delete Domain [{record.arn}] because {kind}(s) are associated with it.")
    if request.get("RetentionPolicy", {}).get("HomeEfsFileSystem", "Retain") == "Retain":
        record.interfaces.clear()  # They stay in EC2, with the file system that nobody tracks any more.
    record.delete(state.now, DELAYS["domain"])
    return {}


def _list(state: State, request: Params, _caller: Caller) -> Params:
    return listed(_LIST, request, [Row(r.serial, state.view(r, **_NAMES)) for r in state.domains])


OPERATIONS: dict[str, Handler] = {
    "CreateDomain": _create,
    "DescribeDomain": _describe,
    "UpdateDomain": _update,
    "DeleteDomain": _delete,
    "ListDomains": _list,
}
