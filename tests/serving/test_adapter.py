"""The stand-in for what serves in the AutoGluon images from 1.6 on: a program that does as it is told, and errors."""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving.cases import LIMIT, Case, told
from tests.serving.check import check
from tests.serving.stand_in import StandIn

PROGRAM = """
import json, logging, time
logging.getLogger("program").info("the level lets this through")
def model_fn(folder):
    return folder
def transform_fn(model, body, content_type, accept):
    if isinstance(body, bytes):
        return b"bytes of " + content_type.encode(), accept
    told = json.loads(body or "{}")
    if "refusal" in told:
        raise ValueError(told["refusal"])
    if "error" in told:
        raise KeyError(told["error"])
    if "value" in told:
        return told["value"], "text/plain"
    time.sleep(told.get("sleep", 0))
    return "x" * told.get("bytes", 1) + f" {content_type} {accept}", "text/plain; charset=utf-8"
"""
PARTS = """
import serving  # the user's
def model_fn(model_dir):
    return serving.NAME
def input_fn(body, content_type):
    return body
def predict_fn(data, model):
    return [model, data]
def output_fn(prediction, accept):
    return "|".join(prediction)
"""
ENVIRONMENT = {"SAGEMAKER_CONTAINER_LOG_LEVEL": "20", "TS_MAX_RESPONSE_SIZE": "1", "TS_DEFAULT_STARTUP_TIMEOUT": "0"}
FINE = Case("fine", told(), 200)
# Nothing ends a worker but time. No size has a limit of its own; a refusal is JSON.
CASES = (
    Case("a refusal", told(refusal="größe"), 400, json.dumps({"detail": "größe"}), "Bad Request"),
    Case("a refusal of two lines", told(refusal="a\nb"), 400, r'{"detail": "a\nb"}'),
    Case("an error", told(error="4111"), 500, '{"detail": "inference failed"}', "Internal Server Error"),
    Case("a body that is not UTF-8", b"\xff", 400, "codec can't decode byte 0xff"),
    Case("an answer of no text", told(value={"a": 1}), 500, '{"detail": "inference failed"}'),
    Case("an answer over TorchServe's limit", told(bytes=LIMIT + 1), 200, "x"),
    Case("a request over TorchServe's limit", told(LIMIT + 1), 200, "x"),
    Case("types lose their parameters", told(), 200, "x text/csv text/plain", kind="Text/CSV; header=absent",
         accept="text/plain; q=1, application/json"),
    Case("types by default", told(), 200, "x application/json application/json", kind="", accept=""),
    Case("any type", told(), 200, "x application/json application/json", kind="*/*"),
    Case("lines of JSON are text", told(), 200, "x application/jsonl", kind="application/jsonl"),
    Case("AutoGluon's own type is text", told(), 200, "x application/x-autogluon", kind="application/x-autogluon"),
    Case("other types are bytes", b"\xff", 200, "bytes of image/png", kind="image/png"),
)  # fmt: skip


def adapter(base: Path, code: str, name: str = "inference.py", **environment: str) -> StandIn:
    folder = base / "model" / "code"
    folder.mkdir(parents=True)
    (folder / name).write_text(code)
    return StandIn(base, base / "model", ENVIRONMENT | environment, "adapter.py", Path(sys.executable))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with adapter(tmp_path_factory.mktemp("adapter"), PROGRAM) as running:
        yield running


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_answers_as_the_image(server: StandIn, case: Case) -> None:
    check(server, case, FINE)


def test_the_answers_type_has_no_parameters_and_the_log_has_the_errors(server: StandIn) -> None:
    assert server.ask(told()(), "application/json")[2] == "text/plain"
    server.ask(told(error="the column")(), "application/json")
    assert "KeyError: 'the column'" in server.log
    assert "INFO program - the level lets this through" in server.log


def test_three_functions_do_as_well_beside_modules_of_any_name(tmp_path: Path) -> None:
    server = adapter(tmp_path, PARTS, "other.py", SAGEMAKER_PROGRAM="other.py")
    (tmp_path / "model" / "code" / "serving.py").write_text("NAME = 'theirs'")
    with server:
        status, _, kind, body = server.ask(b"7", "text/csv", "text/plain; q=1")
        assert (status, kind, body) == (200, "text/plain", b"theirs|7")


def test_a_program_may_lie_anywhere_and_the_environment_names_the_answers_type(tmp_path: Path) -> None:
    code = tmp_path / "elsewhere" / "handler.py"
    code.parent.mkdir()
    code.write_text(PROGRAM)
    more = {"SAGEMAKER_PROGRAM": str(code), "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/csv"}
    with adapter(tmp_path, "", **more, SAGEMAKER_CONTAINER_LOG_LEVEL="warning") as server:
        assert server.ask(told()(), "application/json")[3] == b"x application/json text/csv"
        assert "the level" not in server.log


def test_an_answer_that_takes_too_long_ends_the_worker_and_the_next_one_answers(tmp_path: Path) -> None:
    with adapter(tmp_path, PROGRAM, SAGEMAKER_MODEL_SERVER_TIMEOUT="3") as server:
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            server.ask(told(sleep=600)(), "application/json")
        assert server.ask(told()(), "application/json")[0] == 200
        assert server.worker() == 1


def test_a_model_that_loads_too_long_is_begun_again(tmp_path: Path) -> None:
    code = f"""
import pathlib, time
begun = pathlib.Path({str(tmp_path / "begun")!r})
if not begun.exists():
    begun.touch()
    time.sleep(600)
{PROGRAM}"""
    with adapter(tmp_path, code, SAGEMAKER_MODEL_SERVER_TIMEOUT="3") as server:
        assert server.worker() == 1


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("transform_fn = print", "inference.py has no model_fn"),
        ("model_fn = print", "inference.py has no input_fn"),
        (PROGRAM + "input_fn = print", "transform_fn cannot be used together with input_fn, predict_fn, output_fn"),
    ],
)
def test_a_program_without_the_functions_never_serves(tmp_path: Path, code: str, says: str) -> None:
    with pytest.raises(AssertionError, match=says), adapter(tmp_path, code):
        pass


def test_a_function_gets_no_context(tmp_path: Path) -> None:
    code = "model_fn = str\ndef transform_fn(model, body, content_type, accept, context):\n    return body"
    with adapter(tmp_path, code) as server:
        answered: dict[str, Any] = json.loads(server.ask(b"1", "text/csv")[3])
        assert answered == {"detail": "inference failed"}
        assert "missing 1 required positional argument: 'context'" in server.log
