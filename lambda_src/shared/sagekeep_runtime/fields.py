"""Typed reading of JSON objects that collects every fault instead of stopping at the first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sagekeep_runtime.errors import RequestError

_MISSING = object()


class Fields:
    """A JSON object read key by key; `done` raises RequestError with everything that was wrong.

    After a fault a reader answers a harmless value of the right type, so that reading goes on.
    """

    def __init__(self, document: object, where: str = "", problems: list[str] | None = None) -> None:
        self._where = where
        self._problems: list[str] = [] if problems is None else problems
        self._seen: set[str] = set()
        self._nested: list[Fields] = []
        self._values: dict[str, Any] = {}
        if isinstance(document, dict):
            self._values = document
        else:
            self._problems.append(f"{where or 'event'}: must be an object (got {_kind(document)})")

    def text(
        self, name: str, *, pattern: str = "", rule: str = "", choices: Sequence[str] = (), empty: bool = False
    ) -> str:
        """A text; `rule` says in words what `pattern` (matched in full) wants."""
        value = self._take(name, str, "a text")
        if value is None:
            return ""
        if not value and empty:
            return ""
        if not value:
            self.fault(name, "must not be empty", value)
        elif choices and value not in choices:
            self.fault(name, f"must be one of {', '.join(choices)}", value)
        elif pattern and not re.fullmatch(pattern, value):
            self.fault(name, rule, value)
        return str(value)

    def integer(self, name: str, *, at_least: int, at_most: int) -> int:
        """A whole number between two limits, both allowed."""
        value = self._take(name, int, "a whole number")
        if value is None:
            return 0
        if not at_least <= value <= at_most:
            self.fault(name, f"must be from {at_least} to {at_most}", value)
        return int(value)

    def fraction(self, name: str) -> float:
        """A number between 0 and 1, neither allowed."""
        value = self._take(name, (int, float), "a number")
        if value is None:
            return 0.0
        if not 0 < value < 1:
            self.fault(name, "must be above 0 and below 1", value)
        return float(value)

    def texts(self, name: str, *, at_most: int) -> tuple[str, ...]:
        """A list of one or more texts."""
        value = self._take(name, list, "a list of texts")
        if value is None:
            return ()
        if not all(isinstance(item, str) and item for item in value):
            self.fault(name, "must hold texts only", value)
            return ()
        if not 1 <= len(value) <= at_most:
            self.fault(name, f"must hold 1 to {at_most} entries", value)
        return tuple(value)

    def text_map(self, name: str) -> tuple[tuple[str, str], ...]:
        """An object from text to text, as sorted pairs."""
        value = self._take(name, dict, "an object of texts")
        if value is None:
            return ()
        if not all(isinstance(item, str) for item in value.values()):
            self.fault(name, "must map texts to texts", value)
            return ()
        return tuple(sorted(value.items()))

    def nested(self, name: str) -> Fields:
        """An object within this one; its faults are reported with these."""
        value = self._take(name, dict, "an object")
        inner = Fields({} if value is None else value, f"{self._where}{name}.", self._problems)
        if value is not None:
            self._nested.append(inner)
        else:
            inner._problems = []  # its keys are not missing, the whole object is
        return inner

    def optional(self, name: str) -> Any:
        """The raw value of a key that may be absent."""
        self._seen.add(name)
        return self._values.get(name)

    def done(self) -> None:
        """Raises RequestError if anything was missing, unknown or wrong."""
        self._report_unknown()
        if self._problems:
            raise RequestError("the request is not valid:\n" + "\n".join(f"- {text}" for text in self._problems))

    def _report_unknown(self) -> None:
        for name in sorted(set(self._values) - self._seen, key=str):
            self._problems.append(f"{self._where}{name}: is not known here")
        for inner in self._nested:
            inner._report_unknown()

    def _take(self, name: str, kind: type | tuple[type, ...], wanted: str) -> Any:
        self._seen.add(name)
        value = self._values.get(name, _MISSING)
        if value is _MISSING:
            self._problems.append(f"{self._where}{name}: is missing, must be {wanted}")
            return None
        # bool is an int in Python, never in a request.
        if isinstance(value, bool) or not isinstance(value, kind):
            self.fault(name, f"must be {wanted}", value)
            return None
        return value

    def fault(self, name: str, rule: str, value: object) -> None:
        """Notes that the value of a key breaks a rule."""
        shown = repr(value)
        shown = shown if len(shown) <= 80 else shown[:77] + "..."
        self._problems.append(f"{self._where}{name}: {rule} (got {shown})")


def _kind(value: object) -> str:
    return type(value).__name__


def terraform_action(fields: Fields) -> str:
    """What Terraform is doing: `create`, `update` or `delete`.

    `aws_lambda_invocation` with lifecycle_scope CRUD adds `tf` to the input
    (https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lambda_invocation).
    """
    block = fields.nested("tf")
    action = block.text("action", choices=("create", "update", "delete"))
    block.optional("prev_input")
    return action
