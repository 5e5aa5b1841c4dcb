"""The scripts of ml_src as tests use them: pure modules imported here, scripts run on an interpreter of their own."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ML_SRC = ROOT / "ml_src"
SCRIPT_SECONDS = 300
DRIVER = Path(__file__).parent / "drive_inference.py"


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
def sklearn_python() -> str:
    """The interpreter with what the scikit-learn image holds."""
    return interpreter(".venv-sklearn")


@pytest.fixture(scope="session")
def ml_python(request: pytest.FixtureRequest) -> str:
    """The interpreter with what the AutoGluon images hold; a test may ask for another version's environment."""
    return interpreter(getattr(request, "param", ".venv-ml"))


def interpreter(environment: str) -> str:
    path = ROOT / environment / "bin" / "python"
    if not path.is_file():
        pytest.fail(f"no {environment}: run make setup-ml setup-ml16")
    return str(path)


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
def run_script(sklearn_python: str, ml_python: str) -> Runner:
    """run_script("train/train.py", base, *arguments): the script, as SageMaker starts it, in a bare environment."""
    pythons = {"preprocess": sklearn_python, "train": ml_python}

    def run(script: str, base: Path, *arguments: str) -> Run:
        done = subprocess.run(
            [pythons[script.partition("/")[0]], str(ML_SRC / script), *arguments],
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


@pytest.fixture(scope="session")
def build_model(run_script: Runner) -> Callable[[Path, str], None]:
    """build_model(base, label): preprocess and train, as the pipeline does, on processing/input/data."""

    def build(base: Path, label: str) -> None:
        options = ("--seed", "1", "--test-fraction", "0.2")
        run = run_script("preprocess/preprocess.py", base, f"--label={label}", *options)
        assert run.code == 0, run.err
        channels = base / "input" / "data"
        shutil.copytree(base / "processing" / "output" / "train", channels / "train")
        shutil.copytree(ML_SRC / "inference", channels / "serving")
        hyperparameters = {"label": label, "problem_type": "", "presets": "", "time_limit": "30", "seed": "1"}
        arguments = [word for key, value in hyperparameters.items() for word in (f"--{key}", value)]
        run = run_script("train/train.py", base, *arguments)
        assert run.code == 0, run.err

    return build


@pytest.fixture(scope="session")
def ask(ml_python: str) -> Callable[..., list[dict[str, Any]]]:
    """ask(base, [body, content type, accept], ...) -> answers, from a process that has only the model's folder."""

    def send(base: Path, *requests: list[str]) -> list[dict[str, Any]]:
        asked, answered = base / "requests.json", base / "answers.json"
        asked.write_text(json.dumps(requests))
        done = subprocess.run(
            [ml_python, "-B", str(DRIVER), str(base / "model"), str(asked), str(answered)],
            capture_output=True,
            text=True,
            timeout=SCRIPT_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(answered.read_text())

    return send
