"""Where things are brought: nothing of ours is found, what others decide is told, what breaks is a finding."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

import brought
from brought import VARIANTS
from proofs import ROOT, Break
from sagekeep.controls.evidence import outcomes
from sagekeep.prove import report
from sagekeep.prove.identity import identify
from sagekeep.prove.lockout import beyond_repair, judge
from test_prove_broken import JOB, added, drop, edit, without
from views import Copy

# Calls of people who look after a thing, and of services for things that are not made: their owners' business.
OWNERS = {
    "access-logs-are-delivered",
    "auditor-finds-access-logs",
    "auditor-reads-access-logs",
    "auditor-reads-access-logs-of-the-state",
    "auditor-reads-buckets",
    "auditor-reads-keys",
    "auditor-reads-topics",
    "administrator-looks-at-keys",
    "administrator-looks-at-the-state-key",
    "deployer-empties-the-bucket",
    "deployer-keeps-keys",
    "deployer-keeps-state",
    "deployer-keeps-the-state-key",
    "deployer-opens-state",
    "flow-logs-are-written",
    "flow-logs-find-their-group",
    "flow-logs-assume-their-role",
    "state-access-logs-are-delivered",
}


@pytest.mark.parametrize("name", VARIANTS)
def test_nothing_is_a_finding_and_no_control_is_broken(name: str) -> None:
    assert list(brought.proof(name).findings()) == []
    assert {i: o.faults for i, o in brought.controls(name).items() if o.result == "broken"} == {}


@pytest.mark.parametrize("name", VARIANTS)
def test_whatever_is_brought_is_told_by_its_key(name: str) -> None:
    assert brought.told(brought.proof(name), brought.controls(name)) == set(brought.view(name).estate.brought)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_call_of_the_workload_gets_through_what_is_brought(name: str) -> None:
    """Whoever brings things is asked for each of them: none is left to their owners."""
    left = {call.row.id for call in brought.proof(name).reached if call.brought}
    swept = {call.row.id for call in brought.proof(name).reached if "existing.domain" in call.brought}
    assert left - swept <= OWNERS


def test_what_only_an_endpoint_of_ours_would_stop_is_told_and_what_else_stops_it_counts() -> None:
    found = {attempt.row.id: attempt for attempt in brought.proof("subnets_by_tags").denied}
    assert found["data-to-a-foreign-bucket.job"].brought == ("existing.endpoints.s3",)
    assert found["foreign-credentials-at-sts"].brought == ("existing.endpoints.sts",)
    assert found["foreign-log-group"].brought == ()  # by an endpoint that is ours
    assert found["foreign-log-group"].depth > 0
    assert found["workload-reads-state.job"].brought == ()  # by the state bucket's own policy
    assert found["workload-reads-state.job"].depth > 0


def test_a_control_is_met_where_the_part_that_it_is_about_is_ours() -> None:
    results = {name: brought.controls(name) for name in ("route_tables", "keys_and_buckets", "subnets_by_tags")}
    assert results["route_tables"]["N3"].result == "met"  # flow logs of ours in another's VPC
    assert results["subnets_by_tags"]["N3"].brought == ("existing.vpc",)
    assert results["keys_and_buckets"]["N8"].result == "met"
    assert results["keys_and_buckets"]["E5"].brought == ("existing.keys.logs",)
    assert results["keys_and_buckets"]["M2"].result == "met"  # the domain's key is ours
    assert results["keys_and_buckets"]["I8"].result == "not used"


BREAKS: tuple[tuple[str, str, Break, str], ...] = (
    (
        "a role of ours writes anywhere",
        "subnets_by_tags",
        added(JOB, sid="Anywhere", actions=["s3:PutObject"], resources=["*"]),
        ".*#Anywhere: no listed call needs this statement",
    ),
    (
        "an endpoint of ours is removed",
        "subnets_by_tags",
        drop("network", "aws_vpc_endpoint", "endpoint_logs"),
        "job-writes-logs: network: no endpoint for logs .*",
    ),
    (
        "an endpoint that is brought is no longer looked up",
        "subnets_by_tags",
        lambda d: d["network"]["data"]["aws_vpc_endpoint"].pop("endpoint_sts"),
        "studio-asks-who-it-is: network: no endpoint for sts .*",
    ),
    (
        "a group of ours no longer lets out to one that is brought",
        "subnets_by_tags",
        drop("network", "aws_vpc_security_group_egress_rule", "groups_out_jobs_to_endpoints_443"),
        r"job-writes-logs: .*groups_jobs has no egress on 443 to existing\.security_groups\.endpoints .*",
    ),
    (
        "jobs run elsewhere",
        "subnets_by_tags",
        lambda d: d["pipeline"]["resource"]["terraform_data"]["pipeline_configuration"]["input"].update(
            subnet_ids=["subnet-elsewhere"]
        ),
        "job-reads-inputs: network: no endpoint for s3 .*",
    ),
    (
        "our S3 endpoint is in none of the route tables that are brought",
        "route_tables",
        edit("network", "aws_vpc_endpoint", "endpoint_s3", route_table_ids=[]),
        r"job-reads-inputs: network: .*endpoint_s3 is not in .*",
    ),
    (
        "a route table of ours is not put into the S3 endpoint that is brought",
        "associated",
        drop("network", "aws_vpc_endpoint_route_table_association", "endpoint_s3_association_1"),
        r"job-reads-inputs: network: existing\.endpoints\.s3 is not in network: aws_route_table\..*",
    ),
    (
        "a guardrail is removed",
        "keys_and_buckets",
        without("studio: data.aws_iam_policy_document.guardrails_statements", "DenyVolumesUnderOtherKeys"),
        "people-make-open-notebooks: no longer stopped by .*#DenyVolumesUnderOtherKeys.*",
    ),
    (
        "an endpoint policy of ours no longer denies",
        "keys_and_buckets",
        without("network: data.aws_iam_policy_document.endpoint_s3_policy", "DenyEveryOtherBucket"),
        "workload-reads-state.job: no longer stopped by .*#DenyEveryOtherBucket",
    ),
)


@pytest.mark.parametrize(("name", "change", "told"), [one[1:] for one in BREAKS], ids=[one[0] for one in BREAKS])
def test_what_is_broken_beside_what_is_brought_is_a_finding(name: str, change: Break, told: str) -> None:
    findings = list(brought.broken(name, change).findings())
    assert any(re.fullmatch(told, finding) for finding in findings), findings


def test_a_control_that_ours_breaks_is_broken_though_others_have_a_part(tmp_path: Path) -> None:
    copy = Copy.of(brought.view("subnets_by_tags"), tmp_path / "copy")
    del copy.body("network", "aws_vpc_endpoint", "endpoint_logs")["policy"]
    copy.drop("network", "aws_vpc_security_group_ingress_rule", "groups_in_jobs_to_jobs_0")
    copy.body("network", "aws_vpc_security_group_egress_rule", "groups_out_jobs_to_jobs_0")["description"] = ""
    found = {outcome.control.id: outcome for outcome in outcomes(copy.view())}
    assert {i for i, outcome in found.items() if outcome.result == "broken"} == {"N5", "N8"}
    assert found["N8"].brought == ("existing.endpoints.s3", "existing.endpoints.sts")


def test_the_report_lists_and_counts_what_is_not_proved() -> None:
    found = brought.proof("subnets_by_tags")
    screen = Console(file=io.StringIO(), width=200)
    report.show(screen, found)
    lines = screen.file.getvalue().splitlines()  # type: ignore[attr-defined]
    start = next(at for at, line in enumerate(lines) if line.startswith("not proved: brought"))
    listed = lines[start + 1 : lines.index("", start)]
    unproved = list(found.unproved())
    assert len(listed) == len(unproved) > 0
    assert all(row.id in line and row.keys[0] in line for row, line in zip(unproved, listed, strict=True))
    assert f"{len(unproved)} not proved because of what is brought, 0 findings" in lines[-1]


def test_of_a_vpc_that_may_lead_to_the_internet_the_proof_says_what_it_did_not_look_at() -> None:
    (note,) = brought.proof("associated").notes
    assert note.startswith("network.sealed = false: ")
    assert brought.proof("everything").notes == ()


def test_evidence_of_what_is_looked_up_names_the_settings(tmp_path: Path) -> None:
    out = str(brought.synthesized("keys_and_buckets").out)
    words = ["evidence", "--env", "brought", "--out", out, "--as-synthesized", "--to", str(tmp_path)]
    command = [sys.executable, "-m", "sagekeep", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads((tmp_path / "evidence.json").read_text())
    rows = {row["id"]: row for row in document["controls"]}
    assert (rows["S2"]["result"], rows["S2"]["brought"]) == (
        "brought",
        ["existing.data_bucket", "existing.state_bucket"],
    )
    assert {row["of"] for row in document["brought"]} == {
        row.id for row in brought.proof("keys_and_buckets").unproved()
    }
    page = (tmp_path / "evidence.md").read_text()
    assert "**brought** by others: `existing.keys.logs`; what is ours holds" in page
    assert "## Not proved, because it is brought" in page


@pytest.mark.parametrize("name", ["keys_and_buckets", "everything"])
def test_whoever_deploys_is_not_locked_out_by_what_only_its_owner_decides(name: str) -> None:
    view = brought.view(name)
    deployer = view.setting("deploy.roles")[0]
    judgement = judge(view.estate, identify(deployer, view.settings), "internet")
    assert list(judgement.lost()) == []
    assert beyond_repair(view.estate) == []
    (opened,) = (outcome for outcome in judgement.outcomes if outcome.call.id == "state-is-opened")
    assert opened.brought == (() if name == "everything" else ("existing.state_bucket",))  # or its key is asked for it
