"""Log groups that SageMaker writes to: who makes them, under which key, and what the job role may still do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sagekeep.settings import load
from stacks.app import synthesize
from synths import ROOT, Synth

ENDPOINT = "/aws/sagemaker/Endpoints/ml-pipeline-example-classification"
JOBS = {"/aws/sagemaker/ProcessingJobs", "/aws/sagemaker/TrainingJobs"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    """An environment in an account whose jobs' log groups are another's."""
    folder: Path = tmp_path_factory.mktemp("shared")
    text = (ROOT / "environments" / "poc.toml").read_text()
    settings = folder / "shared.toml"
    settings.write_text(text.replace("[pipeline]\n", '[pipeline]\njob_log_groups = "account"\n'))
    synthesize(load(settings), folder / "out")
    stacks = (folder / "out" / "stacks").iterdir()
    return Synth(folder / "out", {stack.name: json.loads((stack / "cdk.tf.json").read_text()) for stack in stacks})


def groups(synth: Synth) -> dict[str, dict[str, Any]]:
    found = (body for _, body in synth.resources("aws_cloudwatch_log_group"))
    return {body["name"]: body for body in found if body["name"].startswith("/aws/sagemaker/")}


def log_statements(synth: Synth) -> dict[str, list[str]]:
    """Resources of the job role's statements about logs, by action."""
    return {
        action: statement["resources"]
        for address, statement in synth.statements()
        if "job_access_policy" in address
        for action in statement["actions"]
        if action.startswith("logs:")
    }


def key_contexts(synth: Synth) -> set[str]:
    (values,) = [
        condition["values"]
        for _, statement in synth.statements()
        if statement["sid"] == "EncryptOurLogGroups"
        for condition in statement["condition"]
    ]
    return {value.partition("log-group:")[2] for value in values}


def test_groups_of_jobs_and_endpoint_are_made_under_our_key_and_kept_a_year(poc: Synth) -> None:
    assert set(groups(poc)) == {ENDPOINT, *JOBS}
    for group in groups(poc).values():
        assert "logs_key_arn" in group["kms_key_id"]
        assert group["retention_in_days"] == 365
    assert JOBS | {"/aws/sagemaker/Endpoints/*"} <= key_contexts(poc)


def test_the_job_role_makes_no_group_and_writes_to_these_only(poc: Synth) -> None:
    found = log_statements(poc)
    assert set(found) == {"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"}
    written = {arn.partition("log-group:")[2].removesuffix(":*") for arn in found["logs:PutLogEvents"]}
    assert written == {ENDPOINT, *JOBS}


def test_the_pipeline_waits_for_its_groups_so_that_they_go_last(poc: Synth) -> None:
    owner = poc.stacks["pipeline"]["resource"]["aws_lambda_invocation"]["pipeline_deletion"]
    made = poc.stacks["pipeline"]["resource"]["aws_cloudwatch_log_group"]
    wanted = {f"aws_cloudwatch_log_group.{name}" for name, body in made.items() if body["name"] in groups(poc)}
    assert wanted <= set(owner["depends_on"])


def test_groups_of_the_account_are_neither_made_nor_encrypted_and_the_first_job_may_make_them(shared: Synth) -> None:
    assert set(groups(shared)) == {ENDPOINT}
    assert not JOBS & key_contexts(shared)
    made = log_statements(shared)["logs:CreateLogGroup"]
    assert {arn.partition("log-group:")[2].removesuffix(":*") for arn in made} == JOBS
