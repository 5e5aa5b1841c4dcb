"""Whoever is locked out learns it before anything happens: real terraform, an account with a second administrator."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping

import pytest

from estates import ROOT, Estate
from sagekeep import aws, lockout
from sagekeep.bootstrap import StateHome
from sagekeep.deploy import Operations
from sagekeep.errors import OperationError
from sagekeep.local import instance

ACCOUNT, REGION = "123456789012", "us-east-1"
OTHER = f"arn:aws:iam::{ACCOUNT}:role/admins/other"
MUTE = f"arn:aws:iam::{ACCOUNT}:role/mute"
KEY_POLICY = "no statement of keys: data.aws_iam_policy_document.data_policy"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """An empty account, in which two more roles may do as much as the named deployer, and nothing."""
    made = Estate.begin(tmp_path_factory.mktemp("lockout"))
    try:
        iam = made.client("iam")
        _role(iam, OTHER, "*")
        _role(iam, MUTE, "sts:GetCallerIdentity")
        yield made
    finally:
        instance.down(made.instance.home)


def _role(iam, arn: str, may: str) -> None:
    path, name = arn.partition(":role")[2].rsplit("/", 1)
    principal = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
    rights = {"Effect": "Allow", "Action": may, "Resource": "*"}
    version = {"Version": "2012-10-17"}
    iam.create_role(
        Path=f"{path}/", RoleName=name, AssumeRolePolicyDocument=json.dumps({**version, "Statement": [principal]})
    )
    iam.put_role_policy(
        RoleName=name, PolicyName="rights", PolicyDocument=json.dumps({**version, "Statement": [rights]})
    )


def operations(account: Estate, environ: Mapping[str, str]) -> Operations:
    return Operations.of(account.operations().synthesis, environ)


def keys(account: Estate) -> list[str]:
    return [key["KeyId"] for key in account.client("kms").list_keys()["Keys"]]


def test_a_session_is_asked_for_its_roles_path_and_one_that_may_not_ask_keeps_its_own_name(account: Estate) -> None:
    assert aws.caller(REGION, account.instance.environment(role=OTHER)) == OTHER
    mute = aws.caller(REGION, account.instance.environment(role=MUTE, session="ana"))
    assert mute == f"arn:aws:sts::{ACCOUNT}:assumed-role/mute/ana"


def test_no_state_is_made_by_one_who_could_not_read_it(account: Estate) -> None:
    home = StateHome(operations(account, lockout.allowed(account.instance.environment(role=OTHER))))
    with pytest.raises(OperationError, match=OTHER) as caught:
        home.bootstrap()
    assert "state: data.aws_iam_policy_document.state_bucket_statements#DenyReadingTheStateToOthers" in str(
        caught.value
    )
    assert "--allow-lockout" not in caught.value.hint, "he could not move the state in"
    assert not home.folder.exists()
    assert keys(account) == []


def test_terraform_alone_refuses_in_the_plan_and_yields_to_its_variable(account: Estate) -> None:
    environ = account.instance.environment(role=OTHER)
    home = StateHome(operations(account, environ))
    work = home._localise()
    code, report = home.operations.terraform.run(work, "plan", "-json", "-input=false")
    assert code == 1
    assert f"would lock out {OTHER}" in report.errors[0].text()
    meant = operations(account, lockout.allowed(environ))
    assert meant.terraform.run(work, "plan", "-json", "-input=false")[0] == 0
    home._clear()


def test_a_deploy_that_locks_out_is_refused_by_statement_before_terraform_and_goes_on_when_meant(
    account: Estate,
) -> None:
    account.edit('backend = "s3"', 'backend = "local"')
    environ = account.instance.environment(role=OTHER)
    account.operations()  # synthesizes
    command = [sys.executable, "-m", "sagekeep", "deploy", "--yes", "--stack", "keys", "--as-synthesized"]
    command += ["--env", str(account.file), "--out", str(account.out)]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"this would lock out {OTHER}" in done.stderr
    assert f"{KEY_POLICY}\n    stops kms:Decrypt on " in done.stderr
    assert f"add that ARN to [deploy] roles in {account.file}" in done.stderr
    assert not (account.out / "stacks" / "keys" / ".terraform").exists()
    assert keys(account) == []

    done = subprocess.run(
        [*command, "--allow-lockout"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(keys(account)) == 3


def test_the_named_deployer_takes_over(account: Estate) -> None:
    results = account.operations().deploy(["keys"])
    assert {name: (result.status, result.error) for name, result in results.items()} == {"keys": ("unchanged", "")}
