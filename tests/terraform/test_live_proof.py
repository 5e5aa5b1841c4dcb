"""The rows of the proof for real, on the deployed estate: every call gets through, every attempt is denied.

Each is a request with the session of the row's caller from the row's place; `live_trials.py` tells how those are tried
that no client can send. A call is only rehearsed where it would change something: it is judged as ever and not carried
out. An attempt must be denied by a layer of which the proof says so; for the time of an attempt whose row has `granted`
the role may do everything as far as its own policies go.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from estates import ROOT, Estate
from live_trials import faults_of_attempt, faults_of_call, trials
from live_world import ASKED, SESSION, World
from sagekeep.prove import rows
from sagekeep.prove.people import with_people
from sagekeep.prove.rows import Row
from sagekeep.prove.twins import peel
from sagekeep.settings import load

pytestmark = pytest.mark.timeout(600)


# Of the deployed environment: whom rows of several people stand for is known before anything is deployed.
SETTINGS = load(ROOT / "environments" / "poc.toml").model_dump(mode="json")


def here(found: Iterable[Row]) -> list[Row]:
    """Rows that concern the deployed environment; those of other options are proved on the synthesized files."""
    return [row for row in with_people(found, SETTINGS) if not rows.applies(row, SETTINGS)]


@pytest.mark.parametrize("row", here(rows.calls()), ids=lambda row: row.id)
def test_a_call_gets_through(world: World, row: Row) -> None:
    tried = list(trials(world, row))
    assert tried
    assert [fault for situation, found in tried if (fault := faults_of_call(situation, found))] == []


@pytest.mark.parametrize("row", here(rows.attempts()), ids=lambda row: row.id)
def test_an_attempt_is_denied(world: World, row: Row) -> None:
    tried = list(trials(world, row))
    assert tried
    faults = [
        fault
        for situation, found in tried
        if (fault := faults_of_attempt(situation, found, {(b.layer, bool(b.origin)) for b in peel(situation)}))
    ]
    assert faults == []


def test_an_attempt_succeeds_where_the_buckets_policy_is_gone(world: World) -> None:
    with world.without_bucket_policy("data_bucket"):
        assert kinds(world, "data-read-from-outside") == {"allowed"}
    assert kinds(world, "data-read-from-outside") == {"denied"}


def test_an_attempt_succeeds_where_the_endpoints_policy_lets_everything_through(world: World) -> None:
    with world.with_open_endpoint("s3"):
        assert kinds(world, "data-to-another-bucket-of-ours.job") == {"allowed"}
    assert kinds(world, "data-to-another-bucket-of-ours.job") == {"denied"}


def kinds(world: World, row_id: str) -> set[str]:
    """How the requests of an attempt end."""
    row = next(row for row in rows.attempts() if row.id == row_id)
    return {found.kind for _, found in trials(world, row)}


def test_every_call_that_was_really_made_is_a_row(estate: Estate, served: str, world: World) -> None:
    """What our roles, and services at our things, were seen to do: a deployment, a run and a visit to Studio."""
    world.visit_studio()
    known = {(world.words_in(row.who), action) for row in rows.calls() for action in row.actions}
    purposes = {role.name: role.purpose for role in world.estate.roles}
    unknown = set()
    for seen in estate.instance.calls():
        principal = seen["principal"]
        role, _, session = principal.rpartition(":assumed-role/")[2].partition("/")
        caller = principal if principal.endswith(".amazonaws.com") else purposes.get(role)
        # What these tests try is no evidence of what the workload does.
        if caller and session not in {SESSION, ASKED} and not seen["denied"] and (caller, seen["action"]) not in known:
            unknown.add(f"{caller}: {seen['action']} on {seen['resource']} from {seen['place']}")
    assert sorted(unknown) == []
