"""Options of the settings: with each alone and with all, calls get through, attempts do not, nothing is idle."""

from __future__ import annotations

import pytest

import options
import proofs
from options import ALL, ALONE
from sagekeep.prove.exfiltration import Denied
from sagekeep.prove.rows import attempts, calls
from sagekeep.prove.situation import situations
from sagekeep.prove.twins import peel, without


@pytest.mark.parametrize("environment", ["poc", "prod"])
@pytest.mark.parametrize("option", [ALL])
def test_with_all_options_there_are_no_findings(option: str, environment: str) -> None:
    assert list(options.proof(option, environment).findings()) == []


@pytest.mark.parametrize("option", ALONE)
def test_with_the_option_alone_there_are_no_findings(option: str) -> None:
    assert list(options.proof(option).findings()) == []


def test_every_row_applies_somewhere() -> None:
    everywhere = [options.proof(option) for option in (ALL, *ALONE)] + [proofs.proof("poc"), proofs.proof("prod")]
    applied = {
        result.row.id for found in everywhere for result in (*found.reached, *found.denied) if not result.skipped
    }
    idle = [
        row.id
        for row in (*calls(), *attempts())
        if row.id not in applied and not any(found.startswith(f"{row.id}.") for found in applied)
    ]
    assert idle == []


def _results(option: str) -> list[Denied]:
    own = {result.row.id for result in proofs.proof("poc").denied if not result.skipped}
    return [result for result in options.proof(option).denied if not result.skipped and result.row.id not in own]


@pytest.mark.parametrize("option", [ALL, "sign_in_from_the_vpc"])
def test_of_the_options_attempts_each_barrier_alone_stops_it_and_without_them_it_succeeds(option: str) -> None:
    estate = proofs.estate_from(options.synthesized(option))
    found = _results(option)
    assert found
    for result in found:
        for situation in situations(result.row, estate):
            barriers = peel(situation)
            for kept in barriers:
                alone = situation
                for barrier in barriers:
                    alone = alone if barrier == kept else without(alone, barrier)
                assert alone.barrier() is not None, result.row.id
                assert without(alone, kept).barrier() is None, f"{result.row.id}: {kept.text} is not what stops it"


USERS = ("users-in-anothers-place", "users-list-anothers-place", "users-open-anothers-studio")


@pytest.mark.parametrize("attempt", USERS)
@pytest.mark.parametrize("user", ["ann", "jo"])
def test_a_user_does_not_get_at_another_user(attempt: str, user: str) -> None:
    (result,) = (found for found in options.proof("users_roles").denied if found.row.id == f"{attempt}.{user}")
    assert result.depth > 0
    other = {"ann": "jo", "jo": "Ann"}[user]
    assert other in " ".join(
        (*result.row.resources, *(text for texts in result.row.context.values() for text in texts))
    )


@pytest.mark.parametrize(
    ("option", "call", "attempt"),
    [
        ("sign_in_from_ranges", "studio-opened-from-the-office.studio", "studio-opened-from-elsewhere.studio"),
        ("sign_in_from_the_vpc", "studio-signs-in", "studio-opened-from-elsewhere.studio"),
        ("organization", "neighbour-is-known-to-sts", "neighbour-reads-data"),
        ("users_roles", "users-keep-a-place.ann", "users-places-from-the-vpc.job"),
    ],
)
def test_what_an_option_lets_through_and_what_it_does_not(option: str, call: str, attempt: str) -> None:
    found = options.proof(option)
    (reached,) = (result for result in found.reached if result.row.id == call)
    (denied,) = (result for result in found.denied if result.row.id == attempt)
    assert (reached.skipped, reached.blocked, denied.skipped) == ("", "", "")
    assert denied.depth > 0


def test_without_a_state_stack_its_rows_do_not_apply() -> None:
    (result,) = (result for result in options.proof("local_state").denied if result.row.id == "insider-reads-state")
    assert result.skipped == "state.backend = s3"


def test_where_nobody_is_a_persona_or_a_user_their_rows_say_so() -> None:
    found = {result.row.id: result.skipped for result in options.proof("no_users").denied}
    assert found["users-in-anothers-place"] == "no user has a role"
    assert found["personas-taken-by-others.insider"] == "nobody whom the settings name is that"
    assert found["administrator-touches-data"] == "personas.administrator.principals"
