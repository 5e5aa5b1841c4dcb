"""The GitHub Actions example: no stored secret, no right too many, and roles that its settings make."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sagekeep import synthesis
from sagekeep.estate.ci.roles import ci_roles
from sagekeep.settings import load
from stacks.app import synthesize

ROOT = Path(__file__).parents[2]
HERE = ROOT / "examples" / "github-actions"
WORKFLOWS = ("plan", "deploy")
ACTION = re.compile(r"[a-z-]+/[a-z-]+@v\d+\.\d+\.\d+")


def workflow(name: str) -> dict[str, Any]:
    # YAML 1.1 reads the key `on` as true.
    return {"on" if key is True else key: value for key, value in yaml.safe_load(text(name)).items()}


def text(name: str) -> str:
    return (HERE / f"{name}.yml").read_text(encoding="utf-8")


def runs(job: dict[str, Any]) -> str:
    return "\n".join(step.get("run", "") for step in job["steps"])


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_job_has_more_rights_than_it_uses_and_none_has_a_secret(name: str) -> None:
    found = workflow(name)
    assert found["permissions"] == {}
    allowed = {
        "plan": {"contents": "read", "id-token": "write"},
        "deploy": {"contents": "read", "id-token": "write"},
        "comment": {"pull-requests": "write"},
    }
    assert {job: body["permissions"] for job, body in found["jobs"].items()} == {
        job: allowed[job] for job in found["jobs"]
    }
    assert "secrets." not in text(name)
    assert not re.search(r"AKIA|aws-access-key-id|aws-secret", text(name), re.IGNORECASE)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_actions_are_pinned_to_a_version_and_checkouts_keep_no_credentials(name: str) -> None:
    steps = [step for job in workflow(name)["jobs"].values() for step in job["steps"]]
    used = [step["uses"] for step in steps if "uses" in step]
    assert used
    assert [action for action in used if not ACTION.fullmatch(action)] == []
    assert all(step["with"]["persist-credentials"] is False for step in steps if "checkout" in step.get("uses", ""))


@pytest.mark.parametrize("name", WORKFLOWS)
def test_nothing_that_others_write_is_pasted_into_a_script(name: str) -> None:
    for job in workflow(name)["jobs"].values():
        assert "${{" not in runs(job)


def test_pull_requests_plan_and_main_deploys_in_the_protected_environment() -> None:
    plan, deploy = workflow("plan"), workflow("deploy")
    assert set(plan["on"]) == {"pull_request"}
    assert deploy["on"] == {"push": {"branches": ["main"]}}
    assert ".venv/bin/sagekeep plan " in runs(plan["jobs"]["plan"])
    assert "--review --markdown" in runs(plan["jobs"]["plan"])
    assert "deploy" not in runs(plan["jobs"]["plan"])
    assert ".venv/bin/sagekeep deploy " in runs(deploy["jobs"]["deploy"])
    settings = load(HERE / "production.toml")
    assert deploy["jobs"]["deploy"]["environment"] == settings.ci.github_environment
    assert {plan["env"]["ENVIRONMENT"], deploy["env"]["ENVIRONMENT"]} == {settings.environment}
    assert not any(found["concurrency"]["cancel-in-progress"] for found in (plan, deploy))


def test_the_job_that_comments_runs_nothing_of_the_pull_request_and_has_no_credentials() -> None:
    comment = workflow("plan")["jobs"]["comment"]
    used = [step["uses"].partition("@")[0] for step in comment["steps"] if "uses" in step]
    assert used == ["actions/download-artifact"]


def test_the_settings_make_both_roles(tmp_path: Path) -> None:
    file = HERE / "production.toml"
    synthesize(load(file), tmp_path / "out")
    plan, deploy = ci_roles(synthesis.load(ROOT, str(file), tmp_path / "out"))
    assert plan.trust
    assert deploy.trust
    subject = "token.actions.githubusercontent.com:sub"
    subjects = [role.trust["Statement"][0]["Condition"]["StringEquals"][subject] for role in (plan, deploy)]
    assert subjects == ["repo:acme/ml-platform:pull_request", "repo:acme/ml-platform:environment:production"]
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    assert subjects[1] in readme
