"""Kinds of values that settings hold: the rule of each, in the words of the person who breaks it."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from sagekeep import limits


def _text(pattern: str, rule: str) -> Any:
    """Metadata of a string field: `pattern` must match whole; `rule` is what its author reads."""

    def check(value: str) -> str:
        if re.fullmatch(pattern, value) is None:
            raise PydanticCustomError("rule", "{rule}", {"rule": rule})
        return value

    return AfterValidator(check), Field(json_schema_extra={"pattern": f"^(?:{pattern})$"})


def _texts(pattern: str, rule: str) -> Any:
    """As `_text`, for each string of a list."""
    check, _ = _text(pattern, rule)
    return AfterValidator(lambda values: tuple(check.func(value) for value in values)), Field(strict=False)


def _cidr(value: object) -> str:
    if isinstance(value, str):
        try:
            network = IPv4Network(value)
        except ValueError:
            pass
        else:
            if network.is_private and 16 <= network.prefixlen <= 28:
                return value
    rule = "must be a private IPv4 network from /16 to /28 without host bits, such as 10.40.0.0/16"
    raise PydanticCustomError("rule", "{rule}", {"rule": rule})


# What `aws:SourceIp` can never be: it is a public address, and absent from requests that come through an endpoint.
_PRIVATE = (
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fc00::/7",
    "fe80::/10",
)
_WIDEST = {4: 8, 6: 19}  # prefix lengths; wider is the internet in pieces


def _is_source_range(text: str) -> bool:
    try:
        network = ip_network(text)
    except ValueError:
        return False
    private = (ip_network(other) for other in _PRIVATE)
    return network.prefixlen >= _WIDEST[network.version] and not any(_overlap(network, other) for other in private)


def _overlap(one: IPv4Network | IPv6Network, other: IPv4Network | IPv6Network) -> bool:
    if isinstance(one, IPv4Network):
        return isinstance(other, IPv4Network) and one.overlaps(other)
    return isinstance(other, IPv6Network) and one.overlaps(other)


def _source_ranges(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(values) <= 50 and all(_is_source_range(value) for value in values):
        return values
    rule = (
        "must be at most 50 ranges of public addresses without host bits, /8 or smaller (IPv6: /19), such as "
        "203.0.113.0/24; the VPC itself is always let in"
    )
    raise PydanticCustomError("rule", "{rule}", {"rule": rule})


def _few(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(values) > 10:
        rule = (
            "must be at most 10 ARNs, as a role's trust policy may have "
            f"{limits.most('trust-policy'):,} characters; ARNs may have wildcards"
        )
        raise PydanticCustomError("rule", "{rule}", {"rule": rule})
    return values


def _zones(value: object) -> int | tuple[str, ...]:
    if isinstance(value, int) and not isinstance(value, bool) and 2 <= value <= 6:
        return value
    if (
        isinstance(value, list | tuple)
        and 2 <= len(value) <= 6
        and len(set(value)) == len(value)
        and all(isinstance(zone, str) and re.fullmatch(r"[a-z]+[0-9]-az[0-9]", zone) for zone in value)
    ):
        return tuple(value)
    rule = 'must be a number from 2 to 6, or a list of 2 to 6 different zone ids such as ["use1-az1", "use1-az2"]'
    raise PydanticCustomError("rule", "{rule}", {"rule": rule})


def _different(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) < len(values):
        raise PydanticCustomError("rule", "{rule}", {"rule": "must differ from each other"})
    return values


# Endpoints of every environment by the last part of their services' names; stacks/parts/endpoint_table.py makes them.
USUAL_ENDPOINTS = (
    "s3",
    "sagemaker.api",
    "sagemaker.runtime",
    "studio",
    "ecr.api",
    "ecr.dkr",
    "logs",
    "sts",
    "kms",
    "monitoring",
)
# Services that code in the VPC may want besides; each has an interface endpoint com.amazonaws.<region>.<name>.
EXTRA_ENDPOINTS = (
    "athena",
    "ec2",
    "ec2messages",
    "events",
    "glue",
    "lambda",
    "secretsmanager",
    "servicecatalog",
    "sns",
    "sqs",
    "ssm",
    "ssmmessages",
)
_ZONES_SCHEMA = {
    "anyOf": [
        {"type": "integer", "minimum": 2, "maximum": 6},
        {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 6, "uniqueItems": True},
    ]
}


def _tags(tags: dict[str, str]) -> dict[str, str]:
    longest, largest = limits.most("tag-key"), limits.most("tag-value")
    for key, value in tags.items():
        right = 0 < len(key) <= longest and not key.lower().startswith("aws:") and len(value) <= largest
        if not (right and limits.is_tag_text(key + value)):
            rule = (
                f"needs a key of 1 to {longest} characters that does not begin with aws:, and a value of up to "
                f"{largest}, of letters, digits, spaces and _ . : / = + - @"
            )
            raise PydanticCustomError("rule", "{rule}", {"rule": rule})
    return tags


Prefix = Annotated[
    str,
    *_text(
        r"[a-z][a-z0-9]*(-[a-z0-9]+)*",
        "must be lower-case letters, digits and single hyphens, beginning with a letter (no underscores)",
    ),
]
PipelineName = Annotated[
    str,
    *_text(
        r"[a-z0-9](-?[a-z0-9]){0,39}",
        "must be at most 40 lower-case letters, digits and single hyphens (no underscores)",
    ),
]
PrincipalArns = Annotated[
    tuple[str, ...],
    *_texts(
        r"arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[\w+=,.@/*-]+",
        "must be ARNs of IAM roles or users, such as arn:aws:iam::123456789012:role/deployer",
    ),
]
TrustedArns = Annotated[PrincipalArns, AfterValidator(_few)]
UserNames = Annotated[
    tuple[str, ...],
    *_texts(r"[a-zA-Z0-9](-?[a-zA-Z0-9]){0,62}", "must be letters, digits and single hyphens, at most 63 each"),
]
Cidrs = Annotated[tuple[str, ...], AfterValidator(_source_ranges), Field(strict=False)]
Boundary = Annotated[
    str,
    *_text(
        r"|arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[\w+=,.@/-]+",
        "must be the ARN of an IAM policy, such as arn:aws:iam::123456789012:policy/boundary, or empty",
    ),
]
KeyArn = Annotated[
    str,
    *_text(
        r"|arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+",
        "must be the ARN of a key, such as arn:aws:kms:us-east-1:123456789012:key/1234abcd-..., or empty",
    ),
]
RolePath = Annotated[
    str,
    *_text(
        r"(?!.*-users/)/([\w+=,.@-]{1,64}/){0,4}",
        "must be / or begin and end with a slash, such as /ml/, of at most 4 parts, none of which ends with -users: "
        "below such lie the roles of single users",
    ),
]
Emails = Annotated[tuple[str, ...], *_texts(r"[^@\s]+@[^@\s]+\.[^@\s]+", "must be e-mail addresses")]
NamePattern = Annotated[
    str,
    *_text(
        r"(?!.*--)(?!.*(\{\w+\}).*\1)(?=.*\{(?:prefix|environment)\})"
        r"(?:[a-z]|\{(?:prefix|environment|region)\})(?:[a-z0-9-]|\{(?:prefix|environment|region)\})*-\{purpose\}",
        "must be of lower-case letters, digits, hyphens and the words {prefix}, {environment} and {region}, have "
        "{prefix} or {environment}, and end with -{purpose}, such as {prefix}-{environment}-{purpose}",
    ),
]
SsmPrefix = Annotated[
    str,
    *_text(
        r"|(/(?!(?i:aws|ssm))[a-zA-Z0-9_.-]{1,100})(/[a-zA-Z0-9_.-]{1,100}){0,9}",
        "must be a path such as /acme/ml of at most 10 parts, not below /aws or /ssm, or empty",
    ),
]
SsoNames = Annotated[
    tuple[str, ...],
    *_texts(r"\S(.{0,126}\S)?", "must be names or ids of at most 128 characters"),
    AfterValidator(_different),
]
Repository = Annotated[
    str, *_text(r"([A-Za-z0-9-]+/[A-Za-z0-9._-]+)?", "must be a GitHub repository such as acme/platform, or empty")
]
# Neither `*` nor `?`, which would be wildcards in a trust policy, nor `:`, which parts its claims.
VpcId = Annotated[str, *_text("|vpc-[0-9a-f]{8,17}", "must be a VPC's id, such as vpc-0a1b2c3d4e5f60718, or empty")]
Branch = Annotated[str, *_text(r"[A-Za-z0-9._/-]+", "must be the name of a branch, without wildcards")]
GithubEnvironment = Annotated[str, *_text(r"[A-Za-z0-9._/-]*", "must be the name of a GitHub environment, or empty")]
OrganizationId = Annotated[
    str, *_text(r"(o-[a-z0-9]{10,32})?", "must be the id of an organization, such as o-a1b2c3d4e5")
]
ExtraEndpoints = Annotated[
    tuple[str, ...],
    *_texts("|".join(EXTRA_ENDPOINTS), f"must be some of {', '.join(EXTRA_ENDPOINTS)}"),
    AfterValidator(_different),
]
SigningProfileArns = Annotated[
    tuple[str, ...],
    *_texts(
        r"arn:aws[a-z-]*:signer:[a-z0-9-]+:[0-9]{12}:/signing-profiles/\w{2,64}/\w{10}",
        "must be ARNs of versions of signing profiles, such as "
        "arn:aws:signer:us-east-1:123456789012:/signing-profiles/acme/a1b2c3d4e5",
    ),
    Field(max_length=20),
]
Label = Annotated[
    str,
    *_text(
        r"(?!(?:true|false|null|NaN|Infinity)$)[A-Za-z_][A-Za-z0-9_ .()/%-]{0,99}",
        "must begin with a letter or underscore and hold letters, digits, spaces and _ . ( ) / % - only",
    ),
]
Instance = Annotated[str, *_text(r"ml\.[a-z0-9-]+\.[a-z0-9-]+", "must be an instance type such as ml.m5.large")]
Cidr = Annotated[str, PlainValidator(_cidr), WithJsonSchema({"type": "string", "format": "ipv4-network"})]
Zones = Annotated[
    int | tuple[str, ...],
    PlainValidator(_zones),
    PlainSerializer(lambda zones: zones, return_type=Any),
    WithJsonSchema(_ZONES_SCHEMA),
]
Tags = Annotated[dict[str, str], AfterValidator(_tags)]
AccountId = Annotated[str, *_text(r"[0-9]{12}", "must be 12 digits, in quotes")]
VersionConstraint = Annotated[str, *_text(r"[0-9.,<>=~! ]+", "must be a Terraform version constraint")]
