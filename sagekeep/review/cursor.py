"""JSON read value by value: what nobody asks for is passed over, and not kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

WHOLE = json.JSONDecoder()
NOTHING = json.JSONDecoder(object_pairs_hook=lambda _pairs: None)
_SPACE = re.compile(r"[ \t\r\n]*")


def skip(text: str, position: int) -> int:
    """The place behind white space."""
    found = _SPACE.match(text, position)
    return found.end() if found else position


class Cursor:
    """A place in the text."""

    def __init__(self, text: str, position: int) -> None:
        self.text = text
        self.position = skip(text, position)

    def at(self, character: str) -> bool:
        """Whether this character is next; then it is passed."""
        if self.text[self.position : self.position + 1] != character:
            return False
        self.position = skip(self.text, self.position + 1)
        return True

    def expect(self, character: str) -> None:
        """Raises JSONDecodeError where another character is next."""
        if not self.at(character):
            raise json.JSONDecodeError(f"Expecting {character!r}", self.text, self.position)

    def value(self, decoder: json.JSONDecoder) -> Any:
        """The JSON value that begins here."""
        found, end = decoder.raw_decode(self.text, self.position)
        self.position = skip(self.text, end)
        return found

    def items(self) -> Iterator[tuple[Any, str]]:
        """Items of the array that begins here, each with its text; `null` has none."""
        if not self.at("["):
            if self.value(NOTHING) is not None:
                raise TypeError("neither an array nor null")
            return
        if self.at("]"):
            return
        while True:
            start = self.position
            found = self.value(WHOLE)
            yield found, self.text[start : self.position]
            if self.at("]"):
                return
            self.expect(",")
