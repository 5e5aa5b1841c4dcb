"""Apps, then spaces: both are made by users, in no Terraform state, and block the deletion of a domain."""

from __future__ import annotations

import logging
from typing import Any

from botocore.exceptions import ClientError

from sagekeep_runtime.errors import code_of, is_missing, text_of
from sagekeep_runtime.retry import Budget

log = logging.getLogger(__name__)

# A deleted app stays in ListApps for a day.
_GONE = "Deleted"
_ASKED = frozenset({"Deleting", _GONE})
# An app that is starting, or a space whose app is going: the next look tries again.
_LATER = frozenset({"ResourceInUse", "ConflictException", "ValidationException"})


def sweep_domain(domain_id: str, *, sagemaker: Any, budget: Budget) -> dict[str, Any]:
    """Deletes all apps and then all spaces of a domain, and waits until they are gone.

    A domain that does not exist has none. Raises OutOfTime while AWS is still busy (an app may take up to
    20 minutes, longer than a function may run): the next call goes on.
    """
    swept: dict[str, set[str]] = {"apps": set(), "spaces": set()}
    budget.wait(lambda: _sweep_apps(domain_id, swept["apps"], sagemaker, budget), every=10.0)
    budget.wait(lambda: _sweep_spaces(domain_id, swept["spaces"], sagemaker, budget), every=5.0)
    answer = {"status": "swept", "apps": sorted(swept["apps"]), "spaces": sorted(swept["spaces"])}
    log.info("domain swept", extra={"domain": domain_id, **answer})
    return answer


def _sweep_apps(domain_id: str, swept: set[str], sagemaker: Any, budget: Budget) -> str:
    """Asks for each app's deletion; names the apps that are still there."""
    left = []
    reason = ""
    for app in _list("list_apps", "Apps", domain_id, sagemaker, budget):
        if app["Status"] == _GONE:
            continue
        owner = "SpaceName" if app.get("SpaceName") else "UserProfileName"
        label = f"{app[owner]}/{app['AppType']}/{app['AppName']}"
        left.append(f"{label} ({app['Status']})")
        if app["Status"] not in _ASKED:
            identity = {key: app[key] for key in (owner, "AppType", "AppName")}
            reason = _ask(sagemaker.delete_app, budget, DomainId=domain_id, **identity) or reason
            swept.add(label)
    return _still(left, "app(s)", domain_id, reason)


def _sweep_spaces(domain_id: str, swept: set[str], sagemaker: Any, budget: Budget) -> str:
    """Asks for each space's deletion; names the spaces that are still there."""
    left = []
    reason = ""
    for space in _list("list_spaces", "Spaces", domain_id, sagemaker, budget):
        name = space["SpaceName"]
        left.append(f"{name} ({space['Status']})")
        if space["Status"] not in _ASKED:
            reason = _ask(sagemaker.delete_space, budget, DomainId=domain_id, SpaceName=name) or reason
            swept.add(name)
    return _still(left, "space(s)", domain_id, reason)


def _still(left: list[str], what: str, domain_id: str, reason: str) -> str:
    if not left:
        return ""
    text = f"{len(left)} {what} of domain {domain_id} are not gone yet: {', '.join(left)}"
    return f"{text}. AWS says: {reason.rstrip('.')}" if reason else text


def _ask(call: Any, budget: Budget, **identity: str) -> str:
    """Asks for a deletion; why it has to wait, or nothing."""
    try:
        budget.settle(call, **identity)
    except ClientError as error:
        if is_missing(error):
            return ""
        if code_of(error) in _LATER:
            return text_of(error)
        raise
    log.info("deleting", extra=identity)
    return ""


def _list(operation: str, key: str, domain_id: str, sagemaker: Any, budget: Budget) -> list[dict[str, Any]]:
    def read() -> list[dict[str, Any]]:
        pages = sagemaker.get_paginator(operation).paginate(DomainIdEquals=domain_id)
        return [item for page in pages for item in page.get(key, [])]

    try:
        items: list[dict[str, Any]] = budget.settle(read)
    except ClientError as error:
        if is_missing(error):
            return []
        raise
    return items
