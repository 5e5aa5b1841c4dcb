"""Stands in for TorchServe in the inference images: `serving.py DESCRIPTOR` answers on a listening socket.

Loads code/$SAGEMAKER_PROGRAM from the model folder and calls its functions as the SageMaker inference toolkit does.
Runs on the interpreter of the image's environment: standard library and waitress only. Facts: sources of
sagemaker-inference 1.10 (transformer.py, environment.py); what TorchServe 0.12 answers, refuses and dies of is held
against the real one by tests/witnesses/test_torchserve.py; paths and statuses:
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html.
"""

from __future__ import annotations

import importlib
import inspect
import json
import logging
import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, TypeVar

import waitress  # type: ignore[import-untyped]  # it has no types of its own

MODEL = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "model"
JSON, CSV, ANY = "application/json", "text/csv", "*/*"
# TorchServe's own; the container's environment may say otherwise, as its configuration allows.
LARGEST_REQUEST = int(os.environ.get("TS_MAX_REQUEST_SIZE", "6553500"))
LARGEST_ANSWER = int(os.environ.get("TS_MAX_RESPONSE_SIZE", "6553500"))
LOAD_SECONDS = float(os.environ.get("TS_DEFAULT_STARTUP_TIMEOUT", "120"))
_LARGEST_BODY = 64 * 1024 * 1024
_IDLE_SECONDS = 600
_PARTS = ("input_fn", "predict_fn", "output_fn")
_DIED = b'{\n  "code": 500,\n  "type": "InternalServerException",\n  "message": "Worker died."\n}\n'

Start = Callable[[str, list[tuple[str, str]]], object]
Loaded = TypeVar("Loaded")


class Context(SimpleNamespace):
    """What a function that takes one more argument gets; it may set the status of the answer that is being made."""

    def set_response_status(self, code: int = 200, phrase: str = "", idx: int = 0) -> None:
        """As TorchServe's: `idx` counts the requests of a batch, which has one."""
        if idx:
            raise IndexError("list index out of range")
        self.said.status = code, phrase


class Handler:
    """The user's functions around a loaded model.

    Raises:
        ValueError: the module does not define the functions that are needed.
    """

    def __init__(self, module: ModuleType) -> None:
        self._module, self._said = module, threading.local()
        properties = {"model_dir": str(MODEL), "gpu_id": None}
        self._context = Context(system_properties=properties, said=self._said)
        self._transform = transformer(module, self._call)
        self.load()

    def load(self) -> None:
        """What a new worker does first."""
        self._model = self._call(needed(self._module, "model_fn"), str(MODEL))

    def answer(self, body: bytes, content_type: str, accept: str) -> Answer:
        """What the worker hands to the server; whatever the user's code raises is the request's answer."""
        self._said.status = HTTPStatus.OK, ""
        try:
            said, kind = self._answer(body, content_type, accept)
        except Exception as error:  # noqa: BLE001 - see above
            trace = traceback.format_exc()
            sys.stderr.write(trace)
            status, message, phrase = told(error)
            return Answer(status, phrase.replace("\r", " ").replace("\n", " "), "", f"{message}\n{trace}".encode())
        status, phrase = self._said.status
        return Answer(status, phrase, kind, said)

    def _answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        if accept in {"", ANY}:
            accept = os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", JSON)
        data = body.decode() if content_type in {JSON, CSV} else body
        result = self._call(self._transform, self._model, data, content_type, accept)
        said, kind = result if isinstance(result, tuple) else (result, accept)
        if not isinstance(said, (str, bytes)):
            said = json.dumps(said)
        return said.encode() if isinstance(said, str) else said, kind

    def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call with the context as one more argument where the function takes one more."""
        takes = len(inspect.signature(function).parameters)
        if takes == len(arguments) + 1:
            return function(*arguments, self._context)
        return function(*arguments)


@dataclass(frozen=True)
class Answer:
    """Status, reason phrase, content type and body, as the worker writes them into its socket."""

    status: int
    phrase: str
    kind: str
    body: bytes

    @property
    def deadly(self) -> bool:
        """Whether TorchServe's worker dies of it: a text is written in UTF-8 behind the number of its characters.

        Where more bytes are missing, TorchServe waits for them instead, and with it everybody who asks.
        """
        return not (self.phrase + self.kind).isascii() or len(self.body) > LARGEST_ANSWER


def transformer(module: ModuleType, call: Callable[..., Any]) -> Callable[..., Any]:
    """transform_fn, or the three functions that make one."""
    parts = [getattr(module, name, None) for name in _PARTS]
    whole = getattr(module, "transform_fn", None)
    if whole and any(parts):
        raise ValueError(f"transform_fn cannot be used together with {', '.join(_PARTS)}")
    if whole:
        return whole  # type: ignore[no-any-return]  # a user's function
    read, predict, write = (needed(module, name) for name in _PARTS)

    def transform(model: Any, body: str | bytes, content_type: str, accept: str) -> Any:
        return call(write, call(predict, call(read, body, content_type), model), accept)

    return transform


def needed(module: ModuleType, name: str) -> Callable[..., Any]:
    """A function of the user's; no image has a default for AutoGluon's models."""
    found = getattr(module, name, None)
    if found is None:
        raise ValueError(f"{module.__name__}.py has no {name}, and the image has none for AutoGluon's models")
    return found  # type: ignore[no-any-return]  # a user's function


class Application:
    """The WSGI application; as many predictions at once as the model server has workers."""

    def __init__(self, handler: Handler, workers: int) -> None:
        self._handler, self._free = handler, threading.BoundedSemaphore(workers)

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        route = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if route == ("GET", "/ping"):
            return reply(start, Answer(HTTPStatus.OK, "OK", JSON, b""))
        if route != ("POST", "/invocations"):
            return reply(start, Answer(HTTPStatus.NOT_FOUND, "Not Found", "text/plain", b"not found"))
        body = environ["wsgi.input"].read()
        if len(body) > LARGEST_REQUEST:
            return reply(start, Answer(413, "Request Entity Too Large", "", b""))
        kind, accept = environ.get("CONTENT_TYPE", ""), environ.get("HTTP_ACCEPT", "")
        self._free.acquire()
        answer = self._handler.answer(body, kind, accept)
        if not answer.deadly:
            self._free.release()
            return reply(start, answer)
        sys.stdout.write("Worker died.\n")
        threading.Thread(target=self._revive).start()
        return reply(start, Answer(500, "Internal Server Error", JSON, _DIED))

    def _revive(self) -> None:
        """Requests wait until another worker has the model."""
        try:
            self._handler.load()
        finally:
            self._free.release()


def told(error: Exception) -> tuple[int, str, str]:
    """Status, message and reason phrase of an error: those of the toolkit's own class, else 500 and the text twice."""
    if any(base.__name__ == "BaseInferenceToolkitError" for base in type(error).__mro__):
        message = str(getattr(error, "message", error))
        return int(getattr(error, "status_code", 500)), message, str(getattr(error, "phrase", message))
    text = str(error) or "Invalid Request"
    return HTTPStatus.INTERNAL_SERVER_ERROR, text, text


def reply(start: Start, answer: Answer) -> list[bytes]:
    """One answer."""
    kind = [("Content-Type", answer.kind)] if answer.kind else []
    start(f"{int(answer.status)} {answer.phrase}", [*kind, ("Content-Length", str(len(answer.body)))])
    return [answer.body]


def too_slow() -> None:
    """The model has not loaded in time: there is no worker, and none of the next ones will have one."""
    sys.stdout.write(f"Worker died: the model was not loaded after {LOAD_SECONDS:g} seconds\n")
    sys.stdout.flush()
    os._exit(1)


def loaded(make: Callable[[ModuleType], Loaded], program: str, seconds: float, late: Callable[[], object]) -> Loaded:
    """What `make` makes of the user's module; `late` is called when that takes longer."""
    path = MODEL / "code" / program
    # In place of this file's own folder, whose modules are not the user's.
    sys.path[0] = str(path.parent)
    limit = threading.Timer(seconds, late)
    limit.daemon = True  # an import that fails ends the process at once
    limit.start()
    made = make(importlib.import_module(path.name.removesuffix(".py")))
    limit.cancel()
    sys.stdout.write(f"{program} is loaded\n")
    return made


def serve(application: Callable[[dict[str, Any], Start], Iterable[bytes]], descriptor: int, threads: int) -> None:
    """Answer until the process is ended."""
    logging.getLogger("waitress").setLevel(logging.ERROR)
    waitress.create_server(
        application,
        sockets=[socket.socket(fileno=descriptor)],
        threads=threads,
        channel_timeout=_IDLE_SECONDS,
        max_request_body_size=_LARGEST_BODY,
        ident="",
    ).run()


def main(descriptor: int) -> None:
    """Load the model, then answer."""
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(levelname)s %(name)s - %(message)s")
    handler = loaded(Handler, os.environ.get("SAGEMAKER_PROGRAM", "inference.py"), LOAD_SECONDS, too_slow)
    workers = int(os.environ.get("SAGEMAKER_MODEL_SERVER_WORKERS") or os.cpu_count() or 1)
    serve(Application(handler, workers), descriptor, threads=workers + 1)  # one for /ping


if __name__ == "__main__":
    main(int(sys.argv[1]))
