"""Whether a plan may pass: a verdict on each finding, and on the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from sagekeep.review.gate_rules import Freeze, GateRules, Level, Pardon, Verdict
from sagekeep.review.model import Finding
from sagekeep.review.review import Review


@dataclass(frozen=True)
class Judged:
    """A finding and what becomes of it; `why` names the exception, where one lets it pass."""

    finding: Finding
    verdict: Verdict
    why: str = ""


@dataclass(frozen=True)
class Decision:
    """What the gate says.

    Attributes:
        findings: all of them, the worst first.
        failures: what else fails: a freeze, too many destroys, an incomplete plan.
        notes: exceptions that have ended.
    """

    environment: str
    findings: tuple[Judged, ...]
    failures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def passes(self) -> bool:
        """False where something fails: exit code 1."""
        return not self.failures and all(one.verdict != Verdict.FAIL for one in self.findings)

    def of(self, verdict: Verdict) -> list[Judged]:
        """Findings with a verdict."""
        return [one for one in self.findings if one.verdict == verdict]

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "passes": self.passes,
            "environment": self.environment,
            "failures": list(self.failures),
            "notes": list(self.notes),
        }


def decide(review: Review, rules: Sequence[GateRules], environment: str, now: datetime) -> Decision:
    """The verdicts of a review.

    Args:
        rules: layers, of which a later one goes before an earlier one.
        environment: whose plans they are; "" where nobody knows.
        now: with a time zone; for exceptions and freezes.
    """
    judged = tuple(_judge(finding, rules, environment, now) for finding in review.findings)
    failures = [
        f"nothing may change now: {f.reason} (until {f.ends:%Y-%m-%d %H:%M %Z})"
        for f in _freezes(rules, environment, now)
    ]
    failures = failures if any(review.counts.values()) else []
    limit = _limit(rules, environment)
    if limit is not None and review.destroys > limit:
        failures.append(f"{review.destroys} resources are destroyed or made anew; {limit} may be")
    failures += [f"{plan.stack}: the plan was cut short by an error" for plan in review.plans if plan.errored]
    return Decision(environment, judged, tuple(failures), tuple(_ended(review, rules, environment, now)))


def _judge(finding: Finding, rules: Sequence[GateRules], environment: str, now: datetime) -> Judged:
    verdict = Verdict.ALLOW
    for level in _levels(rules, environment):
        verdict = level.risk.get(finding.risk, verdict)
    for layer in rules:
        for rule in layer.rule:
            verdict = rule.verdict if rule.fits(finding, environment) else verdict
    if verdict == Verdict.ALLOW:
        return Judged(finding, verdict)
    pardon = next((p for p in _pardons(rules) if now.date() <= p.until and p.fits(finding, environment)), None)
    if pardon:
        return Judged(finding, Verdict.ALLOW, f"exception until {pardon.until}: {pardon.reason}")
    return Judged(finding, verdict)


def _levels(rules: Sequence[GateRules], environment: str) -> list[Level]:
    """The general level of each layer, and behind it those of the environment."""
    found: list[Level] = []
    for layer in rules:
        found.append(layer)
        found += [level for name, level in layer.environments.items() if fnmatchcase(environment, name)]
    return found


def _limit(rules: Sequence[GateRules], environment: str) -> int | None:
    limits = [level.max_destroys for level in _levels(rules, environment) if level.max_destroys is not None]
    return limits[-1] if limits else None


def _pardons(rules: Sequence[GateRules]) -> list[Pardon]:
    return [pardon for layer in rules for pardon in layer.exception]


def _freezes(rules: Sequence[GateRules], environment: str, now: datetime) -> list[Freeze]:
    return [freeze for layer in rules for freeze in layer.freeze if freeze.holds(environment, now)]


def _ended(review: Review, rules: Sequence[GateRules], environment: str, now: datetime) -> list[str]:
    return [
        f"the exception for {pardon.address} ended on {pardon.until}: {pardon.reason}"
        for pardon in _pardons(rules)
        if pardon.until < now.date() and any(pardon.fits(f, environment) for f in review.findings)
    ]
