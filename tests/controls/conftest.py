"""The repository's environments, synthesized once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sagekeep.controls.view import View
from views import ROOT, view_of

sys.path.append(str(ROOT / "tests" / "synth"))


def _synthesized(environment: str, factory: pytest.TempPathFactory) -> View:
    from synths import synth

    out: Path = factory.mktemp(environment) / "out"
    synth(environment, out)
    return view_of(environment, out)


@pytest.fixture(scope="session")
def poc(tmp_path_factory: pytest.TempPathFactory) -> View:
    return _synthesized("poc", tmp_path_factory)


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> View:
    return _synthesized("prod", tmp_path_factory)


@pytest.fixture
def environment(request: pytest.FixtureRequest) -> View:
    """One of the two, by name."""
    found: View = request.getfixturevalue(request.param)
    return found
