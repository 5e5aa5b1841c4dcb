"""Who stands outside, read off the synthesized Terraform: every resource policy says it; and the options.

What the statements deny is tried in tests/unit/template/test_perimeter_policies.py and test_guardrails.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from synths import ROOT, Synth, synth_of
from verdicts import Asker, document, refused_by

CLOSED = {"DenyOtherAccounts", "DenyServicesThatActForOthers", "DenyPlainHttp"}
# What every policy of a kind of resource must say, beside what is its own.
PROMISED = {
    "aws_vpc_endpoint": {"DenyPrincipalsOfAnyOtherAccount"},
    "aws_s3_bucket_policy": CLOSED,
    "aws_kms_key": {"DenyOtherAccounts", "DenyGrantsToOthersThanAwsServices"},
    "aws_sns_topic_policy": {
        *CLOSED,
        "DenyMailToOtherDomains",
        "DenyQueuesOfOtherAccounts",
        "DenyOtherKindsOfSubscriptions",
    },
    "aws_sqs_queue": CLOSED,
}


def policies(synth: Synth, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Address of every resource of a kind, and the statements of its policy by their Sids."""
    documents: dict[str, dict[str, Any]] = {}
    for address, statement in synth.statements():
        documents.setdefault(address, {})[statement["sid"]] = statement
    for address, body in synth.resources(kind):
        document = body["policy"].removeprefix("${").removesuffix(".json}")
        yield address, documents[f"{address.partition(':')[0]}: {document}"]


@pytest.mark.parametrize("kind", PROMISED)
def test_every_resource_policy_denies_what_it_must(synthesized: Synth, kind: str) -> None:
    found = list(policies(synthesized, kind))
    assert found
    for address, statements in found:
        assert PROMISED[kind] <= set(statements), address
        denials = [statement for sid, statement in statements.items() if sid in PROMISED[kind]]
        assert all(statement["principals"] == [{"type": "*", "identifiers": ["*"]}] for statement in denials), address


def test_both_log_buckets_keep_their_logs_and_the_state_answers_to_who_deploys(synthesized: Synth) -> None:
    buckets = dict(policies(synthesized, "aws_s3_bucket_policy"))
    logs = [statements for address, statements in buckets.items() if "logs" in address or "log_bucket" in address]
    assert len(logs) == 2
    assert all("DenyTamperingWithLogs" in statements for statements in logs)
    writing = buckets["state: aws_s3_bucket_policy.state_bucket_policy"]["DenyWritingTheStateToOthers"]
    (exempt,) = [c["values"] for c in writing["condition"] if c["variable"] == "aws:PrincipalArn"]
    assert exempt == [f"arn:aws:iam::{synthesized.account_id}:role/sagekeep-deployer"]


def test_who_deploys_and_who_plans_pass_the_check_against_locking_oneself_out(prod: Synth) -> None:
    checked = [
        (address, check["condition"])
        for address, body in prod.resources("aws_s3_bucket_policy")
        for check in body.get("lifecycle", {}).get("precondition", [])
    ]
    assert {address for address, _ in checked} == {
        "state: aws_s3_bucket_policy.state_bucket_policy",
        "storage: aws_s3_bucket_policy.data_policy",
    }
    for address, condition in checked:
        assert "role/sagekeep-deployer" in condition, address
        assert "role/sagekeep-planner" in condition, address


def test_the_role_of_people_has_the_guardrails(synthesized: Synth) -> None:
    domain = synthesized.stacks["studio"]["resource"]["aws_sagemaker_domain"]["studio_domain"]
    attachments = dict(synthesized.resources("aws_iam_role_policy_attachment"))
    policies = {
        "guardrails": "guardrails_policy",
        "reviewed": "guardrails_reviewed_policy",
        "endpoints": "studio_shared_endpoints_policy",
        "jobs": "studio_shared_jobs_policy",
    }
    for name, policy in policies.items():
        attached = attachments.pop(f"studio: aws_iam_role_policy_attachment.access_{name}")
        assert attached["policy_arn"] == f"${{aws_iam_policy.{policy}.arn}}"
        assert attached["role"] == "${aws_iam_role.access_role.name}"
        assert f"aws_iam_role_policy_attachment.access_{name}" in domain["depends_on"]
    assert not attachments


def test_no_action_of_an_allow_is_a_whole_service_but_in_an_endpoints_perimeter(synthesized: Synth) -> None:
    wide = {
        statement["sid"]
        for _, statement in synthesized.statements()
        if statement["effect"] == "Allow" and [a for a in statement["actions"] if a == "*" or a.endswith(":*")]
    }
    assert wide == {"AllowOurPrincipalsOnOurResources", "AllowAwsServicesOnOurBehalf"}


def test_extra_endpoints_have_the_perimeters_policy_and_private_names(with_options: Synth) -> None:
    endpoints = {body["service_name"]: body for _, body in with_options.resources("aws_vpc_endpoint")}
    usual, extra = (endpoints[f"com.amazonaws.us-east-1.{name}"] for name in ("kms", "ssm"))
    assert len(endpoints) == 12
    assert {key: extra[key] for key in ("policy", "private_dns_enabled", "subnet_ids", "security_group_ids")} == {
        key: usual[key] for key in ("policy", "private_dns_enabled", "subnet_ids", "security_group_ids")
    }


def test_an_organization_stands_in_every_policy_of_an_interface_endpoint(with_options: Synth) -> None:
    for address, statements in policies(with_options, "aws_vpc_endpoint"):
        if not address.endswith("_s3"):
            assert "o-a1b2c3d4e5" in json.dumps(statements["AllowOurPrincipalsOnOurResources"]), address
            assert {"DenyPrincipalsOfAnyOtherOrganization", "DenyResourcesOfAnyOtherOrganization"} <= set(statements)


def test_the_options_make_what_they_say(with_options: Synth) -> None:
    ((_, block),) = with_options.resources("aws_vpc_block_public_access_options")
    assert block["internet_gateway_block_mode"] == "block-bidirectional"
    ((address, lock),) = with_options.resources("aws_s3_bucket_object_lock_configuration")
    assert address == "storage: aws_s3_bucket_object_lock_configuration.data_object_lock"
    assert lock["rule"]["default_retention"] == {"mode": "GOVERNANCE", "days": 30}
    functions = list(with_options.resources("aws_lambda_function"))
    assert len(functions) == 5
    for address, function in functions:
        assert function["reserved_concurrent_executions"] == 5, address
        assert function["environment"] == {"variables": {"LOG_LEVEL": "DEBUG"}}, address
        assert function["code_signing_config_arn"].startswith("${aws_lambda_code_signing_config."), address
    for address, config in with_options.resources("aws_lambda_code_signing_config"):
        assert config["policies"]["untrusted_artifact_on_deployment"] == "Enforce", address


def test_scripts_under_object_lock_can_be_replaced_and_are_no_difference_in_the_next_plan(with_options: Synth) -> None:
    scripts = [body for address, body in with_options.resources("aws_s3_object") if "code" in address]
    assert scripts
    assert all(script["force_destroy"] is True for script in scripts)
    assert all("object_lock_retain_until_date" in script["lifecycle"]["ignore_changes"] for script in scripts)


def test_without_the_options_nothing_of_them_is_there(synthesized: Synth) -> None:
    kinds = (
        "aws_vpc_block_public_access_options",
        "aws_s3_bucket_object_lock_configuration",
        "aws_lambda_code_signing_config",
    )
    assert list(synthesized.resources(*kinds)) == []
    for _, function in synthesized.resources("aws_lambda_function"):
        assert not {"reserved_concurrent_executions", "code_signing_config_arn"} & set(function)


def test_every_function_with_a_key_has_a_variable(synthesized: Synth, with_options: Synth) -> None:
    """Lambda forgets the key of a function without one, and no plan would ever be clean."""
    for made in (synthesized, with_options):
        functions = list(made.resources("aws_lambda_function"))
        assert functions
        keyless = [address for address, body in functions if not body.get("kms_key_arn")]
        bare = [address for address, body in functions if not body.get("environment", {}).get("variables")]
        assert keyless == bare == []


FALL_BACKS = """
[perimeter]
models_from_outside = true

[network]
image_endpoints = false
"""
STATE_KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-4333-8444-555555555555"


@pytest.fixture(scope="module")
def fallen_back(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    """poc with what docs/first-deploy.md falls back to."""
    folder = tmp_path_factory.mktemp("fall-backs")
    text = (ROOT / "environments" / "poc.toml").read_text(encoding="utf-8")
    perimeter, network = FALL_BACKS.strip().split("\n\n")
    text = text.replace("[network]", network, 1).replace("[state]", f'[state]\nkey_arn = "{STATE_KEY}"', 1)
    file = folder / "poc.toml"
    file.write_text(f"{text}\n{perimeter}\n", encoding="utf-8")
    return synth_of(file, folder / "out")


def test_the_job_role_reads_models_from_outside_where_the_settings_say_so_and_nothing_else(
    fallen_back: Synth, poc: Synth
) -> None:
    job = Asker("arn:aws:iam::123456789012:role/acme-ml-job-us-east-1", source_ip="198.51.100.9")

    def refused(found: Synth) -> list[str]:
        bucket, policy = (
            "arn:aws:s3:::acme-ml-data-123456789012-us-east-1",
            document(found, "storage", "data_statements"),
        )
        return [
            refused_by(policy, job, "s3:GetObject", f"{bucket}/{key}") for key in ("models/m.tar.gz", "processed/x")
        ]

    assert refused(poc) == ["DenyReadsFromOutsideTheVpc"] * 2
    assert refused(fallen_back) == ["", "DenyReadsFromOutsideTheVpc"]


def test_without_endpoints_for_images_there_are_seven_and_the_zones_of_ecr_do_not_count(fallen_back: Synth) -> None:
    endpoints = dict(fallen_back.resources("aws_vpc_endpoint"))
    assert len(endpoints) == 8
    assert "ecr" not in json.dumps([body["service_name"] for body in endpoints.values()])
    services = fallen_back.stacks["network"]["data"]["aws_vpc_endpoint_service"]["isolated_services"]
    assert "ecr" not in services["for_each"]


def test_every_backend_names_the_states_key_by_its_arn_where_the_settings_do(fallen_back: Synth, poc: Synth) -> None:
    for found, key in ((fallen_back, STATE_KEY), (poc, "alias/acme-ml-state")):
        named = {
            stack["terraform"]["backend"]["s3"]["kms_key_id"]
            for stack in found.stacks.values()
            if "s3" in stack["terraform"].get("backend", {})
        }
        assert named == {key}
