"""Requests, and what both model servers make of them: of a program that breaks every rule, and of a real model."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LIMIT = 6_553_500  # TorchServe's, of a request and of an answer, where the environment has no other
ANSWER = 6 * 1024 * 1024  # the endpoint's, of an answer
DIED = "Worker died."

# Does as the request says. No names of the toolkit but the error's base class, which is made where there is no toolkit.
PROGRAM = """
import json
try:
    from sagemaker_inference.errors import BaseInferenceToolkitError
except ImportError:
    class BaseInferenceToolkitError(Exception):
        def __init__(self, status_code, message, phrase):
            self.status_code, self.message, self.phrase = status_code, message, phrase

def model_fn(folder):
    return folder

def transform_fn(model, body, content_type, accept, context):
    told = json.loads(body)
    if "phrase" in told:
        raise BaseInferenceToolkitError(400, told["text"], told["phrase"])
    if "error" in told:
        raise KeyError(told["error"])
    if "status" in told:
        context.set_response_status(code=told["status"], phrase="As Told")
    return "x" * told.get("bytes", 1), "text/plain"
"""


@dataclass(frozen=True)
class Case:
    """One request and its answer.

    Attributes:
        body: the request's, or what makes it.
        status, phrase, says: of the answer; an empty phrase is not looked at, `says` is somewhere in the body.
        dies: whether the worker dies of it, and another one must load the model.
    """

    name: str
    body: bytes | Callable[[], bytes]
    status: int
    says: str = ""
    phrase: str = ""
    kind: str = "application/json"
    accept: str = "*/*"
    dies: bool = False

    @property
    def sent(self) -> bytes:
        return self.body() if callable(self.body) else self.body


def told(size: int = 0, **what: Any) -> Callable[[], bytes]:
    """A request to the program, filled up with spaces."""
    return lambda: json.dumps(what).encode().ljust(size)


# What the servers do where the program and the environment prevent nothing. Of a phrase with more bytes beyond ASCII
# TorchServe may wait for the rest instead of dying: nobody gets an answer any more, and a test would wait as long.
UNPREPARED = (
    Case("a phrase in ASCII", told(phrase="No Such Thing", text="größe"), 400, "größe\nTraceback", "No Such Thing"),
    Case("a phrase of two lines", told(phrase="a\nb", text="t"), 400, "t\nTraceback", "a b"),
    Case("é in the phrase", told(phrase="é", text="t"), 500, DIED, dies=True),
    Case("an error", told(error="column"), 500, "'column'\nTraceback", "'column'"),
    Case("an error with é", told(error="é"), 500, DIED, dies=True),
    Case("a status that is set", told(status=418), 418, "x", "As Told"),
    Case("a body that is not UTF-8", b"\xff", 500, "codec can't decode byte 0xff"),
    Case("an answer at the limit", told(bytes=LIMIT), 200, "x"),
    Case("an answer over the limit", told(bytes=LIMIT + 1), 500, DIED, dies=True),
    Case("a request at the limit", told(LIMIT), 200, "x"),
    Case("a request over the limit", told(LIMIT + 1), 413, phrase="Request Entity Too Large"),
)
# The same program with the environment that the pipeline gives.
ROOMY = (
    Case("an answer over the usual limit", told(bytes=LIMIT + 1), 200, "x"),
    Case("a request of 7 MB", told(7_000_000), 200, "x"),
)

HEAD = "größe,plan\n"
FIT = r"send \d+ rows at a time"


def csv(*lines: str, head: str = HEAD) -> bytes:
    return (head + "\n".join(lines)).encode()


def many(rows: int) -> Callable[[], bytes]:
    return lambda: csv(*["1,basic"] * rows)


def refused(name: str, body: bytes, says: str, status: int = 400, **more: Any) -> Case:
    return Case(name, body, status, says, **{"kind": "text/csv", **more})


WORDS = ("é", "größe", "日本語", "😀", "مرحبا", "\u202eevil", "nul\0", "x" * 100_000)
# A model of `größe` and `plan`, with the pipeline's environment. Nothing here may end the worker.
SERVED = (
    Case("a row", csv("1,basic"), 200, '{"predictions": [', kind="text/csv"),
    Case("a row as CSV", csv("1,basic"), 200, "prediction,probability_ja,probability_não\n", kind="text/csv",
         accept="text/csv"),
    Case("objects", json.dumps([{"größe": 1, "plan": "日本"}]).encode(), 200, '{"predictions": ['),
    *(Case(f"unknown text {word[:8]!r}", csv(f"1,{word}"), 200, "predictions", kind="text/csv") for word in WORDS[:-1]),
    *(refused(f"{word[:8]!r} for a number", csv(f"{word},basic"), "row 1, column 'größe': '") for word in WORDS[:-1]),
    *(refused(f"a column {word[:8]!r}", csv("1,2", head=f"{word},plan\n"), "the model takes 'größe', 'plan'")
      for word in WORDS if word != "größe"),
    *(refused(f"{word[:8]!r} as content type", csv("1,basic"), "send text/csv or application/json", 415,
              kind=word.encode().decode("latin-1")) for word in WORDS[:4]),
    *(refused(f"{word[:8]!r} as accepted type", csv("1,basic"), "accept application/json or text/csv", 406,
              accept=word.encode().decode("latin-1")) for word in WORDS[:4]),
    refused("lines in a cell", csv('"a\nb",basic'), r"row 1, column 'größe': 'a\nb' is not a number"),
    refused("half a character", b'[{"gr\\u00f6\\u00dfe": "\\ud83d", "plan": ""}]', r"'\ud83d' is not a number",
            kind="application/json"),
    Case("half a character as text", b'[[1, "\\ud83d"]]', 200, "predictions"),
    refused("nothing", b"", "the request holds no rows"),
    refused("a number of 5,000 digits", b"[[" + b"9" * 5000 + b", 1]]", "not JSON", kind="application/json"),
    refused("deep brackets", b"[" * 100_000, "not JSON: ", kind="application/json"),
    Case("a request over the usual limit", csv("1,basic\n" + " " * 7_000_000), 400, "row 2: 1 fields", kind="text/csv"),
)  # fmt: skip
