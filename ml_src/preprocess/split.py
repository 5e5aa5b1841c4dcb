"""Which rows are held out: a share of them with every class in it, the same for the same seed, and never in train."""

from __future__ import annotations

import argparse
import logging
import math

import numpy as np
import pandas as pd
from checks import DataError, listing
from sklearn.model_selection import train_test_split

log = logging.getLogger("preprocess")


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
    if len(single) == len(values) - 1:
        raise DataError(f"all values of {label!r} but one are in one row only: {listing(map(str, single))}; add rows")
    if len(single):
        log.info("kept in train, as they have one row each: %s", listing(map(str, single)))
    candidates = np.flatnonzero(sizes[class_of] > 1)
    return candidates, class_of[candidates]


def is_regression(labels: pd.Series, problem_type: str) -> bool:
    """As settled by `problem_type`, else as AutoGluon infers it: many different numbers are a quantity."""
    numbers = pd.to_numeric(labels, errors="coerce")
    different = labels.nunique()
    if problem_type == "binary" and different != 2:
        raise DataError(
            f"the problem type is binary, but the label {labels.name!r} has {different} values: "
            f"{listing(sorted(labels.unique()))}"
        )
    if problem_type == "regression" and numbers.isna().any():
        odd = labels[numbers.isna()].iloc[0]
        raise DataError(f"the problem type is regression, but the label {labels.name!r} holds {odd!r}, no number")
    if problem_type:
        return problem_type == "regression"
    if numbers.isna().any() or different <= 2 or labels.str.match(r"0[0-9]+$").any():
        return False
    few = different / len(labels) <= (0.05 if len(labels) > 1000 else 0.1) and different <= 1000
    return not (few and (numbers % 1 == 0).all())


def count(rows: np.ndarray) -> tuple[int, int]:
    """How many rows train and test get."""
    return int((~rows).sum()), int(rows.sum())
