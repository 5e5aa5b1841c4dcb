"""Terraform's and the providers' versions beside those of earlier plans: a plan names only its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from sagekeep.review.context import finding
from sagekeep.review.model import Change, Finding, Plan, Risk, Severity

_NUMBERS = re.compile(r"\d+")


def look(plans: Sequence[Plan], earlier: Sequence[Plan]) -> Iterator[Finding]:
    """What differs from the earlier plan of each stack; nothing where there is none."""
    before = {plan.stack: plan for plan in earlier}
    for plan in plans:
        if plan.stack in before:
            yield from _terraform(plan, before[plan.stack].terraform)
            yield from _providers(plan, before[plan.stack].providers)


def _terraform(plan: Plan, old: str) -> Iterator[Finding]:
    if not old or not plan.terraform or old == plan.terraform:
        return
    back = _parts(plan.terraform) < _parts(old)
    yield finding(
        "terraform-version-changed",
        Risk.OUTAGE if back else Risk.HARMLESS,
        _about(plan, "terraform"),
        f"terraform {plan.terraform} instead of {old} works on {plan.stack}",
        reason="a state that a newer version has written may not be readable by an older one"
        if back
        else "after the first apply an older version may no longer read the state",
        remedy="go on with the newer version" if back else "take the new version everywhere: in CI, and on every desk",
        severity=Severity.MEDIUM,
    )


def _providers(plan: Plan, old: Mapping[str, str]) -> Iterator[Finding]:
    for name, constraint in plan.providers.items():
        before = old.get(name, "")
        if name not in old or before == constraint:
            continue
        major = _parts(before)[:1] != _parts(constraint)[:1]
        yield finding(
            "provider-version-changed",
            Risk.REPLACEMENT if major else Risk.HARMLESS,
            _about(plan, name),
            f"the provider {name.rpartition('/')[2]} may be {constraint or 'any version'} instead of "
            f"{before or 'any version'} in {plan.stack}",
            reason="a major version changes arguments and defaults, and may make things anew in a later plan"
            if major
            else "defaults and checks may differ",
            remedy="read its upgrade guide, and plan every stack" if major else "",
            severity=Severity.MEDIUM,
        )


def _parts(version: str) -> list[int]:
    return [int(number) for number in _NUMBERS.findall(version)]


def _about(plan: Plan, name: str) -> Change:
    return Change(name, "terraform", name, plan.stack, "no-op")
