"""What is brought is not made, alone and all together: everything else keeps its address and its outputs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sagekeep import synthesis
from sagekeep.controls.evidence import outcomes
from sagekeep.controls.view import View
from sagekeep.prove.identity import Identity
from sagekeep.prove.lockout import beyond_repair, judge
from sagekeep.prove.operators import DEPLOYER
from sagekeep.prove.proof import prove
from sagekeep.prove.reading import read
from sagekeep.prove.terraform import Terraform as Prepared
from sagekeep.settings import load
from sagekeep.terraform import Terraform
from stacks.app import synthesize
from synths import ROOT, Synth, synth_of

ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-86ef-1234567890ab"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ml/theirs"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:alerts"
DOMAIN = f'vpc = "vpc-0a1b2c3d4e5f67890"\ndomain = "d-a1b2c3d4e5f6"\nkeys = {{ studio = "{KEY}" }}'
# What is brought -> addresses that are gone, of poc's; those that begin so count.
ALONE: dict[str, tuple[str, tuple[str, ...]]] = {
    "data key": (f'keys = {{ data = "{KEY}" }}', ("keys: aws_kms_key.data", "keys: aws_kms_alias.data")),
    "logs key": (f'keys = {{ logs = "{KEY}" }}', ("keys: aws_kms_key.logs", "keys: aws_kms_alias.logs")),
    "state key": (f'keys = {{ state = "{KEY}" }}', ("state: aws_kms_key.state", "state: aws_kms_alias.state")),
    "log bucket": ('access_log_bucket = "others-logs"', ("storage: access_logs",)),
    "data bucket": (
        f'data_bucket = "others-data"\nkeys = {{ data = "{KEY}" }}',
        ("keys: aws_kms_key.data", "keys: aws_kms_alias.data", "storage: "),
    ),
    "state bucket": ('state_bucket = "others-states"', ("state: ",)),
    "topic": (f'topic = "{TOPIC}"', ("pipeline: aws_sns_topic.", "pipeline: aws_sns_topic_policy.")),
    "job role": (f'roles = {{ job = "{ROLE}" }}', ("pipeline: job_access",)),
    "pipeline role": (f'roles = {{ pipeline = "{ROLE}" }}', ("pipeline: pipeline_access",)),
    "studio role": (f'roles = {{ studio = "{ROLE}" }}', ("studio: access_",)),
    "flow logs role": (f'roles = {{ flow-logs = "{ROLE}" }}', ("network: flow_access",)),
    "manager role": (f'roles = {{ pipeline-manager = "{ROLE}" }}', ("pipeline: pipeline_manager_access",)),
    "job sweeper role": (f'roles = {{ job-sweeper = "{ROLE}" }}', ("pipeline: job_sweeper_access",)),
    "sweeper role": (f'roles = {{ studio-sweeper = "{ROLE}" }}', ("studio: sweeper_access",)),
}


def brought(folder: Path, existing: str, **replaced: str) -> Synth:
    """poc, with a section [existing]."""
    text = (ROOT / "environments" / "poc.toml").read_text(encoding="utf-8")
    for old, new in replaced.items():
        text = text.replace(old, new)
    file = folder / "brought.toml"
    file.write_text(f"{text}\n[existing]\n{existing}\n", encoding="utf-8")
    return synth_of(file, folder / "out")


def addresses(found: Synth) -> set[str]:
    return {
        f"{stack}: {kind}.{name}"
        for stack, document in found.stacks.items()
        for kind, bodies in document.get("resource", {}).items()
        for name in bodies
    }


def begins(address: str, start: str) -> bool:
    """`storage: access_logs` is any kind of resource whose name begins so."""
    stack, _, name = address.partition(": ")
    return address.startswith(start) or f"{stack}: {name.partition('.')[2]}".startswith(start)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Synth]:
    """poc with one thing of ALONE, synthesized once."""

    @cache
    def made(what: str) -> Synth:
        return brought(tmp_path_factory.mktemp("alone"), ALONE[what][0])

    return made


@pytest.mark.parametrize("what", ALONE)
def test_one_thing_brought_is_not_made_and_nothing_else_changes_its_address(
    what: str, poc: Synth, alone: Callable[[str], Synth]
) -> None:
    starts, found = ALONE[what][1], alone(what)
    before, after = addresses(poc), addresses(found)
    gone = {address for address in before if any(begins(address, start) for start in starts)}
    assert gone
    assert after == before - gone
    for stack, document in found.stacks.items():
        assert set(document["output"]) == set(poc.stacks[stack]["output"]), stack


def nothing_is_found_and_all_is_told(found: Synth) -> None:
    """No finding of `prove`, no broken control; and each thing that is brought is told by its key."""
    view = View.of(synthesis.load(ROOT, "brought", found.out))
    proof, controls = prove(view.estate), list(outcomes(view))
    assert list(proof.findings()) == []
    assert {one.control.id: one.faults for one in controls if one.result == "broken"} == {}
    told = {key for row in proof.unproved() for key in row.keys}
    assert told | {key for one in controls for key in one.brought} == set(view.estate.brought)
    assert view.estate.brought


@pytest.mark.parametrize("what", ALONE)
def test_of_one_thing_brought_nothing_is_found_and_it_is_told(what: str, alone: Callable[[str], Synth]) -> None:
    nothing_is_found_and_all_is_told(alone(what))


@pytest.mark.parametrize("purpose", ["job", "pipeline", "studio", "pipeline-manager"])
def test_a_brought_role_stands_wherever_ours_stood(purpose: str, poc: Synth, tmp_path: Path) -> None:
    """Key policies, the bucket's perimeter, PassRole, functions, domain and the pipeline's definition."""
    ours = f"arn:aws:iam::{ACCOUNT}:role/acme-ml-{purpose}-us-east-1"
    arn = f"${{aws_iam_role.{purpose.replace('-', '_')}_access_role.arn}}".replace("studio_access", "access")
    found = brought(tmp_path, f'roles = {{ {purpose} = "{ROLE}" }}')
    for stack, document in found.stacks.items():
        text = json.dumps(document)
        assert ours not in text, stack
        before = json.dumps(poc.stacks[stack])
        assert text.count(ROLE) >= before.count(f'"{ours}"') + before.count(f'"{arn}"'), stack


def test_a_brought_domain_gets_our_users_and_nothing_that_sweeps_it(tmp_path: Path) -> None:
    zones = 'zones = 2                         # or zone ids: ["use1-az1", "use1-az2"]'
    found = brought(tmp_path, DOMAIN, **{zones: ""})
    studio = found.stacks["studio"]["resource"]
    assert not {"aws_sagemaker_domain", "aws_lambda_function", "aws_lambda_invocation"} & set(studio)
    (profile,) = studio["aws_sagemaker_user_profile"].values()
    assert profile["domain_id"] == "d-a1b2c3d4e5f6"
    user = profile["user_settings"]
    assert user["execution_role"] == "${aws_iam_role.access_role.arn}"
    assert user["security_groups"] == ["${data.terraform_remote_state.network.outputs.studio_security_group_id}"]
    assert "studio_sweeper" not in json.dumps(studio)
    outputs = found.stacks["studio"]["output"]
    assert outputs["domain_arn"]["value"].endswith(":domain/d-a1b2c3d4e5f6")


def test_without_users_a_brought_domain_gets_nothing(tmp_path: Path) -> None:
    users = 'users   = ["weirdion"]'
    zones = 'zones = 2                         # or zone ids: ["use1-az1", "use1-az2"]'
    found = brought(tmp_path, DOMAIN, **{zones: "", users: ""})
    assert not any(kind.startswith("aws_sagemaker") for kind in found.stacks["studio"]["resource"])


def references() -> Iterator[str]:
    """Everything that this environment can bring, each looked up in another way."""
    yield 'data_bucket = { tags = { Use = "ml" } }'
    yield 'access_log_bucket = { ssm = "/logs/bucket" }'
    yield 'topic = { state = "platform", output = "topic_arn" }'
    yield 'vpc = { state = "platform", output = "vpc_id" }'
    yield 'domain = { tags = { Use = "ml" } }'
    yield "[existing.states.platform]"
    yield 'bucket = "acme-platform"\nkey = "net/terraform.tfstate"\nregion = "us-east-1"'
    yield "[existing.keys]"
    yield 'data = { tags = { Use = "ml" } }\nlogs = { ssm = "/keys/logs" }'
    yield 'studio = { state = "platform", output = "studio_key" }'
    yield "[existing.roles]"
    for purpose in ("job", "pipeline", "studio", "pipeline-manager", "pipeline-reader", "data-seed"):
        yield f'{purpose} = {{ ssm = "/roles/{purpose}" }}'


@pytest.fixture(scope="module")
def looked_up(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    zones = 'zones = 2                         # or zone ids: ["use1-az1", "use1-az2"]'
    return brought(tmp_path_factory.mktemp("looked-up"), "\n".join(references()), **{zones: ""})


def test_what_only_terraform_knows_is_a_data_source_of_each_stack_that_needs_it(looked_up: Synth) -> None:
    bucket = "data.aws_resourcegroupstaggingapi_resources.existing_data_bucket"
    for stack in ("network", "storage", "studio", "pipeline"):
        assert bucket in json.dumps(looked_up.stacks[stack]), stack
    job = "${data.aws_ssm_parameter.existing_roles_job.insecure_value}"
    configuration = looked_up.stacks["pipeline"]["resource"]["terraform_data"]["pipeline_configuration"]["input"]
    assert configuration["job_role_arn"] == job
    for document in looked_up.stacks.values():
        assert "<existing" not in json.dumps(document)


def test_what_others_must_let_through_names_what_nobody_knows_at_synth(looked_up: Synth) -> None:
    required: dict[str, Any] = json.loads((looked_up.out / "model.json").read_text())["required"]
    assert {"existing.data_bucket", "existing.keys.data", "existing.roles.job", "existing.topic"} <= set(required)
    assert "<existing.roles.job>" in json.dumps(required["existing.keys.data"])
    assert "<vpc_id>" in json.dumps(required["existing.data_bucket"])


def test_terraform_validates_what_is_looked_up(looked_up: Synth) -> None:
    terraform = Terraform.of(synthesis.load(ROOT, "brought", looked_up.out))
    for name in ("keys", "storage", "studio", "pipeline"):
        stack = terraform.synthesis.stacks[name]
        terraform.init_anew(stack, "-backend=false")
        command = ["terraform", "validate", "-no-color"]
        done = subprocess.run(
            command, cwd=stack.folder, env=terraform.variables(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"


def test_a_plan_can_tell_a_key_that_does_not_serve_and_a_bucket_that_is_open(looked_up: Synth) -> None:
    key = looked_up.stacks["keys"]["data"]["aws_kms_key"]["data_key"]["lifecycle"]["postcondition"]
    told = [rule["error_message"] for rule in key]
    assert all(message.startswith("existing.keys.data: ${self.arn} ") for message in told)
    policy = looked_up.stacks["storage"]["data"]["aws_s3_bucket_policy"]["data_policy"]["lifecycle"]["postcondition"][0]
    assert "data.terraform_remote_state.network.outputs.vpc_id" in policy["condition"]
    assert policy["error_message"].endswith("${data.aws_iam_policy_document.data_required.json}")


def test_the_proof_sees_what_is_brought_with_the_policy_that_is_asked_of_it(tmp_path: Path) -> None:
    text = f'data_bucket = "others-data"\ntopic = "{TOPIC}"\n[existing.keys]\n'
    found = brought(
        tmp_path, text + "".join(f'{purpose} = "{KEY[:-1]}{at}"\n' for at, purpose in enumerate(("data", "logs")))
    )
    estate = read(Prepared.of(synthesis.load(ROOT, "brought", found.out)))
    theirs = {holder.address: holder for holder in estate.holders if holder.address.startswith("existing.")}
    assert set(theirs) == {
        "existing.keys.data: brought_key",
        "existing.keys.logs: brought_key",
        "existing.data_bucket: brought_bucket",
        "existing.topic: brought_topic",
    }
    assert theirs["existing.data_bucket: brought_bucket"].arn == "arn:aws:s3:::others-data"
    # Administration of keys is their owner's business, and so is where a bucket of theirs logs, and who empties it.
    left = {result.row.id for result in prove(estate).reached if result.brought}
    keys = {"deployer-keeps-keys", "administrator-looks-at-keys"}
    assert left == {*keys, "access-logs-are-delivered", "deployer-empties-the-bucket"}


def test_what_others_look_after_locks_nobody_out_of_deploying(tmp_path: Path) -> None:
    """Their policies are theirs to change back: what is asked of a key says nothing of who administers it."""
    keys = "".join(f'{purpose} = "{KEY[:-1]}{at}"\n' for at, purpose in enumerate(("data", "logs", "studio")))
    found = brought(tmp_path, f'data_bucket = "others-data"\ntopic = "{TOPIC}"\n[existing.keys]\n{keys}')
    estate = read(Prepared.of(synthesis.load(ROOT, "brought", found.out)))
    assert beyond_repair(estate) == []
    deployer = Identity(f"arn:aws:iam::{ACCOUNT}:role/sagekeep-deployer", frozenset({DEPLOYER}))
    assert list(judge(estate, deployer, "internet").lost()) == []


def test_of_an_environment_of_which_everything_is_looked_up_nothing_is_found_and_all_is_told(looked_up: Synth) -> None:
    """Ids that only Terraform knows are symbols, the same in every stack."""
    nothing_is_found_and_all_is_told(looked_up)


def test_settings_load_as_they_were_written(tmp_path: Path) -> None:
    """What model.json has of them is what `sagekeep estate check` reads."""
    file = tmp_path / "again.toml"
    file.write_text((ROOT / "environments" / "poc.toml").read_text() + '\n[existing]\ntopic = { ssm = "/a" }\n')
    settings = load(file)
    synthesize(settings, tmp_path / "out")
    model = json.loads((tmp_path / "out" / "model.json").read_text())
    assert type(settings).model_validate({**model["settings"], "environment": "again"}) == settings
