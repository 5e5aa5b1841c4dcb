"""examples/hcl-root-with-modules: roots that were written by hand, around modules that are exported."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sagekeep import synthesis
from sagekeep.local import instance
from sagekeep.local.instance import Instance
from sagekeep.local.leftovers import left
from sagekeep.scan import checkov
from sagekeep.scan.environment import Scanners
from sagekeep.settings import load
from sagekeep.synthesis import Stack, Synthesis
from sagekeep.terraform import Terraform

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "hcl-root-with-modules"
SETTINGS = str(EXAMPLE / "research.toml")


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example, with its modules."""
    folder = tmp_path_factory.mktemp("hcl") / "root"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("modules", ".terraform*"))
    command = [sys.executable, "-m", "sagekeep", "estate", "export", "--env", SETTINGS, "--out", str(folder / "out")]
    subprocess.run([*command, "--module", str(folder / "modules")], cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="module")
def app(example: Path) -> Synthesis:
    """The stacks that the modules were made from."""
    return synthesis.load(ROOT, SETTINGS, example / "out")


@pytest.fixture(scope="module")
def environ(app: Synthesis) -> Mapping[str, str]:
    """What terraform needs to find the provider."""
    return Terraform.of(app).variables()


def terraform(folder: Path, environ: Mapping[str, str], *arguments: str) -> str:
    """terraform's output; its exit code must be 0."""
    done = _run(folder, environ, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _run(folder: Path, environ: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["terraform", *arguments]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("root", [".", "alone"])
def test_terraform_takes_roots_that_call_the_modules(example: Path, environ: Mapping[str, str], root: str) -> None:
    terraform(example / root, environ, "init", "-input=false", "-no-color")
    answer = json.loads(terraform(example / root, environ, "validate", "-json"))
    assert answer["diagnostics"] == []


def test_what_is_written_by_hand_and_the_calls_in_readmes_are_formatted(
    example: Path, environ: Mapping[str, str], tmp_path: Path
) -> None:
    for file in EXAMPLE.rglob("*.tf"):
        shutil.copy(file, tmp_path / f"{file.parent.name}.tf")
    for file in (example / "modules").rglob("README.md"):
        calls = [part.partition("```")[0] for part in file.read_text().split("```hcl\n")[1:]]
        assert calls, file
        (tmp_path / f"{file.parent.name}-readme.tf").write_text("\n".join(calls))
    assert terraform(tmp_path, environ, "fmt", "-check", "-diff") == ""


def test_checkov_finds_nothing_in_the_modules_that_it_does_not_find_in_the_app(
    example: Path, app: Synthesis, tmp_path: Path
) -> None:
    """Each module is read whole, or checkov's reader fails."""
    modules = [
        _as_stack(example / "modules" / name, tmp_path / f"{MODULE}{name}", stack)
        for name, stack in app.stacks.items()
        if name != "state"
    ]
    found = {finding.key for finding in checkov.scan_stacks(Scanners.of(ROOT), [*modules, *app.stacks.values()])}
    of_modules = {(check, place.removeprefix(MODULE), sid) for check, place, sid in found if place.startswith(MODULE)}
    assert of_modules
    assert of_modules <= found


MODULE = "module-"


def _as_stack(module: Path, folder: Path, stack: Stack) -> Stack:
    """A module's files as one, which is what checkov's reader takes."""
    document: dict[str, dict[str, object]] = {}
    for part in sorted(module.glob("*.tf.json")):
        for section, blocks in json.loads(part.read_text()).items():
            document.setdefault(section, {}).update(blocks)
    folder.mkdir()
    (folder / "cdk.tf.json").write_text(json.dumps(document))
    return Stack(folder.name, folder, stack.depends_on, stack.resources)


def test_in_another_account_and_region_the_plan_fails_and_says_so(
    example: Path, app: Synthesis, tmp_path: Path
) -> None:
    other = instance.up(tmp_path / "aws", account_id="210987654321", region="us-west-2")
    try:
        variables = Terraform.of(app, other.environment()).variables()
        root = tmp_path / "root"
        root.mkdir()
        call = {"provider": {"aws": {"region": "us-west-2"}}, "module": {"keys": {"source": "./keys"}}}
        (root / "main.tf.json").write_text(json.dumps(call))
        shutil.copytree(example / "modules" / "keys", root / "keys")
        terraform(root, variables, "init", "-input=false")
        done = _run(root, variables, "plan", "-no-color", "-input=false")
    finally:
        instance.down(other.home)
    assert done.returncode == 1, done.stdout
    said = " ".join(done.stderr.replace("│", " ").split())
    assert "This module is for account 123456789012; the provider is in 210987654321." in said
    assert "This module is for region us-east-1; the provider is in us-west-2." in said


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Instance]:
    """The account that the modules are for."""
    settings = load(Path(SETTINGS))
    started = instance.up(
        tmp_path / "aws", account_id=settings.account_id, region=settings.region, deploy_role=settings.deploy.roles[0]
    )
    try:
        yield started
    finally:
        instance.down(started.home)


@pytest.mark.slow
def test_the_root_is_applied_with_the_addresses_of_the_app_and_leaves_nothing_when_destroyed(
    example: Path, app: Synthesis, aws: Instance
) -> None:
    state_key = client(aws, "kms").create_key()["KeyMetadata"]["Arn"]
    before = left(aws)
    environ = Terraform.of(app, aws.environment()).variables() | {"TF_VAR_state_key_arn": state_key}
    terraform(example, environ, "init", "-input=false")
    terraform(example, environ, "apply", "-auto-approve", "-input=false", "-no-color", "-parallelism=30")

    made = in_modules(terraform(example, environ, "state", "pull"))
    assert set(made) == {
        f"module.ml.module.{name}.{kind}.{resource}"
        for name, stack in app.stacks.items()
        if name != "state"
        for kind, group in stack.document()["resource"].items()
        for resource in group
    }
    # Made before the old one goes, the second of a fixed name would meet the first. In the network only the VPC may be.
    early = {address for address, instance in made.items() if instance.get("create_before_destroy")}
    assert any("aws_s3_object" in address for address in early)
    network = "module.ml.module.network."
    assert {address for address in early if address.startswith(network)} <= {f"{network}aws_vpc.isolated_vpc"}

    vpc = made[f"{network}aws_vpc.isolated_vpc"]["attributes"]["id"]
    tags = client(aws, "ec2").describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "CostCenter": "4711",
        "Environment": "research",
        "ManagedBy": "SageKeep",
        "Name": "research-ml",
        "Owner": "research",
        "Project": "Research",
        "Stack": "network",
    }
    again = _run(example, environ, "plan", "-detailed-exitcode", "-input=false", "-no-color")
    assert again.returncode == 0, again.stdout + again.stderr
    terraform(example, environ, "destroy", "-auto-approve", "-input=false", "-no-color", "-parallelism=30")
    assert left(aws) == before


def in_modules(state: str) -> dict[str, dict[str, Any]]:
    """Managed resources of the modules in a state, by address."""
    return {
        f"{block['module']}.{block['type']}.{block['name']}": block["instances"][0]
        for block in json.loads(state)["resources"]
        if block["mode"] == "managed" and "module" in block
    }


def client(aws: Instance, service: str) -> Any:
    """boto3 as the account's administrator."""
    variables = aws.variables()
    session = boto3.Session(
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=variables["AWS_SESSION_TOKEN"],
        region_name=variables["AWS_REGION"],
    )
    config = Config(proxies={"https": variables["HTTPS_PROXY"]}, retries={"total_max_attempts": 2})
    return session.client(service, config=config, verify=variables["AWS_CA_BUNDLE"])
