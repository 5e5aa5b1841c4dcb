"""Wildcards: ministack's stop at a line's end, and in ARNs reach over colons.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from __future__ import annotations

import re
from functools import lru_cache

from ministack.core import iam_evaluator

STAR, MARK, NOTHING = "\ue000", "\ue001", "\ue002"
"""Of Unicode's private characters: a star and a question mark that are no wildcards, and what no text has."""


def apply() -> None:
    """Replace the matching of strings, of resources and of ARNs in conditions."""
    iam_evaluator._fnmatch_compile = _compiled
    iam_evaluator._resource_matches = _resource_matches
    iam_evaluator._CONDITION_OPS |= {
        "arnequals": _arn_like,
        "arnlike": _arn_like,
        "arnnotequals": _arn_not_like,
        "arnnotlike": _arn_not_like,
    }


@lru_cache(maxsize=4096)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:  # noqa: FBT001 - ministack's signature
    return re.compile(_expression(pattern) + r"\Z", re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _expression(pattern: str, one: str = ".") -> str:
    special = {"*": f"{one}*", "?": one, STAR: r"\*", MARK: r"\?"}
    return "".join(special.get(character) or re.escape(character) for character in pattern)


def _resource_matches(arn: str, resources: list[str], not_resources: list[str]) -> bool:
    if resources:
        return any(_covers(pattern, arn) for pattern in resources)
    return not any(_covers(pattern, arn) for pattern in not_resources)


def _covers(pattern: str, arn: str) -> bool:
    return _resource(pattern).match(arn) is not None


@lru_cache(maxsize=4096)
def _resource(pattern: str) -> re.Pattern[str]:
    parts = pattern.split(":", 5)
    expressions = [_first_parts(part) for part in parts[:5]] + [_expression(part) for part in parts[5:]]
    return re.compile(":".join(expressions) + r"\Z", re.DOTALL)


def _first_parts(part: str) -> str:
    """A star that ends a part of an ARN may reach over the colon, others may not."""
    return _expression(part[:-1], "[^:]") + ".*" if part.endswith("*") else _expression(part, "[^:]")


def _arn_like(actual: str, expected: str) -> bool:
    parts, patterns = actual.split(":", 5), expected.split(":", 5)
    return len(parts) == len(patterns) == 6 and all(
        _compiled(pattern, False).match(part)  # noqa: FBT003
        for part, pattern in zip(parts, patterns, strict=True)
    )


def _arn_not_like(actual: str, expected: str) -> bool:
    return not _arn_like(actual, expected)
