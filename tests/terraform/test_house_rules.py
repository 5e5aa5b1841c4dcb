"""Rules of the house on the embedded AWS: a table's environment, parameters, key administrators, and a renamed key."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from estates import ROOT, client_with
from sagekeep import synthesis
from sagekeep.deploy import Operations
from sagekeep.local import instance
from sagekeep.local.instance import Instance
from sagekeep.settings import load
from stacks.app import synthesize
from stacks.moves import Move, moved_blocks

ACCOUNT = "123456789012"
TABLE = f"""
[defaults]
prefix       = "acme"
name_pattern = "{{prefix}}-{{environment}}-{{purpose}}"
account_id   = "{ACCOUNT}"
region       = "us-east-1"
removal      = "destroy"
outputs      = {{ ssm_prefix = "/acme/ml" }}
state        = {{ backend = "local" }}
[defaults.deploy]
roles = ["arn:aws:iam::{ACCOUNT}:role/sagekeep-deployer"]
[defaults.keys]
administrators = ["arn:aws:iam::{ACCOUNT}:role/key-admins"]
[environment.dev]
"""


class House:
    """An environment of a table, and its account."""

    def __init__(self, folder: Path, account: Instance) -> None:
        self.env, self.out, self.account = f"{folder / 'teams.toml'}#dev", folder / "out", account

    def operations(self) -> Operations:
        """Terraform over what is synthesized in this process, which a test may patch."""
        synthesize(load(Path(self.env)), self.out)
        made = synthesis.load(ROOT, self.env, self.out)
        return Operations.of(made, self.account.environment())


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    (folder / "teams.toml").write_text(TABLE, encoding="utf-8")
    settings = load(Path(f"{folder / 'teams.toml'}#dev"))
    account = instance.up(
        folder / "aws", account_id=ACCOUNT, region=settings.region, deploy_role=settings.deploy.roles[0]
    )
    try:
        made = House(folder, account)
        assert made.operations().deploy(("keys",))["keys"].error == ""
        yield made
    finally:
        instance.down(account.home)


def test_outputs_are_parameters_and_names_have_the_environment(house: House) -> None:
    variables = house.account.variables()
    key = client_with(variables, "kms").describe_key(KeyId="alias/acme-dev-data")["KeyMetadata"]["Arn"]
    found = client_with(variables, "ssm").get_parameter(Name="/acme/ml/dev/keys/data_key_arn")["Parameter"]
    assert (found["Value"], found["Type"]) == (key, "String")
    assert house.operations().plan(("keys",))["keys"].status == "unchanged"


def test_only_administrators_change_a_keys_policy(house: House) -> None:
    variables = house.account.variables()
    iam = client_with(variables, "iam")
    trust = f'{{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{ACCOUNT}"}},"Action":"sts:AssumeRole"}}]}}'
    everything = '{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    for name, allowed in (("key-admins", True), ("somebody", False)):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=everything)
        session = client_with(variables, "sts").assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{name}", RoleSessionName="test"
        )["Credentials"]
        kms = client_with(
            {
                **variables,
                "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
                "AWS_SESSION_TOKEN": session["SessionToken"],
            },
            "kms",
        )
        key = kms.describe_key(KeyId="alias/acme-dev-data")["KeyMetadata"]["KeyId"]
        if allowed:
            kms.update_key_description(KeyId=key, Description="Objects, volumes and models")
        else:
            with pytest.raises(ClientError, match="AccessDenied"):
                kms.update_key_description(KeyId=key, Description="mine")


def test_a_key_under_a_new_address_is_moved_and_not_destroyed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a release had renamed it: the state has the old address, the stack the new one."""
    operations = house.operations()
    command = ["terraform", "state", "mv", "aws_kms_key.data_key", "aws_kms_key.old_key"]
    folder = operations.synthesis.stacks["keys"].folder
    subprocess.run(command, cwd=folder, env=operations.terraform.variables(), check=True, capture_output=True)
    without = house.operations().plan(("keys",))["keys"]
    assert (without.add, without.remove) == (1, 1)
    row = Move("keys", "aws_kms_key.old_key", "aws_kms_key.data_key", "a better name")
    monkeypatch.setattr("stacks.base.moved_blocks", lambda stack: moved_blocks(stack, (row,)))
    planned = house.operations().plan(("keys",))["keys"]
    assert (planned.add, planned.change, planned.remove) == (0, 0, 0), planned.changes
    assert house.operations().deploy(("keys",))["keys"].error == ""
    assert house.operations().plan(("keys",))["keys"].status == "unchanged"
