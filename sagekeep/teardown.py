"""Destroys an environment as a whole: the stacks first, then the place where their state lived."""

from __future__ import annotations

from collections.abc import Iterable

from sagekeep import aws
from sagekeep.bootstrap import StateHome
from sagekeep.deploy import STATE_STACK, Operations, exit_code
from sagekeep.stackset import StackResult


def destroy_all(operations: Operations, names: Iterable[str] = ()) -> dict[str, StackResult]:
    """Destroys the chosen stacks, all by default; the state stack last, and only where all before it went.

    Raises:
        UsageError: the state stack is named, and the environment retains its data.
        OperationError: stacks that stay build on one that should go, or AWS refused.
    """
    synthesis = operations.synthesis
    chosen = synthesis.chosen(tuple(names))
    others = [name for name in chosen if not (synthesis.in_s3 and name == STATE_STACK)]
    results: dict[str, StackResult] = {}
    if others and _has_place(operations):
        results |= operations.destroy(others)
    if len(others) == len(chosen):
        return results
    if exit_code(results):
        results[STATE_STACK] = StackResult(STATE_STACK, "not started")
    elif not tuple(names) and synthesis.settings.get("removal") != "destroy":
        results[STATE_STACK] = StackResult(STATE_STACK, 'kept: removal = "retain"')
    else:
        results[STATE_STACK] = StateHome(operations).destroy()
    return results


def _has_place(operations: Operations) -> bool:
    """False where the state bucket is gone, so that nothing can be deployed."""
    state = operations.synthesis.state
    if not operations.synthesis.in_s3:
        return True
    return aws.bucket_exists(state["bucket"], state["region"], operations.terraform.environ)
