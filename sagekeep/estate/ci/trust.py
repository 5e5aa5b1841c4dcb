"""Who may assume the two roles: jobs of one GitHub repository, by OpenID Connect.

Claims: https://docs.github.com/en/actions/reference/security/oidc. Roles and the provider:
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sagekeep.estate.ci.policies import Role

ISSUER = "token.actions.githubusercontent.com"


def trust(role: Role, ci: Mapping[str, str], *, partition: str, account: str) -> dict[str, Any]:
    """The trust policy: pull requests plan; the protected environment deploys, or the branch where none is named.

    A job that names an environment has a subject without a branch, so the environment's own rules choose the branch.
    """
    provider = f"arn:{partition}:iam::{account}:oidc-provider/{ISSUER}"
    claims = {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": _subject(role, ci)}
    statement = {
        "Sid": "AssumeFromPullRequests" if role == "plan" else "AssumeFromDeployments",
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": claims},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _subject(role: Role, ci: Mapping[str, str]) -> str:
    repository = f"repo:{ci['github_repository']}"
    if role == "plan":
        return f"{repository}:pull_request"
    if ci["github_environment"]:
        return f"{repository}:environment:{ci['github_environment']}"
    return f"{repository}:ref:refs/heads/{ci['github_branch']}"
