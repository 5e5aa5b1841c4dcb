"""Whatever the table, what is held out is not in the training data; a table that cannot be used ends in one line."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

DRIVER = Path(__file__).parent / "drive_preprocess.py"
PREPROCESS = Path(__file__).resolve().parents[2] / "ml_src" / "preprocess"

# Numbers, categories, gaps, and what is easily taken for another of them.
CELLS = st.sampled_from([
    "", "?", "NA", "None", "nan", "inf", "-inf", "0", "-0", "1", "1.0", "+1", "01", "007", "7", "1e3", "0.1", "1_0",
    "0.30000000000000004", "99999999999999999999999", "true", "True", "FALSE", "x", " x ", "a,b", 'q"q', "two\nlines",
    "Zürich", "日本",
])  # fmt: skip
NAMES = st.lists(
    st.sampled_from(["a", "b c", "d,e", 'f"g', "self", "0", "größe", "index", "NA"]),
    min_size=1,
    max_size=3,
    unique=True,
)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """Header and rows; the label is the last column, and its values repeat, as those of classes do."""
    names = draw(NAMES)
    labels = st.sampled_from(draw(st.lists(CELLS, min_size=2, max_size=4, unique=True)))
    row = st.tuples(*[CELLS] * len(names), labels).map(list)
    return [[*names, "label"], *draw(st.lists(row, min_size=4, max_size=30))]


@pytest.fixture(scope="module")
def prepare(sklearn_python: str, tmp_path_factory) -> Iterator[Callable[..., tuple[int, Path]]]:
    """prepare(table, *options) -> exit code and folder of preprocess.py, in a process that stays."""
    with subprocess.Popen(
        [sklearn_python, "-B", str(DRIVER), str(PREPROCESS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:

        def run(table: list[list[str]], *options: str) -> tuple[int, Path]:
            base = tmp_path_factory.mktemp("table")
            data = base / "processing" / "input" / "data"
            data.mkdir(parents=True)
            with (data / "data.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(table)
            process.stdin.write(json.dumps([str(base), ["--label", "label", *options]]) + "\n")
            process.stdin.flush()
            return int(process.stdout.readline()), base

        yield run
        process.stdin.close()


def digests(base: Path, part: str) -> list[bytes]:
    """A hash of each row that was written."""
    path = base / "processing" / "output" / part / f"{part}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [hashlib.sha256(json.dumps(row).encode()).digest() for row in csv.DictReader(file)]


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(table=tables(), seed=st.integers(0, 3), fraction=st.sampled_from(["0.05", "0.2", "0.9"]))
def test_no_held_out_row_is_in_the_training_data_of_any_table(prepare, table, seed: int, fraction: str) -> None:
    code, base = prepare(table, "--seed", str(seed), "--test-fraction", fraction)
    event(f"exit code {code}")
    if code == 0:
        train, test = digests(base, "train"), digests(base, "test")
        assert train
        assert test
        assert not set(train) & set(test)
        assert len(train) + len(test) <= len(table) - 1
    else:
        message = (base / "output" / "message").read_bytes()
        assert 0 < len(message) <= 1024
        assert b"\n" not in message
        assert b"Error" not in message  # a fault that the script knows, not what pandas says of it
        assert not (base / "processing" / "output").exists()
