"""Canaries of what is patched in ministack: each fails when the patched part changes, or needs no patch any more.

Two promises a patch: the code it replaces is still what it was written against, and the behaviour it corrects is there.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.local.patched import PATCHED, UNPATCHED


def source_of(name: str) -> str:
    module_name, _, path = name.partition(":")
    found = importlib.import_module(f"ministack.{module_name}")
    for part in path.split("."):
        found = getattr(found, part)
    return hashlib.sha256(inspect.getsource(found).encode()).hexdigest()[:12]


def test_ministack_is_the_version_that_was_patched() -> None:
    assert version("ministack") == "1.5.33"


def test_every_patch_has_a_canary() -> None:
    folder = Path(__file__).parents[2] / "sagekeep" / "local" / "patches"
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} <= set(PATCHED)


CASES = [(patch, name, digest) for patch, names in PATCHED.items() for name, digest in names.items()]


@pytest.mark.parametrize(("patch", "name", "digest"), CASES)
def test_what_is_patched_is_as_it_was(patch: str, name: str, digest: str) -> None:
    assert source_of(name) == digest, f"ministack changed {name}: look at sagekeep/local, {patch}"


@pytest.mark.parametrize("patch", UNPATCHED)
def test_the_patch_is_still_needed(patch: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "AUTH": "true",
        "MINISTACK_ACCOUNT_ID": "123456789012",
        "LOG_LEVEL": "ERROR",
    }
    tried = subprocess.run(
        [sys.executable, "-c", UNPATCHED[patch]], env=environment, capture_output=True, text=True, check=False
    )
    assert tried.returncode == 0, f"{patch}: {tried.stderr}"


def test_each_patch_says_that_it_is_needed() -> None:
    folder = Path(__file__).parents[2] / "sagekeep" / "local" / "patches"
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == set(UNPATCHED)
