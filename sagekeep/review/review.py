"""A review: all plans, and what is found in them, the worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sagekeep.review import paths
from sagekeep.review.context import Context, Surroundings
from sagekeep.review.masking import redact, spellings
from sagekeep.review.model import Change, Finding, Plan, Risk
from sagekeep.review.rules import ALL, Rule, upstream, versions
from sagekeep.review.rules.usual import drifted, usual


@dataclass(frozen=True)
class Review:
    """The plans and the findings; every report prints these and nothing else."""

    plans: tuple[Plan, ...]
    findings: tuple[Finding, ...]

    @property
    def worst(self) -> Risk:
        """The worst risk class; harmless where nothing is found."""
        return min((f.risk for f in self.findings), key=lambda r: r.rank, default=Risk.HARMLESS)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many resources are made, changed, made anew and destroyed."""
        return Counter(c.action for plan in self.plans for c in _wanted(plan))

    @property
    def changing(self) -> tuple[str, ...]:
        """Stacks in which that is so."""
        return tuple(dict.fromkeys(plan.stack for plan in self.plans if any(_wanted(plan))))

    @property
    def destroys(self) -> int:
        """How many resources go or are made anew."""
        return sum(c.destroys for p in self.plans for c in p.changes if not c.drift)

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "worst": self.worst.value,
            "counts": dict(self.counts),
            "plans": [_plan(plan) for plan in self.plans],
            "findings": [finding.document() for finding in self.findings],
        }


def _wanted(plan: Plan) -> Iterator[Change]:
    """Changes of resources that the plan makes."""
    return (c for c in plan.changes if not c.drift and not c.data and c.action != "no-op")


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        "stack": plan.stack,
        "file": plan.file,
        "environment": plan.environment,
        "terraform": plan.terraform,
        "provisional": plan.provisional,
        "errored": plan.errored,
        "failed_checks": list(plan.failed_checks),
    }


def review(
    plans: Sequence[Plan],
    *,
    root: Path | None = None,
    models: Iterable[Path] = (),
    archives: Iterable[Path] = (),
    earlier: Sequence[Plan] = (),
    rules: Sequence[Rule] = ALL,
) -> Review:
    """What plans mean.

    Args:
        plans: plans of one environment; of several stacks in any order.
        root: the project's folder, whose code builds pipeline definitions.
        models: model.json or cdk.tf.json files, which know construct paths.
        archives: folders in which archives of functions may lie, old and new ones.
        earlier: plans of the same stacks from before, for versions.
        rules: what is looked for.
    """
    secrets = spellings({secret for plan in plans for secret in plan.secrets})
    known = paths.read(models)
    told = [_with_paths(_provisional(plan, plans), known) for plan in plans]
    found = list(versions.look(told, earlier))
    around, folders = Surroundings(told), tuple(archives)
    for plan in told:
        context = Context(plan, around, root, folders)
        found += upstream.look(context)
        for change in plan.changes:
            found += _look(context, change, rules)
    told_once = {(f.rule, f.change.where, f.sentence): f for f in (_redacted(finding, secrets) for finding in found)}
    told = [_plan_redacted(plan, secrets) for plan in told]
    return Review(tuple(told), tuple(sorted(told_once.values(), key=lambda f: f.order)))


def _look(context: Context, change: Change, rules: Sequence[Rule]) -> list[Finding]:
    if change.drift:
        return list(drifted(context, change)) or list(_kept(context, change, rules))
    if change.data:
        return []
    found = [finding for rule in rules for finding in rule(context, change)]
    return found + list(usual(context, change, found))


def _kept(context: Context, change: Change, rules: Sequence[Rule]) -> Iterator[Finding]:
    """What was changed outside Terraform, is dangerous, and is not put back by the plan."""
    wanted = context.plan.wanted.get(change.address)
    if change.action != "update" or change.type in _READ_BACK or (wanted and wanted.action != "update"):
        return
    # What had no value before is read back for the first time: nobody changed it.
    ends = wanted.after if wanted else change.after
    own = _READ_BACK_INTO.get(change.type, ())
    after = {
        k: _kept_value(change.before.get(k), v, stays=ends.get(k) == v and k not in own)
        for k, v in change.after.items()
    }
    for rule in rules:
        for found in rule(context, replace(change, drift=False, after=after)):
            if found.risk != Risk.HARMLESS:
                sentence = f"Outside Terraform, and kept by this plan: {found.sentence[:1].lower()}{found.sentence[1:]}"
                yield replace(found, rule="drift-stays", change=change, sentence=sentence)


def _kept_value(before: Any, after: Any, *, stays: bool) -> Any:
    if not stays:
        return before
    return None if before in (None, "", [], {}) else after


# Their policies and settings are resources of their own, and only read back here.
_READ_BACK = ("aws_s3_bucket", "aws_sns_topic", "aws_sqs_queue", "aws_secretsmanager_secret")
_READ_BACK_INTO = {"aws_iam_role": ("inline_policy", "managed_policy_arns")}


def _provisional(plan: Plan, plans: Sequence[Plan]) -> Plan:
    """Marked where it reads outputs that another plan of the review changes."""
    waits = [
        f"{other.stack} ({', '.join(sorted(read & other.outputs))})"
        for other in plans
        if other is not plan and (read := plan.reads.get(other.stack, frozenset())) & other.outputs
    ]
    if not waits:
        return plan
    before = f"made before changes of {', '.join(waits)} are applied"
    return replace(plan, provisional=f"{plan.provisional}; and {before}" if plan.provisional else before)


def _with_paths(plan: Plan, known: Mapping[tuple[str, str], str]) -> Plan:
    here = {address: path for (stack, address), path in known.items() if stack == plan.stack}
    if not here:
        return plan
    changes = tuple(replace(change, path=here.get(change.address, "")) for change in plan.changes)
    return replace(plan, changes=changes, paths=here)


def _redacted(finding: Finding, secrets: Sequence[str]) -> Finding:
    if not secrets:
        return finding
    return replace(
        finding,
        change=_change_redacted(finding.change, secrets),
        sentence=redact(finding.sentence, secrets),
        reason=redact(finding.reason, secrets),
        remedy=redact(finding.remedy, secrets),
        details=tuple(redact(detail, secrets) for detail in finding.details),
    )


def _change_redacted(change: Change, secrets: Sequence[str]) -> Change:
    """An index or a name in an address may be one, too."""
    address, name, path = (redact(text, secrets) for text in (change.address, change.name, change.path))
    same = (address, name, path) == (change.address, change.name, change.path)
    return change if same else replace(change, address=address, name=name, path=path)


def _plan_redacted(plan: Plan, secrets: Sequence[str]) -> Plan:
    if not secrets:
        return plan
    return replace(
        plan,
        changes=tuple(_change_redacted(change, secrets) for change in plan.changes),
        failed_checks=tuple(redact(text, secrets) for text in plan.failed_checks),
        provisional=redact(plan.provisional, secrets),
    )
