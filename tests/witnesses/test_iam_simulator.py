"""The first witness: every request that the proof decides, decided by iam-simulate, whose author does not know us."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sagekeep.iam.evaluate import covers
from sagekeep.prove.reading import read
from sagekeep.prove.situation import Situation
from sagekeep.prove.terraform import Terraform
from tests.witnesses import environments, simulator
from tests.witnesses.simulator import Judgement
from tests.witnesses.summary import Witnessed

REGISTER: Sequence[Mapping[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "differences.toml").read_text(encoding="utf-8")
)["difference"]


def findings(situations: Sequence[Situation], used: set[int]) -> list[str]:
    """What is decided otherwise and not registered, and calls that by both do not get through; a line each.

    `used` gets the numbers of the register's entries that excuse something.
    """
    found = set()
    for situation, judgement in zip(situations, simulator.judge(situations), strict=True):
        if simulator.ours(situation) != judgement.decision:
            entries = excuses(situation, judgement)
            used.update(entries)
            if not entries:
                found.add(told(situation, judgement))
        elif judgement.decision != "allowed" and not situation.row.stopped_by:
            found.add(told(situation, judgement))
    return sorted(found)


def excuses(situation: Situation, judgement: Judgement) -> list[int]:
    """Which entries of the register excuse a difference: one of an action, or those of all the keys taken out."""
    by_action = [n for n, entry in enumerate(REGISTER) if entry.get("action") == situation.request.action]
    if by_action:
        return by_action
    left, used = set(judgement.ignored), []
    for number, entry in enumerate(REGISTER):
        keys = {key.lower() for key in entry.get("keys", ())}
        if keys and keys <= left and entry.get("row", "") in situation.row.id:
            left -= keys
            used.append(number)
    return [] if left else used


def told(situation: Situation, judgement: Judgement) -> str:
    """A difference in a line: what was asked, what both say, and the statements that are ours."""
    verdict = situation.verdict
    statement = f"{verdict.origin}#{verdict.sid}" if verdict.sid else verdict.origin or situation.names[verdict.layer]
    unmet = "" if verdict.allowed or verdict.explicit else "".join(f", {name} is not met" for name in meant(situation))
    request = situation.request
    ignored = f"; no keys of this action: {', '.join(judgement.ignored)}" if judgement.ignored else ""
    return (
        f"{situation.row.id}: {request.action} on {request.resource} by {request.caller.arn}: we say "
        f"{simulator.ours(situation)} by {statement}{unmet}, the simulator {judgement.decision}{judgement.why}{ignored}"
    )


def meant(situation: Situation) -> Iterator[str]:
    """Statements of the layer that refuses, of the action and the resource, whose conditions do not hold."""
    for policy in situation.layers.of(situation.verdict.layer):
        for statement in policy.statements:
            if statement.effect == "Allow" and covers(replace(statement, conditions=()), situation.request):
                yield f"{policy.origin}#{statement.sid}"


def test_every_request_of_the_proof_is_decided_alike(witnessed: Witnessed) -> None:
    """In every environment; differences stand in differences.toml with the reason."""
    asked = [s for name in environments.NAMES for s in environments.requests(environments.estate(name))]
    used: set[int] = set()
    assert findings(asked, used) == []
    assert [entry["reason"] for n, entry in enumerate(REGISTER) if n not in used] == [], "these excuse nothing any more"
    witnessed("IAM simulator", "requests compared", len(asked))


ROWS = ("pipeline-creates-jobs", "pipeline-creates-training-jobs")
STATEMENT = "pipeline: data.aws_iam_policy_document.pipeline_access_policy_statements#CreateSealedJobs"


def with_replaced_keys_alone() -> list[Situation]:
    """The requests that start jobs, where the pipeline role's policy has the replaced keys alone."""
    found = read(Terraform(environments.with_replaced_keys_alone(), environments.synthesized("poc").settings))
    return [situation for situation in environments.requests(found) if situation.row.id in ROWS]


def test_the_witness_notices_condition_keys_that_aws_no_longer_sends() -> None:
    """The old keys in one policy: by what AWS sends now no run would start a job, and the statement is named."""
    lines = findings(with_replaced_keys_alone(), set())
    assert len(lines) == len(ROWS)
    assert all(f"{STATEMENT} is not met" in line for line in lines)


def test_the_witness_notices_a_belief_that_rows_and_policy_share() -> None:
    """The old keys in the policy and in the rows, as it once was: we say allowed, and AWS would deny it."""
    lines = findings([with_replaced_keys(situation) for situation in with_replaced_keys_alone()], set())
    assert len(lines) == len(ROWS)
    for line in lines:
        assert f"we say allowed by {STATEMENT}, the simulator denied" in line
        assert "no keys of this action: sagemaker:outputkmskey, sagemaker:volumekmskey" in line


def with_replaced_keys(situation: Situation) -> Situation:
    """The request with the replaced keys in the place of those that AWS sends, as the belief was."""
    context = {environments.REPLACED.get(key, key): values for key, values in situation.request.context.items()}
    return replace(situation, request=replace(situation.request, context=context))
