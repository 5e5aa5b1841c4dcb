"""The demo's first phases: what it refuses before it has spent minutes."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from sagekeep.demo import estate
from sagekeep.demo.stage import Stage
from sagekeep.errors import UsageError

ROOT = Path(__file__).parents[3]


def stage(env: str, home: Path) -> Stage:
    return Stage(ROOT, env, home, Console(file=io.StringIO()))


def test_an_environment_that_keeps_what_it_holds_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="retain"):
        estate.synthesize(stage("prod", tmp_path))


def test_one_environment_may_follow_another(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text((ROOT / "environments" / "poc.toml").read_text())
    for env in ("poc", str(other)):
        on_stage = stage(env, tmp_path / "home")
        estate.synthesize(on_stage)
        assert on_stage.resources
