"""What a call needs: the action with its ARNs and condition keys, and the dependent actions.

`*` stands only where the action has no resource form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sagekeep.iam import reference
from sagekeep.local.sagemaker.checks import SERVICE, members
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.permissions_data import KEY_PATHS, RESOURCES, ROLE_MEMBERS
from sagekeep.local.sagemaker.store import State
from sagekeep.local.sagemaker.world import Permission, World

Context = dict[str, str | list[str]]

# The id of a domain is drawn after the check; no policy can name it beforehand.
_NEW_DOMAIN = "d-000000000000"
_NOTEBOOKS_ROLE = "aws-service-role/sagemaker.amazonaws.com/AWSServiceRoleForAmazonSageMakerNotebooks"
_MEMBER = re.compile(r"\{(\w+)\}")


def needs(state: State, operation: str, request: Params) -> list[Permission]:
    """The permissions for a valid request, the primary action first. Raises KeyError for an unknown operation."""
    context = _context(state, operation, request)
    resources = [_resource(state, template, request) for template in RESOURCES[operation]] or ["*"]
    found = [Permission(f"sagemaker:{operation}", arn, {**context, **_resource_tags(state, arn)}) for arn in resources]
    found += [_pass_role(arn) for arn in sorted({role for name in ROLE_MEMBERS for role in members(request, name)})]
    if operation.startswith("Create") and request.get("Tags"):
        found.append(_add_tags(operation, resources[0], context))
    return found + list(_others(state, operation, request))


def job_permissions(state: State, operation: str, arguments: Params) -> list[Permission]:
    """What a pipeline's role needs for the call of one of its steps, names filled in and references resolved.

    Knows CreateProcessingJob, CreateTrainingJob, CreateModel, CreateModelPackage, CreateEndpointConfig,
    CreateEndpoint and UpdateEndpoint. SageMaker tags what a pipeline makes, so AddTags is always needed.
    """
    found = needs(state, operation, arguments)
    if operation.startswith("Create") and not arguments.get("Tags"):
        tagging: Context = {"sagemaker:TaggingAction": operation}
        found.append(Permission("sagemaker:AddTags", found[0].resource_arn, tagging))
    return found


def _resource(state: State, template: str, request: Params) -> str:
    names = {
        **request,
        "NewDomainId": _NEW_DOMAIN,
        "AppOwner": request.get("SpaceName") or request.get("UserProfileName"),
    }
    filled = _MEMBER.sub(lambda match: str(names.get(match.group(1), "")), template)
    # Some operations take a name or an ARN in the same member.
    start = filled.find("arn:")
    return filled[start:].lower() if start >= 0 else state.arn(*filled.split("/"))


def _context(state: State, operation: str, request: Params) -> Context:
    context: Context = {}
    for key in reference.sagemaker_keys(operation):
        context |= _special(state, key, request) if key in _SPECIAL else _value(key, request)
    if operation in ("AddTags", "DeleteTags"):
        context.pop("sagemaker:TaggingAction", None)
    return context


def _value(key: str, request: Params) -> Context:
    found = [
        text
        for path, value in _leaves(request, "")
        if any(path == end if end.startswith(".") else path.endswith(f".{end}") for end in KEY_PATHS.get(key, ()))
        for text in [_text(value)]
    ]
    unique = list(dict.fromkeys(found))
    if not unique:
        return {}
    return {key: unique if key in reference.several() or len(unique) > 1 else unique[0]}


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(item, f"{path}.{name}")
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, path)
    else:
        yield path, value


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _request_tags(_state: State, request: Params) -> Context:
    tags: Context = {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in request.get("Tags") or []}
    return tags


def _tag_keys(_state: State, request: Params) -> Context:
    keys = [tag["Key"] for tag in request.get("Tags") or []] or list(request.get("TagKeys") or [])
    return {"aws:TagKeys": keys} if keys else {}


def _model_arns(state: State, request: Params) -> Context:
    names = dict.fromkeys(members(request, "ModelName"))
    arns = [state.arn("model", name) for name in names]
    return {"sagemaker:ModelArn": arns if len(arns) > 1 else arns[0]} if arns else {}


def _space(state: State, request: Params) -> Params:
    if "OwnershipSettings" in request or not request.get("SpaceName"):
        return request
    found = state.spaces.get(request["DomainId"], request["SpaceName"])
    return found.data if found else {}


def _owner(state: State, request: Params) -> Context:
    owner = _space(state, request).get("OwnershipSettings", {}).get("OwnerUserProfileName")
    return {"sagemaker:OwnerUserProfileArn": state.arn("user-profile", request["DomainId"], owner)} if owner else {}


def _sharing(state: State, request: Params) -> Context:
    sharing = _space(state, request).get("SpaceSharingSettings", {}).get("SharingType")
    return {"sagemaker:SpaceSharingType": sharing} if sharing else {}


_SPECIAL = {
    "aws:RequestTag/*": _request_tags,
    "aws:TagKeys": _tag_keys,
    "sagemaker:ModelArn": _model_arns,
    "sagemaker:OwnerUserProfileArn": _owner,
    "sagemaker:SpaceSharingType": _sharing,
}


def _special(state: State, key: str, request: Params) -> Context:
    return _SPECIAL[key](state, request)


def _resource_tags(state: State, arn: str) -> Context:
    """Tags of a thing that exists, under the two names that policies use."""
    tags = state.tags.get(arn, {})
    return {f"{prefix}:ResourceTag/{key}": value for key, value in tags.items() for prefix in ("aws", "sagemaker")}


def _pass_role(arn: str) -> Permission:
    return Permission("iam:PassRole", arn, {"iam:PassedToService": SERVICE})


def _add_tags(operation: str, arn: str, context: Context) -> Permission:
    tags: Context = {k: v for k, v in context.items() if k.startswith("aws:")}
    return Permission("sagemaker:AddTags", arn, {**tags, "sagemaker:TaggingAction": operation})


def _others(state: State, operation: str, request: Params) -> Iterator[Permission]:
    """Actions of other services, in the caller's name (developer guide, API permissions reference)."""
    if operation == "CreateDomain":
        world = state.world
        arn = f"arn:{world.partition}:iam::{world.account_id}:role/{_NOTEBOOKS_ROLE}"
        yield Permission("iam:CreateServiceLinkedRole", arn, {"iam:AWSServiceName": SERVICE})
        key = request.get("KmsKeyId") or request.get("HomeEfsFileSystemKmsKeyId")
        yield from _key_grants(state, key)
        yield from _encrypted_files(state, key)
    elif operation == "CreateApp":
        # Enforced at CreateApp (developer guide, "Protect data at rest"): the space's volume is under the domain's key.
        home = state.domains.get(request["DomainId"])
        yield from _key_grants(state, home.data.get("KmsKeyId") if home else None)
    elif operation in ("CreateEndpoint", "UpdateEndpoint"):
        # The volumes' key is granted in the name of whoever asks (developer guide, "SageMaker API permissions").
        config = state.endpoint_configs.get(request.get("EndpointConfigName", ""))
        if config and config.data.get("KmsKeyId"):
            yield volume_grant(state.world, config.data["KmsKeyId"])


def _key_grants(state: State, key: str | None) -> Iterator[Permission]:
    if key:
        yield volume_grant(state.world, key)
        yield _key_use(state.world, "DescribeKey", key)


def volume_grant(world: World, key: str) -> Permission:
    """What whoever asks SageMaker for an encrypted volume must be allowed: to let it use the key."""
    place = f"{world.region}:{world.account_id}"
    arn = key if key.startswith("arn:") else f"arn:{world.partition}:kms:{place}:{_key_path(key)}"
    context: Context = {
        "kms:ViaService": f"sagemaker.{world.region}.amazonaws.com",
        "kms:CallerAccount": world.account_id,
        "kms:GrantIsForAWSResource": "true",
    }
    return Permission("kms:CreateGrant", arn, context)


def _encrypted_files(state: State, key: str | None) -> Iterator[Permission]:
    """A domain's file system under the customer's key."""
    if not key:
        return
    yield Permission("elasticfilesystem:CreateFileSystem", "*", {"elasticfilesystem:Encrypted": "true"})
    for action in ("Decrypt", "GenerateDataKeyWithoutPlaintext"):
        yield _key_use(state.world, action, key)


def _key_use(world: World, action: str, key: str) -> Permission:
    """An action on the key in the caller's name, without what only grants have."""
    grant = volume_grant(world, key)
    context = {name: value for name, value in grant.context.items() if name != "kms:GrantIsForAWSResource"}
    return Permission(f"kms:{action}", grant.resource_arn, context)


def _key_path(key: str) -> str:
    return key if key.startswith("alias/") else f"key/{key}"
