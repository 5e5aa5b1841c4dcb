"""examples/existing-keys-and-buckets: keys and buckets of a security team, used and left as they were."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sagekeep import aws, synthesis
from sagekeep.bootstrap import StateHome
from sagekeep.deploy import Operations
from sagekeep.errors import UsageError
from sagekeep.estate import preflight
from sagekeep.local import instance
from sagekeep.settings import load
from sagekeep.stackset import StackResult
from sagekeep.synthesis import Synthesis
from sagekeep.terraform import Terraform
from stacks.app import synthesize

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "existing-keys-and-buckets"
SETTINGS = EXAMPLE / "existing-keys-and-buckets.toml"
DATA, STATES = "acme-security-ml-data", "acme-security-ml-states"
ORDER = ("keys", "network", "storage")
ELEMENTS = ("Sid", "Effect", "Principal", "Action", "Resource", "NotResource", "Condition")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, synthesized."""
    folder = tmp_path_factory.mktemp("keys-and-buckets") / "out"
    synthesize(load(SETTINGS), folder)
    return folder


def documents(out: Path) -> dict[str, dict[str, Any]]:
    return {f.name: json.loads((f / "cdk.tf.json").read_text()) for f in (out / "stacks").iterdir()}


def test_nothing_that_is_brought_is_a_resource(out: Path) -> None:
    found = documents(out)
    assert "state" not in found
    assert not found["keys"].get("resource")
    assert not found["storage"].get("resource")
    others = {kind for document in found.values() for kind in document.get("resource", {})}
    assert not {kind for kind in others if kind.startswith(("aws_kms_", "aws_s3_bucket"))}


def test_other_stacks_read_the_same_outputs_and_keep_their_addresses(out: Path, tmp_path: Path) -> None:
    synthesize(load(ROOT / "environments" / "poc.toml"), tmp_path / "poc")
    brought, ours = documents(out), documents(tmp_path / "poc")
    for stack in ("keys", "storage"):
        assert set(brought[stack]["output"]) == set(ours[stack]["output"])
    for stack in ("network", "studio", "pipeline"):
        kinds = brought[stack]["resource"]
        assert {(kind, name) for kind in kinds for name in kinds[kind]} <= {
            (kind, name) for kind, bodies in ours[stack]["resource"].items() for name in bodies
        }


def test_the_backend_is_the_brought_bucket_which_encrypts_by_its_own_default(out: Path) -> None:
    for name, document in documents(out).items():
        backend = document["terraform"]["backend"]["s3"]
        assert (backend["bucket"], "kms_key_id" in backend) == (STATES, False), name


def test_the_policies_of_the_example_are_what_the_environment_asks_for(out: Path) -> None:
    """Whoever changes a policy of ours changes what others must have pasted."""
    required = json.loads((out / "model.json").read_text())["required"]
    for purpose in ("data", "logs", "studio"):
        theirs = json.loads((EXAMPLE / "security-team" / "policies" / f"{purpose}-key.json").read_text())["Statement"]
        assert theirs[1:] == required[f"existing.keys.{purpose}"]["policy"]
        assert all(tuple(s) == tuple(e for e in ELEMENTS if e in s) for s in theirs)
    text = (EXAMPLE / "security-team" / "policies" / "data-bucket.json.tftpl").read_text()
    theirs = json.loads(text.replace("${vpc_id}", "<vpc_id>").replace("${data_key_arn}", "<data_key_arn>"))
    assert theirs["Statement"] == required["existing.data_bucket"]["policy"]


def test_terraform_validates_the_stacks_that_differ(out: Path) -> None:
    terraform = Terraform.of(synthesis.load(ROOT, str(SETTINGS), out))
    for name in ("keys", "storage"):
        stack = terraform.synthesis.stacks[name]
        terraform.init_anew(stack, "-backend=false")
        said = run(["validate"], stack.folder, terraform.variables())
        assert "Success" in said, name


def run(arguments: list[str], folder: Path, variables: Mapping[str, str]) -> str:
    command = ["terraform", *arguments, "-no-color"]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class SecurityTeam:
    """Their Terraform, and all that AWS says of what is theirs."""

    def __init__(self, folder: Path, made: Synthesis, variables: Mapping[str, str]) -> None:
        self.folder, self.variables = folder, variables
        shutil.copytree(EXAMPLE / "security-team", folder, ignore=shutil.ignore_patterns(".terraform*"))
        self.terraform = Terraform.of(made, variables).variables()
        run(["init", "-input=false"], folder, self.terraform)
        self.apply()

    def apply(self, **values: str) -> None:
        chosen = [f"-var={name}={value}" for name, value in values.items()]
        run(["apply", "-auto-approve", "-input=false", *chosen], self.folder, self.terraform)

    def client(self, service: str) -> Any:
        return aws.client(service, "us-east-1", self.variables)

    def described(self) -> str:
        """Keys and buckets with everything about them, as text."""
        kms, s3 = self.client("kms"), self.client("s3")
        found: dict[str, Any] = {"aliases": kms.list_aliases()["Aliases"]}
        for key in kms.list_keys()["Keys"]:
            name = key["KeyId"]
            found[name] = [
                kms.describe_key(KeyId=name)["KeyMetadata"],
                kms.get_key_policy(KeyId=name, PolicyName="default")["Policy"],
                kms.get_key_rotation_status(KeyId=name)["KeyRotationEnabled"],
                kms.list_grants(KeyId=name)["Grants"],
                kms.list_resource_tags(KeyId=name)["Tags"],
            ]
        for bucket in (DATA, STATES):
            found[bucket] = [
                s3.get_bucket_versioning(Bucket=bucket)["Status"],
                s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"],
                s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"],
            ]
        found["policy"] = s3.get_bucket_policy(Bucket=DATA)["Policy"]
        found["objects"] = s3.list_object_versions(Bucket=DATA).get("Versions", [])
        found["buckets"] = sorted(bucket["Name"] for bucket in s3.list_buckets()["Buckets"])
        return json.dumps(found, indent=1, sort_keys=True, default=str)


def failed(results: Mapping[str, StackResult]) -> dict[str, str]:
    return {name: result.error or result.status for name, result in results.items() if not result.ok}


def output(team: SecurityTeam, stack: str, name: str) -> str:
    key = f"existing-keys-and-buckets/us-east-1/{stack}/terraform.tfstate"
    state = json.loads(team.client("s3").get_object(Bucket=STATES, Key=key)["Body"].read())
    return str(state["outputs"][name]["value"])


@pytest.mark.slow
def test_deployed_and_destroyed_keys_and_buckets_are_as_they_were(tmp_path: Path) -> None:
    """Keys, network and storage; the other stacks read their outputs only."""
    s = load(SETTINGS)
    started = instance.up(tmp_path / "aws", account_id=s.account_id, region=s.region, deploy_role=s.deploy.roles[0])
    try:
        made = synthesis.synthesize(ROOT, str(SETTINGS), tmp_path / "out", work=tmp_path / "work")
        operations = Operations.of(made, started.environment())
        team = SecurityTeam(tmp_path / "team", made, started.environment())
        assert StateHome(operations).bootstrap().status == (
            f"not needed: the bucket {STATES} is brought, and as it must be"
        )
        assert failed(operations.deploy(("keys", "network"))) == {}
        vpc_id = output(team, "network", "vpc_id")

        refusal = told(made, operations)  # the bucket's owner does not know our VPC yet
        assert "replace it:" in refusal
        assert vpc_id in refusal
        assert vpc_id in planned_by_terraform_alone(operations)
        team.apply(vpc_id=vpc_id)
        before = team.described()
        assert preflight.examine(made, operations.terraform.environ) == []

        assert failed(operations.deploy(("storage",))) == {}
        assert {r.status for r in operations.plan(ORDER).values()} == {"unchanged"}
        assert failed(operations.destroy(ORDER)) == {}
        assert team.described() == before
    finally:
        instance.down(started.home)


def told(made: Synthesis, operations: Operations) -> str:
    with pytest.raises(UsageError) as refused:
        preflight.refuse(made, operations.terraform.environ)
    assert refused.value.exit_code == 2
    return str(refused.value)


def planned_by_terraform_alone(operations: Operations) -> str:
    """What a plan says without the check that sagekeep makes before."""
    stack = operations.synthesis.stacks["storage"]
    operations.terraform.init(stack)
    code, report = operations.terraform.run(stack, "plan", "-json", "-input=false", "-no-color")
    assert code == 1
    return "\n".join(error.text() for error in report.errors)
