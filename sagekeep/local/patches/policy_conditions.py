"""Conditions: Null with two values, keys with a list of one value or none, NotEquals of what is no number or date.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.core import iam_evaluator

Compare = Callable[[str, str], bool]


def apply() -> None:
    """Correct what a condition is given, and the operators that compare other than strings."""
    plain = iam_evaluator._evaluate_single_condition

    def evaluate(operator: str, actual: Any, expected: list[str]) -> bool:
        if isinstance(actual, list) and len(actual) < 2:
            actual = actual[0] if actual else None
        if operator.lower() == "null":
            return any(plain(operator, actual, [wanted]) for wanted in expected)
        return bool(plain(operator, actual, expected))

    iam_evaluator._evaluate_single_condition = evaluate
    operators = iam_evaluator._CONDITION_OPS
    for positive, negated in (("numericequals", "numericnotequals"), ("dateequals", "datenotequals")):
        operators[negated] = _not(operators[positive])


def _not(compare: Compare) -> Compare:
    return lambda actual, expected: not compare(actual, expected)
