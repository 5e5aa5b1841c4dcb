"""Stands in for what serves in the AutoGluon images from 1.6 on: `adapter.py DESCRIPTOR`, as serving.py.

There gunicorn runs a small Flask application, without TorchServe and without the inference toolkit. Facts: sources of
the image (github aws/deep-learning-containers, scripts/docker/autogluon, September 2026). Waiting for a worker is as
under gunicorn's sync workers: one thing at a time each, /ping among them. A worker that takes too long is killed; here
all workers begin anew, since they are threads of one process.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import traceback
from collections.abc import Iterable
from http import HTTPStatus
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagekeep.local.jobs.container import serving
else:
    import serving  # beside this file

JSON = serving.JSON
SECONDS = float(os.environ.get("SAGEMAKER_MODEL_SERVER_TIMEOUT") or 60)
_TEXT = frozenset({JSON, "application/jsonl", "application/x-autogluon"})


class Handler:
    """The user's functions, called without a context, around a loaded model.

    Raises:
        ValueError: the module does not define the functions that are needed.
    """

    def __init__(self, module: ModuleType) -> None:
        self._transform = serving.transformer(module, lambda function, *arguments: function(*arguments))
        self._model = serving.needed(module, "model_fn")(str(serving.MODEL))

    def answer(self, body: bytes, content_type: str, accept: str) -> serving.Answer:
        """The caller learns the text of a ValueError, and of anything else that it happened."""
        try:
            said, kind = self._answer(body, content_type, accept)
        except ValueError as error:
            return refusal(HTTPStatus.BAD_REQUEST, str(error))
        except Exception:  # noqa: BLE001 - whatever the user's code raises
            sys.stderr.write(traceback.format_exc())
            return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "inference failed")
        return serving.Answer(HTTPStatus.OK, "OK", kind, said)

    def _answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        sent = media_type(content_type, JSON)
        wanted = media_type(accept, os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT") or JSON)
        data = body.decode() if sent in _TEXT or sent.startswith("text/") else body
        result = self._transform(self._model, data, sent, wanted)
        said, kind = result if isinstance(result, tuple) else (result, wanted)
        if not isinstance(said, (str, bytes)):
            raise TypeError(f"the answer is of type {type(said).__name__}, neither text nor bytes")
        return said.encode() if isinstance(said, str) else said, media_type(kind, wanted)


class Application:
    """The WSGI application."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def __call__(self, environ: dict[str, Any], start: serving.Start) -> Iterable[bytes]:
        route = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if route == ("GET", "/ping"):
            return serving.reply(start, serving.Answer(HTTPStatus.OK, "OK", JSON, b""))
        if route != ("POST", "/invocations"):
            return serving.reply(start, refusal(HTTPStatus.NOT_FOUND, "not found"))
        body = environ["wsgi.input"].read()
        limit = threading.Timer(SECONDS, begin_anew)
        limit.start()
        try:
            answer = self._handler.answer(body, environ.get("CONTENT_TYPE", ""), environ.get("HTTP_ACCEPT", ""))
        finally:
            limit.cancel()
        return serving.reply(start, answer)


def media_type(header: str, default: str) -> str:
    """The first media type of a header, without its parameters."""
    kind = header.partition(",")[0].partition(";")[0].strip().lower()
    return default if kind in {"", serving.ANY} else kind


def refusal(status: HTTPStatus, detail: str) -> serving.Answer:
    """An answer that says what is wrong."""
    return serving.Answer(status, status.phrase, JSON, json.dumps({"detail": detail}).encode())


def begin_anew() -> None:
    """End every request without an answer; who connects meanwhile waits until the model is loaded again."""
    sys.stdout.write(f"Worker timeout: neither loaded nor answered after {SECONDS:g} seconds\n")
    sys.stdout.flush()
    os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - this very command


def log_level() -> int | str:
    """SAGEMAKER_CONTAINER_LOG_LEVEL, a number or a name."""
    told = os.environ.get("SAGEMAKER_CONTAINER_LOG_LEVEL") or "INFO"
    return int(told) if told.isdigit() else told.upper()


def main(descriptor: int) -> None:
    """Load the model, then answer."""
    logging.basicConfig(stream=sys.stdout, level=log_level(), format="%(levelname)s %(name)s - %(message)s")
    del sys.modules["serving"]  # the user may have a module of that name
    handler = serving.loaded(Handler, os.environ.get("SAGEMAKER_PROGRAM") or "inference.py", SECONDS, begin_anew)
    serving.serve(Application(handler), descriptor, int(os.environ.get("SAGEMAKER_MODEL_SERVER_WORKERS") or 1))


if __name__ == "__main__":
    main(int(sys.argv[1]))
