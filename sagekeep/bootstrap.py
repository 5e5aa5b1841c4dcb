"""The state stack, whose S3 backend is the bucket that it makes itself.

It is applied with local state in `.sagekeep/<environment>/state/`, then its state moves into the bucket; to destroy it,
the state moves back first. Each step finds out anew where things stand, so any of them may be interrupted:

    state in the folder | state in S3        | what is done
    --------------------|--------------------|---------------------------------------------------------
    none, or damaged    | none               | adopt what exists under our names, apply, move
    some                | none, or less      | adopt what the state lacks, apply, move
    none, or not more   | some               | nothing: it lives in S3; the folder is cleared
    some                | other resources    | refuse: two environments claim one bucket
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sagekeep import adoption, aws, lockout, locks, statefile
from sagekeep.children import interruptible
from sagekeep.deploy import STATE_STACK, Operations
from sagekeep.diagnostics import Report
from sagekeep.errors import OperationError, UsageError
from sagekeep.estate import preflight
from sagekeep.stackset import StackResult
from sagekeep.statefile import StateDocument
from sagekeep.synthesis import Stack
from sagekeep.terraform import LOCK_TIMEOUT, PARALLELISM

OVERRIDE = "backend_override.tf.json"
LOCAL_STATE = "terraform.tfstate"
# The provider waits 55 s until every reader sees new lifecycle rules.
_SLOW = ("aws_s3_bucket_lifecycle_configuration",)
_APPLY = ("-json", "-input=false", "-no-color", "-auto-approve", f"-parallelism={PARALLELISM}")


@dataclass
class StateHome:
    """Makes, and takes away, the place where an environment's state lives."""

    operations: Operations

    @property
    def folder(self) -> Path:
        """Where the state stack is applied with local state; gone when the state lives in S3."""
        return self.operations.synthesis.work / "state"

    def bootstrap(self, *, quick: bool = False) -> StackResult:
        """Makes the bucket and moves the state stack's own state into it; does nothing where that is done.

        `quick` leaves to the next deploy what no state needs and AWS takes a minute for.

        A bucket that is brought is only looked at.

        Raises:
            UsageError: something that is brought lacks what the environment needs.
            OperationError: terraform or AWS refused, and running it again goes on from there; or the bucket would
                lock out whoever makes it.
        """
        if not self.operations.synthesis.in_s3:
            return StackResult(STATE_STACK, "not needed: [state] backend is local")
        if STATE_STACK not in self.operations.synthesis.stacks:
            preflight.refuse(self.operations.synthesis, self.operations.terraform.environ)
            bucket = self.operations.synthesis.state["bucket"]
            return StackResult(STATE_STACK, f"not needed: the bucket {bucket} is brought, and as it must be")
        with self._at_work() as began:
            ours, stored = self._ours(), self._stored()
            if stored and not _newer(ours, stored, self._place()):
                self._clear()
                return StackResult(STATE_STACK, f"already lives in {self._place()}")
            # Meant or not: who is locked out cannot move the state in.
            lockout.refuse(
                self.operations.synthesis, self.operations.terraform.environ, {STATE_STACK}, even_if_meant=True
            )
            again = self.folder.exists()
            work = self._localise()
            known = ours.resources if ours else ()
            adoption.adopt(self.operations.terraform, work, self._region(), known=known, again=again)
            self._say("applying")
            report = self._run(work, "apply", *_APPLY, *(_targets(work) if quick else ()))
            self._say("moving")
            self._move_into_s3(work)
            added = report.applied.add if report.applied else 0
            seconds = time.monotonic() - began
            return StackResult(STATE_STACK, f"lives in {self._place()}", add=added, seconds=seconds)

    def destroy(self) -> StackResult:
        """Takes the state stack away, after everything else; its buckets are emptied with all versions.

        Raises:
            UsageError: the environment retains its data.
            OperationError: another stack still has resources, or terraform refused.
        """
        self._refuse_if_retained()
        with self._at_work() as began:
            ours, stored = self._ours(), self._stored()
            if ours is None and stored is None:
                self._clear()
                return StackResult(STATE_STACK, "nothing there")
            if stored and not _newer(ours, stored, self._place()):
                self._refuse_if_used()
                self.folder.mkdir(parents=True, exist_ok=True)
                (self.folder / LOCAL_STATE).write_bytes(stored.raw)
                ours = stored
            work = self._localise()
            self._say("destroying")
            closed = [a for a, found in (ours.resources if ours else {}).items() if found.get("force_destroy") is False]
            if closed:
                self._run(work, "apply", *_APPLY, *(f"-target={address}" for address in closed))
            report = self._run(work, "destroy", *_APPLY)
            self._clear()
            removed = report.applied.remove if report.applied else 0
            return StackResult(STATE_STACK, "destroyed", remove=removed, seconds=time.monotonic() - began)

    @contextmanager
    def _at_work(self) -> Iterator[float]:
        operations = self.operations
        with (
            operations.board.showing([STATE_STACK]),
            interruptible(operations.terraform.children, operations.board.note),
        ):
            self._say("reading")
            yield time.monotonic()

    def _say(self, state: str) -> None:
        self.operations.board.state(STATE_STACK, state)

    def _stack(self) -> Stack:
        try:
            return self.operations.synthesis.stacks[STATE_STACK]
        except KeyError as error:
            raise OperationError("the synthesized output has no `state` stack") from error

    def _backend(self) -> Mapping[str, Any]:
        backend: dict[str, Any] = self._stack().document()["terraform"]["backend"]["s3"]
        return backend

    def _region(self) -> str:
        return str(self._backend()["region"])

    def _place(self) -> str:
        return f"s3://{self._backend()['bucket']}/{self._backend()['key']}"

    def _ours(self) -> StateDocument | None:
        """The state in the folder. Terraform does not write it in one step: half of one is put aside."""
        file = self.folder / LOCAL_STATE
        if statefile.is_damaged(file):
            file.replace(file.with_name(f"{LOCAL_STATE}.damaged-{int(time.time())}"))
        return statefile.read(file)

    def _stored(self) -> StateDocument | None:
        """The state in S3, None where there is no bucket, no object or no resource in it."""
        backend, environ = self._backend(), self.operations.terraform.environ
        if not aws.bucket_exists(backend["bucket"], self._region(), environ):
            return None
        raw = aws.read_object(backend["bucket"], backend["key"], self._region(), environ)
        state = statefile.parse(raw) if raw else None
        return state if state and state.resources else None

    def _localise(self) -> Stack:
        """A copy of the stack's folder whose backend is local; it protects nothing from being destroyed."""
        stack = self._stack()
        for item in stack.folder.iterdir():
            if item.is_file() and not item.name.startswith(".") and not item.name.endswith("override.tf.json"):
                self.folder.mkdir(parents=True, exist_ok=True)
                shutil.copy2(item, self.folder / item.name)
        override = {"terraform": {"backend": {"local": {"path": LOCAL_STATE}}}, **_unprotected(stack.document())}
        (self.folder / OVERRIDE).write_text(json.dumps(override, indent=2), encoding="utf-8")
        work = replace(stack, folder=self.folder)
        self._say("initializing")
        self.operations.terraform.init_anew(work, "-reconfigure")
        return work

    def _move_into_s3(self, work: Stack) -> None:
        """Raises: OperationError: S3 does not hold afterwards what the folder held."""
        ours = self._ours()
        (self.folder / OVERRIDE).unlink()
        arguments = ("-migrate-state", "-force-copy", "-input=false", "-no-color", f"-lock-timeout={LOCK_TIMEOUT}")
        self._run(work, "init", *arguments)
        stored = self._stored()
        if ours is None or stored is None or stored.identities != ours.identities:
            raise OperationError(f"the state did not arrive in {self._place()}", hint="run the same command again")
        self._clear()

    def _run(self, work: Stack, *arguments: str) -> Report:
        terraform, board = self.operations.terraform, self.operations.board
        code, report = terraform.run(work, *arguments, progress=lambda said: board.report(STATE_STACK, said))
        if code:
            lock = locks.found_in(report.errors) or locks.parse("\n".join(report.text))
            if lock:
                raise locks.explain(lock, self._stack(), self.operations.synthesis)
            raise terraform.explain(work, report, code)
        return report

    def _clear(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _refuse_if_retained(self) -> None:
        if self.operations.synthesis.settings.get("removal") != "destroy":
            hint = 'set removal = "destroy", deploy, then destroy; or keep the state and delete the bucket by hand'
            raise UsageError('the state stays: the environment has removal = "retain"', hint=hint)

    def _refuse_if_used(self) -> None:
        """Raises: OperationError: another stack's resources would be forgotten with the bucket."""
        operations = self.operations
        used = []
        for stack in operations.synthesis.stacks.values():
            backend = stack.document()["terraform"]["backend"].get("s3")
            if backend and stack.name != STATE_STACK:
                raw = aws.read_object(backend["bucket"], backend["key"], self._region(), operations.terraform.environ)
                used += [stack.name] if raw and statefile.parse(raw).resources else []
        if used:
            command = operations.synthesis.command("destroy")
            raise OperationError(
                f"the bucket holds the state of what is still deployed: {', '.join(used)}", hint=f"first: {command}"
            )


def _targets(stack: Stack) -> Iterator[str]:
    for kind, group in stack.document().get("resource", {}).items():
        if kind not in _SLOW:
            yield from (f"-target={kind}.{name}" for name in group)


def _newer(ours: StateDocument | None, stored: StateDocument, place: str) -> bool:
    """True where the folder's state holds more than S3's.

    Terraform gives a state that it moves a new lineage, so what tells them apart is the resources that they name.

    Raises:
        OperationError: they are not versions of one state.
    """
    if ours is None or ours.identities <= stored.identities:
        return False
    if not ours.identities > stored.identities:
        hint = "use another prefix, or remove the folder .sagekeep/<environment>/state if it is a leftover"
        raise OperationError(f"{place} holds the state of another deployment than the one begun here", hint=hint)
    return True


def _unprotected(document: Mapping[str, Any]) -> dict[str, Any]:
    """Override that lets terraform destroy every resource, and buckets with what is in them.

    In use only while the state is local: while it is being made, and when somebody has asked to destroy it.
    """
    resources: dict[str, dict[str, Any]] = {}
    for kind, group in document.get("resource", {}).items():
        for name, body in group.items():
            change: dict[str, Any] = {}
            if body.get("lifecycle", {}).get("prevent_destroy"):
                change["lifecycle"] = {**body["lifecycle"], "prevent_destroy": False}
            if kind == "aws_s3_bucket" and not body.get("force_destroy"):
                change["force_destroy"] = True
            if change:
                resources.setdefault(kind, {})[name] = change
    return {"resource": resources} if resources else {}
