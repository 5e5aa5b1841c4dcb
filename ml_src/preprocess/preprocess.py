"""Turn the user's CSV files into train.csv and test.csv; runs as a SageMaker Processing job in the scikit-learn image.

    preprocess.py --label COLUMN [--seed N] [--test-fraction F] [--problem-type binary|multiclass|regression]

reads every CSV file under <base>/processing/input/data (one header, several files) and writes, with a header,
<base>/processing/output/train/train.csv and <base>/processing/output/test/test.csv. <base> is /opt/ml, or the
environment variable SAGEMAKER_BASE_DIR. Data that cannot be used ends in exit code 1 and one line, on stderr and in
<base>/output/message, which DescribeProcessingJob returns as ExitMessage
(https://docs.aws.amazon.com/sagemaker/latest/dg/byoc-metadata.html).
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from checks import DataError, Source, check_folder, listing
from sklearn.model_selection import train_test_split

# Written as an empty field, which is how AutoGluon learns that a value is missing. Not left to pandas: its own list
# differs between versions.
MISSING = (
    "", "#N/A", "#NA", "<NA>", "?", "N/A", "NA", "NULL", "NaN", "None", "n/a", "na", "nan", "none", "null",
    "-NaN", "-nan",
)  # fmt: skip
CLASS_NAMES = ("None", "none")  # in the label column these may well be a class, so there they are not missing
PROBLEM_TYPES = ("", "binary", "multiclass", "regression")
EXIT_MESSAGE_BYTES = 1024

log = logging.getLogger("preprocess")


def main(argv: list[str]) -> int:
    """Exit code 0, or 1 with one line that says what is wrong with the data."""
    options = parse(argv)
    base = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    try:
        sources = check_folder(base / "processing" / "input" / "data", options.label)
        table = label_rows(read(sources, options.label), options.label)
        held_out = split(table, options)
        write(table[~held_out], base / "processing" / "output" / "train" / "train.csv")
        write(table[held_out], base / "processing" / "output" / "test" / "test.csv")
    except (DataError, OSError, pd.errors.ParserError) as error:
        return fail(base, str(error))
    return 0


def parse(argv: list[str]) -> argparse.Namespace:
    """The options of the command line; argparse ends the program where they are wrong."""
    parser = argparse.ArgumentParser(description="CSV files to train.csv and test.csv")
    parser.add_argument("--label", required=True, help="the column to predict")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same split")
    parser.add_argument("--test-fraction", type=float, default=0.2, help="share of the rows to hold out")
    parser.add_argument("--problem-type", choices=PROBLEM_TYPES, default="", help="empty: as the label suggests")
    options = parser.parse_args(argv)
    if not 0 < options.test_fraction < 1:
        parser.error(f"--test-fraction: must be between 0 and 1 (got {options.test_fraction})")
    return options


def read(sources: list[Source], label: str) -> pd.DataFrame:
    """One table of all files, each column cleaned; the label stays text, so that it is written as it was read."""
    missing = {
        name: [text for text in MISSING if not (name == label and text in CLASS_NAMES)] for name in sources[0].columns
    }
    tables = []
    for source in sources:
        table = pd.read_csv(
            source.path,
            header=0,
            names=list(source.columns),
            index_col=False,
            skipinitialspace=True,
            dtype={label: str},
            keep_default_na=False,
            na_values=missing,
            float_precision="round_trip",  # a number is written as it was read, to its last digit
            low_memory=False,  # one type for a column, not one for each chunk
        )
        log.info("read %s: %d rows, %d columns", source.path.name, len(table), len(table.columns))
        tables.append(table[list(sources[0].columns)])
    table = tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True)
    return table.assign(**{name: clean(table[name], missing[name]) for name in table.columns})


def clean(column: pd.Series, missing: list[str]) -> pd.Series:
    """What AutoGluon can use: numbers, or text as a category. It fills missing values and encodes categories itself."""
    if pd.api.types.is_bool_dtype(column):
        return column.astype(int)
    if pd.api.types.is_numeric_dtype(column):
        return column.replace([math.inf, -math.inf], math.nan)
    return column.map(lambda value: tidy(value, missing))


def tidy(value: object, missing: list[str]) -> object:
    """One cell of a column that is not all numbers: text without spaces around it, true and false as 1 and 0."""
    if isinstance(value, str):
        text = value.strip()
        return math.nan if text in missing else text
    return float(value) if isinstance(value, bool) else value


def label_rows(table: pd.DataFrame, label: str) -> pd.DataFrame:
    """The rows that have a label, of which there must be two different ones."""
    labelled = table[table[label].notna()]
    if len(labelled) < len(table):
        log.info("dropped %d of %d rows: they have no label", len(table) - len(labelled), len(table))
    empty = labelled.isna().sum()
    log.info("missing values by column: %s", empty[empty > 0].to_dict() or "none")
    values = labelled[label].unique()
    if len(values) == 0:
        raise DataError(f"the label column {label!r} is empty in all {len(table)} rows")
    if len(values) == 1:
        raise DataError(
            f"the label column {label!r} holds a single value, {values[0]!r}, in all {len(labelled)} rows: "
            "there is nothing to tell apart"
        )
    return labelled


def split(table: pd.DataFrame, options: argparse.Namespace) -> np.ndarray:
    """Which rows are held out, as booleans. Equal rows stay together: a held-out row is never in train.csv."""
    row_hash = pd.util.hash_pandas_object(table, index=False).to_numpy()
    _, first, copy_of = np.unique(row_hash, return_index=True, return_inverse=True)
    labels = table[options.label]
    if is_regression(labels, options.problem_type):
        candidates, strata = np.arange(len(first)), None
        log.info("split: plain (regression)")
    else:
        candidates, strata = stratify(labels.iloc[first].to_numpy(), options.label)
        log.info("split: stratified by %r, %d classes", options.label, len(np.unique(strata)))
    held_out = np.zeros(len(first), dtype=bool)
    held_out[choose(candidates, strata, options)] = True
    rows = held_out[copy_of]
    log.info("train %d rows, test %d rows, %d rows are copies of others", *count(rows), len(rows) - len(first))
    return rows


def choose(candidates: np.ndarray, strata: np.ndarray | None, options: argparse.Namespace) -> np.ndarray:
    """The held-out part of `candidates`: the wanted share, but at least a row for each class on either side."""
    classes = 1 if strata is None else len(np.unique(strata))
    wanted = math.ceil(len(candidates) * options.test_fraction)
    size = min(max(wanted, classes), len(candidates) - classes)
    if size < 1:
        raise DataError(f"{len(candidates)} different rows are too few to hold some out; add data")
    return train_test_split(candidates, test_size=size, random_state=options.seed, stratify=strata)[1]


def stratify(labels: np.ndarray, label: str) -> tuple[np.ndarray, np.ndarray]:
    """Positions that may be held out, and their classes. A class with one row cannot be split: it goes to train."""
    values, class_of, sizes = np.unique(labels.astype(str), return_inverse=True, return_counts=True)
    single = values[sizes == 1]
    if len(single) == len(values):
        raise DataError(f"every value of {label!r} is in one row only: is it an identifier rather than a label?")
    if len(single):
        log.info("kept in train, as they have one row each: %s", listing(map(str, single)))
    candidates = np.flatnonzero(sizes[class_of] > 1)
    return candidates, class_of[candidates]


def is_regression(labels: pd.Series, problem_type: str) -> bool:
    """As settled by `problem_type`, else as AutoGluon infers it: many different numbers are a quantity."""
    numbers = pd.to_numeric(labels, errors="coerce")
    different = labels.nunique()
    if problem_type == "binary" and different != 2:
        raise DataError(f"the problem type is binary, but the label {labels.name!r} has {different} values")
    if problem_type == "regression" and numbers.isna().any():
        odd = labels[numbers.isna()].iloc[0]
        raise DataError(f"the problem type is regression, but the label {labels.name!r} holds {odd!r}, no number")
    if problem_type:
        return problem_type == "regression"
    if numbers.isna().any() or different <= 2:
        return False
    few = different / len(labels) <= (0.05 if len(labels) > 1000 else 0.1) and different <= 1000
    return not (few and (numbers % 1 == 0).all())


def count(rows: np.ndarray) -> tuple[int, int]:
    """How many rows train and test get."""
    return int((~rows).sum()), int(rows.sum())


def write(table: pd.DataFrame, path: Path) -> None:
    """CSV with a header and without an index; missing values are empty fields."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False)


def fail(base: Path, message: str) -> int:
    """One line on stderr and in the file that becomes the job's ExitMessage."""
    line = " ".join(message.split())
    sys.stderr.write(f"preprocess: {line}\n")
    target = base / "output" / "message"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(line.encode()[:EXIT_MESSAGE_BYTES].decode(errors="ignore").encode())
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
