"""Real data through all three scripts: preprocess, train with AutoGluon, serve from the model that train left."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ML_SRC = Path(__file__).resolve().parents[2] / "ml_src"
DRIVER = Path(__file__).parent / "drive_inference.py"
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
    seconds: dict[str, float]

    def held_out(self) -> list[dict[str, str]]:
        with (self.base / "processing" / "output" / "test" / "test.csv").open(newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope="module", params=GOALS)
def trained(request, ml_python, run_script, tmp_path_factory) -> Trained:
    name = request.param
    base = tmp_path_factory.mktemp(name)
    data = base / "processing" / "input" / "data"
    data.mkdir(parents=True)
    subprocess.run([ml_python, "-c", MAKE_DATA, name, str(data / "data.csv")], check=True, timeout=120)
    seconds = {}
    for step in (prepare, fit):
        started = time.monotonic()
        run = step(run_script, base)
        seconds[step.__name__] = round(time.monotonic() - started, 1)
        assert run.code == 0, run.err
    return Trained(name, base, seconds)


def prepare(run_script, base: Path):
    return run_script("preprocess/preprocess.py", base, "--label", "label", "--seed", "1", "--test-fraction", "0.2")


def fit(run_script, base: Path):
    channels = base / "input" / "data"
    shutil.copytree(base / "processing" / "output" / "train", channels / "train")
    shutil.copytree(ML_SRC / "inference", channels / "serving")
    hyperparameters = {"label": "label", "problem_type": "", "presets": "", "time_limit": "30", "seed": "1"}
    arguments = [word for key, value in hyperparameters.items() for word in (f"--{key}", value)]
    return run_script("train/train.py", base, *arguments)


@pytest.fixture(scope="module")
def ask(trained: Trained, ml_python):
    """ask([body, content type, accept], ...) -> answers, from a process that has only the model's folder."""

    def send(*requests: list[str]) -> dict[str, Any]:
        asked, answered = trained.base / "requests.json", trained.base / "answers.json"
        asked.write_text(json.dumps(requests))
        done = subprocess.run(
            [ml_python, str(DRIVER), str(trained.base / "model"), str(asked), str(answered)],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(answered.read_text())

    return send


def as_csv(rows: list[dict[str, str]], *, header: bool, without: tuple[str, ...] = ()) -> str:
    out = io.StringIO()
    names = [name for name in rows[0] if name not in without]
    writer = csv.DictWriter(out, names, extrasaction="ignore")
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


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
    rows = trained.held_out()
    labels = [row.pop("label") for row in rows]
    forms = [
        [as_csv(rows, header=True), "text/csv", "application/json"],
        [as_csv(rows, header=False), "text/csv", "application/json"],
        [json.dumps({"instances": rows}), "application/json", "application/json"],
        [json.dumps([list(row.values()) for row in rows]), "application/json", "application/json"],
        [as_csv(rows, header=True), "text/csv", "text/csv"],
    ]
    result = ask(*forms)
    assert [answer["status"] for answer in result["answers"]] == [200] * len(forms)
    first, *others, table = result["answers"]
    answer = json.loads(first["body"])
    for other in others:
        assert json.loads(other["body"]) == answer
    assert score(problem_type, answer["predictions"], labels) >= goal
    lines = list(csv.DictReader(io.StringIO(table["body"])))
    assert table["type"] == "text/csv"
    assert [line["prediction"] for line in lines] == [str(value) for value in answer["predictions"]]
    check_probabilities(problem_type, answer)
    print(trained.name, trained.seconds, result["load_seconds"], first["seconds"])  # noqa: T201 - a measurement


def check_probabilities(problem_type: str, answer: dict[str, Any]) -> None:
    if problem_type == "regression":
        assert "probabilities" not in answer
        return
    for prediction, chances in zip(answer["predictions"], answer["probabilities"], strict=True):
        assert sum(chances.values()) == pytest.approx(1, abs=1e-4)
        assert max(chances, key=chances.__getitem__) == str(prediction)


def test_a_wrong_request_names_the_columns_and_the_label_is_tolerated(trained: Trained, ask) -> None:
    rows = trained.held_out()[:2]
    column = next(iter(rows[0]))
    renamed = [{("odd" if name == column else name): value for name, value in row.items()} for row in rows]
    result = ask(
        [as_csv(renamed, header=True), "text/csv", "*/*"],
        [as_csv(rows, header=True), "text/csv", "*/*"],
        [as_csv(rows, header=False), "text/csv", "*/*"],
        ["x", "image/png", "*/*"],
        [as_csv(rows, header=True), "text/csv", "image/png"],
    )
    odd, labelled, too_many, media, accept = result["answers"]
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
        (channels / "train" / "train.csv").write_text(train)
    run = run_script("train/train.py", tmp_path, *arguments)
    assert run.code == 1
    failure = run.text("output/failure")
    assert failure.startswith(message)
    assert "\n" not in failure
    assert run.err.splitlines()[-1] == f"train: {failure}"


def test_training_without_serving_code_fails_before_it_costs_anything(run_script, tmp_path: Path) -> None:
    run = run_script("train/train.py", tmp_path, "--label", "label")
    assert run.code == 1
    assert run.text("output/failure").startswith("channel 'serving': no inference.py in ")
