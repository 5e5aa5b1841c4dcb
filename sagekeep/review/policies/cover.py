"""Whether one grant holds another: whatever the second speaks of, the first speaks of, too. Sound, not complete."""

from __future__ import annotations

from sagekeep.review.policies.grants import Clause, Element, Grant
from sagekeep.review.policies.patterns import covers_pattern, overlap

_BY_PATTERN = ("StringLike", "StringNotLike")
_IF_EXISTS = "IfExists"


def covers(wide: Grant, narrow: Grant) -> bool:
    """True where every request that `narrow` speaks of is one that `wide` speaks of."""
    return (
        wide.effect == narrow.effect
        and (wide.principal == narrow.principal or covers_element(wide.principal, narrow.principal))
        and (wide.resource == narrow.resource or covers_element(wide.resource, narrow.resource))
        and (wide.action == narrow.action or covers_element(wide.action, narrow.action))
        and all(any(implies(mine, theirs) for mine in narrow.conditions) for theirs in wide.conditions)
    )


def covers_element(wide: Element, narrow: Element) -> bool:
    """As `covers`, of one element."""
    if wide.negated and narrow.negated:
        return all(any(covers_pattern(out, left) for out in narrow.patterns) for left in wide.patterns)
    if wide.negated:
        return not any(overlap(left, pattern) for left in wide.patterns for pattern in narrow.patterns)
    if narrow.negated:
        return wide.patterns == ("*",)
    return covers_pattern(wide.patterns[0], narrow.patterns[0])


def implies(given: Clause, wanted: Clause) -> bool:
    """Whether every request that meets `given` meets `wanted`."""
    if given.key != wanted.key:
        return False
    strict, loose = given.operator.removesuffix(_IF_EXISTS), wanted.operator.removesuffix(_IF_EXISTS)
    if strict != loose or (given.operator != strict and wanted.operator == loose):
        return False
    if given.values == wanted.values:
        return True
    quantifier, _, plain = strict.rpartition(":")
    negative = "Not" in plain
    if not plain.startswith(("String", "Arn", "IpAddress", "NotIpAddress")):
        return False
    if negative and quantifier == "ForAnyValue":
        return False
    fewer, more = (wanted.values, given.values) if negative else (given.values, wanted.values)
    return all(any(_value_covers(plain, wide, narrow) for wide in more) for narrow in fewer)


def _value_covers(operator: str, wide: str, narrow: str) -> bool:
    if operator.startswith("Arn"):  # part by part; an ARN has six
        parts = (wide.split(":", 5), narrow.split(":", 5))
        return len(parts[0]) == len(parts[1]) == 6 and all(map(covers_pattern, *parts))
    return covers_pattern(wide, narrow) if operator in _BY_PATTERN else wide == narrow
