"""The condition operators: how each compares a request's value with a policy's.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any, Literal

from sagekeep.iam import patterns
from sagekeep.iam.patterns import ValueOf

Quantifier = Literal["", "ForAllValues", "ForAnyValue"]
Compare = Callable[[str, str, ValueOf], bool]

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_DIGITS = re.compile(r"\d+")
_MONTH = re.compile(r"\d{4}-\d{2}")


@dataclass(frozen=True)
class Type:
    """What a policy's values must be under an operator: `name`, and whether a text `fits`."""

    name: str
    fits: Callable[[str], bool]


@dataclass(frozen=True)
class Operator:
    """How one operator compares; a `negated` one holds where no value of the policy matches.

    Null compares nothing: it asks whether the key is there, and its `compare` is None.
    """

    type: Type
    compare: Compare | None
    negated: bool = False


@dataclass(frozen=True)
class Written:
    """An operator as a policy writes it: `ForAnyValue:StringLikeIfExists`."""

    operator: Operator
    quantifier: Quantifier = ""
    if_exists: bool = False


def number(text: str) -> Decimal | None:
    """An integer or decimal number."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def moment(text: str) -> datetime | None:
    """A date of ISO 8601, in UTC where it says nothing else, or seconds since 1970."""
    try:
        if _DIGITS.fullmatch(text) and len(text) != 4:
            return datetime.fromtimestamp(int(text), tz=UTC)
        if _MONTH.fullmatch(text) or (_DIGITS.fullmatch(text) and len(text) == 4):
            text = (text + "-01-01")[:10]
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _compared(read: Callable[[str], Any], relation: Callable[[Any, Any], bool]) -> Compare:
    def compare(text: str, wanted: str, _value_of: ValueOf) -> bool:
        left, right = read(text), read(wanted)
        return left is not None and right is not None and relation(left, right)

    return compare


def _truth(text: str, wanted: str, _value_of: ValueOf) -> bool:
    return text.lower() == wanted.lower()


def _bytes(text: str, wanted: str, _value_of: ValueOf) -> bool:
    return text == wanted


def _within(text: str, wanted: str, _value_of: ValueOf) -> bool:
    try:
        return ipaddress.ip_address(text) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


_STRING = Type("a string", lambda _text: True)
_NUMERIC = Type("a number", lambda text: number(text) is not None)
_DATE = Type("a date", lambda text: moment(text) is not None)
_BOOL = Type("true or false", lambda text: text.lower() in ("true", "false"))
_BINARY = Type("base64", _is_base64)
_NETWORK = Type("an address or a CIDR range", _is_network)

_TABLE: tuple[tuple[str, str, Type, Compare | None], ...] = (
    # the operator, its negated form, the type of its values, when two values match
    ("StringEquals", "StringNotEquals", _STRING, patterns.same),
    ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", _STRING, partial(patterns.same, ignore_case=True)),
    ("StringLike", "StringNotLike", _STRING, patterns.like),
    ("ArnEquals", "ArnNotEquals", _STRING, patterns.arn_like),
    ("ArnLike", "ArnNotLike", _STRING, patterns.arn_like),
    ("NumericEquals", "NumericNotEquals", _NUMERIC, _compared(number, operator.eq)),
    ("NumericLessThan", "", _NUMERIC, _compared(number, operator.lt)),
    ("NumericLessThanEquals", "", _NUMERIC, _compared(number, operator.le)),
    ("NumericGreaterThan", "", _NUMERIC, _compared(number, operator.gt)),
    ("NumericGreaterThanEquals", "", _NUMERIC, _compared(number, operator.ge)),
    ("DateEquals", "DateNotEquals", _DATE, _compared(moment, operator.eq)),
    ("DateLessThan", "", _DATE, _compared(moment, operator.lt)),
    ("DateLessThanEquals", "", _DATE, _compared(moment, operator.le)),
    ("DateGreaterThan", "", _DATE, _compared(moment, operator.gt)),
    ("DateGreaterThanEquals", "", _DATE, _compared(moment, operator.ge)),
    ("Bool", "", _BOOL, _truth),
    ("BinaryEquals", "", _BINARY, _bytes),
    ("IpAddress", "NotIpAddress", _NETWORK, _within),
)

OPERATORS: dict[str, Operator] = {
    "Null": Operator(_BOOL, None),
    **{name: Operator(kind, compare) for name, _, kind, compare in _TABLE},
    **{name: Operator(kind, compare, negated=True) for _, name, kind, compare in _TABLE if name},
}

_BY_NAME = {name.lower(): found for name, found in OPERATORS.items()}
_QUANTIFIERS: dict[str, Quantifier] = {"": "", "forallvalues": "ForAllValues", "foranyvalue": "ForAnyValue"}


def find(written: str) -> Written:
    """The operator that a policy names, in whatever case; raises ValueError where IAM has none."""
    prefix, _, name = written.lower().rpartition(":")
    found = _BY_NAME.get(name.removesuffix("ifexists"))
    quantifier = _QUANTIFIERS.get(prefix)
    if found is None or quantifier is None or (found.compare is None and written.lower() != "null"):
        raise ValueError(f"there is no condition operator {written!r}")
    return Written(found, quantifier, name.endswith("ifexists"))
