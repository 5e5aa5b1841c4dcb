"""preprocess.py as a Processing job starts it: files in, files out, one line where the data cannot be used."""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from bench.preprocess import MEGABYTE, SHAPES, measure, write_table

SCRIPT = "preprocess/preprocess.py"
LABEL = ("--label", "label")


@pytest.fixture
def preprocess(run_script, tmp_path):
    """preprocess({"file.csv": text}, *options): one run in a folder of its own."""

    def run(files: Mapping[str, str | bytes], *options: str, name: str = "run"):
        base = tmp_path / name
        folder = base / "processing" / "input" / "data"
        folder.mkdir(parents=True)
        for file, content in files.items():
            (folder / file).write_bytes(content if isinstance(content, bytes) else content.encode())
        return run_script(SCRIPT, base, *(options or LABEL))

    return run


def rows_of(run, part: str) -> list[dict[str, str]]:
    assert run.code == 0, run.err
    with (run.base / "processing" / "output" / part / f"{part}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def table(labels: list[str], *, seed: int = 1) -> str:
    chance = random.Random(seed)  # noqa: S311 - data, no secret
    return "x,z,label\n" + "".join(f"{chance.random()},{n},{label}\n" for n, label in enumerate(labels))


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        pytest.param("x,y\n1,2\n", LABEL, "data.csv: no label column 'label'; its columns are 'x', 'y'", id="no label"),
        pytest.param("", LABEL, "data.csv: the file is empty", id="empty"),
        pytest.param("x,label\n1,a,b\n", LABEL, "data.csv, line 2: 3 fields, but the header has 2", id="ragged"),
        pytest.param(
            "x,label\n1,a\n2,a\n3,\n",
            LABEL,
            "the label column 'label' holds a single value, 'a', in all 2 rows: there is nothing to tell apart",
            id="one class",
        ),
        pytest.param("x,label\n1,\n2,NA\n", LABEL, "the label column 'label' is empty in all 2 rows", id="no labels"),
        pytest.param(
            "x,label\n1,u1\n2,u2\n3,u3\n",
            LABEL,
            "every value of 'label' is in one row only: is it an identifier rather than a label?",
            id="identifier",
        ),
        pytest.param(
            "x,label\n1,a\n2,a\n3,b\n",
            LABEL,
            "all values of 'label' but one are in one row only: 'b'; add rows",
            id="one class with rows enough",
        ),
        pytest.param(
            table(["1", "2", "many"] * 5),
            (*LABEL, "--problem-type", "regression"),
            "the problem type is regression, but the label 'label' holds 'many', no number",
            id="text regression",
        ),
        pytest.param(
            table(["1", "2", "3"] * 5),
            (*LABEL, "--problem-type", "binary"),
            "the problem type is binary, but the label 'label' has 3 values: '1', '2', '3'",
            id="three binary classes",
        ),
        pytest.param(
            "x,label\n1,a\n2,caf\u00e9\n".encode("latin-1"),
            LABEL,
            "data.csv, line 3: byte 17 (0xe9) is not UTF-8; save the file as UTF-8",
            id="latin-1",
        ),
        pytest.param(
            "", ("--test-fraction", "0.2"), "options: the following arguments are required: --label", id="options"
        ),
        pytest.param(
            "",
            ("--label=x", "--test-fraction=2"),
            "options: --test-fraction: must be between 0 and 1 (got 2.0)",
            id="fraction",
        ),
        pytest.param(
            '"say ""x""",y\n1,2\n',
            ('--label=say "x"',),
            "options: argument --label: must be a line without quotes or backslashes (got 'say \"x\"')",
            id="a label with quotes",
        ),
        pytest.param(
            "col\\u0041,colA,x\n1,2,3\n",  # the training toolkit would read the first as the second
            ("--label=col\\u0041",),
            "options: argument --label: must be a line without quotes or backslashes (got 'col\\\\u0041')",
            id="a label with a backslash",
        ),
    ],
)
def test_unusable_data_ends_in_one_line_and_the_exit_message(preprocess, content, options, message) -> None:
    run = preprocess({"data.csv": content}, *options)
    assert run.code == 1
    assert run.err == f"preprocess: {message}\n"
    assert run.text("output/message") == message
    assert not (run.base / "processing" / "output").exists()


def test_held_out_rows_are_in_no_training_row_even_when_rows_repeat(preprocess) -> None:
    head, *rows = table(["a", "b"] * 100).splitlines()
    run = preprocess({"data.csv": "\n".join([head, *rows, *rows[:40], *rows[:20]])}, *LABEL, "--test-fraction", "0.25")
    train, test = ({tuple(row.values()) for row in rows_of(run, part)} for part in ("train", "test"))
    assert not train & test
    assert train | test == {tuple(row.split(",")) for row in rows}
    assert len(rows_of(run, "train")) + len(rows_of(run, "test")) == 260
    assert len(test) == 50
    assert "60 rows are copies of others" in run.out


def test_the_split_keeps_the_classes_shares_and_follows_the_seed(preprocess) -> None:
    data = {"data.csv": table(["rare"] * 20 + ["often"] * 180)}
    first, same, other = (
        preprocess(data, *LABEL, "--seed", seed, "--test-fraction", "0.2", name=name)
        for seed, name in (("7", "first"), ("7", "same"), ("8", "other"))
    )
    assert Counter(row["label"] for row in rows_of(first, "test")) == {"rare": 4, "often": 36}
    assert Counter(row["label"] for row in rows_of(first, "train")) == {"rare": 16, "often": 144}
    for part in ("train", "test"):
        assert rows_of(first, part) == rows_of(same, part)
    assert rows_of(first, "test") != rows_of(other, "test")


def test_a_class_of_one_row_goes_to_train_and_few_rows_still_split(preprocess) -> None:
    run = preprocess({"data.csv": table(["a", "a", "b", "b", "c", "c", "alone"])})
    assert "kept in train, as they have one row each: 'alone'" in run.out
    assert {"a", "b", "c", "alone"} == {row["label"] for row in rows_of(run, "train")}
    assert sorted(row["label"] for row in rows_of(run, "test")) == ["a", "b", "c"]


def test_a_quantity_is_split_plainly_even_though_no_value_repeats(preprocess) -> None:
    run = preprocess({"data.csv": table([f"{number}.5" for number in range(50)])})
    assert "split: plain (regression)" in run.out
    assert (len(rows_of(run, "train")), len(rows_of(run, "test"))) == (40, 10)


def test_rows_without_a_label_are_dropped_and_counted_and_words_are_classes(preprocess) -> None:
    run = preprocess({"data.csv": table(["None", "NA", "some"] * 20 + ["", " ", "?"])})
    assert "'NA', 'None' in the label column: taken for a class; leave the field empty to say missing" in run.out
    assert "dropped 3 of 63 rows: they have no label" in run.out
    written = rows_of(run, "train") + rows_of(run, "test")
    assert Counter(row["label"] for row in written) == {"None": 20, "NA": 20, "some": 20}


def test_among_numbers_a_word_for_missing_is_no_class(preprocess) -> None:
    run = preprocess({"data.csv": table(["0", "1"] * 20 + ["NA", "None", ""])})
    assert "dropped 3 of 43 rows: they have no label" in run.out
    assert {row["label"] for row in rows_of(run, "train") + rows_of(run, "test")} == {"0", "1"}


def test_codes_with_leading_zeros_are_written_as_read_in_every_file(preprocess) -> None:
    first, second = table(["a", "b"] * 10), table(["a", "b"] * 10, seed=2).replace(",1,", ",01,", 1)
    run = preprocess({"one.csv": first, "two.csv": second})
    written = rows_of(run, "train") + rows_of(run, "test")
    assert Counter(row["z"] for row in written)["01"] == 1
    assert {row["z"] for row in written} == {"01", *map(str, range(20))}


def test_values_are_written_as_read_and_the_missing_as_empty_fields(preprocess) -> None:
    kinds = "0.1234567890123457,007A, spaced ,true,NA,inf,01"
    other = '12345678.000000001,,"a, b",false,text,1.5,02'
    run = preprocess({"data.csv": "n,code,text,truth,gap,big,label\n" + f"{kinds}\n{other}\n" * 1 + extra_rows()})
    written = {row["label"]: row for row in rows_of(run, "train") + rows_of(run, "test")}
    assert {**written["01"]} == {
        "n": "0.1234567890123457", "code": "007A", "text": "spaced", "truth": "1", "gap": "", "big": "", "label": "01",
    }  # fmt: skip
    assert {**written["02"]} == {
        "n": "12345678.000000002", "code": "", "text": "a, b", "truth": "0", "gap": "text", "big": "1.5", "label": "02",
    }  # fmt: skip
    assert "missing values by column: {'code': 1, 'gap': 1, 'big': 1}" in run.out


def extra_rows() -> str:
    return "".join(f"{n},c,t,true,g,1,{'xy'[n % 2]}\n" for n in range(10))


def test_several_files_of_one_header_are_one_table(preprocess) -> None:
    parts = table(["a", "b"] * 30).splitlines()
    head, rows = parts[0], parts[1:]
    turned = ["label,x,z"] + [f"{label},{x},{z}" for x, z, label in (row.split(",") for row in rows[30:])]
    run = preprocess({"one.csv": "\n".join([head, *rows[:30]]), "two.csv": "\ufeff" + "\r\n".join(turned)})
    written = rows_of(run, "train") + rows_of(run, "test")
    assert sorted(",".join(row.values()) for row in written) == sorted(rows)


def test_a_100_mb_file_needs_less_than_2_gb(sklearn_python, tmp_path: Path) -> None:
    folder = tmp_path / "processing" / "input" / "data"
    folder.mkdir(parents=True)
    write_table(folder / "data.csv", SHAPES["single digits"], 100 * MEGABYTE)  # what takes most memory of the shapes
    code, megabytes, _ = measure(Path(sklearn_python), tmp_path)
    assert code == 0
    assert megabytes < 2000
