"""The roles of the environment whose calls are recorded, and of the others, synthesized once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from sagekeep import synthesis
from sagekeep.settings import load
from sagekeep.synthesis import Synthesis
from stacks.app import synthesize
from tests.ci.rehearsal import ROOT, SETTINGS

Synthesized = Callable[..., Synthesis]

# As few changes as bring everything that settings can bring.
OPTIONS = """
[perimeter]
organization = "o-a1b2c3d4e5"

[storage]
object_lock_days = 30

[network]
block_public_access = true
extra_endpoints = ["ssm"]

[functions]
reserved_concurrency = 5
code_signing_profile_arns = ["arn:aws:signer:us-east-1:123456789012:/signing-profiles/acme/a1b2c3d4e5"]
"""


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """Synthesizes the recorded environment's settings after replacements in their text."""
    text = SETTINGS.read_text()

    @cache
    def make(*changes: tuple[str, str]) -> Synthesis:
        folder = tmp_path_factory.mktemp("ci")
        changed = text
        for old, new in changes:
            assert old in changed
            changed = changed.replace(old, new)
        file = folder / "estate.toml"
        file.write_text(changed)
        return _made(file, folder / "out")

    return make


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    return _made(ROOT / "environments" / "prod.toml", tmp_path_factory.mktemp("prod") / "out")


def _made(file: Path, out: Path) -> Synthesis:
    synthesize(load(file), out)
    return synthesis.load(ROOT, str(file), out)
