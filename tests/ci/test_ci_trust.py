"""Whom the CI's roles trust."""

from __future__ import annotations

import pytest

from sagekeep.errors import UsageError
from sagekeep.estate.ci.roles import ci_roles
from sagekeep.settings_faults import SettingsError
from tests.ci.conftest import Synthesized


def test_pull_requests_plan_and_the_environment_or_the_branch_deploys(synthesized: Synthesized) -> None:
    def subjects(*changes: tuple[str, str]) -> list[str]:
        trusts = [role.trust for role in ci_roles(synthesized(*changes))]
        claims = [trust["Statement"][0]["Condition"]["StringEquals"] for trust in trusts if trust]
        assert {claim["token.actions.githubusercontent.com:aud"] for claim in claims} <= {"sts.amazonaws.com"}
        return [claim["token.actions.githubusercontent.com:sub"] for claim in claims]

    here = "repo:acme/ml-platform"
    assert subjects() == [f"{here}:pull_request", f"{here}:environment:production"]
    assert subjects(('github_environment = "production"', 'github_branch = "live"')) == [
        f"{here}:pull_request",
        f"{here}:ref:refs/heads/live",
    ]
    assert subjects(('github_repository  = "acme/ml-platform"', "")) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("plan_roles = [", "plan_roles = [] # [", r"\[deploy\] plan_roles must begin with the ARN"),
        ("role/acme-ml-ci-deploy", "role/acme-*", r"\[deploy\] roles must begin with the ARN"),
    ],
)
def test_roles_that_nobody_named_are_asked_for(synthesized: Synthesized, old: str, new: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        ci_roles(synthesized((old, new)))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("github_repository", "acme/*"),
        ("github_repository", "acme"),
        ("github_environment", "prod*"),
        ("github_environment", "a:b"),
    ],
)
def test_no_wildcard_comes_into_a_trust_policy(synthesized: Synthesized, key: str, value: str) -> None:
    old = {
        "github_repository": 'github_repository  = "acme/ml-platform"',
        "github_environment": 'github_environment = "production"',
    }
    with pytest.raises(SettingsError, match=f"ci.{key}"):
        synthesized((old[key], f'{key} = "{value}"'))
