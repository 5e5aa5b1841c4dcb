"""What is wrong with something that is brought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fault:
    """What is wrong.

    Attributes:
        key: of the setting, such as `existing.keys.data`.
        text: what the thing lacks, and who or what mends it.
        paste: what would mend it as JSON, ready to paste; "" where that is no document.
    """

    key: str
    text: str
    paste: str = ""

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {"key": self.key, "text": self.text, "paste": self.paste}


class Missing(Exception):
    """A reference leads to nothing, or to more than one thing."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(f"{key}: {text}")
        self.fault = Fault(key, text)
