"""`sagekeep local` from nothing to predictions: real terraform, real scripts, the command line alone."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sagekeep.local import instance

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("runs") / "home"
    yield folder
    instance.down(folder)


def sagekeep(*words: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAGEKEEP_"))}
    command = [sys.executable, "-m", "sagekeep", *words]
    return subprocess.run(
        command, cwd=ROOT, env=environment or clean, capture_output=True, text=True, timeout=800, check=False
    )


def test_one_command_from_nothing_to_predictions_for_rows_that_training_never_saw(home: Path) -> None:
    done = sagekeep("local", "run", "--home", str(home), "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [step["status"] for step in document["steps"]] == ["Succeeded"] * 5
    assert document["training"]["validation_rows"] > 0
    evaluation = document["evaluation"]
    assert (evaluation["held_out"], evaluation["seen"]) == (114, 0)
    assert evaluation["score"]["metric"] == "ROC AUC"
    assert evaluation["score"]["value"] >= 0.97
    assert {sample["label"] for sample in evaluation["samples"]} == {"malignant", "benign"}


def test_a_second_run_deploys_nothing_and_takes_the_cached_steps(home: Path) -> None:
    assert json.loads(sagekeep("local", "deploy", "--home", str(home), "--json").stdout) == {"deployed": []}
    document = json.loads(sagekeep("local", "run", "--home", str(home), "--json").stdout)
    assert [step["step"] for step in document["steps"] if step["cached"]] == ["Preprocess", "Train"]
    assert document["evaluation"]["seen"] == 0


def test_the_commands_for_a_real_account_work_unchanged(home: Path, tmp_path: Path) -> None:
    running = instance.find(home)
    assert running is not None
    environment = running.environment()
    bad = tmp_path / "ragged.csv"
    bad.write_text("a,b,kind\n1,2,x\n1,2\n3,4,y\n")
    failed = sagekeep("run", "--data", str(bad), "--label", "kind", "--name", "ragged", environment=environment)
    assert failed.returncode == 1
    assert "ragged failed: Preprocess: ragged.csv, line 3: 2 fields, but the header has 3" in failed.stderr
    assert "Traceback" not in failed.stdout + failed.stderr
    status = json.loads(sagekeep("status", "--json", environment=environment).stdout)
    assert [item["status"] for item in status["executions"]] == ["Failed", "Succeeded", "Succeeded"]
    assert status["endpoint"]["status"] == "InService"
    first = status["executions"][-1]["execution"]
    logs = sagekeep("logs", "--execution", first, "--tail", "1", environment=environment).stdout.splitlines()
    assert [line.partition(" | ")[0] for line in logs] == ["Preprocess", "Train"]
    over = sagekeep("stop", environment=environment)
    assert over.returncode == 1
    assert "cannot be stopped" in over.stderr


def test_predictions_are_csv_in_a_pipe_and_the_model_s_refusal_is_one_line(home: Path, tmp_path: Path) -> None:
    data = home / "samples" / "breast-cancer.csv"
    rows = list(
        csv.DictReader(sagekeep("local", "predict", str(data), "--rows", "3", "--home", str(home)).stdout.splitlines())
    )
    assert len(rows) == 3
    assert {row["prediction"] for row in rows} <= {"malignant", "benign"}
    odd = tmp_path / "odd.csv"
    odd.write_text("nonsense\n1\n")
    refused = sagekeep("local", "predict", str(odd), "--home", str(home))
    assert refused.returncode == 1
    assert "unknown columns: 'nonsense'" in refused.stderr
    assert "Traceback" not in refused.stderr
