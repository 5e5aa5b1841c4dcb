"""plan, deploy and destroy: terraform over the stacks in order, independent ones at once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from sagekeep import aws, lockout, locks, stackset
from sagekeep.children import interruptible
from sagekeep.diagnostics import Changes, Report, lacks_remote_state
from sagekeep.errors import OperationError, UsageError
from sagekeep.estate import preflight
from sagekeep.progress import Board
from sagekeep.stackset import StackResult
from sagekeep.synthesis import Stack, Synthesis
from sagekeep.terraform import CHANGES_PENDING, LOCK_TIMEOUT, PARALLELISM, Terraform, TerraformError
from sagekeep.waits import MOST_TIMES, Waits

STATE_STACK = "state"
Work = Callable[[Stack], StackResult]
_COMMON = ("-json", "-input=false", "-no-color", f"-parallelism={PARALLELISM}", f"-lock-timeout={LOCK_TIMEOUT}")


def default_at_once() -> int:
    """How many terraforms run side by side: they wait more than they compute, but each holds 400 MB."""
    return min(6, max(3, os.cpu_count() or 1))


@dataclass
class Operations:
    """The three operations on one environment.

    Attributes:
        at_once: the largest number of terraform processes at a time.
    """

    synthesis: Synthesis
    terraform: Terraform
    board: Board = field(default_factory=Board)
    at_once: int = field(default_factory=default_at_once)

    @classmethod
    def of(
        cls, synthesis: Synthesis, environ: Mapping[str, str] | None = None, board: Board | None = None
    ) -> Operations:
        """Operations with this process's environment unless another one is given.

        Raises:
            OperationError: terraform is not installed.
        """
        return cls(synthesis, Terraform.of(synthesis, environ), board or Board())

    def plan(self, names: Iterable[str] = (), *, keep: Path | None = None) -> dict[str, StackResult]:
        """What each stack would change; changes nothing. `keep`: a folder that gets each plan, as `<stack>.tfplan`.

        Raises:
            OperationError: the state bucket cannot be used.
            UsageError: something that is brought lacks what the environment needs.
        """
        chosen = self._names(names)
        preflight.refuse(self.synthesis, self.terraform.environ)
        producers = {producer for name in chosen for producer in self.synthesis.stacks[name].depends_on}
        bare = self._bare(producers)
        # Planning needs no order: what has no state to read is known by now.
        return self._each(lambda stack: self._plan(stack, bare, keep), dict.fromkeys(chosen, frozenset[str]()))

    def deploy(self, names: Iterable[str] = ()) -> dict[str, StackResult]:
        """Applies the stacks; a failure keeps those that build on it from starting, and lets others finish.

        Raises:
            OperationError: the state bucket cannot be used, or the policies would lock out whoever deploys.
            UsageError: something that is brought lacks what the environment needs.
        """
        chosen = self._names(names)
        preflight.refuse(self.synthesis, self.terraform.environ)
        # The state bucket answers before any stack is applied, also where its own stack is not among them.
        states = {STATE_STACK} & set(self.synthesis.stacks) if self.synthesis.in_s3 else set()
        lockout.refuse(self.synthesis, self.terraform.environ, {*chosen, *states})
        return self._each(self._apply, stackset.forward(self.synthesis.stacks, chosen))

    def destroy(self, names: Iterable[str] = ()) -> dict[str, StackResult]:
        """Destroys the stacks from the last to the first; the state stack is not among them (see bootstrap).

        Raises:
            OperationError: the state bucket cannot be used, or stacks that stay build on one that should go.
        """
        chosen = [name for name in self._names(names) if not (self.synthesis.in_s3 and name == STATE_STACK)]
        order = stackset.backward(stackset.forward(self.synthesis.stacks, chosen))
        left = stackset.consumers(self.synthesis.stacks, chosen)
        bare = self._bare(left)
        still = [name for name in left if name not in bare and self.synthesis.stacks[name].resources]
        if still:
            more = " ".join(f"--stack {name}" for name in still)
            raise UsageError(f"deployed stacks build on these: {', '.join(still)}", hint=f"destroy them too: {more}")
        return self._each(self._destroy, order)

    def _names(self, names: Iterable[str]) -> list[str]:
        """The chosen stacks.

        Raises:
            OperationError: the bucket that holds their state does not exist.
        """
        chosen = self.synthesis.chosen(tuple(names))
        state = self.synthesis.state
        if self.synthesis.in_s3 and not aws.bucket_exists(state["bucket"], state["region"], self.terraform.environ):
            hint = f"run `{self.synthesis.command('state', 'bootstrap')}` first"
            if STATE_STACK not in self.synthesis.stacks:
                hint = "it is brought, existing.state_bucket: its owner makes it"
            raise OperationError(f"the state bucket {state['bucket']} does not exist yet", hint=hint)
        return chosen

    def _each(self, work: Work, order: stackset.Order) -> dict[str, StackResult]:
        def one(name: str) -> StackResult:
            began = time.monotonic()
            result = replace(work(self.synthesis.stacks[name]), seconds=time.monotonic() - began)
            self.board.state(name, result.status)
            return result

        with self.board.showing(list(order)), interruptible(self.terraform.children, self.board.note):
            return stackset.run_ordered(order, one, at_once=self.at_once, prepare=self._init)

    def _init(self, name: str) -> None:
        stack = self.synthesis.stacks[name]
        if self.terraform.is_initialised(stack):
            return
        self.board.state(name, "initializing")
        try:
            self.terraform.init(stack)
        except TerraformError:
            self.board.state(name, "failed")
            raise
        self.board.state(name, "waiting")

    def _bare(self, names: Iterable[str]) -> frozenset[str]:
        """Stacks without anything in their state, though they declare resources: nothing can read their outputs."""
        wanted = [name for name in names if self.synthesis.stacks[name].resources]
        note = self.board.note
        with interruptible(self.terraform.children, note), ThreadPoolExecutor(self.at_once) as pool:
            empty = list(pool.map(lambda name: self.terraform.is_empty(self.synthesis.stacks[name]), wanted))
        return frozenset(name for name, bare in zip(wanted, empty, strict=True) if bare)

    def _plan(self, stack: Stack, bare: frozenset[str], keep: Path | None) -> StackResult:
        waits = sorted(bare.intersection(stack.depends_on))
        if waits:
            return StackResult(stack.name, f"waits for {', '.join(waits)}")
        saved = (f"-out={keep / stack.name}.tfplan",) if keep else ()
        code, report = self._terraform(stack, "planning", "plan", "-detailed-exitcode", *saved)
        if code in (0, CHANGES_PENDING):
            result = _result(stack, "planned" if code else "unchanged", report.planned, report)
            return replace(result, changes=tuple(report.wanted))
        if lacks_remote_state(report.errors):
            return StackResult(stack.name, f"waits for {', '.join(stack.depends_on) or 'its producer'}")
        return self._failure(stack, report, code)

    def _apply(self, stack: Stack) -> StackResult:
        code, report = self._terraform(stack, "applying", "apply", "-auto-approve")
        if code:
            return self._failure(stack, report, code)
        changed = report.applied is not None and report.applied.total > 0
        return _result(stack, "applied" if changed else "unchanged", report.applied, report)

    def _destroy(self, stack: Stack) -> StackResult:
        self.board.state(stack.name, "reading")
        if self.terraform.is_empty(stack):
            return StackResult(stack.name, "nothing there")
        waits = Waits(stack.name, self.board.note)
        for _ in range(MOST_TIMES):
            code, report = self._terraform(stack, "destroying", "destroy", "-auto-approve", also=waits.watch)
            if not code:
                return _result(stack, "destroyed", report.applied, report)
            if self.terraform.children.stopping or not waits.again(report):
                break
        return self._failure(stack, report, code)

    def _terraform(
        self, stack: Stack, state: str, *arguments: str, also: Callable[[Report], None] | None = None
    ) -> tuple[int, Report]:
        self.board.state(stack.name, state)

        def progress(report: Report) -> None:
            self.board.report(stack.name, report)
            if also:
                also(report)

        return self.terraform.run(stack, *arguments, *_COMMON, progress=progress)

    def _failure(self, stack: Stack, report: Report, code: int) -> StackResult:
        if self.terraform.children.stopping:
            told = [error.text() for error in report.errors if not error.is_interruption]
            return _result(stack, "interrupted", report.applied, report, error="\n".join(told))
        lock = locks.found_in(report.errors)
        if lock:
            error: OperationError = locks.explain(lock, stack, self.synthesis)
        else:
            error = self.terraform.explain(stack, report, code)
        return _result(stack, "failed", report.applied, report, error=str(error))


def exit_code(results: Mapping[str, StackResult], *, detailed: bool = False) -> int:
    """0 for good, 1 where a stack failed or did not start, 2 (only where asked for) where changes are pending."""
    if any(not result.ok for result in results.values()):
        return 1
    pending = any(r.status == "planned" or r.status.startswith("waits") for r in results.values())
    return 2 if detailed and pending else 0


def _result(
    stack: Stack,
    status: str,
    changes: Changes | None,
    report: Report,
    *,
    error: str = "",
) -> StackResult:
    counts = changes or Changes()
    warnings = tuple(warning.text() for warning in report.warnings)
    return StackResult(
        stack.name,
        status,
        counts.add,
        counts.change,
        counts.remove,
        warnings=warnings,
        error=error,
    )
