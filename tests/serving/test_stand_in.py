"""The stand-in answers, refuses and breaks as TorchServe does: the cases that test_torchserve.py asks the real one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import model
from tests.serving.cases import ROOMY, SERVED, UNPREPARED, Case, told
from tests.serving.check import check, check_crowd, check_refusal, check_sizes
from tests.serving.stand_in import StandIn

FINE = Case("fine", told(), 200)


@pytest.fixture(scope="module")
def unprepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    folder = tmp_path_factory.mktemp("unprepared")
    with StandIn(folder, model.program(folder / "model"), model.UNPREPARED) as server:
        yield server


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    folder = tmp_path_factory.mktemp("served")
    with StandIn(folder, model.trained(folder), model.PREPARED) as server:
        yield server


@pytest.mark.parametrize("case", UNPREPARED, ids=lambda case: case.name)
def test_it_breaks_where_torchserve_breaks(unprepared: StandIn, case: Case) -> None:
    check(unprepared, case, FINE)


def test_the_pipelines_environment_gives_room(tmp_path: Path) -> None:
    with StandIn(tmp_path, model.program(tmp_path / "model"), model.PREPARED) as server:
        for case in ROOMY:
            check(server, case, FINE)


@pytest.mark.parametrize("case", SERVED, ids=lambda case: case.name)
def test_no_request_ends_the_worker_of_a_served_model(served: StandIn, case: Case) -> None:
    check_refusal(served, case, SERVED[0])


def test_an_answer_has_the_endpoints_limit_and_a_larger_one_is_refused_with_the_rows_that_fit(served: StandIn) -> None:
    check_sizes(served)


def test_many_clients_at_once_get_their_own_answers(served: StandIn) -> None:
    check_crowd(served)
