"""Models for the cases: a small real one, made by train.py, and the folder of a program."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

from tests.serving.cases import PROGRAM

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "lambda_src" / name) for name in ("shared", "pipeline_manager")]
from pipeline_manager.steps import SERVING_ENVIRONMENT as PREPARED  # noqa: E402 - after its folder is on the path

UNPREPARED = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_MODEL_SERVER_WORKERS": "1"}
PYTHON = ROOT / ".venv-ml" / "bin" / "python"
PYTHON_16 = ROOT / ".venv-ml16" / "bin" / "python"  # AutoGluon 1.6
TRAIN_SECONDS = 300

__all__ = ["PREPARED", "UNPREPARED", "program", "trained"]


def program(folder: Path) -> Path:
    """A model folder whose inference.py does as it is told."""
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "inference.py").write_text(PROGRAM)
    return folder


def trained(folder: Path, python: Path = PYTHON) -> Path:
    """The model folder that train.py leaves for 200 rows of `größe`, `plan` and the classes ja and não."""
    train = folder / "input" / "data" / "train"
    train.mkdir(parents=True)
    chance = random.Random(1)  # noqa: S311 - the same rows each time
    rows = [(round(10 * chance.random(), 3), chance.choice(["basic", "família", "日本"])) for _ in range(200)]
    lines = [f"{size},{plan},{'ja' if size + 2 * (plan == 'basic') > 5 else 'não'}\n" for size, plan in rows]
    (train / "train.csv").write_text("größe,plan,label\n" + "".join(lines), encoding="utf-8")
    shutil.copytree(ROOT / "ml_src" / "inference", train.parent / "serving")
    values = {"label": "label", "problem_type": "", "presets": "", "time_limit": "10", "seed": "1"}
    subprocess.run(
        [
            str(python),
            "-B",
            str(ROOT / "ml_src" / "train" / "train.py"),
            *(w for k, v in values.items() for w in (f"--{k}", v)),
        ],
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "SAGEMAKER_BASE_DIR": str(folder)},
        capture_output=True,
        timeout=TRAIN_SECONDS,
        check=True,
    )
    return folder / "model"
