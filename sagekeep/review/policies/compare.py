"""What a policy allows and refuses now and did not, and what no longer, whatever order and names of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sagekeep.iam.document import Statement
from sagekeep.review.policies.cover import covers
from sagekeep.review.policies.grants import Grant, grants, statements
from sagekeep.review.policies.shifts import shifts


@dataclass(frozen=True)
class Meaning:
    """The difference of two policies.

    Attributes:
        allowed: what is allowed now and was not.
        not_allowed: what was allowed and is no longer.
        refused: what is refused now and was not.
        not_refused: what was refused and is no longer.
        added: names of statements that are new.
        removed: names of statements that went.
        shifts: what changes within statements that keep their names, value by value.
    """

    allowed: tuple[Grant, ...] = ()
    not_allowed: tuple[Grant, ...] = ()
    refused: tuple[Grant, ...] = ()
    not_refused: tuple[Grant, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    shifts: tuple[str, ...] = ()

    @property
    def wider(self) -> bool:
        """Something gets through that did not."""
        return bool(self.allowed or self.not_refused)

    @property
    def narrower(self) -> bool:
        """Something is stopped that was not."""
        return bool(self.not_allowed or self.refused)


Document = str | Mapping[str, Any]


def compare(before: Document, after: Document, origin: str) -> Meaning:
    """What the change from one policy to the other means.

    Args:
        before: a policy as JSON or read; `{}` is none.
        after: the same.
        origin: what errors call it.

    Raises:
        PolicyError: IAM would refuse one of them.
    """
    old, new = statements(before, origin), statements(after, origin)
    gone, come = _uncovered(old, new), _uncovered(new, old)
    return Meaning(
        allowed=tuple(g for g in come if g.effect == "Allow"),
        not_allowed=tuple(g for g in gone if g.effect == "Allow"),
        refused=tuple(g for g in come if g.effect == "Deny"),
        not_refused=tuple(g for g in gone if g.effect == "Deny"),
        shifts=shifts(old, new),
        **_named(old, new),
    )


def _uncovered(wanted: Sequence[Statement], by: Sequence[Statement]) -> list[Grant]:
    """Grants of the first that none of the second holds; statements that are on both sides are passed over."""
    there = set(by)
    differ = [statement for statement in wanted if statement not in there]
    if not differ:
        return []
    others = [grant for statement in by for grant in grants(statement)]
    same = set(others)
    left = (one for statement in differ for one in grants(statement) if one not in same)
    return [one for one in left if not any(covers(other, one) for other in others)]


def _named(old: Sequence[Statement], new: Sequence[Statement]) -> dict[str, tuple[str, ...]]:
    """Statements by Sid; those without one are told by number."""
    before = [s.sid or f"statement {n}" for n, s in enumerate(old, 1)]
    after = [s.sid or f"statement {n}" for n, s in enumerate(new, 1)]
    return {
        "added": tuple(sid for sid in after if sid not in before),
        "removed": tuple(sid for sid in before if sid not in after),
    }
