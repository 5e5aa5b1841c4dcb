"""Rules on changes written by hand: those that no recorded plan shows, and what must not be found."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sagekeep.review.model import Plan
from sagekeep.review.naming import rows
from sagekeep.review.review import review
from tests.review import corpus
from tests.review.built import Json, change, found, plan, rules_of

RULES = Path(__file__).parents[2] / "sagekeep" / "review" / "rules"


def allowing(action: str, **more: object) -> str:
    """A policy as a JSON text."""
    statement = {"Effect": "Allow", "Action": action, "Resource": "*", **more}
    return str({"Version": "2012-10-17", "Statement": [statement]}).replace("'", '"')


FILES = sorted(Path(__file__).parent.glob("changes*.toml"))
ROWS: list[Json] = [row for file in FILES for row in tomllib.loads(file.read_text())["change"]]
FOUND = [row for row in ROWS if not row.get("quiet")]
QUIET = [row for row in ROWS if row.get("quiet")]


def made(row: Json) -> Json:
    """The change of a row."""
    entry = change(row["type"], row.get("before"), row.get("after"))
    more = {key: row[key] for key in ("actions", "after_unknown", "importing") if key in row}
    return {**entry, "change": {**entry["change"], **more}}


@pytest.mark.parametrize("row", FOUND, ids=[f"{n}-{row['rule']}" for n, row in enumerate(FOUND)])
def test_it_is_found(row: Json) -> None:
    assert (row["risk"], row["rule"]) in rules_of(made(row))


@pytest.mark.parametrize("row", QUIET, ids=[row["rule"] for row in QUIET])
def test_the_other_direction_is_not_found(row: Json) -> None:
    assert row["rule"] not in {rule for _, rule in rules_of(made(row))}


# Expected by the tests below.
BELOW = {"drift-gone", "policy-lets-in-another-account", "provider-version-changed", "terraform-version-changed"}


def test_every_rule_is_expected_of_some_plan() -> None:
    """So that a rule that is taken away, or never was right, fails here or there."""
    cases = {rule for case in corpus.cases() for _, _, rule in case.get("expect", ())}
    expected = cases | {row["rule"] for row in FOUND}
    code = "".join(file.read_text() for file in RULES.glob("*.py"))
    written = set(re.findall(r'"((?:[a-z]+-)+[a-z]+)",\s*\n?\s*Risk\.', code)) | {r["id"] for r in rows()}
    assert len(written) > 50
    assert written - expected == BELOW


def test_a_rule_names_types_that_the_provider_has() -> None:
    """A misspelled type would never be found."""
    types = {kind for row in rows() for kind in row["types"] if not kind.endswith("*")}
    known = set(corpus.provider_types())
    assert {kind for kind in types if kind.startswith("aws_")} - known == set()


def test_a_subnet_that_goes_names_what_still_needs_it_in_other_stacks() -> None:
    subnet = change("aws_subnet", {"id": "subnet-1"}, None)
    domain = change("aws_sagemaker_domain", {"subnet_ids": ["subnet-1"]}, {"subnet_ids": ["subnet-1"]}, name="d")
    finding = review([plan(subnet, stack="network"), plan(domain, stack="studio")]).findings[0]
    assert (finding.rule, finding.severity.value) == ("subnet-removed", "critical")
    assert finding.details == ("named by studio: aws_sagemaker_domain.d",)


def test_a_policy_of_a_role_that_is_new_is_no_wider_access() -> None:
    role = change("aws_iam_role", None, {"name": "r", "assume_role_policy": "{}"})
    policy = change("aws_iam_role_policy", None, {"role": "r", "policy": allowing("s3:GetObject")})
    assert {risk for risk, _ in rules_of(role, policy)} == {"harmless"}
    assert ("wider access", "policy-allows-more") in rules_of(policy)


def test_a_new_role_that_another_account_may_take_on_is_told() -> None:
    trust = allowing("sts:AssumeRole", Principal={"AWS": "arn:aws:iam::210987654321:root"}).replace(
        '"Resource": "*"', ""
    )
    role = change("aws_iam_role", None, {"name": "r", "assume_role_policy": trust.replace(", ,", ",")})
    allowed = {"aws": {"name": "aws", "expressions": {"allowed_account_ids": {"constant_value": ["123456789012"]}}}}
    told = rules_of(role, configuration={"provider_config": allowed})
    assert ("wider access", "policy-lets-in-another-account") in told


def test_a_bucket_that_is_renamed_keeps_its_perimeter_and_a_wider_one_is_still_told() -> None:
    def policy(bucket: str, *actions: str) -> Json:
        on = {"Effect": "Deny", "Principal": "*", "Resource": f"arn:aws:s3:::{bucket}/*"}
        vpc = {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}
        statements = [{**on, "Sid": action.replace(":", ""), "Action": action, "Condition": vpc} for action in actions]
        return {"bucket": bucket, "policy": json.dumps({"Version": "2012-10-17", "Statement": statements})}

    bucket = change("aws_s3_bucket", {"bucket": "old", "id": "old"}, {"bucket": "new"}, replace=True)
    before = policy("old", "s3:GetObject", "s3:PutObject")
    same = change("aws_s3_bucket_policy", before, policy("new", "s3:GetObject", "s3:PutObject"), replace=True)
    less = change("aws_s3_bucket_policy", before, policy("new", "s3:GetObject"), replace=True)
    assert "perimeter-statement-gone" not in {rule for _, rule in rules_of(bucket, same)}
    assert ("wider access", "perimeter-statement-gone") in rules_of(bucket, less)


def test_a_plan_that_reads_outputs_which_another_plan_changes_is_provisional() -> None:
    moves = {"subnet_ids": {"actions": ["update"], "before": ["a"], "after": ["b"]}}
    read = {
        "references": ["data.terraform_remote_state.network.outputs.subnet_ids", "data.terraform_remote_state.network"]
    }
    reads = {"root_module": {"resources": [{"address": "a.b", "expressions": {"subnet_ids": read}}]}}
    network, studio = plan(stack="network", output_changes=moves), plan(stack="studio", configuration=reads)
    told = review([network, studio]).plans
    assert [p.provisional for p in told] == ["", "made before changes of network (subnet_ids) are applied"]
    assert review([plan(stack="network"), studio]).plans[1].provisional == ""


def test_what_was_removed_outside_terraform_is_told() -> None:
    gone = change("aws_sqs_queue", {"name": "q"}, None)
    again = change("aws_sqs_queue", None, {"name": "q"})
    assert rules_of(again, resource_drift=[gone]) == {("harmless", "drift-gone"), ("harmless", "created")}


def test_fields_that_no_rule_speaks_of_are_told_beside_those_of_rules() -> None:
    before = {"enable_key_rotation": True, "description": "a", "tags_all": {"a": "b"}}
    after = {"enable_key_rotation": False, "description": "b", "tags_all": {}}
    told = {f.rule: f.details for f in found(change("aws_kms_key", before, after))}
    assert told == {"key-rotation-off": (), "updated": ("description: a → b",)}


def test_a_key_that_another_stack_changes_replaces_the_domain_that_is_not_planned_anew_yet() -> None:
    moves = {"studio_key_arn": {"actions": ["update"], "before": "a", "after": "b"}}
    read = {
        "references": ["data.terraform_remote_state.keys.outputs.studio_key_arn", "data.terraform_remote_state.keys"]
    }
    domain = {"domain_name": "d", "kms_key_id": "a"}
    written = {"address": "aws_sagemaker_domain.it", "expressions": {"kms_key_id": read}}
    keys = plan(stack="keys", output_changes=moves)
    studio = plan(
        change("aws_sagemaker_domain", domain, domain),
        stack="studio",
        configuration={"root_module": {"resources": [written]}},
    )
    (found_here,) = review([keys, studio]).findings
    assert (found_here.risk.value, found_here.rule) == ("data loss", "will-be-made-anew")
    assert "will be replaced once keys is applied, because kms_key_id changes" in found_here.sentence
    assert review([plan(stack="keys"), studio]).findings == ()


VERSIONS = (
    ("1.11.4", "~> 5.100", set()),
    ("1.10.0", "~> 5.100", {("harmless", "terraform-version-changed")}),
    ("1.12.0", "~> 5.100", {("outage", "terraform-version-changed")}),
    ("1.11.4", "~> 5.90", {("harmless", "provider-version-changed")}),
    ("1.11.4", "~> 4.67", {("replacement", "provider-version-changed")}),
)


@pytest.mark.parametrize(("terraform", "constraint", "told"), VERSIONS)
def test_other_versions_than_an_earlier_plan_s_are_told(terraform: str, constraint: str, told: set[Any]) -> None:
    def made(version: str, allowed: str) -> Plan:
        aws = {"full_name": "registry.terraform.io/hashicorp/aws", "version_constraint": allowed}
        return plan(terraform_version=version, configuration={"provider_config": {"aws": aws}})

    found_here = review([made("1.11.4", "~> 5.100")], earlier=[made(terraform, constraint)]).findings
    assert {(f.risk.value, f.rule) for f in found_here} == told


def archive(file: Path, **contents: str) -> str:
    """A zip with these files; its hash as the provider has it."""
    with zipfile.ZipFile(file, "w") as made:
        for name, text in contents.items():
            made.writestr(f"{name}.py", text)
    return base64.b64encode(hashlib.sha256(file.read_bytes()).digest()).decode()


def test_other_code_of_a_function_is_told_by_file_where_both_archives_are_at_hand(tmp_path: Path) -> None:
    old = archive(tmp_path / "old.zip", handler="a", gone="b", same="c")
    new = archive(tmp_path / "new.zip", handler="x", come="d", same="c")
    made = change("aws_lambda_function", {"source_code_hash": old}, {"source_code_hash": new})

    def told(folder: Path) -> tuple[str, ...]:
        return next(f for f in review([plan(made)], archives=[folder]).findings).details

    assert told(tmp_path) == ("come.py is new", "gone.py goes", "handler.py changes")
    (tmp_path / "old.zip").unlink()
    assert told(tmp_path) == ("holds handler.py", "holds come.py", "holds same.py")
    assert told(tmp_path / "nowhere") == (f"SHA-256 {old} → {new}",)


def test_guardrails_that_are_detached_are_known_by_their_policy() -> None:
    arn = "arn:aws:iam::123456789012:policy/guardrails"
    attached = change("aws_iam_role_policy_attachment", {"role": "r", "policy_arn": arn}, None)

    def told(effect: str) -> set[tuple[str, str]]:
        values = {"arn": arn, "policy": allowing("s3:*").replace("Allow", effect)}
        return rules_of(attached, change("aws_iam_policy", values, values, name="p"))

    assert ("wider access", "refusals-detached") in told("Deny")
    assert {risk for risk, _ in told("Allow")} == {"narrower access"}


def test_what_is_given_to_something_new_is_no_wider_access() -> None:
    role = change("aws_iam_role", None, {"name": "r", "assume_role_policy": "{}"})
    attached = change("aws_iam_role_policy_attachment", None, {"role": "r", "policy_arn": "arn:aws:iam::aws:policy/X"})
    assert {risk for risk, _ in rules_of(role, attached)} == {"harmless"}


def test_a_policy_that_has_its_role_s_name_is_still_one_of_an_old_role() -> None:
    policy = change("aws_iam_role_policy", None, {"name": "r", "role": "r", "policy": allowing("s3:GetObject")})
    assert ("wider access", "policy-allows-more") in rules_of(policy)


def test_what_was_changed_outside_terraform_and_stays_is_told_with_its_danger() -> None:
    opened = change("aws_s3_bucket_public_access_block", {"block_public_acls": True}, {"block_public_acls": False})
    assert rules_of(resource_drift=[opened]) == {("wider access", "drift-stays")}
    back = change("aws_s3_bucket_public_access_block", {"block_public_acls": False}, {"block_public_acls": True})
    assert {rule for _, rule in rules_of(back, resource_drift=[opened])} == {"drift", "updated"}


def test_an_index_with_a_dot_or_a_quote_is_read() -> None:
    made = change("aws_sqs_queue", {"name": "q"}, None) | {"address": 'aws_sqs_queue.it["a.b\\"c"]', "index": 'a.b"c'}
    (finding,) = found(made)
    assert finding.change.name == 'it["a.b\\"c"]'
