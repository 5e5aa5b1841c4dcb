"""Policy variables, which ministack takes as they are written. A document of 2008, which has none, it cannot tell.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from ministack.core import iam_evaluator

from sagekeep.local.patches.policy_patterns import MARK, NOTHING, STAR

_VARIABLE = re.compile(r"\$\{\s*(?P<name>[^{},]*?)\s*(?:,\s*'(?P<default>[^']*)')?\s*\}")
_SIGNS = {"*": STAR, "?": MARK}


def apply() -> None:
    """Fill in resources before a statement is matched, and the values of its conditions before they are."""
    plain_match, plain_conditions = iam_evaluator._first_match, iam_evaluator._conditions_met

    def first_match(context: Any, statements: list[Any], effect: str) -> Any:
        found = (one for one in statements if plain_match(context, [_filled(one, context)], effect))
        return next(found, None)

    def conditions_met(conditions: dict[str, dict[str, Any]], context: Any) -> bool:
        filled = {
            operator: {key: _values(operator, stated, context) for key, stated in block.items()}
            for operator, block in (conditions or {}).items()
        }
        return bool(plain_conditions(filled, context))

    iam_evaluator._first_match = first_match
    iam_evaluator._conditions_met = conditions_met


def _filled(statement: Any, context: Any) -> Any:
    return replace(
        statement,
        resources=[_fill(text, context) for text in statement.resources],
        not_resources=[_fill(text, context) for text in statement.not_resources],
    )


def _values(operator: str, stated: Any, context: Any) -> Any:
    """Variables stand under operators of strings and ARNs; of these, some know no wildcards."""
    name = operator.lower().rpartition(":")[2]
    if not name.startswith(("string", "arn")):
        return stated
    values = stated if isinstance(stated, list) else [stated]
    filled = [_fill(str(value), context) for value in values]
    if name.startswith("arn") or "like" in name:
        return filled
    return [value.replace(STAR, "*").replace(MARK, "?") for value in filled]


def _fill(text: str, context: Any) -> str:
    """The text with its variables' values; what matches nothing where one has none."""

    def value_of(found: re.Match[str]) -> str:
        name = found["name"]
        if name in ("*", "?", "$"):
            return _SIGNS.get(name, name)
        value = iam_evaluator._resolve_condition_key(name, context)
        if isinstance(value, list):
            value = value[0] if len(value) == 1 else None
        if value is None:
            value = NOTHING if found["default"] is None else found["default"]
        return str(value).replace("*", STAR).replace("?", MARK)

    return _VARIABLE.sub(value_of, text) if "${" in text else text
