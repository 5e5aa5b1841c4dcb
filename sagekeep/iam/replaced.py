"""Condition keys that AWS has replaced: a policy that has the old name alone may match no request any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from sagekeep.iam import reference
from sagekeep.iam.document import Condition, Policy, Statement


@cache
def replacement(key: str) -> str:
    """The present name of a condition key that AWS has replaced, "" for any other; case does not count."""
    return {old.lower(): new for old, new in reference.replaced_by().items()}.get(key.lower(), "")


def alone(policies: Iterable[Policy]) -> Iterator[tuple[str, Statement, Condition]]:
    """Each condition on an old name, where nothing in the policies has the present one; with its policy's origin."""
    statements = [(policy.origin, statement) for policy in policies for statement in policy.statements]
    present = {c.key.lower() for _, statement in statements for c in statement.conditions}
    for origin, statement in statements:
        for condition in statement.conditions:
            new = replacement(condition.key)
            if new and new.lower() not in present:
                yield origin, statement, condition
