"""TorchServe 0.12 under SageMaker's toolkit, unmodified, serves inference.py and breaks where we say it does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sagekeep.local.jobs import sandbox
from tests.serving import model
from tests.serving.cases import ROOMY, SERVED, UNPREPARED, Case, told
from tests.serving.check import check, check_crowd, check_refusal, check_sizes
from tests.serving.torchserve import PYTHON, TorchServe
from tests.witnesses.summary import Witnessed

pytestmark = pytest.mark.slow
NAME = "TorchServe under SageMaker's toolkit"
FINE = Case("fine", told(), 200)


@pytest.fixture(scope="module", autouse=True)
def _prepared() -> None:
    if not PYTHON.is_file():
        pytest.fail("no .venv-torchserve: run make .venv-torchserve/done")
    if not sandbox.namespaces_work():
        pytest.skip("this machine lets nobody make namespaces, and the toolkit listens on all addresses")


@pytest.fixture(scope="module")
def unprepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TorchServe]:
    folder = tmp_path_factory.mktemp("unprepared")
    with TorchServe(folder, model.program(folder / "program"), model.UNPREPARED) as server:
        yield server


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TorchServe]:
    folder = tmp_path_factory.mktemp("served")
    with TorchServe(folder / "server", model.trained(folder), model.PREPARED) as server:
        yield server


@pytest.mark.parametrize("case", UNPREPARED, ids=lambda case: case.name)
def test_it_breaks_where_the_stand_in_breaks(unprepared: TorchServe, case: Case, witnessed: Witnessed) -> None:
    check(unprepared, case, FINE)
    witnessed(NAME, "requests compared", 1)


def test_the_pipelines_environment_gives_room(tmp_path: Path, witnessed: Witnessed) -> None:
    with TorchServe(tmp_path / "server", model.program(tmp_path / "program"), model.PREPARED) as server:
        for case in ROOMY:
            check(server, case, FINE)
    witnessed(NAME, "requests compared", len(ROOMY))


@pytest.mark.parametrize("case", SERVED, ids=lambda case: case.name)
def test_no_request_ends_the_worker_of_a_served_model(served: TorchServe, case: Case, witnessed: Witnessed) -> None:
    check_refusal(served, case, SERVED[0])
    witnessed(NAME, "requests compared", 1)


def test_an_answer_has_the_endpoints_limit_and_a_larger_one_is_refused_with_the_rows_that_fit(
    served: TorchServe,
) -> None:
    check_sizes(served)


def test_many_clients_at_once_get_their_own_answers(served: TorchServe) -> None:
    check_crowd(served)
