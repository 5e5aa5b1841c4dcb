"""The regular expressions of AWS's models (Java's dialect) as Python's."""

from __future__ import annotations

import re
import sys
import unicodedata
import warnings
from functools import cache

# Java writes the code points above the BMP as a range of surrogate pairs.
_SURROGATES = (r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
# Two patterns of the model end in `${1,256}`: a length written after the end of the text, which means nothing.
_LENGTH_AFTER_END = re.compile(r"\$\{\d+,\d+\}")
_CATEGORY = re.compile(r"\\p\{(\w+)\}")
_POSIX = {"Alnum": "a-zA-Z0-9"}


@cache
def _categories() -> dict[str, str]:
    """Unicode's major categories (L, M, N, P, S, Z, C) as the inside of a character class."""
    ranges: dict[str, list[tuple[int, int]]] = {}
    for code in range(sys.maxunicode + 1):
        spans = ranges.setdefault(unicodedata.category(chr(code))[0], [])
        if spans and spans[-1][1] == code - 1:
            spans[-1] = (spans[-1][0], code)
        else:
            spans.append((code, code))
    return {
        letter: "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in spans) for letter, spans in ranges.items()
    }


def _category(match: re.Match[str]) -> str:
    name = match.group(1)
    return _POSIX.get(name) or _categories()[name]


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The Python expression for a pattern of the model; match it with `fullmatch`, as AWS does."""
    text = _LENGTH_AFTER_END.sub("", pattern.replace(*_SURROGATES))
    with warnings.catch_warnings():
        # Java allows an unescaped bracket inside a class; Python warns that it may mean something one day.
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(_CATEGORY.sub(_category, text))
