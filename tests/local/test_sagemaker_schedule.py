"""Any graph of steps, whatever its jobs do, is run in order, within its limit, and can be stopped at any moment."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from sagekeep.local.sagemaker.platform import COMPLETED, FAILED, JOB_OVER, RUNNING, STOPPED
from tests.local.fake_platform import RunningAccount
from tests.local.pipeline_document import Document, definition, prepare

OVER = {"Succeeded", "Failed", "Stopped"}


@dataclass(frozen=True)
class Graph:
    """Steps S0, S1, ...: those that each one waits for, and how its job ends."""

    needs: list[set[int]]
    ends: list[str]
    limit: int

    def definition(self) -> Document:
        steps = [prepare(Name=f"S{i}", DependsOn=[f"S{n}" for n in sorted(need)]) for i, need in enumerate(self.needs)]
        return {**definition(), "Steps": steps}


@st.composite
def graphs(draw: st.DrawFn, ends: tuple[str, ...] = (COMPLETED,)) -> Graph:
    size = draw(st.integers(1, 8))
    needs = [draw(st.sets(st.integers(0, index - 1), max_size=3)) if index else set() for index in range(size)]
    return Graph(needs, [draw(st.sampled_from(ends)) for _ in range(size)], draw(st.integers(1, 4)))


class Watched:
    """An execution of a graph that is watched after each change."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.account = graph, RunningAccount()
        limit = {"MaxParallelExecutionSteps": graph.limit}
        self.arn = self.account.run(graph.definition(), ParallelismConfiguration=limit)
        self.watch()

    @property
    def running(self) -> list[str]:
        """The ARNs of the jobs that are not over, in the order of their start."""
        states = self.account.platform.states
        return [arn for arn in self.account.platform.jobs if states[arn].phase not in JOB_OVER]

    def step_of(self, arn: str) -> int:
        return int(arn.rpartition("-s")[2].partition("-")[0])

    def watch(self) -> None:
        """No step has started before all that it needs succeeded, none twice, never more than the limit."""
        statuses = self.account.statuses(self.arn)
        for name in statuses:
            needed = {f"S{number}" for number in self.graph.needs[int(name[1:])]}
            assert all(statuses.get(other) == "Succeeded" for other in needed)
        made = [self.step_of(arn) for arn in self.account.platform.jobs]
        assert len(set(made)) == len(made)
        assert len(self.running) <= self.graph.limit

    def end(self, arn: str) -> None:
        end = self.graph.ends[self.step_of(arn)]
        self.account.platform.move(arn, end, "AlgorithmError: why" if end == FAILED else "")
        self.account.sagemaker.settle()
        self.watch()

    def advance(self, data: st.DataObject) -> None:
        """One of the running jobs ends."""
        self.end(data.draw(st.sampled_from(self.running)))


@given(graphs(), st.data())
def test_every_step_runs_once_in_order_and_within_the_limit(graph: Graph, data: st.DataObject) -> None:
    run = Watched(graph)
    while run.running:
        run.advance(data)
    assert run.account.statuses(run.arn) == {f"S{index}": "Succeeded" for index in range(len(graph.needs))}
    assert run.account.status(run.arn) == "Succeeded"


@given(graphs((COMPLETED, FAILED)), st.data())
def test_a_failure_lets_nothing_new_start(graph: Graph, data: st.DataObject) -> None:
    run = Watched(graph)
    failed = False
    while run.running:
        before = set(run.account.statuses(run.arn))
        run.advance(data)
        statuses = run.account.statuses(run.arn)
        assert not failed or set(statuses) == before
        failed = failed or "Failed" in statuses.values()
    assert run.account.status(run.arn) == ("Failed" if failed else "Succeeded")
    assert set(run.account.statuses(run.arn).values()) <= OVER


@given(graphs((COMPLETED, FAILED, STOPPED)), st.data())
def test_stopping_at_any_moment_ends_in_stopped_with_every_job_over(graph: Graph, data: st.DataObject) -> None:
    run = Watched(graph)
    run.account.platform.obedient = False
    for _ in range(data.draw(st.integers(0, len(graph.needs)))):
        if run.running and run.account.status(run.arn) == "Executing":
            run.advance(data)
    if run.account.status(run.arn) != "Executing":
        return
    told = set(run.running)
    run.account.stop(run.arn)
    assert set(run.account.platform.stopped) == told
    started = set(run.account.statuses(run.arn))
    for arn in data.draw(st.permutations(run.running)):
        run.account.platform.move(arn, RUNNING)  # it takes its time
        run.account.wait()
        run.end(arn)
    assert run.running == []
    assert run.account.status(run.arn) == "Stopped"
    statuses = run.account.statuses(run.arn)
    assert set(statuses) == started
    assert set(statuses.values()) <= OVER
