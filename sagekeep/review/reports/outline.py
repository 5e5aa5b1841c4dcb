"""What every report shows: a verdict, facts about the plans, findings by stack, and below them what is harmless."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sagekeep.review.gate import Decision, Judged
from sagekeep.review.gate_rules import Verdict
from sagekeep.review.model import Risk
from sagekeep.review.review import Review

_ACTIONS = {
    "create": "made",
    "update": "changed",
    "replace": "made anew",
    "delete": "destroyed",
    "forget": "let go",
}


@dataclass(frozen=True)
class Outline:
    """A review in the order in which it is read.

    Attributes:
        verdict: "fails", "passes with warnings", "passes" or "nothing changes".
        summary: one sentence with counts.
        warnings: what is to be known before anything else: provisional plans, failed checks, a freeze.
        groups: findings that matter by stack, the worst stack first.
        quiet: harmless findings by stack.
    """

    verdict: str
    summary: str
    warnings: tuple[str, ...]
    groups: tuple[tuple[str, tuple[Judged, ...]], ...]
    quiet: tuple[tuple[str, tuple[Judged, ...]], ...]

    @property
    def shown(self) -> tuple[Judged, ...]:
        """All findings in their order."""
        return tuple(one for _, found in (*self.groups, *self.quiet) for one in found)


def outline(review: Review, decision: Decision) -> Outline:
    """Puts a review in order."""
    loud = [one for one in decision.findings if one.finding.risk != Risk.HARMLESS]
    quiet = [one for one in decision.findings if one.finding.risk == Risk.HARMLESS]
    warnings = [f"provisional: the plan of {p.stack} was {p.provisional}" for p in review.plans if p.provisional]
    warnings += [f"{plan.stack}: a check does not hold: {text}" for plan in review.plans for text in plan.failed_checks]
    return Outline(
        verdict(review, decision),
        summary(review, decision),
        (*decision.failures, *warnings, *decision.notes),
        _by_stack(loud),
        _by_stack(quiet),
    )


def verdict(review: Review, decision: Decision) -> str:
    """The gate's word."""
    if not decision.passes:
        return "fails"
    if decision.of(Verdict.WARN):
        return "passes with warnings"
    return "passes" if decision.findings or any(review.counts.values()) else "nothing changes"


def summary(review: Review, decision: Decision) -> str:
    """`poc: 2 made anew, 1 changed in studio, keys; data loss 2, cost 1`."""
    counts = [f"{review.counts[action]} {word}" for action, word in _ACTIONS.items() if review.counts.get(action)]
    stacks = ", ".join(review.changing or dict.fromkeys(plan.stack for plan in review.plans))
    name = f"{decision.environment}: " if decision.environment else ""
    risks: Counter[Risk] = Counter(one.finding.risk for one in decision.findings if one.finding.risk != Risk.HARMLESS)
    found = ", ".join(f"{risk.value} {risks[risk]}" for risk in Risk if risks[risk])
    text = f"{name}{', '.join(counts) or 'nothing changes'} in {stacks}"
    return f"{text}; {found}" if found else text


def _by_stack(findings: list[Judged]) -> tuple[tuple[str, tuple[Judged, ...]], ...]:
    stacks = dict.fromkeys(one.finding.change.stack for one in findings)
    return tuple((stack, tuple(one for one in findings if one.finding.change.stack == stack)) for stack in stacks)


def place(one: Judged) -> str:
    """The address, with the construct path where it is known."""
    change = one.finding.change
    return f"{change.path} ({change.address})" if change.path else change.address


def document(review: Review, decision: Decision) -> dict[str, Any]:
    """For `--json`: the review with the gate's verdict on each finding."""
    told = review.document()
    told["findings"] = [
        one.finding.document() | {"verdict": one.verdict.value, "exception": one.why} for one in decision.findings
    ]
    return {
        "verdict": verdict(review, decision),
        "summary": summary(review, decision),
        "gate": decision.document(),
        **told,
    }
