"""What is brought, as a stack reads it: a reference of the settings becomes an id, ARN or name, or a token for one.

An id stands as it is; tags, another team's state and SSM parameters are data sources, read at every plan. Nothing here
makes, changes or destroys anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from cdktf import DataTerraformRemoteStateS3, Fn, Postcondition, TerraformResourceLifecycle, Token
from cdktf_cdktf_provider_aws.data_aws_resourcegroupstaggingapi_resources import (
    DataAwsResourcegroupstaggingapiResources,
    DataAwsResourcegroupstaggingapiResourcesTagFilter,
)
from cdktf_cdktf_provider_aws.data_aws_route_tables import DataAwsRouteTables, DataAwsRouteTablesFilter
from cdktf_cdktf_provider_aws.data_aws_security_group import DataAwsSecurityGroup
from cdktf_cdktf_provider_aws.data_aws_ssm_parameter import DataAwsSsmParameter
from cdktf_cdktf_provider_aws.data_aws_subnets import DataAwsSubnets, DataAwsSubnetsFilter
from cdktf_cdktf_provider_aws.data_aws_vpc import DataAwsVpc
from cdktf_cdktf_provider_aws.data_aws_vpc_endpoint import DataAwsVpcEndpoint
from constructs import Construct

from sagekeep.settings_existing import BUCKET, DOMAIN, KEY, TOPIC, Kind, Reference, References
from stacks.base import EstateStack

# Kind -> resource type of the Resource Groups Tagging API.
_TAGGED = {KEY.name: "kms:key", BUCKET.name: "s3", DOMAIN.name: "sagemaker:domain", TOPIC.name: "sns"}


@dataclass(frozen=True)
class Source:
    """A reference, what it leads to, and the key that errors name; `vpc_id` narrows tags to one VPC."""

    key: str
    kind: Kind
    vpc_id: str = ""


def resolve(scope: Construct, id: str, reference: Reference, source: Source) -> str:
    """The id, ARN or name behind a reference that leads to one thing; `id` is the address of what reads it."""
    if reference.id:
        return reference.id
    if reference.ssm:
        # insecure_value: an id is no secret, and a sensitive value could not be an output.
        return str(DataAwsSsmParameter(scope, id, name=reference.ssm).insecure_value)
    if reference.state:
        return cast("str", _state(scope, reference.state).get_string(reference.output))
    return _tagged(scope, id, reference.tags, source)


def resolve_list(scope: Construct, id: str, references: References, source: Source) -> list[str]:
    """The ids behind references: one each or, of a single reference, a token for the whole list."""
    if isinstance(references, tuple):
        return [resolve(scope, f"{id}-{at}", reference, source) for at, reference in enumerate(references, 1)]
    if references.id:
        return [references.id]
    if references.ssm:
        parameter = DataAwsSsmParameter(scope, id, name=references.ssm)
        return cast("list[str]", Token.as_list(Fn.split(",", parameter.insecure_value)))
    if references.state:
        return cast("list[str]", _state(scope, references.state).get_list(references.output))
    return _tagged_list(scope, id, references.tags, source)


def _state(scope: Construct, name: str) -> DataTerraformRemoteStateS3:
    """One data source for each state and stack, whoever asks first."""
    stack = cast("EstateStack", EstateStack.of(scope))
    found = stack.node.try_find_child(f"existing-{name}")
    if found is not None:
        return cast("DataTerraformRemoteStateS3", found)
    place = stack.settings.existing.states[name]
    return DataTerraformRemoteStateS3(
        stack,
        f"existing-{name}",
        bucket=place.bucket,
        key=place.key,
        region=place.region,
        kms_key_id=place.kms or None,
    )


def _tagged(scope: Construct, id: str, tags: Mapping[str, str], source: Source) -> str:
    """One thing by its tags. The provider fails where there is none, or more than one."""
    vpc = source.vpc_id or None
    match source.kind.name:
        case "VPC":
            return str(DataAwsVpc(scope, id, tags=tags).id)
        case "VPC endpoint":
            return str(DataAwsVpcEndpoint(scope, id, vpc_id=vpc, tags=tags).id)
        case "security group":
            return str(DataAwsSecurityGroup(scope, id, vpc_id=vpc, tags=tags).id)
        case "subnet" | "route table":
            found = _tagged_list(scope, id, tags, source, exactly_one=True)
            return str(Fn.one(found))
    return _tagged_elsewhere(scope, id, tags, source)


def _tagged_list(
    scope: Construct, id: str, tags: Mapping[str, str], source: Source, *, exactly_one: bool = False
) -> list[str]:
    wanted = "length(self.ids) == 1" if exactly_one else "length(self.ids) > 0"
    number = "one" if exactly_one else "at least one"
    lifecycle = conditions((wanted, f"{source.key}: the tags must lead to {number} {source.kind.name}."))
    filters = [("vpc-id", [source.vpc_id])] if source.vpc_id else []
    if source.kind.name == "subnet":
        narrowed = [DataAwsSubnetsFilter(name=name, values=values) for name, values in filters]
        found: Any = DataAwsSubnets(scope, id, tags=tags, filter=narrowed or None, lifecycle=lifecycle)
    else:
        tables = [DataAwsRouteTablesFilter(name=name, values=values) for name, values in filters]
        found = DataAwsRouteTables(scope, id, tags=tags, filter=tables or None, lifecycle=lifecycle)
    # The provider keeps the ids as a set for subnets, in AWS's order: sorted, the same plan comes out every time.
    return cast("list[str]", Token.as_list(Fn.sort(found.ids)))


def _tagged_elsewhere(scope: Construct, id: str, tags: Mapping[str, str], source: Source) -> str:
    """By the Resource Groups Tagging API, which has no roles (its reference, GetResources)."""
    rule = f"{source.key}: the tags must lead to exactly one {source.kind.name}."
    found = DataAwsResourcegroupstaggingapiResources(
        scope,
        id,
        resource_type_filters=[_TAGGED[source.kind.name]],
        tag_filter=[
            DataAwsResourcegroupstaggingapiResourcesTagFilter(key=key, values=[value]) for key, value in tags.items()
        ],
        lifecycle=conditions(("length(self.resource_tag_mapping_list) == 1", rule)),
    )
    arn = found.resource_tag_mapping_list.get(0).resource_arn
    if source.kind.name in {BUCKET.name, DOMAIN.name}:
        # Tokens and functions of cdktf's own: an expression as text could not stand in other functions.
        name = Fn.reverse(Fn.split("/", Token.as_string(Fn.element(Fn.split(":", arn), 5))))
        return str(Token.as_string(Fn.element(name, 0)))
    return str(arn)


def conditions(*rules: tuple[str, str]) -> TerraformResourceLifecycle:
    """Pairs of a condition on `self` and what is said where it does not hold."""
    return TerraformResourceLifecycle(
        postcondition=[Postcondition(condition=f"${{{test}}}", error_message=text) for test, text in rules]
    )


def for_each(block: Any, argument: str, ids: list[str]) -> None:
    """One instance of a block for each id; cdktf's own iterators make other addresses for the same."""
    block.add_override("for_each", Fn.toset(ids))
    block.add_override(argument, "${each.value}")
