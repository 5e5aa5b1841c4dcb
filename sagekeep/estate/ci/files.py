"""Both roles as files: a JSON file for each policy, and a Terraform file that makes roles of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sagekeep.estate.ci.roles import CiRole

TERRAFORM = "ci.tf.json"
# Longer than the hour that IAM gives by default: see docs/ci.md, how long destroying takes.
SESSION_SECONDS = 7200


def write(roles: Iterable[CiRole], folder: Path, environment: str) -> list[Path]:
    """Writes the files; other files of the folder stay, policies of an earlier call that are no more do not.

    Returns:
        The files, in the order of their names.
    """
    roles = list(roles)
    folder.mkdir(parents=True, exist_ok=True)
    texts = dict(_texts(roles, environment))
    for role in roles:
        for old in folder.glob(f"{role.kind}-*.json"):
            if old.name not in texts:
                old.unlink()
    for name, document in texts.items():
        (folder / name).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return [folder / name for name in sorted(texts)]


def _texts(roles: list[CiRole], environment: str) -> Iterator[tuple[str, Any]]:
    for role in roles:
        for number, policy in enumerate(role.policies, 1):
            yield f"{role.kind}-{number}.json", policy
        if role.trust:
            yield f"{role.kind}-trust.json", role.trust
    yield TERRAFORM, _terraform(roles, environment)


def _terraform(roles: list[CiRole], environment: str) -> dict[str, Any]:
    """Roles where somebody is trusted, else only policies: for roles that are there already."""
    policies, attachments, made = {}, {}, {}
    for role in roles:
        if role.trust:
            made[role.kind] = {
                "name": role.name,
                "path": role.path,
                "description": f"{'Plans' if role.kind == 'plan' else 'Deploys'} the environment {environment} from CI",
                "assume_role_policy": _file(f"{role.kind}-trust.json"),
                **({"max_session_duration": SESSION_SECONDS} if role.kind == "deploy" else {}),
            }
        for number in range(1, len(role.policies) + 1):
            policies[f"{role.kind}_{number}"] = {
                "name": f"{role.name}-{number}",
                "path": role.path,
                "policy": _file(f"{role.kind}-{number}.json"),
            }
            attachments[f"{role.kind}_{number}"] = {
                "role": f"${{aws_iam_role.{role.kind}.name}}" if role.trust else role.name,
                "policy_arn": f"${{aws_iam_policy.{role.kind}_{number}.arn}}",
            }
    resources = {"aws_iam_policy": policies, "aws_iam_role_policy_attachment": attachments}
    return {"resource": {"aws_iam_role": made, **resources} if made else resources}


def _file(name: str) -> str:
    return f'${{file("${{path.module}}/{name}")}}'
