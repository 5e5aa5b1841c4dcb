"""Order: what runs when, what waits, what never starts."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagekeep.errors import OperationError
from sagekeep.stackset import StackResult, backward, consumers, forward, run_ordered
from sagekeep.synthesis import Stack
from tests.unit.tool.conftest import Project


def stacks(**needs: tuple[str, ...]) -> dict[str, Stack]:
    return {name: Stack(name, Path(name), before, 1) for name, before in needs.items()}


HOUSE = stacks(keys=(), network=("keys",), storage=("network",), studio=("network",), pipeline=("storage",))


@st.composite
def houses(draw: st.DrawFn) -> dict[str, Stack]:
    names = [f"s{n}" for n in range(draw(st.integers(1, 7)))]
    return {
        name: Stack(name, Path(name), tuple(draw(st.sets(st.sampled_from(names[:n])))) if n else (), 1)
        for n, name in enumerate(names)
    }


@given(houses(), st.integers(1, 4))
def test_every_stack_runs_once_and_after_all_that_it_builds_on(house: dict[str, Stack], at_once: int) -> None:
    done: list[str] = []

    def work(name: str) -> StackResult:
        assert set(house[name].depends_on) <= set(done)
        done.append(name)
        return StackResult(name, "applied")

    results = run_ordered(forward(house, house), work, at_once=at_once)
    assert sorted(done) == sorted(house)
    assert all(result.ok for result in results.values())


@given(houses(), st.data())
def test_what_builds_on_a_failure_never_starts_and_all_else_does(house: dict[str, Stack], data: st.DataObject) -> None:
    bad = data.draw(st.sampled_from(sorted(house)))
    results = run_ordered(
        forward(house, house), lambda name: StackResult(name, "failed" if name == bad else "applied"), at_once=3
    )
    expected = {bad: "failed"} | dict.fromkeys(consumers(house, [bad]), "not started")
    assert {n: r.status for n, r in results.items()} == {n: expected.get(n, "applied") for n in house}


@given(houses())
def test_destruction_goes_the_same_way_back(house: dict[str, Stack]) -> None:
    gone: list[str] = []

    def work(name: str) -> StackResult:
        assert not any(name in house[other].depends_on for other in house if other not in gone)
        gone.append(name)
        return StackResult(name, "destroyed")

    run_ordered(backward(forward(house, house)), work, at_once=3)
    assert sorted(gone) == sorted(house)


def test_independent_stacks_run_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=20)

    def work(name: str) -> StackResult:
        if name in ("storage", "studio"):
            meeting.wait()
        return StackResult(name, "applied")

    assert all(result.ok for result in run_ordered(forward(HOUSE, HOUSE), work, at_once=2).values())


def test_preparation_does_not_wait_for_the_order() -> None:
    prepared = threading.Event()

    def prepare(name: str) -> None:
        if name == "pipeline":
            prepared.set()

    def work(name: str) -> StackResult:
        assert prepared.wait(20), "the last stack is prepared while the first one works"
        return StackResult(name, "applied")

    run_ordered(forward(HOUSE, HOUSE), work, at_once=2, prepare=prepare)


def test_an_error_while_preparing_fails_that_stack_only() -> None:
    def prepare(name: str) -> None:
        if name == "studio":
            raise OperationError("no provider")

    results = run_ordered(forward(HOUSE, HOUSE), lambda n: StackResult(n, "applied"), at_once=2, prepare=prepare)
    assert results["studio"].error == "no provider"
    assert results["pipeline"].ok


def test_a_choice_keeps_the_order_by_way_of_what_was_not_chosen() -> None:
    assert forward(HOUSE, ["keys", "pipeline"]) == {"keys": frozenset(), "pipeline": frozenset({"keys"})}
    assert consumers(HOUSE, ["storage"]) == ["pipeline"]


def test_a_circle_of_stacks_is_an_error_that_names_it(project: Project) -> None:
    project.stack("a", "b")
    project.stack("b", "a")
    with pytest.raises(OperationError, match="circle"):
        project.load()


def test_a_dependency_on_an_unknown_stack_is_an_error(project: Project) -> None:
    project.stack("a", "ghost")
    with pytest.raises(OperationError, match="ghost"):
        project.load()
