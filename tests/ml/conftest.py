"""The scripts of ml_src as tests use them: pure modules imported here, scripts run on an interpreter of their own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
ML_SRC = ROOT / "ml_src"
SCRIPT_SECONDS = 300


def load(relative: str) -> ModuleType:
    """A module of ml_src that needs the standard library only, under a name that no other module has."""
    name = "ml_src_" + relative.removesuffix(".py").replace("/", "_")
    spec = importlib.util.spec_from_file_location(name, ML_SRC / relative)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def checks() -> ModuleType:
    return load("preprocess/checks.py")


@pytest.fixture(scope="session")
def payload() -> ModuleType:
    return load("inference/payload.py")


@pytest.fixture(scope="session")
def ml_python() -> str:
    """An interpreter with pandas, scikit-learn and AutoGluon: SAGEKEEP_ML_PYTHON, or .venv-ml."""
    path = Path(os.environ.get("SAGEKEEP_ML_PYTHON") or ROOT / ".venv-ml" / "bin" / "python")
    if path.is_file():
        return str(path)
    message = f"no interpreter at {path}; make it from requirements-ml.in or set SAGEKEEP_ML_PYTHON"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@dataclass(frozen=True)
class Run:
    """How a script ended, and the folder that was its /opt/ml."""

    code: int
    out: str
    err: str
    base: Path

    def text(self, relative: str) -> str:
        return (self.base / relative).read_text()


Runner = Callable[..., Run]


@pytest.fixture(scope="session")
def run_script(ml_python: str) -> Runner:
    """run_script("train/train.py", base, *arguments): the script, as SageMaker starts it, in a bare environment."""

    def run(script: str, base: Path, *arguments: str) -> Run:
        done = subprocess.run(
            [ml_python, str(ML_SRC / script), *arguments],
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(base),
                "PYTHONDONTWRITEBYTECODE": "1",  # the scripts' folders are what is shipped: leave nothing in them
                "SAGEMAKER_BASE_DIR": str(base),
            },
            cwd=base,
            capture_output=True,
            text=True,
            timeout=SCRIPT_SECONDS,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr, base)

    return run
