"""The first witness: every request that the proof decides, decided by iam-simulate, whose author does not know us."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sagekeep.prove.reading import read
from sagekeep.prove.situation import Situation
from sagekeep.prove.terraform import Terraform
from tests.witnesses import environments, simulator
from tests.witnesses.simulator import Judgement
from tests.witnesses.summary import Witnessed

REGISTER: Sequence[Mapping[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "differences.toml").read_text(encoding="utf-8")
)["difference"]


def differing(situations: Sequence[Situation]) -> Iterator[tuple[Situation, Judgement]]:
    """The requests of which the simulator says something else."""
    for situation, judgement in zip(situations, simulator.judge(situations), strict=True):
        if simulator.ours(situation) != judgement.decision:
            yield situation, judgement


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
    """A difference in a line: what was asked, what both say, and the statement that is ours."""
    verdict = situation.verdict
    statement = f"{verdict.origin}#{verdict.sid}" if verdict.sid else verdict.origin or situation.names[verdict.layer]
    request = situation.request
    ignored = f"; no keys of this action: {', '.join(judgement.ignored)}" if judgement.ignored else ""
    return (
        f"{situation.row.id}: {request.action} on {request.resource} by {request.caller.arn}: we say "
        f"{simulator.ours(situation)} by {statement}, the simulator {judgement.decision}{judgement.why}{ignored}"
    )


def test_every_request_of_the_proof_is_decided_alike(witnessed: Witnessed) -> None:
    """In every environment; differences stand in differences.toml with the reason."""
    asked = [s for name in environments.NAMES for s in environments.requests(environments.estate(name))]
    used: set[int] = set()
    unexcused = []
    for situation, judgement in differing(asked):
        entries = excuses(situation, judgement)
        used.update(entries)
        if not entries:
            unexcused.append(told(situation, judgement))
    assert sorted(set(unexcused)) == []
    assert [entry["reason"] for n, entry in enumerate(REGISTER) if n not in used] == [], "these excuse nothing any more"
    witnessed("IAM simulator", "requests compared", len(asked))


def test_the_witness_notices_condition_keys_that_aws_no_longer_sends() -> None:
    """The pipeline role's statement with the replaced keys alone, as it once was: on AWS no run would start a job."""
    found = read(Terraform(environments.with_replaced_keys_alone(), environments.synthesized("poc").settings))
    rows = ("pipeline-creates-jobs", "pipeline-creates-training-jobs")
    asked = [with_replaced_keys(s) for s in environments.requests(found) if s.row.id in rows]
    lines = [told(s, j) for s, j in differing(asked) if not excuses(s, j)]
    assert len(lines) == len(rows)
    for line in lines:
        assert "pipeline: data.aws_iam_policy_document.pipeline_access_policy_statements#CreateSealedJobs" in line
        assert "no keys of this action: sagemaker:outputkmskey, sagemaker:volumekmskey" in line


def with_replaced_keys(situation: Situation) -> Situation:
    """The request with the replaced keys in the place of those that AWS sends, as the belief was."""
    context = {environments.REPLACED.get(key, key): values for key, values in situation.request.context.items()}
    return replace(situation, request=replace(situation.request, context=context))
