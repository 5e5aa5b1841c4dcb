"""The life of an environment: real terraform, the real functions, the embedded AWS with IAM enforced.

The tests share one account and stand in the order of that life: each leaves it deployed and in order, and those marked
`last` come after all others that use it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from estates import NAME, ROOT, Estate, client_with, faults
from sagekeep import locks, studio_visit
from sagekeep.local import leftovers
from sagekeep.local.faults import Fault
from sagekeep.teardown import destroy_all
from sagekeep.terraform import Terraform

pytestmark = pytest.mark.timeout(1200)


def statuses(estate: Estate) -> dict[str, str]:
    return {name: result.status for name, result in estate.operations().plan().items()}


def test_a_second_plan_changes_nothing(estate: Estate) -> None:
    results = estate.operations().plan()
    assert {name: result.status for name, result in results.items()} == dict.fromkeys(results, "unchanged")
    assert [result.warnings for result in results.values() if result.warnings] == []


def test_plain_terraform_in_a_stacks_folder_sees_the_same(estate: Estate) -> None:
    operations = estate.operations()
    terraform = Terraform.of(operations.synthesis, estate.instance.environment())
    command = ["terraform", f"-chdir={estate.out}/stacks/network", "plan", "-input=false", "-detailed-exitcode"]
    done = subprocess.run(command, env=terraform.variables(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_subnets_lie_in_the_first_zones_that_have_all_that_is_needed(estate: Estate) -> None:
    """Of the embedded AWS's zones the second lacks SageMaker's endpoints, the third CloudWatch's."""
    found = estate.client("ec2").describe_subnets(Filters=[{"Name": "tag:ManagedBy", "Values": ["SageKeep"]}])[
        "Subnets"
    ]
    assert sorted(subnet["AvailabilityZone"] for subnet in found) == ["us-east-1a", "us-east-1d"]


def test_flow_logs_are_delivered(estate: Estate) -> None:
    found = estate.client("ec2").describe_flow_logs()["FlowLogs"]
    assert [log["DeliverLogsStatus"] for log in found] == ["SUCCESS"]


def test_the_pipeline_exists_and_the_sample_data_is_there(estate: Estate) -> None:
    found = estate.client("sagemaker").describe_pipeline(PipelineName=NAME)
    steps = [step["Type"] for step in json.loads(found["PipelineDefinition"])["Steps"]]
    assert steps == ["Processing", "Training", "Model", "EndpointConfig", "Endpoint"]
    bucket = "acme-ml-data-123456789012-us-east-1"
    data = estate.client("s3").get_object(Bucket=bucket, Key="raw/default/data.csv")["Body"].read().decode()
    assert len(data.splitlines()) == 501
    assert "label" in data.splitlines()[0].split(",")


def test_a_pipeline_changed_behind_terraforms_back_is_warned_of_and_put_back(estate: Estate) -> None:
    sagemaker = estate.client("sagemaker")
    definition = json.loads(sagemaker.describe_pipeline(PipelineName=NAME)["PipelineDefinition"])
    definition["Steps"][0]["Arguments"]["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = 2
    sagemaker.update_pipeline(PipelineName=NAME, PipelineDefinition=json.dumps(definition))
    result = estate.operations().plan(["pipeline"])["pipeline"]
    assert result.status == "unchanged"
    assert NAME in " ".join(map(str, result.warnings))
    operations = estate.operations()
    terraform = Terraform.of(operations.synthesis, estate.instance.environment())
    command = ["terraform", "apply", "-input=false", "-auto-approve", "-replace=aws_lambda_invocation.pipeline_upsert"]
    folder = estate.out / "stacks" / "pipeline"
    subprocess.run(command, cwd=folder, env=terraform.variables(), check=True, capture_output=True)
    assert not operations.plan(["pipeline"])["pipeline"].warnings


def test_a_manager_that_fails_says_why_and_the_next_deploy_repairs_it(estate: Estate) -> None:
    estate.limit_training(300)
    estate.instance.inject(Fault("sagemaker:UpdatePipeline", "ThrottlingException", "Rate exceeded", 400, 0))
    failed = estate.deploy("pipeline")["pipeline"]
    estate.instance.clear_faults()
    assert failed.status == "failed"
    assert "Rate exceeded" in failed.error
    assert faults(estate.deploy("pipeline")) == {}
    assert statuses(estate)["pipeline"] == "unchanged"


def wait_until(moment: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not moment():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_locked(estate: Estate, stack: str) -> bool:
    """Whether a terraform holds the lock of a stack's state."""
    key = f"estate/us-east-1/{stack}/terraform.tfstate.tflock"
    try:
        estate.client("s3").head_object(Bucket="acme-ml-state-123456789012-us-east-1", Key=key)
    except ClientError:
        return False
    return True


def test_a_killed_terraform_leaves_a_lock_that_is_named_and_can_be_taken_over(estate: Estate) -> None:
    estate.limit_training(200)
    operations = estate.operations()
    stack = operations.synthesis.stacks["pipeline"]

    def kill() -> None:
        wait_until(lambda: is_locked(estate, "pipeline"))
        for pid in locks.holders(stack.folder):
            os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    failed = operations.deploy(["pipeline"])["pipeline"]
    killer.join()
    assert failed.status == "failed"
    assert "terraform was killed (SIGKILL)" in failed.error
    refused = estate.deploy("pipeline")["pipeline"].error
    assert socket.gethostname() in refused
    command = re.search(r"sagekeep (unlock .*)", refused)
    assert command, refused
    environment = estate.instance.environment()
    subprocess.run([sys.executable, "-m", "sagekeep", *shlex.split(command[1])], cwd=ROOT, env=environment, check=True)
    assert faults(estate.deploy("pipeline")) == {}


def is_changing_something(said: str) -> bool:
    """Whether terraform's lines tell of a resource that is being made, changed or removed."""
    begun = [line for line in said.splitlines() if '"type":"apply_start"' in line]
    return any('"action":"read"' not in line for line in begun)


def test_ctrl_c_lets_terraform_finish_and_releases_the_lock(estate: Estate) -> None:
    estate.limit_training(100)
    command = [sys.executable, "-m", "sagekeep", "deploy", "--yes", "--stack", "pipeline"]
    command += ["--env", str(estate.file), "--out", str(estate.out)]
    environment = estate.instance.environment()
    log = ROOT / ".sagekeep" / "estate" / "logs" / "pipeline-apply-auto-approve.log"
    log.unlink(missing_ok=True)
    running = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: log.is_file() and is_changing_something(log.read_text()))
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=120)
    finally:
        running.kill()
    assert "finishing what is in flight" in said
    assert running.returncode != 0
    assert not is_locked(estate, "pipeline")
    assert faults(estate.deploy("pipeline")) == {}


def changed(estate: Estate, stack: str) -> dict[str, list[str]]:
    """What a plan of a stack would do, by address; reading is left out."""
    terraform = Terraform.of(estate.operations().synthesis, estate.instance.environment())
    folder = estate.out / "stacks" / stack
    for command in (["plan", "-input=false", "-out=more.tfplan"], ["show", "-json", "more.tfplan"]):
        done = subprocess.run(
            ["terraform", *command], cwd=folder, env=terraform.variables(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    changes = {c["address"]: c["change"]["actions"] for c in json.loads(done.stdout)["resource_changes"]}
    return {address: actions for address, actions in changes.items() if actions not in (["no-op"], ["read"])}


@pytest.mark.last
def test_another_zone_adds_a_subnet_and_replaces_nothing(estate: Estate) -> None:
    estate.edit("zones = 2 ", "zones = 3 ")
    added = changed(estate, "network")
    assert {actions[0] for actions in added.values()} == {"create", "update"}
    assert [a for a, actions in added.items() if actions == ["create"] and a.startswith("aws_subnet")] == [
        "aws_subnet.isolated_subnet_3"
    ]
    assert faults(estate.deploy("network")) == {}
    assert statuses(estate)["network"] == "unchanged"
    # The SDK's defaults name the subnets: the scripts with them are made anew before the old ones go.
    assert changed(estate, "studio")["aws_sagemaker_domain.studio_domain"] == ["update"]
    assert ["delete", "create"] not in [
        actions for address, actions in changed(estate, "pipeline").items() if "invocation" not in address
    ]
    assert faults(estate.deploy()) == {}  # detection names the subnets too
    assert set(statuses(estate).values()) == {"unchanged"}


@pytest.mark.last
def test_a_renamed_pipeline_replaces_the_old_one(estate: Estate) -> None:
    estate.edit(NAME, "renamed-pipeline")
    assert faults(estate.deploy("pipeline")) == {}
    pipelines = estate.client("sagemaker").list_pipelines()["PipelineSummaries"]
    assert [pipeline["PipelineName"] for pipeline in pipelines] == ["renamed-pipeline"]
    assert statuses(estate)["pipeline"] == "unchanged"


def test_nobody_reads_the_data_bucket_from_outside_who_is_not_named(estate: Estate) -> None:
    iam = estate.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            }
        ],
    }
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.create_role(RoleName="outsider", AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName="outsider", PolicyName="all", PolicyDocument=json.dumps(everything))
    arn = "arn:aws:iam::123456789012:role/outsider"
    bucket = "acme-ml-data-123456789012-us-east-1"
    try:
        outsider = client_with(estate.instance.variables(role=arn), "s3")
        with pytest.raises(ClientError, match="AccessDenied"):
            outsider.get_object(Bucket=bucket, Key="raw/default/data.csv")
    finally:
        iam.delete_role_policy(RoleName="outsider", PolicyName="all")
        iam.delete_role(RoleName="outsider")


@pytest.mark.last
def test_destroy_sweeps_what_people_left_in_studio_and_leaves_nothing(estate: Estate) -> None:
    studio_visit.open_app(estate.instance.environment(), estate.instance.region)
    assert estate.client("sagemaker").list_apps()["Apps"]
    results = destroy_all(estate.operations())
    assert faults(results) == {}
    assert leftovers.left(estate.instance) == []
