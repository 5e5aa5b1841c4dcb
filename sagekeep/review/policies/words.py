"""What a difference of policies means, in sentences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from sagekeep.review.policies.compare import Meaning
from sagekeep.review.policies.grants import Clause, Grant

_MOST = 6  # actions or resources in a sentence; the others are counted


def sentences(meaning: Meaning, *, whole: bool = False, all_of: str = "everything") -> list[str]:
    """`now allows s3:GetObject on arn:aws:s3:::b/* for everybody if ...`, a sentence for each group of grants.

    Args:
        whole: name every action and resource; else long lists end in a count.
        all_of: what the resource `*` is called: a key policy's is the key. "" where there are no resources.
    """
    told = (
        ("now allows", meaning.allowed),
        ("no longer denies", meaning.not_refused),
        ("no longer allows", meaning.not_allowed),
        ("now denies", meaning.refused),
    )
    return [text for verb, grants in told for text in _told(verb, grants, whole=whole, all_of=all_of)]


def _told(verb: str, grants: Sequence[Grant], *, whole: bool, all_of: str) -> Iterator[str]:
    for group in _groups(grants):
        first = group[0]
        actions = _listed((str(grant.action) for grant in group), whole=whole)
        resources = [all_of if str(g.resource) == "*" else str(g.resource) for g in group]
        on = _listed(resources, whole=whole)
        principals = _listed((_who(str(grant.principal)) for grant in group), whole=whole)
        said = f"{verb} {_spelled(actions)}" + (f" on {on}" if on else "")
        said += f" for {principals}" if principals else ""
        said += "".join(f" {word} {one}" for word, one in _conditions(first.conditions))
        yield said + (f" ({first.sid})" if first.sid else "")


def _groups(grants: Sequence[Grant]) -> Iterator[list[Grant]]:
    """Grants of the same statement that are a whole product of principals, actions and resources; else by resource."""
    by_statement: dict[object, list[Grant]] = defaultdict(list)
    for grant in grants:
        by_statement[(grant.sid, grant.conditions)].append(grant)
    for group in by_statement.values():
        sizes = [len({getattr(grant, name) for grant in group}) for name in ("principal", "action", "resource")]
        if sizes[0] * sizes[1] * sizes[2] == len(group):
            yield group
            continue
        by_rest: dict[object, list[Grant]] = defaultdict(list)
        for grant in group:
            by_rest[(grant.principal, grant.resource)].append(grant)
        yield from by_rest.values()


def _listed(texts: Iterable[str], *, whole: bool) -> str:
    found = list(dict.fromkeys(text for text in texts if text))
    if whole or len(found) <= _MOST:
        return ", ".join(found)
    return f"{', '.join(found[:_MOST])} and {len(found) - _MOST} more"


def _spelled(actions: str) -> str:
    return "every action" if actions == "*" else actions


def _who(principal: str) -> str:
    """`AWS arn:aws:iam::123456789012:root` as a person says it."""
    if principal == "*":
        return "everybody"
    kind, _, identifier = principal.partition(" ")
    if kind == "AWS" and identifier.endswith(":root") and "," not in principal:
        return f"account {identifier.split(':')[4]}"
    return identifier if kind in ("AWS", "Service", "Federated") else principal


def _conditions(conditions: frozenset[Clause]) -> Iterator[tuple[str, str]]:
    ordered = sorted(conditions, key=lambda c: (c.key, c.operator))
    for number, one in enumerate(ordered):
        yield ("if" if number == 0 else "and"), _clause(one)


def _clause(one: Clause) -> str:
    """`aws:SourceVpc is not vpc-1`; an operator that is not in the table stands as it is written."""
    quantifier, _, operator = one.operator.rpartition(":")
    plain = operator.removesuffix("IfExists")
    if plain == "Null":
        return f"{one.written} is {'absent' if one.values == ('true',) else 'there'}"
    said = f"{one.written} {_OPERATORS.get(plain, plain)} {' or '.join(one.values)}"
    said = f"{_QUANTIFIERS[quantifier]} {said}" if quantifier in _QUANTIFIERS else said
    return f"{said} (or is absent)" if operator != plain else said


_QUANTIFIERS = {"ForAnyValue": "any of", "ForAllValues": "each of"}
_OPERATORS = {
    "StringEquals": "is",
    "StringNotEquals": "is not",
    "StringEqualsIgnoreCase": "is",
    "StringLike": "is like",
    "StringNotLike": "is not like",
    "ArnEquals": "is",
    "ArnLike": "is like",
    "ArnNotEquals": "is not",
    "ArnNotLike": "is not like",
    "Bool": "is",
    "IpAddress": "is in",
    "NotIpAddress": "is not in",
    "NumericLessThanEquals": "is at most",
    "NumericGreaterThanEquals": "is at least",
}
