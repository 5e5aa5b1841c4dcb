"""Fit AutoGluon on the train channel and leave a model that can be served; runs in the AutoGluon training image.

Hyperparameters arrive as `--label COLUMN --problem_type "" --presets medium_quality --time_limit 600 --seed 0`. Folders
are those of the SageMaker training toolkit (SM_CHANNEL_TRAIN, SM_CHANNEL_SERVING, SM_MODEL_DIR, SM_OUTPUT_DATA_DIR), or
the same places under /opt/ml. Written:

    SM_MODEL_DIR          the predictor's files at the root, the serving channel as code/: ready for an endpoint
    SM_OUTPUT_DATA_DIR    metrics.json and leaderboard.csv
    output/failure        one line, where the job failed (SageMaker's FailureReason); the exit code is then 1
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
from autogluon.tabular import TabularPredictor
from sklearn.model_selection import train_test_split

VALIDATION_FRACTION = 0.2
# What the pipeline takes for a column's name and for presets (docs/pipeline.md).
LABEL = r'[^\x00-\x1f\x7f-\x9f\u2028\u2029"\\\-][^\x00-\x1f\x7f-\x9f\u2028\u2029"\\]{0,247}'
PRESETS = r"[a-z0-9_]{1,64}"
CODE = r"0[0-9]+"
INTEGER = r"-?[0-9]{1,18}"
NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"

log = logging.getLogger("train")


class TrainingError(Exception):
    """The job cannot do its work; the message is the line that becomes its FailureReason."""


class HyperparameterParser(argparse.ArgumentParser):
    """Raises instead of ending the program, so that a wrong hyperparameter reaches the failure file."""

    def error(self, message: str) -> NoReturn:
        """Called by argparse with the fault."""
        raise TrainingError(f"hyperparameters: {message}")


@dataclass(frozen=True)
class Folders:
    """Where SageMaker puts what the job reads and takes what it writes."""

    train: Path
    serving: Path
    model: Path
    output: Path
    failure: Path

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Folders:
        """From the toolkit's variables; each has its documented place under /opt/ml as default."""
        base = Path(environment.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
        return cls(
            train=Path(environment.get("SM_CHANNEL_TRAIN", base / "input" / "data" / "train")),
            serving=Path(environment.get("SM_CHANNEL_SERVING", base / "input" / "data" / "serving")),
            model=Path(environment.get("SM_MODEL_DIR", base / "model")),
            output=Path(environment.get("SM_OUTPUT_DATA_DIR", base / "output" / "data")),
            failure=Path(environment.get("SM_OUTPUT_DIR", base / "output")) / "failure",
        )


def main(argv: list[str]) -> int:
    """Exit code 0, or 1 with one line in the failure file."""
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    folders = Folders.of(os.environ)
    try:
        train(parse(argv), folders)
    except TrainingError as error:
        return fail(folders.failure, str(error))
    except Exception as error:  # whatever AutoGluon raises must end in one line; the log has the rest
        log.info("training failed", exc_info=True)
        return fail(folders.failure, f"{type(error).__name__}: {error}")
    return 0


def parse(argv: list[str]) -> argparse.Namespace:
    """The hyperparameters; an empty one means AutoGluon's own default."""
    parser = HyperparameterParser(allow_abbrev=False)
    parser.add_argument("--label", type=column, required=True, help="the column to predict")
    parser.add_argument("--problem_type", choices=("", "binary", "multiclass", "regression"), default="")
    parser.add_argument("--presets", type=presets, default="", help="AutoGluon's quality level, such as medium_quality")
    parser.add_argument("--time_limit", type=float, default=600.0, help="seconds for fitting")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(argv)


def column(text: str) -> str:
    """A column's name as the pipeline takes it; anything else is refused before data are read."""
    if not re.fullmatch(LABEL, text):
        raise argparse.ArgumentTypeError(f"must be a line without quotes or backslashes (got {text[:80]!r})")
    return text


def presets(text: str) -> str:
    """A name, or nothing. AutoGluon would take a path or an address for a file of presets."""
    if not re.fullmatch(rf"({PRESETS})?", text):
        raise argparse.ArgumentTypeError(f"must be the name of AutoGluon presets (got {text[:80]!r})")
    return text


def train(options: argparse.Namespace, folders: Folders) -> None:
    """Read, fit, measure, save; what can fail early is looked at first."""
    if not (folders.serving / "inference.py").is_file():
        raise TrainingError(f"channel 'serving': no inference.py in {folders.serving}")
    fitting, validation = split(read(folders.train, options), options)
    folders.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as workspace:
        started = time.monotonic()
        predictor = fit(fitting, validation, options, workspace)
        seconds = time.monotonic() - started
        report = measure(predictor, validation) | {"fitting_rows": len(fitting), "seconds": round(seconds, 1)}
        (folders.output / "metrics.json").write_text(json.dumps(report, indent=2) + "\n")
        predictor.leaderboard(silent=True).to_csv(folders.output / "leaderboard.csv", index=False)
        # Without what only training needs; the files lie at the root, where model_fn looks for them.
        predictor.clone_for_deployment(str(folders.model), dirs_exist_ok=True)
    shutil.copytree(
        folders.serving, folders.model / "code", dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
    )
    log.info("done: %s", json.dumps(report))


def read(folder: Path, options: argparse.Namespace) -> pd.DataFrame:
    """All CSV files of the train channel as one table, the label as `label_values` has it."""
    label, files = options.label, sorted(folder.rglob("*.csv"))
    if not files:
        raise TrainingError(f"channel 'train': no CSV file in {folder}")
    # Codes such as 007 are categories: only their text tells them from numbers.
    texts = (read_file(file, str) for file in files)
    codes = {name for text in texts for name in text if text[name].str.fullmatch(CODE, na=False).any()}
    table = pd.concat([read_file(file, dict.fromkeys({*codes, label}, str)) for file in files], ignore_index=True)
    if label not in table.columns:
        names = ", ".join(map(repr, table.columns[:20]))
        raise TrainingError(f"channel 'train': no label column {label!r}; the columns begin with {names}")
    table = table.dropna(subset=[label]).copy()
    if len(table) < 2:
        raise TrainingError(f"channel 'train': {len(table)} rows with a label; training needs more")
    table[label] = label_values(table[label], options.problem_type)
    repeated = (table[label].value_counts() > 1).sum()
    if repeated < 2 and not is_quantity(table[label], options.problem_type):
        raise TrainingError(
            f"channel 'train': fewer than two values of the label {label!r} are in two rows or more; training learns a "
            "class from one row and measures it on another"
        )
    return table


def read_file(file: Path, dtype: Any) -> pd.DataFrame:
    """One CSV file. Preprocess left empty fields for missing values, and nothing else: the class "NA" is a class."""
    options = {"low_memory": False, "keep_default_na": False, "na_values": [""], "float_precision": "round_trip"}
    try:
        return pd.read_csv(file, dtype=dtype, **options)
    except (ValueError, pd.errors.ParserError) as error:  # also: no text, an empty file
        raise TrainingError(f"channel 'train': cannot read {file.name}: {error}") from None


def label_values(label: pd.Series, problem_type: str) -> pd.Series:
    """Numbers where every label is written as one; otherwise its text, for the endpoint answers with what is here."""
    numbers = label.str.fullmatch(NUMBER).all()
    if problem_type == "regression" and not numbers:
        odd = label[~label.str.fullmatch(NUMBER)].iloc[0]
        raise TrainingError(f"the problem type is regression, but the label {label.name!r} holds {odd!r}, no number")
    if not numbers or (problem_type != "regression" and label.str.fullmatch(CODE).any()):
        return label
    return label.astype(int if label.str.fullmatch(INTEGER).all() else float)


def split(table: pd.DataFrame, options: argparse.Namespace) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A part to fit and a part to validate; both have every class that has rows enough, and fitting has the others."""
    labels = table[options.label]
    wanted = math.ceil(len(table) * VALIDATION_FRACTION)
    shared = labels.map(labels.value_counts()) > 1
    classes = labels[shared].nunique()
    room = classes <= wanted <= shared.sum() - classes
    by_class = room and not is_quantity(labels, options.problem_type)
    candidates = table[shared] if by_class else table
    validation = train_test_split(
        candidates.index,
        test_size=min(wanted, len(candidates) - 1),
        random_state=options.seed,
        stratify=labels[shared] if by_class else None,
    )[1]
    return table.drop(validation), table.loc[validation]


def is_quantity(labels: pd.Series, problem_type: str) -> bool:
    """Whether it may be a regression: then values that occur once are no classes to be kept in one part."""
    numeric = pd.api.types.is_numeric_dtype(labels)
    return problem_type == "regression" or (not problem_type and numeric and labels.nunique() > 2)


def fit(
    fitting: pd.DataFrame, validation: pd.DataFrame, options: argparse.Namespace, workspace: str
) -> TabularPredictor:
    """A fitted predictor; AutoGluon compares its models on our validation rows and takes none of its own."""
    predictor = TabularPredictor(
        label=options.label,
        problem_type=options.problem_type or None,
        path=workspace,
        learner_kwargs={"random_state": options.seed},
    )
    return predictor.fit(
        fitting,
        tuning_data=validation,
        use_bag_holdout=True,  # presets that bag refuse tuning_data without it
        presets=options.presets or None,
        time_limit=options.time_limit,
    )


def measure(predictor: TabularPredictor, validation: pd.DataFrame) -> dict[str, Any]:
    """Metrics on the validation rows. The best model was chosen on them, so they flatter a little: test.csv does not.

    As always in AutoGluon greater is better: errors, such as root_mean_squared_error, are negative.
    """
    if predictor.class_labels is not None:  # a class that is too rare to be learned cannot be measured
        validation = validation[validation[predictor.label].isin(predictor.class_labels)]
    metrics = predictor.evaluate(validation, auxiliary_metrics=True, silent=True)
    return {
        "problem_type": predictor.problem_type,
        "eval_metric": predictor.eval_metric.name,
        "model": predictor.model_best,
        "validation_rows": len(validation),
        "validation": {name: float(value) for name, value in metrics.items()},
    }


def fail(path: Path, message: str) -> int:
    """One line on stderr and in the failure file."""
    line = " ".join(message.split())
    sys.stderr.write(f"train: {line}\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line[:1024], encoding="utf-8")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
