"""Models of train.py under what serves AutoGluon 1.6: TorchServe's table of requests, where the statuses are fewer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.serving import model
from tests.serving.cases import SERVED, Case
from tests.serving.check import check
from tests.serving.stand_in import StandIn

pytestmark = pytest.mark.slow  # make test does not install .venv-ml16


def adapted(case: Case) -> Case:
    """The same request there: a refusal is 400, and its text lies in JSON."""
    if case.status == 200:
        return case
    return replace(case, status=400, says=json.dumps(case.says)[1:-1], phrase="Bad Request")


def server(folder: Path, trained: Path) -> StandIn:
    return StandIn(folder, trained, model.PREPARED, "adapter.py", model.PYTHON_16)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    folder = tmp_path_factory.mktemp("served16")
    with server(folder, model.trained(folder, model.PYTHON_16)) as running:
        yield running


@pytest.mark.parametrize("case", [adapted(case) for case in SERVED], ids=lambda case: case.name)
def test_a_served_model_answers_and_refuses(served: StandIn, case: Case) -> None:
    check(served, case, SERVED[0])
    status, _, kind, body = served.ask(case.sent, case.kind, case.accept)
    if status != 200:
        assert kind == "application/json"
        assert set(json.loads(body)) == {"detail"}
        assert b"Traceback" not in body


def test_a_body_that_is_not_utf_8_is_refused(served: StandIn) -> None:
    status, *_, body = served.ask(b"\xff", "text/csv")
    assert (status, "can't decode byte 0xff" in json.loads(body)["detail"]) == (400, True)


def test_a_model_of_autogluon_1_5_is_not_loaded(tmp_path: Path) -> None:
    trained = model.trained(tmp_path)
    refused = pytest.raises(
        AssertionError, match=r"Predictor was created on version 1\.5\.\d+ but is being loaded with"
    )
    with refused, server(tmp_path, trained):
        pass
