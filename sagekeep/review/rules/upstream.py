"""What another stack's changes will do to this one, though its own plan does not say so yet."""

from __future__ import annotations

from collections.abc import Iterator

from sagekeep.review.context import Context, finding
from sagekeep.review.model import Change, Finding, Plan, Risk
from sagekeep.review.naming import table


def look(context: Context) -> Iterator[Finding]:
    """Resources of the plan that will be made anew when a changed output of another plan reaches them."""
    for other in context.around.plans:
        changed = context.plan.reads.get(other.stack, frozenset()) & other.outputs
        for output in sorted(changed) if other is not context.plan else ():
            yield from _reached(context.plan, other.stack, output)


def _reached(plan: Plan, stack: str, output: str) -> Iterator[Finding]:
    reference = f"data.terraform_remote_state.{stack}.outputs.{output}"
    for address, arguments in plan.references.items():
        kind = address.split(".")[-2]
        row = next((row for row in table("upstream")["forces"] if row["type"] == kind), None)
        argument = next((a for a in row["arguments"] if reference in arguments.get(a, ())), None) if row else None
        here = [a for a in plan.standing if a == address] or [a for a in plan.wanted if a == address]
        told = plan.wanted.get(address)
        if row is None or argument is None or not here or (told and (told.destroys or told.action == "create")):
            continue
        change = told or Change(
            address, kind, address.split(".")[-1], plan.stack, "no-op", path=plan.paths.get(address, "")
        )
        words = {"name": change.name, "stack": stack, "output": output, "argument": argument}
        yield finding(
            "will-be-made-anew",
            Risk(row["risk"]),
            change,
            row["says"].format(**words),
            reason=row["reason"].format(**words),
            remedy=row["remedy"].format(**words),
        )
