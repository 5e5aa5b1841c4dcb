"""What a cell, a label or a column name says survives the way through all three scripts."""

from __future__ import annotations

import csv
import io
import json
import random
import subprocess
from pathlib import Path

import pytest
from ml_rows import as_csv, held_out

# Each is easily taken for a number, a truth value or a gap.
CLASSES = ("007", "NA", "true", "None")
COLUMNS = ("measure", "two words", "a,comma", 'a "quote"', "größe", "日本", "self", "{x: [1]}", "two\nlines", "zip")
TRAIN = Path(__file__).resolve().parents[2] / "ml_src" / "train"
LABEL = "the label, quoted"


@pytest.fixture(scope="module")
def odd_model(build_model, tmp_path_factory) -> Path:
    base = tmp_path_factory.mktemp("odd")
    data = base / "processing" / "input" / "data"
    data.mkdir(parents=True)
    chance = random.Random(3)  # noqa: S311 - data, no secret
    with (data / "data.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*COLUMNS, LABEL])
        for number in range(240):
            kind = number % len(CLASSES)
            noise = [chance.choice(["NA", "3", "?"]), chance.random(), chance.random() > 0.5, f"t,{kind}", "", 'q"x']
            writer.writerow([kind + chance.random() / 5, *noise, kind, chance.random(), f"{kind:03d}", CLASSES[kind]])
    build_model(base, LABEL)
    return base


def test_odd_labels_come_back_as_they_were_written_and_odd_column_names_work(odd_model: Path, ask) -> None:
    rows = held_out(odd_model)
    labels = [row[LABEL] for row in rows]
    assert set(labels) == set(CLASSES)
    by_csv, by_json = ask(
        odd_model,
        [as_csv(rows), "text/csv", "text/csv"],
        [json.dumps(rows), "application/json", "application/json"],
    )
    assert [line["prediction"] for line in csv.DictReader(io.StringIO(by_csv["body"]))] == labels
    assert json.loads(by_json["body"])["predictions"] == labels


def test_codes_with_leading_zeros_are_categories(odd_model: Path, ask) -> None:
    row = held_out(odd_model)[0]
    assert row["zip"] in {"000", "001", "002", "003"}
    (answer,) = ask(odd_model, [as_csv([row | {"zip": "A-1"}]), "text/csv", "text/csv"])
    assert answer["status"] == 200  # a number would be asked for


@pytest.mark.parametrize(
    ("labels", "problem_type", "written"),
    [
        (["0", "1"], "", [0, 1]),
        (["-1", "2"], "multiclass", [-1, 2]),
        (["0.5", "1e3"], "", [0.5, 1000.0]),
        (["1", "2.5"], "regression", [1.0, 2.5]),
        (["007", "12"], "regression", [7, 12]),
        (["007", "12"], "", ["007", "12"]),
        (["1", "yes"], "", ["1", "yes"]),
        (["True", "False"], "binary", ["True", "False"]),
        (["nan", "inf"], "", ["nan", "inf"]),
        (["1_0", "2"], "", ["1_0", "2"]),
    ],
)
def test_a_label_is_a_number_only_where_every_label_is_written_as_one(
    label_values, labels, problem_type, written
) -> None:
    assert label_values(labels, problem_type) == written


@pytest.fixture(scope="module")
def label_values(ml_python: str):
    """label_values(texts, problem type): what train.py takes them for, in a process that stays."""
    code = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); import pandas, train\n"
        "for line in sys.stdin:\n"
        "    texts, kind = json.loads(line)\n"
        "    print(json.dumps(train.label_values(pandas.Series(texts, dtype=object), kind).tolist()), flush=True)\n"
    )
    with subprocess.Popen(
        [ml_python, "-B", "-c", code, str(TRAIN)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        def run(texts: list[str], problem_type: str) -> list[object]:
            process.stdin.write(json.dumps([texts, problem_type]) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield run
        process.stdin.close()
