"""Real data through all three scripts: preprocess, train with AutoGluon, serve from the model that train left."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ml_rows import as_csv, held_out

ML_SRC = Path(__file__).resolve().parents[2] / "ml_src"
# scikit-learn's data sets come with the package; a text column and gaps make them as untidy as a user's file.
MAKE_DATA = """
import sys, numpy as np, sklearn.datasets as sets
frame = getattr(sets, "load_" + sys.argv[1])(as_frame=True).frame
if sys.argv[1] == "wine":
    frame["target"] = frame["target"].map({0: "barolo", 1: "grignolino", 2: "barbera"})
    frame["shade"] = np.where(frame["hue"] > 1, "bright, clear", "dark")
    frame.loc[frame.index % 9 == 0, ["ash", "shade"]] = None
frame.rename(columns={"target": "label"}).to_csv(sys.argv[2], index=False)
"""
# Data set -> problem type, what the endpoint must reach on the held-out rows.
GOALS = {
    "breast_cancer": ("binary", 0.9),
    "wine": ("multiclass", 0.85),
    "diabetes": ("regression", 0.25),
}


@dataclass(frozen=True)
class Trained:
    name: str
    base: Path


# Each version that the settings offer trains and serves.
pytestmark = pytest.mark.parametrize(
    "ml_python",
    [
        pytest.param(".venv-ml", id="AutoGluon 1.5"),
        pytest.param(".venv-ml16", id="AutoGluon 1.6", marks=pytest.mark.slow),
    ],
    indirect=True,
    scope="session",
)


@pytest.fixture(scope="module", params=GOALS)
def trained(request, ml_python, build_model, tmp_path_factory) -> Trained:
    base = tmp_path_factory.mktemp(request.param)
    data = base / "processing" / "input" / "data"
    data.mkdir(parents=True)
    subprocess.run([ml_python, "-c", MAKE_DATA, request.param, str(data / "data.csv")], check=True, timeout=120)
    build_model(base, "label")
    return Trained(request.param, base)


def score(problem_type: str, predictions: list[Any], labels: list[str]) -> float:
    """Accuracy of classes, or the share of variance that a regression explains (R squared)."""
    if problem_type != "regression":
        return sum(str(a) == b for a, b in zip(predictions, labels, strict=True)) / len(labels)
    truth = [float(label) for label in labels]
    mean = sum(truth) / len(truth)
    errors = sum((a - b) ** 2 for a, b in zip(predictions, truth, strict=True))
    return 1 - errors / sum((b - mean) ** 2 for b in truth)


def test_the_model_folder_can_be_served_and_the_metrics_are_there(trained: Trained) -> None:
    model = trained.base / "model"
    assert (model / "predictor.pkl").is_file()
    assert {path.name for path in (model / "code").iterdir()} >= {"inference.py", "payload.py"}
    metrics = json.loads((trained.base / "output" / "data" / "metrics.json").read_text())
    assert metrics["problem_type"] == GOALS[trained.name][0]
    assert metrics["validation"][metrics["eval_metric"]] is not None
    assert (trained.base / "output" / "data" / "leaderboard.csv").is_file()
    assert not (trained.base / "output" / "failure").exists()


def test_every_form_of_request_gets_the_same_good_predictions(trained: Trained, ask) -> None:
    problem_type, goal = GOALS[trained.name]
    rows = held_out(trained.base)
    labels = [row.pop("label") for row in rows]
    forms = [
        [as_csv(rows, header=True), "text/csv", "application/json"],
        [as_csv(rows, header=False), "text/csv", "application/json"],
        [json.dumps({"instances": rows}), "application/json", "application/json"],
        [json.dumps([list(row.values()) for row in rows]), "application/json", "application/json"],
        [as_csv(rows, header=True), "text/csv", "text/csv"],
    ]
    result = ask(trained.base, *forms)
    assert [answer["status"] for answer in result] == [200] * len(forms)
    first, *others, table = result
    answer = json.loads(first["body"])
    for other in others:
        assert json.loads(other["body"]) == answer
    assert score(problem_type, answer["predictions"], labels) >= goal
    lines = list(csv.DictReader(io.StringIO(table["body"])))
    assert table["type"] == "text/csv"
    assert [line["prediction"] for line in lines] == [str(value) for value in answer["predictions"]]
    check_probabilities(problem_type, answer)


def check_probabilities(problem_type: str, answer: dict[str, Any]) -> None:
    if problem_type == "regression":
        assert "probabilities" not in answer
        return
    for prediction, chances in zip(answer["predictions"], answer["probabilities"], strict=True):
        assert sum(chances.values()) == pytest.approx(1, abs=1e-4)
        assert max(chances, key=chances.__getitem__) == str(prediction)


def test_a_wrong_request_names_the_columns_and_the_label_is_tolerated(trained: Trained, ask) -> None:
    rows = held_out(trained.base)[:2]
    column = next(iter(rows[0]))
    renamed = [{("odd" if name == column else name): value for name, value in row.items()} for row in rows]
    result = ask(
        trained.base,
        [as_csv(renamed, header=True), "text/csv", "*/*"],
        [as_csv(rows, header=True), "text/csv", "*/*"],
        [as_csv(rows, header=False), "text/csv", "*/*"],
        ["x", "image/png", "*/*"],
        [as_csv(rows, header=True), "text/csv", "image/png"],
    )
    odd, labelled, too_many, media, accept = result
    assert odd["status"] == 400
    assert f"unknown columns: 'odd'; missing columns: {column!r}" in odd["body"]
    assert labelled["status"] == 200
    assert too_many["status"] == 400
    assert "without the label 'label'" in too_many["body"]
    assert [media["status"], accept["status"]] == [415, 406]


@pytest.mark.parametrize(
    ("arguments", "train", "message"),
    [
        (("--label", "label"), None, "channel 'train': no CSV file in "),
        (("--label", "none"), "a,label\n1,x\n2,y\n", "channel 'train': no label column 'none'; the columns begin with"),
        (("--label", "label"), "a,label\n1,x\n", "channel 'train': 1 rows with a label; training needs more"),
        (
            ("--label", "label"),
            "a,label\n1,x\n2,x\n",
            "channel 'train': fewer than two values of the label 'label' are in ",
        ),
        (
            ("--label", "label"),
            "a,label\n1,x\n2,x,3\n",
            "channel 'train': cannot read train.csv: Error tokenizing data",
        ),
        (
            ("--label", "label"),
            b"a,label\n1,\xff\n",
            "channel 'train': cannot read train.csv: 'utf-8' codec can't decode",
        ),
        (
            ("--label", "label", "--problem_type", "regression"),
            "a,label\n1,2\n2,much\n",
            "the problem type is regression, but the label 'label' holds 'much', no number",
        ),
        (("--label", "label", "--time_limit", "soon"), "a,label\n1,x\n", "hyperparameters: argument --time_limit: "),
        (("--label", "label", "--depth", "3"), "a,label\n1,x\n", "hyperparameters: unrecognized arguments: --depth 3"),
        (
            ("--label", "label", "--presets", "excellent"),
            "a,label\n" + "1,x\n2,y\n" * 20,
            "ValueError: Preset 'excellent'",
        ),
    ],
)
def test_a_failed_training_leaves_one_line(run_script, tmp_path: Path, arguments, train, message) -> None:
    channels = tmp_path / "input" / "data"
    (channels / "train").mkdir(parents=True)
    shutil.copytree(ML_SRC / "inference", channels / "serving")
    if train:
        (channels / "train" / "train.csv").write_bytes(train if isinstance(train, bytes) else train.encode())
    run = run_script("train/train.py", tmp_path, *arguments)
    assert run.code == 1
    failure = run.text("output/failure")
    assert failure.startswith(message)
    assert "\n" not in failure
    assert run.err.splitlines()[-1] == f"train: {failure}"


def test_a_class_of_one_row_is_learned_and_does_not_stop_the_training(run_script, tmp_path: Path) -> None:
    channels = tmp_path / "input" / "data"
    (channels / "train").mkdir(parents=True)
    shutil.copytree(ML_SRC / "inference", channels / "serving")
    (channels / "train" / "train.csv").write_text("a,label\n" + "1,x\n2,y\n" * 10 + "9,rare\n")
    for seed in ("0", "1"):
        run = run_script("train/train.py", tmp_path, "--label=label", "--time_limit=10", f"--seed={seed}")
        assert run.code == 0, run.err


def test_training_without_serving_code_fails_before_it_costs_anything(run_script, tmp_path: Path) -> None:
    run = run_script("train/train.py", tmp_path, "--label", "label")
    assert run.code == 1
    assert run.text("output/failure").startswith("channel 'serving': no inference.py in ")
