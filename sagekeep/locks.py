"""State locks: who holds one, whether that is still somebody, and how to take it over."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sagekeep.diagnostics import Diagnostic
from sagekeep.errors import OperationError
from sagekeep.synthesis import Stack, Synthesis
from sagekeep.terraform import Terraform, TerraformError

LOCK_SUMMARY = "Error acquiring the state lock"
_FIELD = re.compile(r"^\s*(ID|Path|Operation|Who|Version|Created|Info):[ \t]*(.*?)\s*$", re.MULTILINE)
_OPERATIONS = {"OperationTypeApply": "apply or destroy", "OperationTypePlan": "plan", "OperationTypeRefresh": "refresh"}


@dataclass(frozen=True)
class Lock:
    """A lock as terraform describes it.

    Attributes:
        who: `user@host` of the process that took it.
        created: when, or None where terraform's text cannot be read.
    """

    id: str
    operation: str
    who: str
    created: datetime | None
    path: str = ""

    @property
    def host(self) -> str:
        """The machine that holds it."""
        return self.who.rpartition("@")[2]

    @property
    def is_ours(self) -> bool:
        """True where this machine took it."""
        return self.host == socket.gethostname()


def parse(text: str) -> Lock | None:
    """The lock described in a terraform error, if it describes one."""
    found = {match.group(1): match.group(2) for match in _FIELD.finditer(text)}
    if not found.get("ID"):
        return None
    operation = found.get("Operation", "")
    return Lock(
        found["ID"],
        _OPERATIONS.get(operation, operation),
        found.get("Who", ""),
        _moment(found.get("Created", "")),
        found.get("Path", ""),
    )


def found_in(errors: Iterable[Diagnostic]) -> Lock | None:
    """The lock that made a command fail, if one did."""
    for error in errors:
        if error.summary.startswith(LOCK_SUMMARY):
            lock = parse(error.detail)
            if lock:
                return lock
    return None


def explain(lock: Lock, stack: Stack, synthesis: Synthesis) -> OperationError:
    """The error for a stack whose state somebody else holds: who, since when, alive or not, how to take over."""
    since = ""
    if lock.created:
        age = _age(datetime.now(UTC) - lock.created)
        since = f" since {lock.created:%Y-%m-%d %H:%M:%S} UTC ({age} ago)"
    command = synthesis.command("unlock", "--stack", stack.name, lock.id)
    message = f"{stack.name}: the state is locked by {lock.who}{since}, for {lock.operation or 'an unknown operation'}"
    if not lock.is_ours:
        return OperationError(
            f"{message}; that is another machine than this one",
            hint=f"ask there whether it still runs; if not, take the lock over: {command}",
        )
    alive = holders(stack.folder)
    if alive:
        pids = ", ".join(str(pid) for pid in alive)
        return OperationError(
            f"{message}; on this machine, where terraform still runs (process {pids})",
            hint="wait until it has finished, or interrupt it (once) and let it release the lock",
        )
    return OperationError(
        f"{message}; on this machine, where no terraform runs in this folder any more", hint=f"take it over: {command}"
    )


def unlock(terraform: Terraform, stack: Stack, lock_id: str, *, force: bool = False) -> None:
    """Takes over a lock whose holder is gone.

    Raises:
        OperationError: its holder still runs on this machine (unless `force`).
        TerraformError: terraform refused, for example because another lock is held.
    """
    alive = [] if force else holders(stack.folder)
    if alive:
        raise OperationError(
            f"{stack.name}: terraform still runs in {stack.folder} (process {', '.join(map(str, alive))})",
            hint="interrupt it once and let it finish; --force takes the lock all the same",
        )
    terraform.init(stack)
    code, report = terraform.run(stack, "force-unlock", "-no-color", "-force", lock_id)
    if code:
        held = parse("\n".join(report.text))
        if held:
            raise OperationError(
                f"{stack.name}: the state is locked with {held.id}, not with {lock_id}",
                hint=f"{held.who} holds that lock; plan or deploy say more about it",
            )
        text = " ".join(line.strip(" │╷╵") for line in report.text).strip()
        hint = "the lock's id is in the error of plan or deploy"
        raise TerraformError(stack.name, report.errors, text=text, hint=hint)


def holders(folder: Path) -> list[int]:
    """Process ids of the terraforms that run in this folder, on this machine."""
    wanted = folder.resolve()
    if Path("/proc/self/cwd").exists():
        return sorted(pid for pid in _linux_terraforms() if _working_folder(pid) == wanted)
    return sorted(_listed_terraforms(wanted))


def _linux_terraforms() -> Iterable[int]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            name = (entry / "comm").read_text(encoding="utf-8").strip()
        except OSError:
            continue
        if name == "terraform":
            yield int(entry.name)


def _working_folder(pid: int) -> Path | None:
    """Where a terraform works; -chdir has changed its current folder too."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink().resolve()
    except OSError:
        return None


def _listed_terraforms(folder: Path) -> Iterable[int]:
    """Where there is no /proc (macOS), lsof names a process's folder."""
    if shutil.which("lsof") is None:
        return []
    command = ["lsof", "-a", "-c", "terraform", "-d", "cwd", "-Fpn"]
    listing = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return [int(pid) for pid, cwd in re.findall(r"p(\d+)\n(?:f\S*\n)?n(.*)", listing) if Path(cwd).resolve() == folder]


def _moment(text: str) -> datetime | None:
    """Go prints `2026-11-23 09:37:27.439318123 +0000 UTC`."""
    match = re.match(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\S* \+0000", text)
    return datetime.fromisoformat(match.group(1)).replace(tzinfo=UTC) if match else None


def _age(elapsed: timedelta) -> str:
    seconds = int(elapsed.total_seconds())
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{max(seconds, 0)} seconds"
