"""Whom the policies lock out, as a reader sees it: calls by group, what stops them, then what is lost."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from sagekeep.prove.lockout import Judgement, Outcome

_FROM = {"internet": "outside the VPC", "vpc": "inside the VPC"}


def show(screen: Console, judgement: Judgement) -> None:
    """Prints who asks, every call, and a summary."""
    for line in _lines(judgement):
        screen.print(line, highlight=False, soft_wrap=True)


def _lines(judgement: Judgement) -> Iterator[Text]:
    lost = {outcome.call.id for outcome in judgement.lost()}
    own = ", ".join(judgement.own_policies)
    may = f"its own policies are {own}" if own else "its own policies are taken to allow everything"
    yield Text(f"{judgement.identity.arn}: {judgement.identity.title}, from {_FROM[judgement.place]}; {may}")
    group = ""
    for outcome in judgement.outcomes:
        if outcome.call.group != group:
            group = outcome.call.group
            yield Text(f"\n{group}", style="bold")
        yield from _told(outcome, lost=outcome.call.id in lost)
    yield Text()
    yield _summary(judgement, len(lost))


def _told(outcome: Outcome, *, lost: bool) -> Iterator[Text]:
    stopped = "red" if lost else "yellow"
    apart = f"not here: {outcome.skipped}" if outcome.skipped else f"brought: {', '.join(outcome.brought)}"
    untold = bool(outcome.skipped or (outcome.brought and not outcome.stops))
    mark, style = ("·", "dim") if untold else ("✗", stopped) if outcome.stops else ("✓", "green")
    needed = ", ".join(sorted(kind.replace("-", " ") for kind in outcome.call.needed_by))
    line = Text.assemble("  ", (mark, style), f" {outcome.call.does} ", (f"({needed})", "dim"))
    yield Text.assemble(line, (f" {apart}", "dim")) if untold else line
    for stop in outcome.stops:
        yield Text(f"      {stop.what}", style=stopped)


def _summary(judgement: Judgement, lost: int) -> Text:
    made = [outcome for outcome in judgement.outcomes if not outcome.skipped and (outcome.stops or not outcome.brought)]
    through = sum(not outcome.stops for outcome in made)
    counts = f"{through} of {len(made)} calls get through; "
    named = bool(judgement.identity.kinds)
    if not lost:
        told = "it needs none of the others" if named else "its policies decide whether it may change ours back"
        return Text.assemble(counts, (told, "green"))
    told = f"it needs {lost} of the others as {judgement.identity.title}" if named else "it could not change ours back"
    return Text.assemble(counts, (f"locked out: {told}", "red"))
