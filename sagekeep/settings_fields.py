"""Kinds of values that settings hold: the rule of each, in the words of the person who breaks it."""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError


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


_ZONES_SCHEMA = {
    "anyOf": [
        {"type": "integer", "minimum": 2, "maximum": 6},
        {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 6, "uniqueItems": True},
    ]
}
_TAG_RULE = "needs a key of 1 to 128 characters that does not begin with aws:, and a value of up to 256 characters"


def _tags(tags: dict[str, str]) -> dict[str, str]:
    for key, value in tags.items():
        if not 0 < len(key) <= 128 or key.lower().startswith("aws:") or len(value) > 256:
            raise PydanticCustomError("rule", "{rule}", {"rule": _TAG_RULE})
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
UserNames = Annotated[
    tuple[str, ...],
    *_texts(r"[a-zA-Z0-9](-?[a-zA-Z0-9]){0,62}", "must be letters, digits and single hyphens, at most 63 each"),
]
Emails = Annotated[tuple[str, ...], *_texts(r"[^@\s]+@[^@\s]+\.[^@\s]+", "must be e-mail addresses")]
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
