"""Whether a request meets a statement's conditions.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from sagekeep.iam import operators
from sagekeep.iam.document import Condition, PolicyError

Facts = Mapping[str, tuple[str, ...]]
"""A request's condition keys, in lower case, with their values; a key without a value is absent."""

_find = lru_cache(maxsize=None)(operators.find)


def value_of(facts: Facts, key: str) -> str | None:
    """A variable's value: that of a key with exactly one."""
    values = facts.get(key.lower(), ())
    return values[0] if len(values) == 1 else None


def holds(condition: Condition, facts: Facts) -> bool:
    """Whether the request's values match as the operator wants; raises PolicyError where IAM defines no answer.

    Values of the policy are alternatives; a negated operator wants none of them.
    """
    written = _find(condition.operator)
    values = facts.get(condition.key.lower(), ())
    if written.operator.compare is None:
        return any((wanted.lower() == "true") != bool(values) for wanted in condition.values)
    if not values:
        return written.if_exists or _absent(written)
    fits = [_fits(value, condition, written.operator, facts) for value in values]
    if written.quantifier == "" and len(fits) > 1:
        what = f"{condition.operator} of {condition.key}, which has several values in a request"
        raise PolicyError(what, "write ForAllValues: or ForAnyValue: before the operator")
    return any(fits) if written.quantifier == "ForAnyValue" else all(fits)


def _absent(written: operators.Written) -> bool:
    """A key that is not there matches nothing, as a negated operator wants; of no values all match, and none."""
    return {"ForAllValues": True, "ForAnyValue": False, "": written.operator.negated}[written.quantifier]


def _fits(value: str, condition: Condition, compared: operators.Operator, facts: Facts) -> bool:
    def look_up(key: str) -> str | None:
        return value_of(facts, key)

    compare = compared.compare
    matched = compare is not None and any(compare(value, wanted, look_up) for wanted in condition.values)
    return matched != compared.negated
