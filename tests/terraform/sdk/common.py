"""Steps of a script, each reported on a line `=== [NAME, KIND, VALUE]`: ok (seconds), said, or failed (the error)."""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

_sleep, _steps = time.sleep, [""]
# The SDK asks every ten seconds how a job is doing; ours take less than that.
time.sleep = lambda seconds: _sleep(min(seconds, 0.5))


@contextmanager
def step(name: str) -> Iterator[None]:
    """Report how a step ends; what comes after a failed one is tried all the same."""
    _steps.append(name)
    started = time.monotonic()
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is the report
        traceback.print_exc()
        report("failed", f"{type(error).__name__}: {error}")
    else:
        report("ok", round(time.monotonic() - started, 1))


def say(value: object) -> None:
    """Report what came back."""
    report("said", value)


def report(kind: str, value: object) -> None:
    """One line of its own, whatever the SDK has printed before."""
    sys.stdout.write(f"\n=== {json.dumps([_steps[-1], kind, value])}\n")
    sys.stdout.flush()
