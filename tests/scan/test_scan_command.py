"""`sagekeep scan` with the real scanners: what fails it, what it says, and how an exception is made."""

from __future__ import annotations

import json

import pytest

from tests.scan.conftest import Project, role

# The smallest resource with exactly one finding of checkov's, in a stack with all that checkov cannot read by itself.
TOPIC = {
    "terraform": {"required_version": ">= 1.10", "backend": {"local": {"path": "../alerts.tfstate"}}},
    "moved": [{"from": "aws_sns_topic.old", "to": "aws_sns_topic.alerts"}],
    "import": [{"to": "aws_sns_topic.alerts", "id": "arn:aws:sns:us-east-1:123456789012:alerts"}],
    "resource": {"aws_sns_topic": {"alerts": {"name": "alerts"}}},
}
ADDRESS = "alerts: aws_sns_topic.alerts"
ENTRY = """
[[exception]]
id = "CKV_AWS_26"
address = "alerts: aws_sns_topic.alerts"
reason = "nothing secret is ever published there"
review = 2999-01-01
"""


def test_a_finding_that_the_register_lacks_fails_and_is_printed_as_an_entry_that_wants_a_reason(
    project: Project,
) -> None:
    project.write(alerts=TOPIC)
    done = project.scan()
    assert done.returncode == 1
    assert f"CKV_AWS_26  {ADDRESS}" in done.stderr
    entry, _, counts = done.stdout.rpartition("\n\n")
    assert counts == "poc: 1 unlisted, 0 accepted, 0 stale, 0 overdue\n"
    project.register(entry)
    refused = project.scan()
    assert refused.returncode == 2
    assert "entry 1: reason" in refused.stderr
    project.register(entry.replace("WHY", "nothing secret is ever published there"))
    accepted = project.scan()
    assert (accepted.returncode, accepted.stderr) == (0, "")


def test_an_exception_that_no_longer_occurs_fails(project: Project) -> None:
    key = {"kms_master_key_id": "alias/acme"}
    project.write(alerts={"resource": {"aws_sns_topic": {"alerts": {"name": "alerts", **key}}}})
    project.register(ENTRY)
    done = project.scan()
    assert done.returncode == 1
    assert f"no longer found: CKV_AWS_26  {ADDRESS}" in done.stderr


def test_an_exception_is_for_one_resource_and_the_environments_that_it_names(project: Project) -> None:
    project.write(alerts=TOPIC, other=TOPIC)
    project.register(ENTRY)
    assert project.findings() == {("CKV_AWS_26", "other: aws_sns_topic.alerts", "")}
    project.register(ENTRY + 'environments = ["prod"]\n')
    assert ("CKV_AWS_26", ADDRESS, "") in project.findings()


def test_a_review_date_that_has_come_warns_and_does_not_fail(project: Project) -> None:
    project.write(alerts=TOPIC)
    project.register(ENTRY.replace("2999", "2020"))
    done = project.scan()
    assert done.returncode == 0
    assert done.stderr == f"warning: review was due on 2020-01-01: CKV_AWS_26  {ADDRESS}\n"


def test_a_stack_that_checkov_cannot_read_fails(project: Project) -> None:
    project.write(alerts={**TOPIC, "locals": {"x": 1}, "check": {"health": "not a block"}})
    done = project.scan()
    assert done.returncode == 1
    assert "alerts" in done.stderr
    assert "checkov cannot read" in done.stderr or "checkov read 0 of 1 resources" in done.stderr


def test_stacks_without_resources_fail(project: Project) -> None:
    project.write(alerts={"terraform": {"required_version": ">= 1.10"}})
    done = project.scan()
    assert done.returncode == 1
    assert "nothing to scan" in done.stderr


def test_a_service_star_is_named_with_its_statement(project: Project) -> None:
    bucket = {"resources": ["arn:aws:s3:::acme-data", "arn:aws:s3:::acme-data/*"]}
    project.write(work=role({"sid": "ReadTheDataBucket", "effect": "Allow", "actions": ["s3:*"], **bucket}))
    done = project.scan("--json")
    assert done.returncode == 1
    unlisted = json.loads(done.stdout)["unlisted"]
    named = {f["id"]: f["statement"] for f in unlisted if f["address"] == "work: data.aws_iam_policy_document.access"}
    assert named["sagekeep:STAR_ACTION"] == named["cloudsplaining:ServiceWildcard"] == "ReadTheDataBucket"


@pytest.mark.control("I9")
def test_linters_name_the_statement_of_an_unknown_action_and_of_a_way_to_more_rights(project: Project) -> None:
    ways = ["iam:PutRolePolicy", "sts:AssumeRole"]
    project.write(
        typo=role({"sid": "ReadObjects", "actions": ["s3:GetObjects"], "resources": ["arn:aws:s3:::acme-data/*"]}),
        rise=role({"sid": "GrantAnything", "actions": ways, "resources": ["*"]}),
    )
    place = "data.aws_iam_policy_document.access"
    wanted = {
        ("parliament:UNKNOWN_ACTION", f"typo: {place}", "ReadObjects"),
        ("cloudsplaining:PrivilegeEscalation", f"rise: {place}", "GrantAnything"),
        ("cloudsplaining:ResourceExposure", f"rise: {place}", "GrantAnything"),
        ("CKV_AWS_110", f"rise: {place}", ""),
    }
    assert wanted <= project.findings()


def test_without_the_scanners_it_says_how_to_get_them(project: Project) -> None:
    (project.root / ".venv-scanners").unlink()
    project.write(alerts=TOPIC)
    done = project.scan()
    assert done.returncode == 1
    assert "make setup-scanners" in done.stderr


def test_a_plan_of_other_stacks_is_refused(project: Project) -> None:
    project.write(alerts=TOPIC)
    plan = project.root / "plan.json"
    plan.write_text('{"configuration": {"root_module": {"resources": [{"mode": "managed", "address": "aws_x.y"}]}}}')
    refused = project.scan("--plan", str(plan))
    assert refused.returncode == 2
    assert "a plan of none of the stacks alerts" in refused.stderr
    plan.write_text("{}")
    assert "holds no plan as JSON" in project.scan("--plan", str(plan)).stderr
