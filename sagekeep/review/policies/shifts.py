"""What changes within a statement that keeps its name: `DenyReads: aws:PrincipalArn is not like: + arn:...`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sagekeep.iam.document import Statement
from sagekeep.review.policies.grants import conditions_of, principals_of

_ELEMENTS = ("actions", "not_actions", "resources", "not_resources")
_TITLES = {
    "actions": "actions",
    "not_actions": "all actions but",
    "resources": "resources",
    "not_resources": "all resources but",
}


def shifts(before: Iterable[Statement], after: Iterable[Statement]) -> tuple[str, ...]:
    """A line for each list of values that differs, in statements whose Sid is on both sides."""
    old = {statement.sid: statement for statement in before if statement.sid}
    return tuple(
        f"{new.sid}: {line}" for new in after if new.sid in old for line in _lines(_values(old[new.sid]), _values(new))
    )


def _values(statement: Statement) -> Mapping[str, frozenset[str]]:
    found = {_TITLES[name]: frozenset(getattr(statement, name)) for name in _ELEMENTS}
    found["principals"] = frozenset(principals_of(statement.principals))
    found["all principals but"] = frozenset(principals_of(statement.not_principals))
    found["effect"] = frozenset((statement.effect,))
    for clause in conditions_of(statement):
        found[f"condition {clause.written} {clause.operator}"] = frozenset(clause.values)
    return found


def _lines(old: Mapping[str, frozenset[str]], new: Mapping[str, frozenset[str]]) -> Iterator[str]:
    for title in dict.fromkeys((*old, *new)):
        gone = sorted(old.get(title, frozenset()) - new.get(title, frozenset()))
        come = sorted(new.get(title, frozenset()) - old.get(title, frozenset()))
        if gone or come:
            yield f"{title}: {', '.join([*(f'+ {text}' for text in come), *(f'- {text}' for text in gone)])}"
