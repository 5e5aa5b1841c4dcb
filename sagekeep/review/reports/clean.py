"""Texts of others, as every report prints them."""

from __future__ import annotations

import re

from sagekeep.console import harmless

_BREAKS = re.compile(r"[\r\n\u2028\u2029]+")
# Marks that turn the direction of what follows or are not seen at all, and halves of characters that no file can hold.
_UNSEEN = re.compile(r"[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def clean(text: str) -> str:
    """One line without control characters; what would be unseen, or would turn the text around, is a �."""
    return _UNSEEN.sub("\ufffd", harmless(_BREAKS.sub(" ", text)))
