"""Runs under the Python of .venv-scanners, alone: policies as JSON on standard input, findings on standard output.

Each tool reads the whole policy, since some faults need two statements, and then statement by statement, to tell whose
fault it is. It imports nothing of sagekeep: the scanners' environment does not have it.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from collections.abc import Callable
from typing import Any

warnings.filterwarnings("ignore")  # parliament imports pkg_resources
logging.disable(logging.CRITICAL)

Faults = dict[str, list[str]]  # a fault's name, and what the tool says of it


def parliament(policy: dict[str, Any]) -> Faults:
    """Unknown actions, prefixes and condition keys; actions whose resources do not match; malformed statements."""
    from parliament import analyze_policy_string, enhance_finding  # noqa: PLC0415

    faults: Faults = {}
    for finding in map(enhance_finding, analyze_policy_string(json.dumps(policy)).findings):
        details = finding.detail if isinstance(finding.detail, list) else [finding.detail or finding.title]
        faults.setdefault(finding.issue, []).extend(map(_words, details))
    return faults


def cloudsplaining(policy: dict[str, Any]) -> Faults:
    """What an identity could do without a limit of resource or condition, named as in cloudsplaining's report."""
    from cloudsplaining.scan.policy_document import PolicyDocument  # noqa: PLC0415

    found = PolicyDocument(policy)
    report = {
        "PrivilegeEscalation": [escalation["type"] for escalation in found.allows_privilege_escalation],
        "DataExfiltration": found.allows_data_exfiltration_actions,
        "ResourceExposure": found.permissions_management_without_constraints,
        "CredentialsExposure": found.credentials_exposure,
        "InfrastructureModification": found.infrastructure_modification,
        "ServiceWildcard": found.service_wildcard,
    }
    return {name: sorted(set(what)) for name, what in report.items() if what}


def _words(detail: Any) -> str:
    if isinstance(detail, dict):
        return " ".join(f"{key} {value}" for key, value in detail.items())
    return str(detail)


TOOLS: dict[str, Callable[[dict[str, Any]], Faults]] = {"parliament": parliament, "cloudsplaining": cloudsplaining}


def faults(tool: Callable[[dict[str, Any]], Faults], policy: dict[str, Any]) -> list[dict[str, Any]]:
    """A policy's faults, each with the Sid of its statement, or "" where no statement has it alone."""
    found: list[dict[str, Any]] = []
    whole = tool(policy)
    rest = dict(whole)
    for statement in policy["Statement"] if whole else ():
        for name, said in tool({**policy, "Statement": [statement]}).items():
            if name in whole:
                rest.pop(name, None)
                found.append({"id": name, "statement": statement.get("Sid", ""), "details": said})
    return found + [{"id": name, "statement": "", "details": said} for name, said in rest.items()]


def main() -> None:
    """The name of a tool is the argument."""
    tool = TOOLS[sys.argv[1]]
    json.dump([faults(tool, policy) for policy in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
