"""examples/many-teams: four environments of one table have no name in common, in Terraform itself."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from examples import EXAMPLES, findings_of_prove, synthesized
from sagekeep.claims import claims
from sagekeep.cli import app
from sagekeep.settings import Settings, load
from sagekeep.settings_table import load_all

TABLE = EXAMPLES / "many-teams" / "environments.toml"
# Arguments by which AWS knows a thing; `name` of others (policies of a role, metric filters) lies inside another.
NAMING = {
    "aws_cloudwatch_event_rule": "name",
    "aws_cloudwatch_log_group": "name",
    "aws_cloudwatch_log_resource_policy": "policy_name",
    "aws_cloudwatch_metric_alarm": "alarm_name",
    "aws_iam_policy": "name",
    "aws_iam_role": "name",
    "aws_kms_alias": "name",
    "aws_lambda_function": "function_name",
    "aws_s3_bucket": "bucket",
    "aws_sagemaker_domain": "domain_name",
    "aws_sagemaker_studio_lifecycle_config": "studio_lifecycle_config_name",
    "aws_sns_topic": "name",
    "aws_sqs_queue": "name",
    "aws_ssm_parameter": "name",
}


GLOBAL = {"aws_iam_policy", "aws_iam_role", "aws_s3_bucket"}


def _names(stacks: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for document in stacks.values():
        for kind, argument in NAMING.items():
            for body in document["resource"].get(kind, {}).values():
                yield kind, body[argument]


def _in_the_account(settings: Settings, stacks: dict[str, dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {("" if kind in GLOBAL else settings.region, kind, name) for kind, name in _names(stacks)}


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Settings, dict[str, dict[str, Any]]]]:
    folder = tmp_path_factory.mktemp("teams")
    return {
        name: (settings, synthesized(f"{TABLE}#{name}", folder / name)) for name, settings in load_all(TABLE).items()
    }


def test_names_of_a_pattern_and_named_administrators_let_every_call_through(tmp_path: Path) -> None:
    env = f"{TABLE}#pricing-dev"
    synthesized(env, tmp_path / "out")
    assert findings_of_prove(env, tmp_path / "out") == []


def test_no_two_environments_have_a_name_or_a_state_key_in_common(environments: Any) -> None:
    assert len(environments) == 4
    for (first, one), (second, other) in combinations(environments.values(), 2):
        assert not _in_the_account(first, one) & _in_the_account(second, other)
        keys = [
            {(b["bucket"], b["key"]) for b in (stack["terraform"]["backend"]["s3"] for stack in stacks.values())}
            for stacks in (one, other)
        ]
        assert not keys[0] & keys[1]


def test_what_terraform_names_is_what_the_environment_claims(environments: Any) -> None:
    for settings, stacks in environments.values():
        claimed = {claim.name for claim in claims(settings)}
        starts = tuple(name for name in claimed if name.endswith(("-", "/")))
        for kind, name in _names(stacks):
            if kind == "aws_iam_policy" or name.startswith(("/aws/lambda/", "/aws/sagemaker/Endpoints/")):
                continue  # follow from a role's, a function's and the pipeline's name
            bare = name.removeprefix("alias/")
            bare = bare.lower() if kind == "aws_iam_role" else bare
            assert bare in claimed or bare.startswith(starts), f"{kind} {name}"


def test_the_table_is_listed_and_an_environment_of_it_is_named_like_this(environments: Any) -> None:
    done = CliRunner().invoke(app, ["settings", "list", str(TABLE)])
    assert done.exit_code == 0
    assert len(done.output.splitlines()) == 4
    assert "#risk-dev" in done.output
    assert load(Path(f"{TABLE}#risk-dev")).environment == "risk-dev"
