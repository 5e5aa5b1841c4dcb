"""The environments of this repository, synthesized once."""

from __future__ import annotations

import pytest

from people import settings as people_settings
from people import synthesized_from
from synths import ROOT, Synth, synth, synth_of


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


OPTIONS = """
[perimeter]
organization = "o-a1b2c3d4e5"

[storage]
object_lock_days = 30

[functions]
reserved_concurrency = 5
log_level = "DEBUG"
code_signing_profile_arns = ["arn:aws:signer:us-east-1:123456789012:/signing-profiles/acme/a1b2c3d4e5"]
"""


@pytest.fixture(scope="session")
def with_options(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    """poc with every option of the perimeter."""
    folder = tmp_path_factory.mktemp("options")
    text = (ROOT / "environments" / "poc.toml").read_text(encoding="utf-8")
    network = '[network]\nblock_public_access = true\nextra_endpoints = ["ssm", "ssmmessages"]\n'
    file = folder / "options.toml"
    file.write_text(text.replace("[network]\n", network) + OPTIONS, encoding="utf-8")
    return synth_of(file, folder / "out")


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    """An environment with all of it switched on."""
    return synthesized_from(people_settings(), tmp_path_factory)


@pytest.fixture(scope="session")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    """Studio opens from the VPC only."""
    return synthesized_from(people_settings(studio={"users": ["ann"], "sign_in": "endpoint"}), tmp_path_factory)
