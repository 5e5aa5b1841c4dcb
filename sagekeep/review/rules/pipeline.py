"""The pipeline that a function manages through Terraform: docs/decisions/0006 says how its three resources work."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sagekeep.review.context import Context, finding
from sagekeep.review.differences import at, shown, with_unknown
from sagekeep.review.model import Change, Finding, Risk, Severity
from sagekeep.review.naming import because
from sagekeep.review.pipeline import definition, steps


def look(context: Context, change: Change) -> Iterator[Finding]:
    """Findings about the pipeline's owner, its configuration and its upsert."""
    if change.type == "terraform_data" and _is_configuration(change.after.get("input")):
        yield from _configuration(context, change)
    elif change.type == "aws_lambda_invocation":
        yield from _invocation(change)


def _is_configuration(value: Any) -> bool:
    return isinstance(value, Mapping) and {"pipeline_name", "instances"} <= set(value)


def _invocation(change: Change) -> Iterator[Finding]:
    request = _request(change.before.get("input")) or _request(change.after.get("input"))
    scope = change.after.get("lifecycle_scope") or change.before.get("lifecycle_scope")
    if request.get("action") == "own" and change.destroys:
        yield _owner(change, request)
    elif scope == "CREATE_ONLY" and change.action in ("create", "replace"):
        yield finding(
            "pipeline-put-again",
            Risk.HARMLESS,
            change,
            f"the pipeline's definition is put{' again' if change.action == 'replace' else ''}",
            reason="the function is invoked where its configuration or code changed, or where it failed the last time",
        )
    elif change.destroys:
        again = ", and again to make it" if change.action == "replace" else ""
        yield finding(
            "invocation-anew",
            Risk.HARMLESS,
            change,
            f"the function {change.before.get('function_name')} is invoked to remove what it looks after{again}",
            details=[because(change)] if change.action == "replace" else [],
        )


def _owner(change: Change, request: Mapping[str, Any]) -> Finding:
    """The invocation whose end deletes the pipeline."""
    name = request.get("pipeline_name", "?")
    rule = "pipeline-owner-replaced" if change.action == "replace" else "pipeline-owner-destroyed"
    details = [because(change)] if change.action == "replace" else []
    if request.get("removal") == "retain":
        return finding(
            rule,
            Risk.OUTAGE,
            change,
            f"Terraform lets go of the pipeline {name}",
            reason="removal is retain: the pipeline and its endpoint stay, and nobody manages them",
            remedy="remove them by hand when nobody needs them",
            details=details,
            severity=Severity.MEDIUM,
        )
    return finding(
        rule,
        Risk.OUTAGE,
        change,
        f"the pipeline {name} is deleted, with its endpoint",
        reason="this invocation owns the pipeline: its end deletes pipeline, endpoint and models, and stops runs",
        remedy="keep its name; to rename it, let the new one serve before the old one goes",
        details=details,
        severity=Severity.CRITICAL,
    )


def _request(text: Any) -> Mapping[str, Any]:
    try:
        found = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _configuration(context: Context, change: Change) -> Iterator[Finding]:
    old, new = at(change.before, "input"), with_unknown(change.after, change.unknown).get("input")
    if not _is_configuration(old):
        return  # told as something new
    yield from _instances(change, old, new)
    built = definition.both(context.root, old, new)
    changes = steps.compare(*built) if built else steps.fields(old, new)
    if not changes:
        return
    touched = list(dict.fromkeys(one.step for one in changes))
    yield finding(
        "pipeline-definition-changed",
        Risk.HARMLESS,
        change,
        f"the pipeline {shown(new.get('pipeline_name'))} changes in {len(changes)} "
        f"place{'s' * (len(changes) != 1)}: {', '.join(touched)}",
        reason="the next run uses it; runs that are under way go on as they began",
        details=[one.text for one in changes],
    )


def _by_kind(value: Any) -> Mapping[str, Any]:
    """A block of instances; one that is sensitive, or known after the apply, is a text."""
    return value if isinstance(value, Mapping) else {"all": shown(value)} if value else {}


def _instances(change: Change, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Finding]:
    told = []
    for block in ("instances", "instance_counts"):
        before, after = (_by_kind(side.get(block)) for side in (old, new))
        told += [
            f"{kind}: {before.get(kind, 'none')} → {after.get(kind, 'none')}"
            for kind in sorted({*before, *after})
            if before.get(kind) != after.get(kind)
        ]
    if told:
        serving = any(text.startswith("endpoint") for text in told)
        yield finding(
            "instances-changed",
            Risk.COST,
            change,
            f"jobs or the endpoint run on other instances ({'; '.join(told)})",
            reason="the endpoint is billed by the hour for as long as it exists"
            if serving
            else "jobs are billed by the second",
            remedy="compare the prices; look whether the account's quota allows the new type",
            details=told,
        )
