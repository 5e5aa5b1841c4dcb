"""Rows that training never saw: read from an execution's outputs, sent to the endpoint, compared with their labels."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sagekeep.errors import OperationError
from sagekeep.runs import endpoint
from sagekeep.runs.evaluation import Score, score
from sagekeep.runs.refusals import told
from sagekeep.runs.steps import Execution
from sagekeep.runs.target import Target

MOST_ROWS = 10_000  # rows that are sent; of more held-out rows every n-th
SAMPLES = 3


@dataclass(frozen=True)
class Table:
    """A CSV file: names, and rows of texts."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @classmethod
    def parse(cls, text: str) -> Table:
        """Raises ValueError where there is no header or a row has another number of fields."""
        records = [tuple(record) for record in csv.reader(io.StringIO(text, newline="")) if record]
        if not records or any(len(record) != len(records[0]) for record in records):
            raise ValueError("not a table")
        return cls(records[0], tuple(records[1:]))

    def digests(self) -> set[bytes]:
        """A hash of each row's content, by column, whatever their order."""
        rows = (dict(zip(self.header, row, strict=True)) for row in self.rows)
        return {hashlib.sha256(json.dumps(row, sort_keys=True).encode()).digest() for row in rows}


@dataclass(frozen=True)
class Sample:
    """One row: what it is, what the endpoint says, and how sure it is (None for a regression)."""

    label: str
    prediction: str
    probability: float | None


@dataclass(frozen=True)
class Evaluation:
    """How the endpoint did: rows sent, rows held out, and how many of those training has seen after all."""

    score: Score
    rows: int
    held_out: int
    seen: int
    samples: tuple[Sample, ...]

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def evaluate(target: Target, execution: Execution, label: str) -> Evaluation:
    """Asks the endpoint about the execution's held-out rows.

    Raises:
        OperationError: the rows cannot be read, or the endpoint does not answer.
    """
    places = split_uris(target, execution)
    train, test = (read_table(target, f"{places[name]}/{name}.csv") for name in ("train", "test"))
    if label not in test.header or not test.rows:
        raise OperationError(f"{places['test']}/test.csv: no held-out rows with a column {label!r}")
    position = test.header.index(label)
    chosen = test.rows[:: -(-len(test.rows) // MOST_ROWS)]
    labels = [row[position] for row in chosen]
    answers = endpoint.ask(target, _without(test.header, position), [_without(row, position) for row in chosen])
    samples = tuple(
        Sample(labels[row], str(answers[row].prediction), max(answers[row].probabilities.values(), default=None))
        for row in _telling(labels)
    )
    seen = len(train.digests() & test.digests())
    try:
        measured = score(labels, answers)
    except ValueError as error:
        raise OperationError(f"the predictions cannot be compared with the labels: {error}") from error
    return Evaluation(measured, len(chosen), len(test.rows), seen, samples)


def _telling(labels: Sequence[str]) -> list[int]:
    """Positions of a few rows: of each label the first, then the first of what is left."""
    firsts = list({label: row for row, label in reversed(list(enumerate(labels)))}.values())
    rest = [row for row in range(len(labels)) if row not in firsts[:SAMPLES]]
    return sorted([*sorted(firsts)[:SAMPLES], *rest][:SAMPLES])


def split_uris(target: Target, execution: Execution) -> dict[str, str]:
    """Output name -> S3 URI of the processing job's outputs; a step from the cache wrote them in an earlier execution.

    Raises:
        OperationError: the execution has no processing job, or it cannot be read.
    """
    job = next(filter(None, (step.arn("ProcessingJob") for step in execution.steps)), "").rpartition("/")[2]
    if not job:
        raise OperationError(f"execution {execution.name} has no processing job, so no held-out rows")
    with told(f"processing job {job} cannot be read"):
        found = target.client("sagemaker").describe_processing_job(ProcessingJobName=job)
    outputs = found["ProcessingOutputConfig"]["Outputs"]
    return {output["OutputName"]: output["S3Output"]["S3Uri"].rstrip("/") for output in outputs}


def read_table(target: Target, uri: str) -> Table:
    """A CSV object.

    Raises:
        OperationError: it cannot be read, or is no table.
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    with told(f"{uri} cannot be read"):
        body = target.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    try:
        return Table.parse(body.decode("utf-8"))
    except ValueError as error:
        raise OperationError(f"{uri} is no CSV table: {error}") from error


def _without(fields: Sequence[str], position: int) -> tuple[str, ...]:
    return (*fields[:position], *fields[position + 1 :])
