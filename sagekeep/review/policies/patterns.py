"""Patterns with `*` and `?` against each other."""

from __future__ import annotations

import re
from functools import lru_cache
from zlib import crc32

_PART = {"*": ".*", "?": "[^*\ue000-\uf8ff]"}
_VARIABLE = re.compile(r"\$\{[^}]*\}")


@lru_cache(maxsize=65536)
def covers_pattern(wide: str, narrow: str) -> bool:
    """Whether every text that `narrow` matches is one that `wide` matches, by reading `narrow` as a text itself."""
    if wide in ("*", narrow):
        return True
    if "${" in wide or "${" in narrow:
        wide, narrow = (_VARIABLE.sub(_stand_in, pattern) for pattern in (wide, narrow))
    start = wide.rstrip("*")
    if "*" not in start and "?" not in start:  # most patterns: no expression is needed
        return len(start) < len(wide) and narrow.startswith(start)
    return bool(_expression(wide).fullmatch(narrow))


def _stand_in(variable: re.Match[str]) -> str:
    """One character that no text has, so that only the variable itself and a `*` cover a variable."""
    return chr(0xE000 + crc32(variable[0].lower().encode()) % 0x1900)


@lru_cache(maxsize=65536)
def _expression(pattern: str) -> re.Pattern[str]:
    """A `*` may stand for wildcards of the other pattern; a `?` only for a character or another `?`."""
    parts = (_PART.get(c) or re.escape(c) for c in pattern)
    return re.compile("".join(parts), re.DOTALL)


@lru_cache(maxsize=65536)
def overlap(one: str, other: str) -> bool:
    """Whether some text matches both patterns; a variable may be any text."""
    one, other = (_VARIABLE.sub("*", pattern) for pattern in (one, other))
    reached = {(0, 0)}
    todo = [(0, 0)]
    while todo:
        i, j = todo.pop()
        if i == len(one) and j == len(other):
            return True
        for step in _steps(one, i, other, j):
            if step not in reached:
                reached.add(step)
                todo.append(step)
    return False


def _steps(one: str, i: int, other: str, j: int) -> list[tuple[int, int]]:
    a, b = one[i : i + 1], other[j : j + 1]
    steps = []
    if a == "*":
        steps.append((i + 1, j))
        if b:
            steps.append((i, j + 1))
    if b == "*":
        steps.append((i, j + 1))
        if a:
            steps.append((i + 1, j))
    if a and b and (a == b or "?" in (a, b)) and "*" not in (a, b):
        steps.append((i + 1, j + 1))
    return steps


@lru_cache(maxsize=4096)
def widest(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Patterns that no other one covers, each once."""
    kept = list(dict.fromkeys(patterns))
    if not any("*" in pattern or "?" in pattern for pattern in kept):
        return tuple(kept)
    return tuple(one for one in kept if not any(other != one and covers_pattern(other, one) for other in kept))
