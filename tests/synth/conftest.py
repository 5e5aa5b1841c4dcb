"""The environments of this repository, synthesized once."""

from __future__ import annotations

import pytest

from synths import Synth, synth


@pytest.fixture(scope="session", params=["poc", "prod"])
def synthesized(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Synth:
    """Each environment in turn."""
    return synth(request.param, tmp_path_factory.mktemp("synth") / "out")


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    return synth("prod", tmp_path_factory.mktemp("prod") / "out")


@pytest.fixture(scope="session")
def poc(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    return synth("poc", tmp_path_factory.mktemp("poc") / "out")
