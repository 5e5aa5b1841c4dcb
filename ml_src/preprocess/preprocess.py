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
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import pandas as pd
from checks import DataError, Source, check_folder, listing
from split import split

# Written as an empty field, which is how AutoGluon learns that a value is missing. Not left to pandas: its own list
# differs between versions.
MISSING = (
    "", "#N/A", "#NA", "<NA>", "?", "N/A", "NA", "NULL", "NaN", "None", "n/a", "na", "nan", "none", "null",
    "-NaN", "-nan",
)  # fmt: skip
# In a label column of words these may well be classes (NA is North America); among numbers they are missing.
CLASS_NAMES = ("N/A", "NA", "NULL", "None", "n/a", "na", "none", "null")
PROBLEM_TYPES = ("", "binary", "multiclass", "regression")
# What the pipeline takes for a column's name (docs/pipeline.md). The training toolkit reads it as JSON: a text with a
# backslash would be another column there.
LABEL = r'[^\x00-\x1f\x7f-\x9f\u2028\u2029"\\\-][^\x00-\x1f\x7f-\x9f\u2028\u2029"\\]{0,247}'
EXIT_MESSAGE_BYTES = 1024

log = logging.getLogger("preprocess")


class OptionParser(argparse.ArgumentParser):
    """Raises instead of ending the program, so that a wrong option reaches the exit message."""

    def error(self, message: str) -> NoReturn:
        """Called by argparse with the fault."""
        raise DataError(f"options: {message}")


def main(argv: list[str]) -> int:
    """Exit code 0, or 1 with one line that says what is wrong with the data."""
    base = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    try:
        prepare(parse(argv), base / "processing")
    except (DataError, OSError, pd.errors.ParserError) as error:
        return fail(base, str(error))
    except Exception as error:  # whatever pandas raises must end in one line; the log has the rest
        log.info("preprocessing failed", exc_info=True)
        return fail(base, f"{type(error).__name__}: {error}")
    return 0


def parse(argv: list[str]) -> argparse.Namespace:
    """The options of the command line; raises DataError where they are wrong."""
    parser = OptionParser(description="CSV files to train.csv and test.csv", allow_abbrev=False)
    parser.add_argument("--label", type=column, required=True, help="the column to predict")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same split")
    parser.add_argument("--test-fraction", type=float, default=0.2, help="share of the rows to hold out")
    parser.add_argument("--problem-type", choices=PROBLEM_TYPES, default="", help="empty: as the label suggests")
    options = parser.parse_args(argv)
    if not 0 < options.test_fraction < 1:
        parser.error(f"--test-fraction: must be between 0 and 1 (got {options.test_fraction})")
    if not 0 <= options.seed < 2**32:
        parser.error(f"--seed: must be between 0 and {2**32 - 1} (got {options.seed})")
    return options


def column(text: str) -> str:
    """A column's name as the pipeline takes it; anything else is refused before data are read."""
    if not re.fullmatch(LABEL, text):
        raise argparse.ArgumentTypeError(f"must be a line without quotes or backslashes (got {text[:80]!r})")
    return text


def prepare(options: argparse.Namespace, folder: Path) -> None:
    """Check, read, split, write."""
    sources = check_folder(folder / "input" / "data", options.label)
    table = label_rows(read(sources, options.label), options.label)
    held_out = split(table, options)
    write(table[~held_out], folder / "output" / "train" / "train.csv")
    write(table[held_out], folder / "output" / "test" / "test.csv")


def read(sources: list[Source], label: str) -> pd.DataFrame:
    """One table of all files, each column cleaned; label and codes stay text, so that they are written as read."""
    columns = list(sources[0].columns)
    missing = {name: [text for text in MISSING if name != label or text not in CLASS_NAMES] for name in columns}
    as_text = {name: str for name in columns if name == label or any(name in source.codes for source in sources)}
    tables = [read_file(source, missing, as_text)[columns] for source in sources]
    table = tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True)
    del tables  # a column that is replaced below is then freed at once
    for name in columns:
        table[name] = clean(table[name], missing[name])
    return table


def read_file(source: Source, missing: Mapping[str, list[str]], as_text: Mapping[str, type]) -> pd.DataFrame:
    """The rows of one file, typed by pandas but for the columns in `as_text`."""
    table = pd.read_csv(
        source.path,
        header=0,
        names=list(source.columns),
        index_col=False,
        skipinitialspace=True,
        dtype=as_text,
        keep_default_na=False,
        na_values=missing,
        float_precision="round_trip",  # a number is written as it was read, to its last digit
        low_memory=False,  # one type for a column, not one for each chunk
    )
    log.info("read %r: %d rows, %d columns", source.path.name, len(table), len(table.columns))
    return table


def clean(column: pd.Series, missing: list[str]) -> pd.Series:
    """What AutoGluon can use: numbers, or text as a category. It fills missing values and encodes categories itself."""
    if pd.api.types.is_bool_dtype(column):
        return column.astype("int8")
    if pd.api.types.is_float_dtype(column):
        return column.replace([math.inf, -math.inf], math.nan)
    if pd.api.types.is_numeric_dtype(column):
        return column
    return column.map(lambda value: tidy(value, missing))


def tidy(value: object, missing: list[str]) -> object:
    """One cell of a column that is not all numbers: text without spaces around it, true and false as 1 and 0."""
    if isinstance(value, str):
        text = value.strip()
        return math.nan if text in missing else text
    return float(value) if isinstance(value, bool) else value


def label_rows(table: pd.DataFrame, label: str) -> pd.DataFrame:
    """The rows that have a label, of which there must be two different ones."""
    labels = table[label]
    words = labels[labels.isin(CLASS_NAMES)]
    others = labels.drop(words.index).dropna()
    if len(words) and pd.to_numeric(others, errors="coerce").notna().all():
        labels = labels.drop(words.index)
    elif len(words):
        log.info(
            "%s in the label column: taken for a class; leave the field empty to say missing",
            listing(sorted(set(words))),
        )
    labelled = table.loc[labels.dropna().index]
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
