"""Stacks in the order of their dependencies: which may run now, which wait, which never start."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from sagekeep.children import StoppedError
from sagekeep.errors import OperationError
from sagekeep.synthesis import Stack

Order = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class StackResult:
    """What became of one stack.

    Attributes:
        status: "planned", "unchanged", "applied", "destroyed", "nothing there", "waits for <stacks>", "not started",
            "interrupted" or "failed".
        warnings: texts of terraform's warnings, failed checks among them.
        error: what went wrong, as a person reads it; "" where nothing did.
        changes: what a plan wants, "update aws_vpc.main".
    """

    stack: str
    status: str
    add: int = 0
    change: int = 0
    remove: int = 0
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    error: str = ""
    changes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """False where the stacks that build on this one must not start."""
        return self.status not in ("failed", "interrupted", "not started")

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "stack": self.stack,
            "status": self.status,
            "add": self.add,
            "change": self.change,
            "destroy": self.remove,
            "changes": list(self.changes),
            "seconds": round(self.seconds, 1),
            "warnings": list(self.warnings),
            "error": self.error,
        }


def forward(stacks: Mapping[str, Stack], chosen: Iterable[str]) -> dict[str, frozenset[str]]:
    """What each chosen stack waits for among the chosen ones, also by way of stacks that were not chosen."""
    names = list(chosen)
    return {name: frozenset(_producers(stacks, name)) & frozenset(names) for name in names}


def backward(order: Order) -> dict[str, frozenset[str]]:
    """The same order read from its end: each stack waits for those that build on it."""
    return {name: frozenset(other for other in order if name in order[other]) for name in order}


def consumers(stacks: Mapping[str, Stack], chosen: Collection[str]) -> list[str]:
    """Stacks that build on a chosen one without being chosen."""
    order = forward(stacks, stacks)
    return [name for name in stacks if name not in chosen and order[name] & frozenset(chosen)]


def run_ordered(
    order: Order,
    work: Callable[[str], StackResult],
    *,
    at_once: int,
    prepare: Callable[[str], None] | None = None,
) -> dict[str, StackResult]:
    """Runs `work` for each stack after those that it waits for, up to `at_once` side by side.

    `prepare` needs no order: it runs as early as there is room, and `work` follows it. A stack one of whose
    predecessors is not ok is "not started"; an OperationError of either makes the stack "failed".
    """
    results: dict[str, StackResult] = {}
    running: dict[Future[StackResult], str] = {}
    room = threading.Semaphore(at_once)

    def early(name: str) -> None:
        if prepare:
            with room:
                prepare(name)

    def step(name: str, prepared: Future[None]) -> StackResult:
        try:
            prepared.result()
            with room:
                return work(name)
        except StoppedError:
            return StackResult(name, "not started")
        except OperationError as error:
            return StackResult(name, "failed", error=str(error))

    with ThreadPoolExecutor(max_workers=2 * len(order) + 1) as pool:
        prepared = {name: pool.submit(early, name) for name in order}
        while len(results) < len(order):
            for name in _ready(order, results, running.values()):
                running[pool.submit(step, name, prepared[name])] = name
            for finished in wait(running, return_when=FIRST_COMPLETED).done:
                results[running.pop(finished)] = finished.result()
            _skip_blocked(order, results)
    return {name: results[name] for name in order}


def _ready(order: Order, results: Mapping[str, StackResult], running: Collection[str]) -> list[str]:
    """Stacks whose predecessors have all ended well, and which have not begun."""
    return [n for n, before in order.items() if n not in results and n not in running and before <= results.keys()]


def _skip_blocked(order: Order, results: dict[str, StackResult]) -> None:
    """Marks what can never start, and what waits for that in turn."""
    blocked = True
    while blocked:
        blocked = False
        for name, before in order.items():
            bad = sorted(b for b in before if b in results and not results[b].ok)
            if name not in results and bad:
                results[name] = StackResult(name, "not started")
                blocked = True


def _producers(stacks: Mapping[str, Stack], name: str) -> set[str]:
    """All that a stack builds on, near and far; synthesis has made sure that there is no circle."""
    near = set(stacks[name].depends_on)
    return near.union(*(_producers(stacks, producer) for producer in near))
