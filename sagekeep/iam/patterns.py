"""Wildcards and policy variables in a policy's strings.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

ValueOf = Callable[[str], str | None]
"""The value of a condition key, by its name; None where it has none, or several."""

Token = tuple[str, bool]
"""A character, and whether it is a wildcard."""

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_DEFAULTED = re.compile(r"(.*?),\s*'([^']*)'")
_LITERALS = ("*", "?", "$")


def without_variables(text: str) -> str:
    """`text` with each variable written so that it stands for itself."""
    return text.replace("${", "${$}{")


def fill(text: str, value_of: ValueOf) -> tuple[Token, ...] | None:
    """`text` with its variables' values, which are never wildcards; None where a variable has no value."""
    if "${" not in text:
        return _written(text)
    filled: list[Token] = []
    end = 0
    for found in _VARIABLE.finditer(text):
        value = _value(found[1].strip(), value_of)
        if value is None:
            return None
        filled += _written(text[end : found.start()])
        filled += ((character, False) for character in value)
        end = found.end()
    return (*filled, *_written(text[end:]))


def _value(inside: str, value_of: ValueOf) -> str | None:
    if inside in _LITERALS:
        return inside
    defaulted = _DEFAULTED.fullmatch(inside)
    if defaulted:
        value = value_of(defaulted[1].strip())
        return defaulted[2] if value is None else value
    return value_of(inside)


@lru_cache(maxsize=4096)
def _written(text: str) -> tuple[Token, ...]:
    return tuple((character, character in "*?") for character in text)


def same(text: str, pattern: str, value_of: ValueOf, *, ignore_case: bool = False) -> bool:
    """Whether two strings are equal: `*` and `?` are characters like any other."""
    filled = fill(pattern, value_of)
    if filled is None:
        return False
    wanted = "".join(character for character, _ in filled)
    return text.lower() == wanted.lower() if ignore_case else text == wanted


def like(text: str, pattern: str, value_of: ValueOf) -> bool:
    """Whether a string matches: `*` is any characters, also none, and `?` is one."""
    filled = fill(pattern, value_of)
    return filled is not None and _like(filled).fullmatch(text) is not None


def action(text: str, pattern: str) -> bool:
    """Whether a pattern of the Action element covers an action; neither prefix nor name regards case."""
    return _like(_written(pattern.lower())).fullmatch(text.lower()) is not None


@lru_cache(maxsize=4096)
def _like(pattern: tuple[Token, ...]) -> re.Pattern[str]:
    return re.compile("".join(_expression(token, ".") for token in pattern), re.DOTALL)


def arn_like(text: str, pattern: str, value_of: ValueOf) -> bool:
    """Whether an ARN matches as ArnLike and ArnEquals see it: part by part.

    An ARN has six parts, divided by colons, of which the last may hold more. A pattern of fewer parts, even `*`,
    matches none.
    """
    filled = fill(pattern, value_of)
    parts = text.split(":", 5)
    if filled is None or len(parts) < 6:
        return False
    wanted = _parts(filled)
    return len(wanted) == 6 and all(
        _like(one).fullmatch(part) is not None for one, part in zip(wanted, parts, strict=True)
    )


@lru_cache(maxsize=4096)
def _parts(pattern: tuple[Token, ...]) -> tuple[tuple[Token, ...], ...]:
    parts: list[list[Token]] = [[]]
    for token in pattern:
        if token[0] == ":" and len(parts) < 6:
            parts.append([])
        else:
            parts[-1].append(token)
    return tuple(tuple(part) for part in parts)


def resource(text: str, pattern: str, value_of: ValueOf) -> bool:
    """Whether a pattern of the Resource element covers an ARN, or the `*` of an action without resources.

    Wildcards stay within their part of the ARN, but a `*` at a part's end may reach beyond it; after the fifth colon
    colons are characters like any other.
    """
    filled = fill(pattern, value_of)
    return filled is not None and _resource(filled).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _resource(pattern: tuple[Token, ...]) -> re.Pattern[str]:
    parts = _parts(pattern)
    return re.compile(":".join(_resource_parts(parts)), re.DOTALL)


def _resource_parts(parts: tuple[tuple[Token, ...], ...]) -> Iterator[str]:
    for number, part in enumerate(parts):
        inner = "." if number == 5 else "[^:]"
        expressions = [_expression(token, inner) for token in part]
        if part and part[-1] == ("*", True):
            expressions[-1] = ".*"
        yield "".join(expressions)


def _expression(token: Token, any_character: str) -> str:
    character, wild = token
    if not wild:
        return re.escape(character)
    return any_character + ("*" if character == "*" else "")
