"""How good predictions are, by their labels: ROC AUC, accuracy, root mean squared error. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any


@dataclass(frozen=True)
class Answer:
    """The endpoint's word on one row; `probabilities` by class, empty for a regression."""

    prediction: Any
    probabilities: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Score:
    """`metric`: "ROC AUC", "accuracy" or "RMSE"."""

    metric: str
    value: float


def score(labels: Sequence[str], answers: Sequence[Answer]) -> Score:
    """The measure that suits the answers.

    ROC AUC for two classes of which both are among the labels, RMSE where there are no probabilities, else accuracy.

    Raises:
        ValueError: there are no rows, or a label of a regression is no number.
    """
    if not labels or len(labels) != len(answers):
        raise ValueError(f"{len(labels)} labels and {len(answers)} answers cannot be compared")
    if not answers[0].probabilities:
        return Score("RMSE", rmse([float(label) for label in labels], [float(a.prediction) for a in answers]))
    classes = sorted(answers[0].probabilities)
    if len(classes) == 2:
        # Either class may be the positive one: the other gives the same area.
        positive = [canonical(label) == canonical(classes[1]) for label in labels]
        if any(positive) and not all(positive):
            return Score("ROC AUC", roc_auc(positive, [answer.probabilities[classes[1]] for answer in answers]))
    return Score("accuracy", accuracy(labels, [answer.prediction for answer in answers]))


def roc_auc(positive: Sequence[bool], scores: Sequence[float]) -> float:
    """The chance that a positive row's score is above a negative row's, ties counting half (Mann-Whitney U).

    Raises:
        ValueError: all rows are of one class.
    """
    many, few = sum(positive), len(positive) - sum(positive)
    if not many or not few:
        raise ValueError("the area under the curve needs rows of both classes")
    ranked = sorted(zip(scores, positive, strict=True), key=lambda pair: pair[0])
    below, rank_sum = 0, 0.0
    for _, ties in groupby(ranked, key=lambda pair: pair[0]):
        flags = [flag for _, flag in ties]
        rank_sum += sum(flags) * (below + (len(flags) + 1) / 2)  # ties share the mean of their ranks
        below += len(flags)
    return (rank_sum - many * (many + 1) / 2) / (many * few)


def accuracy(labels: Sequence[str], predictions: Sequence[Any]) -> float:
    """Share of predictions that say what the label says."""
    right = sum(canonical(label) == canonical(said) for label, said in zip(labels, predictions, strict=True))
    return right / len(labels)


def rmse(labels: Sequence[float], predictions: Sequence[float]) -> float:
    """Root of the mean squared error."""
    squares = ((label - said) ** 2 for label, said in zip(labels, predictions, strict=True))
    return math.sqrt(math.fsum(squares) / len(labels))


def canonical(value: Any) -> str:
    """A class as one text whoever wrote it: a CSV file says `1` or `TRUE` where the model says 1.0 or True."""
    text = str(value).strip()
    if text.lower() in ("true", "false"):
        return text.lower()
    try:
        return repr(float(text))
    except ValueError:
        return text
