"""Condition keys that AWS has replaced, in policies of others: requests may no longer have them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sagekeep.estate.check import pasted
from sagekeep.estate.fault import Fault
from sagekeep.iam.document import Policy
from sagekeep.iam.replaced import alone, replacement


def named(key: str, policies: Iterable[Policy]) -> Iterator[Fault]:
    """A fault of the thing that a key names for each condition on an old name alone, with what to write instead."""
    for origin, statement, condition in alone(policies):
        new = replacement(condition.key)
        where = f"its statement {statement.sid}" if statement.sid else "a statement without a Sid"
        effect = "allows nothing" if statement.effect == "Allow" else "denies what it should not, or nothing"
        text = (
            f"{origin} asks for {condition.key} in {where}: AWS has replaced that condition key, and where requests no "
            f"longer have it the statement {effect}; write {new} instead:"
        )
        values = condition.values[0] if len(condition.values) == 1 else list(condition.values)
        yield Fault(key, text, pasted({condition.operator: {new: values}}))
