"""Whom the synthesized policies lock out, and by which statement."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from sagekeep.errors import UsageError
from sagekeep.prove import operators
from sagekeep.prove.identity import identify
from sagekeep.prove.lockout import Judgement, beyond_repair, judge
from sagekeep.prove.reading import read
from sagekeep.prove.terraform import Terraform
from synths import ROOT, Synth

STATE = "state: data.aws_iam_policy_document.state_bucket_statements"
DATA = "storage: data.aws_iam_policy_document.data_statements"
S3_ENDPOINT = "network: data.aws_iam_policy_document.endpoint_s3_policy"


class Files:
    """An environment's files, and what somebody may have done to them."""

    def __init__(self, synth: Synth) -> None:
        self.stacks: dict[str, dict[str, Any]] = copy.deepcopy(synth.stacks)
        self.settings = json.loads((synth.out / "model.json").read_text())["settings"]

    def arn(self, resource: str) -> str:
        return f"arn:aws:iam::{self.settings['account_id']}:{resource}"

    def statements(self, stack: str, document: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.stacks[stack]["data"]["aws_iam_policy_document"][document]["statement"]
        return found

    def judge(self, resource: str, place: operators.Place = "internet") -> Judgement:
        identity = identify(self.arn(resource), self.settings)
        return judge(read(Terraform(self.stacks, self.settings)), identity, place)

    def beyond_repair(self) -> list[str]:
        return [stop.what for stop in beyond_repair(read(Terraform(self.stacks, self.settings)))]


def stopped(judgement: Judgement, *ids: str) -> dict[str, list[str]]:
    """Call -> what stops it; of some calls, or all that are stopped."""
    return {
        outcome.call.id: [stop.what for stop in outcome.stops]
        for outcome in judgement.outcomes
        if (outcome.stops and not ids) or outcome.call.id in ids
    }


def lost(judgement: Judgement) -> set[str]:
    return {outcome.call.id for outcome in judgement.lost()}


@pytest.fixture
def files(synthesized: Synth) -> Files:
    return Files(synthesized)


@pytest.fixture
def production(prod: Synth) -> Files:
    return Files(prod)


def test_nothing_stops_a_deployer_from_outside_the_vpc(files: Files) -> None:
    judgement = files.judge("role/sagekeep-deployer")
    assert (judgement.identity.title, stopped(judgement)) == ("deployer", {})


def test_every_call_of_the_list_is_made_where_everything_is_there(poc: Synth) -> None:
    outcomes = Files(poc).judge("role/sagekeep-deployer").outcomes
    assert [outcome.call.id for outcome in outcomes if outcome.skipped] == []


def test_a_planner_reads_and_locks_but_neither_writes_nor_changes_the_state(production: Files) -> None:
    judgement = production.judge("role/sagekeep-planner")
    assert lost(judgement) == set()
    assert stopped(judgement, "state-is-read", "state-is-locked", "code-is-read", "code-is-decrypted") == {
        "state-is-read": [],
        "state-is-locked": [],
        "code-is-read": [],
        "code-is-decrypted": [],
    }
    assert stopped(judgement, "state-is-written", "code-is-put", "data-is-brought") == {
        "state-is-written": [f"{STATE}#DenyWritingTheStateToOthers"],
        "code-is-put": [f"{DATA}#DenyOtherWritesFromOutsideTheVpc"],
        "data-is-brought": [f"{DATA}#DenyRawWritesFromOutsideTheVpc"],
    }


def test_a_data_writer_brings_data_and_reads_none(files: Files) -> None:
    writer = files.arn("role/etl")
    exempt = {"DenyRawWritesFromOutsideTheVpc", "DenyListsFromOutsideTheVpc"}
    for statement in files.statements("storage", "data_statements"):
        if statement["sid"] in exempt:
            _condition(statement, "aws:PrincipalArn")["values"].append(writer)
    _condition(_statement(files.statements("keys", "data_policy"), "UseByNamedPrincipals"), "aws:PrincipalArn")[
        "values"
    ].append(writer)
    files.settings["deploy"]["data_writers"] = [writer]
    judgement = files.judge("role/etl")
    assert (judgement.identity.title, lost(judgement)) == ("data writer", set())
    assert stopped(judgement, "data-is-read") == {"data-is-read": [f"{DATA}#DenyReadsFromOutsideTheVpc"]}


def test_a_role_that_nobody_named_is_stopped_by_the_perimeter_outside_and_not_inside(files: Files) -> None:
    reads = ("code-is-read", "data-is-read", "data-is-listed")
    outside = files.judge("role/somebody")
    assert stopped(outside, *reads) == {
        "code-is-read": [f"{DATA}#DenyReadsFromOutsideTheVpc"],
        "data-is-read": [f"{DATA}#DenyReadsFromOutsideTheVpc"],
        "data-is-listed": [f"{DATA}#DenyListsFromOutsideTheVpc"],
    }
    assert list(stopped(files.judge("role/somebody", "vpc"), *reads).values()) == [[], [], []]
    # The key is another lock: it opens to those whom its own policy names, wherever they are.
    assert stopped(files.judge("role/somebody", "vpc"), "data-is-decrypted") == {
        "data-is-decrypted": ["no statement of keys: data.aws_iam_policy_document.data_policy"]
    }


@pytest.mark.parametrize("place", operators.PLACES)
def test_anybody_whom_the_account_lets_may_change_policies_back(files: Files, place: operators.Place) -> None:
    """From the VPC endpoints stop it, which locks nobody out: there are other places."""
    for resource in ("role/somebody", "user/ana", "root"):
        assert lost(files.judge(resource, place)) == set()


def test_the_vpc_carries_no_deployment(files: Files) -> None:
    judgement = files.judge("role/sagekeep-deployer", "vpc")
    found = stopped(judgement)
    assert found["state-is-written"] == [f"{S3_ENDPOINT}#DenyEveryOtherBucket"]
    assert found["manager-is-invoked"] == ["network: no endpoint for lambda"]
    assert {"state-is-written", "manager-is-invoked"} <= lost(judgement)
    assert "code-is-put" not in found


def test_a_role_of_the_environments_own_has_the_rights_that_it_has(files: Files) -> None:
    role = files.stacks["studio"]["resource"]["aws_iam_role"]["access_role"]
    judgement = files.judge(f"role{role.get('path', '/')}{role['name']}", "vpc")
    assert judgement.own_policies
    assert stopped(judgement, "data-is-read", "data-is-decrypted") == {"data-is-read": [], "data-is-decrypted": []}
    assert stopped(judgement, "bucket-policies-are-put")["bucket-policies-are-put"]
    assert lost(judgement) == set()


def test_a_deny_that_forgets_the_deployer_is_named(files: Files) -> None:
    statement = _statement(files.statements("storage", "data_statements"), "DenyOtherWritesFromOutsideTheVpc")
    statement["condition"].remove(_condition(statement, "aws:PrincipalArn"))
    judgement = files.judge("role/sagekeep-deployer")
    assert {what for whats in stopped(judgement).values() for what in whats} == {
        f"{DATA}#DenyOtherWritesFromOutsideTheVpc"
    }
    assert "code-is-put" in lost(judgement)


def test_a_key_without_administrators_is_beyond_repair(files: Files) -> None:
    statements = files.statements("keys", "studio_policy")
    statements.remove(_statement(statements, "AdministerThroughIam"))
    assert files.beyond_repair() == ["no statement of keys: data.aws_iam_policy_document.studio_policy"]
    assert "key-policies-are-put" in lost(files.judge("role/somebody"))


def test_a_bucket_that_denies_everything_is_for_the_root_to_repair(files: Files) -> None:
    """S3 lets the root of the bucket's account change its policy whatever it says (API reference, PutBucketPolicy)."""
    everything = {
        "sid": "DenyEverything",
        "effect": "Deny",
        "actions": ["s3:*"],
        "resources": ["*"],
        "principals": [{"type": "*", "identifiers": ["*"]}],
    }
    files.statements("storage", "data_statements").append(everything)
    assert files.beyond_repair() == []
    assert lost(files.judge("role/somebody")) == {"bucket-policies-are-put"}
    assert lost(files.judge("root")) == set()
    assert stopped(files.judge("root"), "data-is-read")["data-is-read"] != []


def test_a_policy_that_only_a_deployer_may_change_is_not_beyond_repair(files: Files) -> None:
    statement = _statement(files.statements("keys", "studio_policy"), "AdministerThroughIam")
    roles = [files.arn("role/ci/*/Deployer_?")]
    statement["condition"] = [{"test": "ArnLike", "variable": "aws:PrincipalArn", "values": roles}]
    assert files.beyond_repair() == ["no statement of keys: data.aws_iam_policy_document.studio_policy"]
    files.settings["deploy"]["roles"] = roles
    assert files.beyond_repair() == []


def test_without_a_vpc_there_is_no_inside(files: Files) -> None:
    for stack in ("network", "studio", "pipeline"):
        del files.stacks[stack]
    with pytest.raises(UsageError, match="VPC"):
        files.judge("role/sagekeep-deployer", "vpc")
    assert stopped(files.judge("role/sagekeep-deployer")) == {}


def sagekeep(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sagekeep", "prove", *arguments]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


def test_the_command_says_it_for_people_and_for_programs(poc: Synth) -> None:
    options = ("--env", "poc", "--out", str(poc.out), "--as-synthesized")
    session = "arn:aws:sts::123456789012:assumed-role/sagekeep-deployer/ana"
    done = sagekeep("lockout", *options, "--identity", session)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("arn:aws:iam::123456789012:role/sagekeep-deployer: deployer, from outside the VPC;")
    done = sagekeep("lockout", *options, "--identity", session, "--from", "vpc", "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, said["locked_out"], said["from"], said["kinds"]) == (1, True, "vpc", ["deployer"])
    written = next(call for call in said["calls"] if call["id"] == "state-is-written")
    assert (written["status"], written["lost"]) == ("stopped", True)
    assert written["stopped_by"][0]["statement"] == f"{S3_ENDPOINT}#DenyEveryOtherBucket"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("lockout", "--as-synthesized", "--identity", "ana"), "'ana' is no ARN"),
        (("lockout", "--as-synthesized", "--identity", "arn:aws:iam::999999999999:role/x"), "999999999999"),
        (("--as-synthesized", "lockout", "--identity", "ana"), "stand behind its name"),
    ],
)
def test_what_cannot_be_asked_ends_with_2(poc: Synth, arguments: tuple[str, ...], says: str) -> None:
    done = sagekeep(*arguments, "--out", str(poc.out))
    assert (done.returncode, says in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_every_call_says_who_needs_it_and_where_that_is_written() -> None:
    found = operators.calls()
    assert len(found) > 30
    assert [call.id for call in found if not call.source or not call.needed_by] == []
    assert [call.id for call in found if call.repairs and operators.DEPLOYER not in call.needed_by] == []


def _statement(statements: list[dict[str, Any]], sid: str) -> dict[str, Any]:
    return next(statement for statement in statements if statement["sid"] == sid)


def _condition(statement: dict[str, Any], key: str) -> dict[str, Any]:
    found: dict[str, Any] = next(c for c in statement["condition"] if c["variable"] == key)
    return found
