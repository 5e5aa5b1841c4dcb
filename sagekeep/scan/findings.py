"""What a scanner found: its name for the fault, and the one resource that has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Source = Literal["json", "plan"]


@dataclass(frozen=True, order=True)
class Finding:
    """One fault of one resource.

    Attributes:
        id: the scanner's name for it, `CKV_AWS_18` or `parliament:UNKNOWN_ACTION`.
        address: Terraform address within the stack, `data.` before data sources.
        statement: Sid, where the scanner's finding belongs to one statement of a policy.
        source: the synthesized JSON, or a plan.
        detail: the scanner's words.
    """

    id: str
    stack: str
    address: str
    statement: str = ""
    source: Source = field(default="json", compare=False)
    detail: str = field(default="", compare=False)

    @property
    def place(self) -> str:
        """The resource as the register writes it: `stack: type.name`."""
        return f"{self.stack}: {self.address}"

    @property
    def key(self) -> tuple[str, str, str]:
        """What an exception must name to cover it."""
        return self.id, self.place, self.statement

    def line(self) -> str:
        """For a reader: id, place, Sid, and what the scanner says."""
        sid = f" statement {self.statement}" if self.statement else ""
        return f"{self.id}  {self.place}{sid}: {self.detail}"

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "id": self.id,
            "address": self.place,
            "statement": self.statement,
            "source": self.source,
            "detail": self.detail,
        }
