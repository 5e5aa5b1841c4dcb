"""Section `[existing]` of the settings: what other teams have made, and the environment uses without owning it.

Each thing is named by a reference: an id, ARN or name in quotes, `{ tags = {...} }`, `{ ssm = "/path" }` or
`{ state = "platform", output = "vpc_id" }`, where `[existing.states.platform]` says where that state lies.
Rules that look at several of them stand in `sagekeep.rules_existing`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from sagekeep.settings_section import Section


@dataclass(frozen=True)
class Reference:
    """What names a thing: exactly one of `id`, `tags`, `ssm`, and `state` with `output`.

    Attributes:
        id: id, ARN or name, as the thing has it.
        tags: that exactly one thing of the kind has in the account and region (of a list: one or more).
        ssm: name of an SSM parameter; of a list, a StringList.
        state: name in `[existing.states]`; `output` is the name of its output.
    """

    id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    ssm: str = ""
    state: str = ""
    output: str = ""

    def written(self) -> str | dict[str, Any]:
        """As it stands in a settings file."""
        return self.id or {key: value for key, value in vars(self).items() if value}

    def __str__(self) -> str:
        if self.tags:
            return "tags " + ", ".join(f"{key}={value}" for key, value in self.tags.items())
        if self.state:
            return f"output {self.output} of state {self.state}"
        return f"parameter {self.ssm}" if self.ssm else self.id


References = tuple[Reference, ...] | Reference

_SHAPES = '{ tags = {...} }, { ssm = "/path" } or { state = "name", output = "name" }'
_STATE_NAME = r"[a-z][a-z0-9_-]*"


def _broken(rule: str) -> PydanticCustomError:
    return PydanticCustomError("rule", "{rule}", {"rule": rule})


def _reference(kind: Kind, value: object) -> Reference:
    if isinstance(value, Reference):
        return value
    if isinstance(value, str):
        if re.fullmatch(kind.pattern, value):
            return Reference(id=value)
        raise _broken(f"must be {kind.what}, such as {kind.example}; or {_SHAPES}")
    match value:
        case {"tags": dict(tags), **rest} if not rest and tags and _texts(tags):
            return Reference(tags=tags)
        case {"ssm": str(path), **rest} if not rest and re.fullmatch(r"/?[\w.-]+(/[\w.-]+)*", path):
            return Reference(ssm=path)
        case {"state": str(state), "output": str(output), **rest} if not rest and state and output:
            return Reference(state=state, output=output)
    raise _broken(f"must be {kind.what}, such as {kind.example}, in quotes; or {_SHAPES}")


def _texts(tags: Mapping[Any, Any]) -> bool:
    return all(isinstance(key, str) and isinstance(value, str) for key, value in tags.items())


def _references(kind: Kind, value: object) -> References:
    if not isinstance(value, list | tuple):
        return _reference(kind, value)
    return tuple(_reference(kind, one) for one in value)


@dataclass(frozen=True)
class Kind:
    """A kind of thing: its name, the pattern of its ids, ARNs or names, and how a person is told of it."""

    name: str
    pattern: str
    what: str
    example: str


def _id(name: str, start: str) -> Kind:
    return Kind(name, rf"{start}-[0-9a-f]{{8,17}}", f"the id of a {name}", f"{start}-0a1b2c3d4e5f67890")


VPC = _id("VPC", "vpc")
SUBNET = _id("subnet", "subnet")
ROUTE_TABLE = _id("route table", "rtb")
SECURITY_GROUP = _id("security group", "sg")
ENDPOINT = _id("VPC endpoint", "vpce")
KEY = Kind(
    "KMS key",
    r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/(mrk-)?[0-9a-f-]{32,36}",
    "the ARN of a KMS key, not of an alias",
    "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-86ef-1234567890ab",
)
BUCKET = Kind("bucket", r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the name of a bucket", "acme-data")
DOMAIN = Kind("Studio domain", r"d-[a-z0-9]{8,61}", "the id of a Studio domain", "d-a1b2c3d4e5f6")
TOPIC = Kind(
    "SNS topic",
    r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[\w-]{1,256}",
    "the ARN of an SNS topic",
    "arn:aws:sns:us-east-1:123456789012:alerts",
)
ROLE = Kind(
    "role",
    r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+",
    "the ARN of a role",
    "arn:aws:iam::123456789012:role/ml/job",
)


# Field of `[existing]` -> the kind of what it refers to.
KINDS = {
    "vpc": VPC,
    "subnets": SUBNET,
    "route_tables": ROUTE_TABLE,
    "security_groups": SECURITY_GROUP,
    "endpoints": ENDPOINT,
    "keys": KEY,
    "data_bucket": BUCKET,
    "access_log_bucket": BUCKET,
    "state_bucket": BUCKET,
    "domain": DOMAIN,
    "topic": TOPIC,
    "roles": ROLE,
}


def kind_of(key: str) -> Kind:
    """What a key such as `existing.keys.data` refers to."""
    return KINDS[key.split(".")[1]]


def _fields(kind: Kind, *, many: bool = False) -> Any:
    """Metadata of a field that holds a reference, or references, to a kind of thing."""
    one = {"anyOf": [{"type": "string", "pattern": f"^(?:{kind.pattern})$"}, *_TABLES]}
    schema = {"anyOf": [*one["anyOf"], {"type": "array", "items": one}]} if many else one
    return (
        PlainValidator(lambda value: (_references if many else _reference)(kind, value)),
        PlainSerializer(_plain, return_type=Any),
        WithJsonSchema(schema),
    )


def _plain(value: References | None) -> Any:
    if isinstance(value, tuple):
        return [one.written() for one in value]
    return value.written() if value else None


_TEXT = {"type": "string"}
_TABLES: list[dict[str, Any]] = [
    {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    for properties in (
        {"tags": {"type": "object", "additionalProperties": _TEXT, "minProperties": 1}},
        {"ssm": _TEXT},
        {"state": _TEXT, "output": _TEXT},
    )
]

VpcReference = Annotated[Reference, *_fields(VPC)]
SubnetReferences = Annotated[References, *_fields(SUBNET, many=True)]
RouteTableReferences = Annotated[References, *_fields(ROUTE_TABLE, many=True)]
SecurityGroupReference = Annotated[Reference, *_fields(SECURITY_GROUP)]
EndpointReference = Annotated[Reference, *_fields(ENDPOINT)]
KeyReference = Annotated[Reference, *_fields(KEY)]
BucketReference = Annotated[Reference, *_fields(BUCKET)]
DomainReference = Annotated[Reference, *_fields(DOMAIN)]
TopicReference = Annotated[Reference, *_fields(TOPIC)]
RoleReference = Annotated[Reference, *_fields(ROLE)]

GroupPurpose = Literal["studio", "jobs", "functions", "endpoints"]
KeyPurpose = Literal["data", "logs", "studio", "state"]
RolePurpose = Literal[
    "job",
    "pipeline",
    "studio",
    "flow-logs",
    "pipeline-manager",
    "pipeline-reader",
    "data-seed",
    "job-sweeper",
    "studio-sweeper",
]


class Endpoints(Section):
    """Endpoints of the brought VPC, by the last part of their service's name, such as `"sagemaker.api"`; or all."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, EndpointReference] = Field(init=False)

    all: bool = Field(default=False, description="the VPC has every endpoint; they are found by their service")

    @property
    def named(self) -> Mapping[str, Reference]:
        """References by service."""
        return self.__pydantic_extra__

    def brings(self, service: str) -> bool:
        """Whether the endpoint for a service is brought."""
        return self.all or service in self.named


class RemoteState(Section):
    """Another team's Terraform state on S3, of which outputs are read."""

    bucket: str = Field(min_length=3, description="bucket of the state")
    key: str = Field(min_length=1, description="key of the state")
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$", description="region of the bucket")
    kms: str = Field("", description="ARN of the key that encrypts the state, where it is not the bucket's default")


class Existing(Section):
    """What is brought. It is used, never changed and never destroyed."""

    vpc: VpcReference | None = Field(None, description="VPC; without `subnets`, ours are made in network.cidr")
    subnets: SubnetReferences = Field(
        (), description="private subnets, at least two in different zones: a list, or one reference that gives a list"
    )
    route_tables: RouteTableReferences = Field(
        (), description="route tables of the subnets; S3's gateway endpoint is associated with them where it is ours"
    )
    associate_s3: bool = Field(
        default=False, description="associate route tables with the S3 endpoint that is brought; removed on destroy"
    )
    security_groups: dict[GroupPurpose, SecurityGroupReference] = Field(
        default_factory=dict, description="security groups by purpose: studio, jobs, functions, endpoints"
    )
    endpoints: Endpoints = Field(default_factory=Endpoints)
    keys: dict[KeyPurpose, KeyReference] = Field(
        default_factory=dict, description="keys by purpose: data, logs, studio, state"
    )
    data_bucket: BucketReference | None = Field(None, description="name of the data bucket")
    access_log_bucket: BucketReference | None = Field(None, description="name of the bucket of access logs")
    state_bucket: BucketReference | None = Field(None, description="name of the bucket of Terraform's state")
    domain: DomainReference | None = Field(None, description="id of the Studio domain")
    topic: TopicReference | None = Field(None, description="ARN of the topic that hears of failed runs")
    roles: dict[RolePurpose, RoleReference] = Field(default_factory=dict, description="roles by purpose")
    states: dict[Annotated[str, Field(pattern=f"^{_STATE_NAME}$")], RemoteState] = Field(
        default_factory=dict, description="states that references read, by name"
    )

    def references(self) -> Iterator[tuple[str, Reference]]:
        """Every reference with its key, such as `existing.keys.data` or `existing.subnets.0`."""
        for name in type(self).model_fields:
            yield from _inside(f"existing.{name}", getattr(self, name))

    @property
    def anything(self) -> bool:
        """Whether anything is brought."""
        return self.endpoints.all or any(True for _ in self.references())


def _inside(key: str, value: object) -> Iterator[tuple[str, Reference]]:
    if isinstance(value, Endpoints):
        value = value.named
    if isinstance(value, Reference):
        yield key, value
    elif isinstance(value, tuple):
        for at, one in enumerate(value):
            yield from _inside(f"{key}.{at}", one)
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _inside(f"{key}.{name}", one)
