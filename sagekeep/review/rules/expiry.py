"""What is deleted by itself after a time, and sooner than before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sagekeep.review.context import Context, finding, known
from sagekeep.review.differences import at, with_unknown
from sagekeep.review.masking import UNKNOWN
from sagekeep.review.model import Change, Finding, Risk, Severity
from sagekeep.review.naming import name_of

_BLOCKS = {"aws_s3_bucket_lifecycle_configuration": "rule", "aws_s3_bucket": "lifecycle_rule"}
_NEVER = float("inf")
_EVERYTHING = ("{}", "null", '""', "[]")


def look(context: Context, change: Change) -> Iterator[Finding]:
    """Findings about lifecycles of buckets and repositories that exist."""
    if change.type in _BLOCKS and change.action in ("update", "create", "replace"):
        if change.action == "update" or not _is_new(context, change, "bucket"):
            yield from _bucket(change, _BLOCKS[change.type])
    elif change.type == "aws_ecr_lifecycle_policy" and change.action in ("update", "create", "replace"):
        policy = known(change, "policy")
        if policy != change.before.get("policy") and not _is_new(context, change, "repository"):
            yield finding(
                "images-expire",
                Risk.DATA_LOSS,
                change,
                f"images in the repository {change.after.get('repository')} are deleted by other rules from now on",
                reason="the rules hold for images that are there already: they go within a day",
                remedy="try the rules with a lifecycle policy preview first",
                severity=Severity.MEDIUM,
            )


def _is_new(context: Context, change: Change, attribute: str) -> bool:
    if change.type == "aws_s3_bucket":
        return change.action != "update"
    value = known(change, attribute)
    return value == UNKNOWN or context.around.makes(attribute, value)


def _bucket(change: Change, block: str) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html"""
    before = _rules(change.before.get(block))
    for rule in _rules(with_unknown(change.after, change.unknown).get(block)):
        when = _expiration(rule)
        if _sooner(when, rule, before, _expiration):
            yield finding(
                "objects-expire-sooner",
                Risk.DATA_LOSS,
                change,
                f"objects in {name_of(change)} are deleted {_said(when)} "
                f"by the rule {rule.get('id') or 'without a name'}"
                f"{_instead(min((_expiration(r) for r in before if _holds(r, rule)), default=_NEVER))}",
                reason="it holds for objects that are there already: all older ones go within a day or two",
                remedy="copy what is needed first",
                severity=Severity.HIGH,
            )
        old = _noncurrent(rule)
        if _sooner(old, rule, before, _noncurrent):
            yield finding(
                "old-versions-expire-sooner",
                Risk.WEAKER,
                change,
                f"old versions of objects in {name_of(change)} are deleted {_said(old)}"
                f"{_instead(min((_noncurrent(r) for r in before if _holds(r, rule)), default=_NEVER))}",
                reason="what was overwritten or deleted can be brought back for a shorter time, also what was already",
                severity=Severity.MEDIUM,
            )


def _rules(value: Any) -> list[Mapping[str, Any]]:
    listed = value if isinstance(value, list) else []
    found = [rule for rule in listed if isinstance(rule, Mapping)]
    return [r for r in found if r.get("status", "Enabled") != "Disabled" and r.get("enabled", True) is not False]


def _expiration(rule: Mapping[str, Any]) -> float:
    """Days; on a given date counts as at once, never as infinity."""
    days, date = at(rule, "expiration.0.days"), at(rule, "expiration.0.date")
    if date or UNKNOWN in (days, rule.get("expiration")):
        return 0
    return float(days) if isinstance(days, int | float) and days else _NEVER


def _noncurrent(rule: Mapping[str, Any]) -> float:
    block = "noncurrent_version_expiration"
    days = at(rule, f"{block}.0.noncurrent_days") or at(rule, f"{block}.0.days")
    if UNKNOWN in (days, rule.get(block)):
        return 0
    return float(days) if isinstance(days, int | float) and days else _NEVER


def _sooner(when: float, rule: Mapping[str, Any], before: list[Mapping[str, Any]], days: Any) -> bool:
    """Whether no rule before took the same objects as early."""
    same = any(other == rule for other in before)
    return when < _NEVER and not same and not any(days(r) <= when and _holds(r, rule) for r in before)


def _holds(wide: Mapping[str, Any], narrow: Mapping[str, Any]) -> bool:
    """Whether one rule takes all objects that the other takes; a date in `wide` is as good as the same date."""
    if at(wide, "expiration.0.date") != at(narrow, "expiration.0.date"):
        return False
    mine, theirs = _scope(wide), _scope(narrow)
    return mine in (theirs, ())


def _scope(rule: Mapping[str, Any]) -> tuple[str, ...]:
    """What limits a rule; `()` where it takes every object."""
    parts = _bare({name: rule.get(name) for name in ("filter", "prefix", "tags")})
    return () if parts is None else (json.dumps(parts, sort_keys=True),)


def _bare(value: Any) -> Any:
    """Without what is empty; None where nothing is left."""
    if isinstance(value, Mapping):
        kept = {key: bare for key, item in value.items() if (bare := _bare(item)) is not None}
        return kept or None
    if isinstance(value, list):
        return [bare for item in value if (bare := _bare(item)) is not None] or None
    return None if value in ("", 0) else value


def _said(days: float) -> str:
    return f"after {days:g} days" if days else "on a date"


def _instead(days: float) -> str:
    return f" instead of {days:g}" if days < _NEVER else ""
