"""Promises of the control matrix, read off the synthesized Terraform."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest

from synths import Synth

WAYS_OUT = (
    "aws_internet_gateway",
    "aws_egress_only_internet_gateway",
    "aws_nat_gateway",
    "aws_eip",
    "aws_vpc_peering_connection",
    "aws_route",
    "aws_vpn_gateway",
    "aws_ec2_transit_gateway_vpc_attachment",
)
INTERFACES = {
    "com.amazonaws.us-east-1.sagemaker.api",
    "com.amazonaws.us-east-1.sagemaker.runtime",
    "aws.sagemaker.us-east-1.studio",
    "com.amazonaws.us-east-1.ecr.api",
    "com.amazonaws.us-east-1.ecr.dkr",
    "com.amazonaws.us-east-1.logs",
    "com.amazonaws.us-east-1.sts",
    "com.amazonaws.us-east-1.kms",
    "com.amazonaws.us-east-1.monitoring",
}


def test_no_stack_emits_a_way_to_the_internet(synthesized: Synth) -> None:
    assert list(synthesized.resources(*WAYS_OUT)) == []
    assert all("route" not in table for _, table in synthesized.resources("aws_route_table"))


def test_the_default_security_group_is_adopted_and_empty(synthesized: Synth) -> None:
    ((_, group),) = synthesized.resources("aws_default_security_group")
    assert "ingress" not in group
    assert "egress" not in group


def test_subnets_never_hand_out_public_addresses_and_span_zones(synthesized: Synth) -> None:
    subnets = [body for _, body in synthesized.resources("aws_subnet")]
    assert len(subnets) >= 2
    assert all(subnet["map_public_ip_on_launch"] is False for subnet in subnets)
    assert len({subnet["cidr_block"] for subnet in subnets}) == len(subnets)


def test_no_rule_names_an_address_range_and_each_has_a_description(synthesized: Synth) -> None:
    kinds = ("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule")
    rules = list(synthesized.resources(*kinds))
    assert rules
    for address, rule in rules:
        assert not {"cidr_ipv4", "cidr_ipv6"} & set(rule), address
        assert rule["description"], address
        assert rule["ip_protocol"] == "tcp", address


def test_the_endpoints_are_the_promised_ones_each_with_a_policy(synthesized: Synth) -> None:
    endpoints = [body for _, body in synthesized.resources("aws_vpc_endpoint")]
    interfaces = [body for body in endpoints if body["vpc_endpoint_type"] == "Interface"]
    assert {body["service_name"] for body in interfaces} == INTERFACES
    assert all(body["private_dns_enabled"] for body in interfaces)
    assert all(body["policy"] for body in endpoints)
    (gateway,) = [body for body in endpoints if body["vpc_endpoint_type"] == "Gateway"]
    tables = list(synthesized.resources("aws_route_table"))
    assert len(gateway["route_table_ids"]) == len(tables)


def test_flow_logs_take_all_traffic_into_an_encrypted_group_kept_a_year(synthesized: Synth) -> None:
    ((_, log),) = synthesized.resources("aws_flow_log")
    assert log["traffic_type"] == "ALL"
    groups = list(synthesized.resources("aws_cloudwatch_log_group"))
    for address, group in groups:
        assert group["kms_key_id"], address
        assert group["retention_in_days"] >= 365, address


def test_keys_rotate_wait_thirty_days_and_have_a_written_policy(synthesized: Synth) -> None:
    keys = list(synthesized.resources("aws_kms_key"))
    assert len(keys) == 4
    for address, key in keys:
        assert key["enable_key_rotation"] is True, address
        assert key["deletion_window_in_days"] == 30, address
        assert key["policy"].startswith("${data.aws_iam_policy_document."), address


BUCKET_PARTS = (
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_policy",
)


@pytest.mark.parametrize("part", BUCKET_PARTS)
def test_every_bucket_has_every_part_of_a_sealed_bucket(synthesized: Synth, part: str) -> None:
    buckets = {address.replace("aws_s3_bucket.", "") for address, _ in synthesized.resources("aws_s3_bucket")}
    assert len(buckets) == 4
    assert len(list(synthesized.resources(part))) == len(buckets)


def test_public_access_is_blocked_in_all_four_ways(synthesized: Synth) -> None:
    for address, block in synthesized.resources("aws_s3_bucket_public_access_block"):
        switches = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
        assert all(block[switch] is True for switch in switches), address


def test_every_bucket_denies_plain_http(synthesized: Synth) -> None:
    documents = defaultdict(set)
    for address, statement in synthesized.statements():
        documents[address].add(statement["sid"])
    for address, policy in synthesized.resources("aws_s3_bucket_policy"):
        document = policy["policy"].removeprefix("${").removesuffix(".json}")
        stack = address.partition(":")[0]
        assert "DenyPlainHttp" in documents[f"{stack}: {document}"], address


def test_no_resource_policy_names_a_role_as_principal(synthesized: Synth) -> None:
    for address, statement in synthesized.statements():
        for principal in statement.get("principals", []):
            assert all(":role/" not in name for name in principal["identifiers"]), (address, statement["sid"])


def test_no_allow_gives_a_whole_service_or_everything_to_an_identity(synthesized: Synth) -> None:
    for address, statement in synthesized.statements():
        if statement["effect"] == "Allow" and "principals" not in statement:
            assert not [a for a in statement["actions"] if a == "*" or a.endswith(":*")], (address, statement["sid"])


def test_pass_role_names_one_role_and_the_service(synthesized: Synth) -> None:
    passing = [(a, s) for a, s in synthesized.statements() if "iam:PassRole" in s["actions"]]
    assert len(passing) >= 3
    for address, statement in passing:
        assert all(":role/" in arn and "*" not in arn for arn in statement["resources"]), address
        assert [c["variable"] for c in statement["condition"]] == ["iam:PassedToService"], address


def test_every_service_trust_is_bound_to_this_account(synthesized: Synth) -> None:
    trusts = [(a, s) for a, s in synthesized.statements() if s["actions"] == ["sts:AssumeRole"]]
    assert trusts
    for address, statement in trusts:
        keys = {condition["variable"]: condition["values"] for condition in statement["condition"]}
        assert keys["aws:SourceAccount"] == [synthesized.account_id], address


def test_no_managed_policy_is_attached(synthesized: Synth) -> None:
    attachments = ("aws_iam_role_policy_attachment", "aws_iam_policy_attachment", "aws_iam_user", "aws_iam_policy")
    assert list(synthesized.resources(*attachments)) == []


def test_the_domain_is_vpc_only_under_our_key_with_idle_shutdown(synthesized: Synth) -> None:
    ((_, domain),) = synthesized.resources("aws_sagemaker_domain")
    assert domain["app_network_access_type"] == "VpcOnly"
    assert domain["auth_mode"] == "IAM"
    assert domain["kms_key_id"]
    idle = domain["default_user_settings"]["jupyter_lab_app_settings"]["app_lifecycle_management"]["idle_settings"]
    assert idle["lifecycle_management"] == "ENABLED"


def test_every_function_is_encrypted_traced_and_all_but_the_sweeper_in_the_vpc(synthesized: Synth) -> None:
    for address, function in synthesized.resources("aws_lambda_function"):
        assert function["kms_key_arn"], address
        assert function["tracing_config"]["mode"] == "Active", address
        assert function["runtime"] == "python3.12", address
        assert ("vpc_config" in function) == ("sweeper" not in address), address


def test_every_output_is_described(synthesized: Synth) -> None:
    outputs = [(name, body) for doc in synthesized.stacks.values() for name, body in doc.get("output", {}).items()]
    names = {name for name, _ in outputs}
    assert {"vpc_id", "data_bucket", "domain_id", "domain_url", "user_profiles", "pipeline_name"} <= names
    assert {"pipeline_arn", "topic_arn", "endpoint_name", "access_log_bucket", "state_bucket"} <= names
    assert all(body["description"] for _, body in outputs)


PROTECTED = {"aws_kms_key", "aws_s3_bucket", "aws_sagemaker_domain"}


def test_retain_protects_what_holds_data_and_destroy_does_not(synthesized: Synth) -> None:
    production = "prod" in json.dumps(synthesized.stacks["keys"]["provider"])
    for address, body in synthesized.resources(*PROTECTED):
        assert body["lifecycle"]["prevent_destroy"] is production, address
    ((_, domain),) = synthesized.resources("aws_sagemaker_domain")
    assert domain["retention_policy"]["home_efs_file_system"] == ("Retain" if production else "Delete")


def test_states_lie_in_one_bucket_under_environment_region_and_stack_and_are_locked(synthesized: Synth) -> None:
    backends = {stack: document["terraform"]["backend"]["s3"] for stack, document in synthesized.stacks.items()}
    for stack, backend in backends.items():
        assert backend["use_lockfile"] is True
        assert backend["key"].endswith(f"/us-east-1/{stack}/terraform.tfstate")
    assert len({backend["key"] for backend in backends.values()}) == 6
    assert len({backend["bucket"] for backend in backends.values()}) == 1


def test_no_role_must_be_made_anew_while_the_old_one_still_has_its_name(synthesized: Synth) -> None:
    """Terraform passes create_before_destroy on to everything that a resource refers to."""
    early = [
        f"{stack}: {kind}.{name}"
        for stack, document in synthesized.stacks.items()
        for kind, bodies in document["resource"].items()
        for name, body in bodies.items()
        if body.get("lifecycle", {}).get("create_before_destroy") and "aws_iam_role" in json.dumps(body)
    ]
    assert early == []
