"""What the generated policies are: small, named, following the settings; whom the roles trust; the files."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from sagekeep.errors import UsageError
from sagekeep.estate.ci import files
from sagekeep.estate.ci.grants import conditions, grants
from sagekeep.estate.ci.policies import LARGEST, MOST, packed, size
from sagekeep.estate.ci.roles import CiRole, ci_roles
from sagekeep.iam import parse
from sagekeep.scan.documents import Policy
from sagekeep.scan.environment import Scanners
from sagekeep.scan.linters import lint
from sagekeep.synthesis import Synthesis
from sagekeep.terraform import Terraform
from tests.ci.conftest import OPTIONS, Synthesized
from tests.ci.rehearsal import ROOT

NO_DETECTION = ('[state]\nbackend = "s3"', '[detection]\nenabled = false\n\n[state]\nbackend = "s3"')
WITH_OPTIONS = ('[state]\nbackend = "s3"', f'{OPTIONS}\n[state]\nbackend = "s3"')
# What the plan role does besides reading: it locks states, and asks the reader about the live pipeline.
PLAN_WRITES = {
    ("ReadStateLocks", "s3:PutObject"),
    ("ReadStateLocks", "s3:DeleteObject"),
    ("ReadKeysThroughS3", "kms:GenerateDataKey"),
    ("ReadReaderOfThePipeline", "lambda:InvokeFunction"),
}
# What parliament says and does not mean here: https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html
# (an alias and its key are asked apart, and only the key has tags); iam:PermissionsBoundary "works with string
# operators" (Service Authorization Reference, IAM); whoever keeps bucket policies may change them.
NOT_MEANT = {
    ("parliament:RESOURCE_MISMATCH", "KeepKeys"),
    ("parliament:RESOURCE_MISMATCH", "ChangeAliases"),
    ("parliament:MISMATCHED_TYPE_BUT_USABLE", "ChangeRightsOfRoles"),
    ("parliament:MISMATCHED_TYPE_BUT_USABLE", "ChangeBoundaryOfRoles"),
    ("parliament:RESOURCE_POLICY_PRIVILEGE_ESCALATION", "KeepBuckets"),
}


@pytest.fixture(params=["recorded", "prod", "options"])
def roles(request: pytest.FixtureRequest, synthesized: Synthesized, prod: Synthesis) -> tuple[CiRole, CiRole]:
    made = {"recorded": synthesized, "prod": lambda: prod, "options": lambda: synthesized(WITH_OPTIONS)}
    return ci_roles(made[request.param]())


def allowed(role: CiRole) -> set[tuple[str, str]]:
    return {(statement.sid, action) for statement in role.statements for action in statement.actions}


def test_policies_do_not_grow_with_users(synthesized: Synthesized) -> None:
    """Each of 200 users has a role and a profile; of few, the profiles are named."""
    written = 'users         = ["ana", "weirdion"]'
    users = json.dumps([f"user{number:03}-with-a-name" for number in range(200)])
    few, many = (ci_roles(made) for made in (synthesized(), synthesized((written, f"users = {users}"))))
    for before, after in zip(few, many, strict=True):
        assert len(after.policies) <= len(before.policies)
        assert max(size(policy) for policy in after.policies) <= LARGEST
    assert ":user-profile/*/ana" in json.dumps(few[1].policies)
    assert "/ml/acme-ml-users/*" in json.dumps(many[1].policies)


def test_policies_are_as_iam_takes_them(roles: tuple[CiRole, CiRole]) -> None:
    for role in roles:
        assert 0 < len(role.policies) <= MOST
        assert max(size(policy) for policy in role.policies) <= LARGEST
        sids = [statement["Sid"] for policy in role.policies for statement in policy["Statement"]]
        assert len(set(sids)) == len(sids)
        assert all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in sids)
        read = [parse(policy, role.kind).statements for policy in role.policies]
        assert {(s.sid, action) for found in read for s in found for action in s.actions} == allowed(role)


def test_no_action_is_a_pattern_and_what_has_no_name_has_a_condition_or_a_reason(
    roles: tuple[CiRole, CiRole],
) -> None:
    for statement in (statement for role in roles for statement in role.statements):
        assert not [action for action in statement.actions if "*" in action]
        for resource in statement.resources:
            unnamed = re.fullmatch(r"\*|arn(:[^:]*){4}:[a-z-]+[/:]\*", resource)
            said = any(row.why for row in statement.rows) if resource == "*" else statement.conditions
            gone = statement.sid == "ReadDomainsAndProfiles"  # asked of what has no tags any more
            assert not unnamed or said or gone, f"{statement.sid}: {resource}"


def test_the_plan_role_reads_locks_and_asks_the_reader_and_that_is_all(roles: tuple[CiRole, CiRole]) -> None:
    plan, _ = roles
    reading = re.compile(r"[a-z0-9]+:(Describe|Get|List|Decrypt)\w*")
    assert {pair for pair in allowed(plan) if not reading.fullmatch(pair[1])} == PLAN_WRITES
    objects = [s for s in plan.statements if "s3:GetObject" in s.actions]
    assert sorted(s.sid for s in objects) == ["ReadCode", "ReadStateLocks", "ReadStates"]
    invoked = [r for s in plan.statements if "lambda:InvokeFunction" in s.actions for r in s.resources]
    assert {resource.split(":")[6].removeprefix("acme-ml-").removeprefix("prod-") for resource in invoked} == {
        "pipeline-reader"
    }


def test_the_deploy_role_may_all_that_the_plan_role_may(roles: tuple[CiRole, CiRole]) -> None:
    plan, deploy = roles
    may = {(resource, action) for s in deploy.statements for action in s.actions for resource in s.resources}
    planned = {(r, action) for s in plan.statements for action in s.actions for r in s.resources}
    assert planned - may == {(plan.arn, "iam:GetRole")}


def test_neither_role_can_change_itself_or_reach_data(roles: tuple[CiRole, CiRole]) -> None:
    for role in roles:
        for statement in role.statements:
            writes = [action for action in statement.actions if action != "iam:GetRole"]
            assert not [r for r in statement.resources if r in {x.arn for x in roles}] or not writes
            if "s3:GetObject" in statement.actions:
                assert all(re.search(r"/code/\*$|/terraform\.tfstate(\.tflock)?$", r) for r in statement.resources)


def test_where_data_stay_the_deploy_role_cannot_delete_them(prod: Synthesis, synthesized: Synthesized) -> None:
    retained, destroyed = ci_roles(prod)[1], ci_roles(synthesized())[1]
    deleting = {"s3:DeleteObjectVersion", "s3:ListBucketVersions"}
    assert deleting <= {action for _, action in allowed(destroyed)}
    assert not deleting & {action for _, action in allowed(retained)}
    left = [r for s in retained.statements if "s3:DeleteObject" in s.actions for r in s.resources]
    assert all(re.search(r"/code/\*$|\.tflock$", resource) for resource in left)


def test_policies_follow_the_settings(synthesized: Synthesized) -> None:
    def kinds(*changes: tuple[str, str]) -> set[str]:
        return {action for role in ci_roles(synthesized(*changes)) for _, action in allowed(role)}

    def named(*changes: tuple[str, str]) -> str:
        return json.dumps([role.policies for role in ci_roles(synthesized(*changes))])

    everything = kinds()
    assert everything - kinds(NO_DETECTION) >= {"logs:PutResourcePolicy", "logs:PutMetricFilter"}
    assert "acme-ml-security" in named()
    assert "acme-ml-security" not in named(NO_DETECTION)
    more = kinds(WITH_OPTIONS) - everything
    assert {"lambda:PutFunctionConcurrency", "lambda:CreateCodeSigningConfig"} <= more
    assert {"ec2:ModifyVpcBlockPublicAccessOptions", "s3:PutBucketObjectLockConfiguration"} <= more
    boundary = ('permissions_boundary = "arn:aws:iam::123456789012:policy/bounds"', "")
    assert everything - kinds(boundary) == {"iam:PutRolePermissionsBoundary"}
    assert "iam:PermissionsBoundary" not in named(boundary)


BROUGHT = """
[existing]
vpc = "vpc-0a1b2c3d4e5f60718"
subnets = ["subnet-0a1b2c3d4e5f60711", "subnet-0a1b2c3d4e5f60712"]
route_tables = ["rtb-0a1b2c3d4e5f60713"]

[existing.security_groups]
endpoints = { tags = { Name = "endpoints" } }

[state]
backend = "s3"
"""


def test_in_a_network_that_is_brought_nothing_but_our_own_is_made_or_changed(synthesized: Synthesized) -> None:
    _, deploy = ci_roles(synthesized(('[state]\nbackend = "s3"', BROUGHT)))
    made = {(action, resource) for s in deploy.statements for action in s.actions for resource in s.resources}
    here = "arn:aws:ec2:us-east-1:123456789012"
    assert ("ec2:CreateVpcEndpoint", f"{here}:vpc/vpc-0a1b2c3d4e5f60718") in made
    assert ("ec2:CreateVpcEndpoint", f"{here}:subnet/subnet-0a1b2c3d4e5f60711") in made
    assert ("ec2:CreateVpcEndpoint", f"{here}:security-group/*") in made
    assert ("ec2:DescribeVpcAttribute", f"{here}:vpc/vpc-0a1b2c3d4e5f60718") in made
    actions = {action for action, _ in made}
    assert not actions & {
        "ec2:CreateVpc",
        "ec2:DeleteVpc",
        "ec2:CreateSubnet",
        "ec2:DeleteSubnet",
        "ec2:CreateRouteTable",
    }
    of_theirs = {action for action, resource in made if "0a1b2c3d4e5f607" in resource}
    assert of_theirs <= {
        "ec2:CreateFlowLogs", "ec2:CreateSecurityGroup", "ec2:CreateVpcEndpoint", "ec2:DescribeVpcAttribute",
        "ec2:ModifyVpcEndpoint",
    }  # fmt: skip


def test_what_is_brought_by_its_id_is_named_and_what_is_brought_otherwise_is_of_its_kind(
    synthesized: Synthesized,
) -> None:
    made = synthesized()
    key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-86ef-1234567890ab"
    existing = {
        "keys": {"data": key, "state": {"tags": {"Name": "state"}}},
        "roles": {"job": "arn:aws:iam::123456789012:role/ml/job"},
        "data_bucket": "acme-data",
        "endpoints": {"all": True},
    }
    settings = {**made.settings, "existing": existing}
    brought = ci_roles(replace(made, model={**made.model, "settings": settings}))
    for role in brought:
        found = {s.sid: s.resources for s in role.statements if "Brought" in s.sid}
        assert found["ReadBroughtKeys"] == ("arn:aws:kms:us-east-1:123456789012:key/*", key)
        assert found["ReadBroughtRoles"] == ("arn:aws:iam::123456789012:role/ml/job",)
        assert found["ReadBroughtBuckets"] == ("arn:aws:s3:::acme-data",)
    grants_of_keys = [s for s in brought[1].statements if s.sid == "ChangeBroughtKeysForServices"]
    assert [s.conditions for s in grants_of_keys] == [{"Bool": {"kms:GrantIsForAWSResource": "true"}}]
    (through,) = [s for s in brought[1].statements if s.sid == "ChangeBroughtKeysThroughServices"]
    hosts = [f"{name}.us-east-1.amazonaws.com" for name in ("ec2", "elasticfilesystem", "lambda", "sagemaker")]
    assert through.conditions == {"StringEquals": {"kms:ViaService": hosts}}


def test_lambdas_interfaces_are_removed_in_the_vpc_that_is_told(synthesized: Synthesized) -> None:
    told = ('github_environment = "production"', 'github_environment = "production"\nvpc_id = "vpc-0a1b2c3d4e5f60719"')
    cases = {
        (): "*",
        (told,): "vpc-0a1b2c3d4e5f60719",
        (('[state]\nbackend = "s3"', BROUGHT),): "vpc-0a1b2c3d4e5f60718",
    }
    for changes, vpc in cases.items():
        _, deploy = ci_roles(synthesized(*changes))
        (found,) = [s for s in deploy.statements if "ec2:DeleteNetworkInterface" in s.actions]
        key = {"ec2:Vpc": f"arn:aws:ec2:us-east-1:123456789012:vpc/{vpc}"}
        assert found.conditions == {"ArnLikeIfExists": key}


def test_the_deploy_roles_sessions_outlast_lambdas_interfaces(synthesized: Synthesized, tmp_path: Path) -> None:
    files.write(ci_roles(synthesized()), tmp_path, "estate")
    roles = json.loads((tmp_path / files.TERRAFORM).read_text())["resource"]["aws_iam_role"]
    assert roles["deploy"]["max_session_duration"] >= 2 * 45 * 60 > 3600
    assert "max_session_duration" not in roles["plan"]


def test_a_role_is_made_only_with_its_boundary(synthesized: Synthesized) -> None:
    _, deploy = ci_roles(synthesized())
    found = [s for s in deploy.statements if "iam:PutRolePolicy" in s.actions or "iam:CreateRole" in s.actions]
    assert [s.conditions for s in found] == [
        {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::123456789012:policy/bounds"}}
    ]
    assert not [s for s in deploy.statements if "iam:DeleteRolePermissionsBoundary" in s.actions]


def test_a_type_without_a_row_is_named(synthesized: Synthesized, tmp_path: Path) -> None:
    made = synthesized()
    file = made.stacks["keys"].folder / "cdk.tf.json"
    before = file.read_text()
    document = json.loads(before)
    document["resource"]["aws_instance"] = {"strange": {}}
    file.write_text(json.dumps(document))
    try:
        with pytest.raises(UsageError, match="aws_instance"):
            ci_roles(made)
    finally:
        file.write_text(before)


def test_too_much_for_ten_policies_is_an_error(synthesized: Synthesized) -> None:
    _, deploy = ci_roles(synthesized())
    with pytest.raises(UsageError, match=r"deploy role needs \d+ managed policies, and IAM allows 10"):
        packed([*deploy.statements] * 4, "deploy")


def test_the_linter_of_policies_finds_nothing_but_what_is_explained(roles: tuple[CiRole, CiRole]) -> None:
    read = [Policy("ci", f"{r.kind}-{n}", "identity", policy) for r in roles for n, policy in enumerate(r.policies, 1)]
    found = {(finding.id, finding.statement) for finding in lint(Scanners.of(ROOT), "parliament", read)}
    assert found <= NOT_MEANT


def test_the_files_are_valid_terraform_and_nothing_else_is_touched(synthesized: Synthesized, tmp_path: Path) -> None:
    made = synthesized()
    roles = ci_roles(made)
    (tmp_path / "deploy-9.json").write_text("{}")
    (tmp_path / "backend.tf").write_text("")
    written = files.write(roles, tmp_path, made.environment)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(["backend.tf", *(f.name for f in written)])
    assert json.loads((tmp_path / "plan-1.json").read_text()) == roles[0].policies[0]
    source = {"aws": {"source": "hashicorp/aws", "version": "~> 5.100"}}
    (tmp_path / "cdk.tf.json").write_text(json.dumps({"terraform": {"required_providers": source}}))
    terraform = Terraform.of(made)
    stack = type(made.stacks["keys"])("ci", tmp_path, (), 0)
    terraform.init_anew(stack)
    code, report = terraform.run(stack, "validate", "-json", folder=tmp_path)
    assert code == 0, report.text


def test_every_row_makes_a_statement_somewhere_and_every_condition_is_used(
    synthesized: Synthesized,
) -> None:
    made = [s for changes in ((), (WITH_OPTIONS,)) for role in ci_roles(synthesized(*changes)) for s in role.statements]
    used = {id(row) for statement in made for row in statement.rows}
    elsewhere = {grant.sid for grant in grants() if grant.file in ("brought", "house")}
    assert {row.sid for row in grants() if id(row) not in used} <= elsewhere
    assert set(conditions()) == {name for row in grants() for name in (*row.only, *row.writes_only)}
