"""Stands in for the model server of the inference images: `serving.py DESCRIPTOR` answers on a listening socket.

Loads code/$SAGEMAKER_PROGRAM from the model folder and calls its functions as the SageMaker inference toolkit does.
Runs on the interpreter of the image's environment: standard library and waitress only. Facts: sources of
sagemaker-inference 1.10 (transformer.py, environment.py); paths and statuses:
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
from http import HTTPStatus
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import waitress  # type: ignore[import-untyped]  # it has no types of its own

MODEL = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "model"
JSON, CSV, ANY = "application/json", "text/csv", "*/*"
_LARGEST_BODY = 64 * 1024 * 1024
_IDLE_SECONDS = 600
_PARTS = ("input_fn", "predict_fn", "output_fn")

Start = Callable[[str, list[tuple[str, str]]], object]


class Handler:
    """The user's functions around a loaded model.

    Raises:
        ValueError: the module does not define the functions that are needed.
    """

    def __init__(self, module: ModuleType) -> None:
        self._context = SimpleNamespace(system_properties={"model_dir": str(MODEL), "gpu_id": None})
        self._transform = transformer(module, self._call)
        self._model = self._call(needed(module, "model_fn"), str(MODEL))

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        """Body and content type."""
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
    """A function of the user's; the image's own defaults are for PyTorch's models."""
    found = getattr(module, name, None)
    if found is None:
        raise ValueError(f"{module.__name__}.py has no {name}, and the image's default is for PyTorch models only")
    return found  # type: ignore[no-any-return]  # a user's function


class Application:
    """The WSGI application; as many predictions at once as the model server has workers."""

    def __init__(self, handler: Handler, workers: int) -> None:
        self._handler, self._free = handler, threading.BoundedSemaphore(workers)

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        route = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if route == ("GET", "/ping"):
            return reply(start, HTTPStatus.OK, b"", JSON)
        if route != ("POST", "/invocations"):
            return reply(start, HTTPStatus.NOT_FOUND, b"not found", "text/plain")
        body = environ["wsgi.input"].read()
        try:
            with self._free:
                said, kind = self._handler.answer(body, environ.get("CONTENT_TYPE", ""), environ.get("HTTP_ACCEPT", ""))
        except Exception as error:  # noqa: BLE001 - whatever the user's code raises is the request's answer
            trace = traceback.format_exc()
            sys.stderr.write(trace)
            status, message = told(error)
            return reply(start, status, f"{message}\n{trace}".encode(), "text/plain")
        return reply(start, HTTPStatus.OK, said, kind)


def told(error: Exception) -> tuple[int, str]:
    """Status and message of an error: those of the toolkit's own class, else 500."""
    if any(base.__name__ == "BaseInferenceToolkitError" for base in type(error).__mro__):
        return int(getattr(error, "status_code", 500)), str(getattr(error, "message", error))
    return HTTPStatus.INTERNAL_SERVER_ERROR, str(error)


def reply(start: Start, status: int, body: bytes, kind: str) -> list[bytes]:
    """One answer."""
    start(f"{int(status)} {HTTPStatus(status).phrase}", [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


def main(descriptor: int) -> None:
    """Load the model, then answer until the process is ended."""
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(levelname)s %(name)s - %(message)s")
    logging.getLogger("waitress").setLevel(logging.ERROR)
    # In place of this file's own folder, whose modules are not the user's.
    sys.path[0] = str(MODEL / "code")
    program = os.environ.get("SAGEMAKER_PROGRAM", "inference.py")
    handler = Handler(importlib.import_module(program.removesuffix(".py")))
    workers = int(os.environ.get("SAGEMAKER_MODEL_SERVER_WORKERS") or os.cpu_count() or 1)
    server = waitress.create_server(
        Application(handler, workers),
        sockets=[socket.socket(fileno=descriptor)],
        threads=workers + 1,  # one for /ping
        channel_timeout=_IDLE_SECONDS,
        max_request_body_size=_LARGEST_BODY,
        ident="",
    )
    sys.stdout.write(f"{program} is loaded\n")
    server.run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
