"""What terraform says in its `-json` lines, as typed values and as text for a person.

The lines are described at https://developer.hashicorp.com/terraform/internals/machine-readable-ui
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

CHECK_FAILED = "Check block assertion failed"
# "known after apply" says nothing that a reader could act on; the lock file's note is about other platforms.
_NOISE = ("Check block assertion known after apply", "Incomplete lock file information for providers")
_NO_BUCKET = re.compile(r"NoSuchBucket|S3 bucket \S* ?does not exist|requested bucket was not found", re.IGNORECASE)
_NO_REMOTE_STATE = ("Unable to find remote state", "Unsupported attribute", "Error loading state error")


@dataclass(frozen=True)
class Diagnostic:
    """One error or warning of terraform.

    Attributes:
        severity: "error" or "warning".
        address: the resource it is about, or "".
        context: the block it was found in (`resource.aws_vpc.main`), or "".
        values: traversals that took part in the failing expression.
    """

    severity: str
    summary: str
    detail: str = ""
    address: str = ""
    context: str = ""
    values: tuple[str, ...] = ()

    @property
    def is_check(self) -> bool:
        """True for the warning of a failed `check` block."""
        return self.summary == CHECK_FAILED

    @property
    def is_interruption(self) -> bool:
        """True for what terraform and its providers say because they were asked to stop."""
        return self.summary == "execution halted" or "context canceled" in f"{self.summary} {self.detail}"

    @property
    def is_out_of_time(self) -> bool:
        """True where a function's time was over before AWS was done: the same command goes on."""
        return " failed: OutOfTime: " in self.text()

    def text(self) -> str:
        """Summary and detail; a Lambda's own message in place of its JSON."""
        said = lambda_message(f"{self.summary}\n{self.detail}")
        if said is not None:
            return f"{self.address}: {said}" if self.address else said
        if self.is_check:
            return self.detail
        where = f" ({self.address or self.context})" if self.address or self.context else ""
        return f"{self.summary}{where}" + (f"\n{self.detail}" if self.detail else "")


@dataclass(frozen=True)
class Changes:
    """Counts of a plan or an apply."""

    add: int = 0
    change: int = 0
    remove: int = 0

    @property
    def total(self) -> int:
        """Changes of all kinds."""
        return self.add + self.change + self.remove


@dataclass
class Report:
    """Everything that one terraform command said, gathered line by line.

    Attributes:
        planned: what the plan wants, None before terraform has said so.
        applied: what the apply did.
        refreshed: managed resources found in the state and read.
        outputs_change: True where an output would change.
        done: resources created, changed or removed so far.
        running: addresses that are being worked on.
        wanted: planned changes, "update aws_vpc.main".
        text: lines that were not JSON.
    """

    planned: Changes | None = None
    applied: Changes | None = None
    refreshed: int = 0
    outputs_change: bool = False
    done: int = 0
    running: list[str] = field(default_factory=list)
    wanted: list[str] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    @property
    def errors(self) -> list[Diagnostic]:
        """Errors, each once."""
        return list(dict.fromkeys(d for d in self.diagnostics if d.severity == "error"))

    @property
    def warnings(self) -> list[Diagnostic]:
        """Warnings worth a reader's time, each once."""
        found = (d for d in self.diagnostics if d.severity == "warning" and d.summary not in _NOISE)
        return list(dict.fromkeys(found))

    def feed(self, line: str) -> None:
        """Takes in one line of terraform's output."""
        event = _event(line)
        if event is None:
            if line.strip():
                self.text.append(line.rstrip())
            return
        handler = _HANDLERS.get(str(event.get("type")))
        if handler:
            handler(self, event)


def lambda_message(text: str) -> str | None:
    """`function NAME failed: Type: message`, where `text` holds a Lambda's error document; else None."""
    start = text.find("{")
    while start != -1:
        try:
            found, _ = json.JSONDecoder().raw_decode(text[start:])
        except ValueError:
            found = None
        if isinstance(found, dict) and "errorMessage" in found:
            name = re.search(r"\(([\w:./-]+)\)", text[:start])
            kind = f"{found['errorType']}: " if found.get("errorType") else ""
            return f"function {name.group(1) if name else ''} failed: {kind}{found['errorMessage']}"
        start = text.find("{", start + 1)
    return None


def lacks_state_bucket(errors: Iterable[Diagnostic]) -> bool:
    """True where the S3 backend's bucket does not exist."""
    return any(_NO_BUCKET.search(f"{e.summary} {e.detail}") and not e.address for e in errors)


def lacks_remote_state(errors: Iterable[Diagnostic]) -> bool:
    """True where each error comes from a producer whose outputs are not there yet."""
    found = list(errors)
    return bool(found) and all(
        e.summary in _NO_REMOTE_STATE and "terraform_remote_state" in " ".join((e.address, e.context, *e.values))
        for e in found
    )


def _event(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


def _on_diagnostic(report: Report, event: Mapping[str, Any]) -> None:
    found = event["diagnostic"]
    snippet = found.get("snippet") or {}
    report.diagnostics.append(
        Diagnostic(
            found["severity"],
            found["summary"],
            found.get("detail", "").strip(),
            found.get("address") or "",
            snippet.get("context") or "",
            tuple(value["traversal"] for value in snippet.get("values") or ()),
        )
    )


def _on_summary(report: Report, event: Mapping[str, Any]) -> None:
    counts = event["changes"]
    changes = Changes(counts["add"], counts["change"], counts["remove"])
    if counts["operation"] == "plan":
        report.planned = changes
    else:
        report.applied = changes


def _on_start(report: Report, event: Mapping[str, Any]) -> None:
    if event["hook"].get("action") != "read":
        report.running.append(event["hook"]["resource"]["addr"])


def _on_end(report: Report, event: Mapping[str, Any]) -> None:
    address = event["hook"]["resource"]["addr"]
    if address in report.running:
        report.running.remove(address)
        report.done += event["type"] == "apply_complete"


def _on_refresh(report: Report, _event: Mapping[str, Any]) -> None:
    report.refreshed += 1


def _on_outputs(report: Report, event: Mapping[str, Any]) -> None:
    actions = {output.get("action", "noop") for output in event["outputs"].values()}
    report.outputs_change = report.outputs_change or bool(actions - {"noop"})


def _on_planned(report: Report, event: Mapping[str, Any]) -> None:
    change = event["change"]
    report.wanted.append(f"{change['action']} {change['resource']['addr']}")


_HANDLERS = {
    "planned_change": _on_planned,
    "diagnostic": _on_diagnostic,
    "change_summary": _on_summary,
    "apply_start": _on_start,
    "apply_complete": _on_end,
    "apply_errored": _on_end,
    "refresh_start": _on_refresh,
    "outputs": _on_outputs,
}
