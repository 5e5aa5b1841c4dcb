"""Lines that the jobs of an execution log, from CloudWatch.

Groups and streams: https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sagekeep.console import harmless
from sagekeep.runs.refusals import told
from sagekeep.runs.steps import Execution, Step
from sagekeep.runs.target import Target

TAIL = 20  # lines of a failed step
_MOST = 10_000  # events in an answer, CloudWatch's limit
_REPORT = "done: "  # what train.py logs last, before a JSON object
ENDPOINT = "Endpoint"
# What a step made -> the group that it logs to.
_GROUPS = {
    "ProcessingJob": "/aws/sagemaker/ProcessingJobs",
    "TrainingJob": "/aws/sagemaker/TrainingJobs",
    "TransformJob": "/aws/sagemaker/TransformJobs",
    ENDPOINT: "/aws/sagemaker/Endpoints/{}",
}
_MADE_BY_PIPELINES = re.compile(r"pipelines-[a-z0-9]+-")


@dataclass(frozen=True)
class Place:
    """Where something logs: a group, in it the streams of a job ("": all), from a time on in milliseconds of the epoch.

    `job` is in lower case, as it stands in the job's ARN; the name itself and its streams' may be not.
    """

    group: str
    job: str = ""
    since: int = 0

    @property
    def prefix(self) -> str:
        """As much of the streams' names as is known to be in lower case."""
        made = _MADE_BY_PIPELINES.match(self.job)
        return made[0] if made else self.job

    def holds(self, stream: str) -> bool:
        """Whether a stream is one of the job's."""
        return not self.job or stream.lower().startswith(f"{self.job}/")


@dataclass(frozen=True)
class Line:
    """One event: its time in milliseconds of the epoch, and its text without control characters."""

    time: int
    text: str


def place_of(step: Step) -> Place | None:
    """Where the step's job or endpoint logs; None for a step that has none, or not yet."""
    for kind, group in _GROUPS.items():
        name = step.arn(kind).rpartition("/")[2]
        if name and kind == ENDPOINT:
            # It has logged since long before this execution.
            return Place(group.format(name), since=int((step.began or 0) * 1000))
        if name:
            return Place(group, name)
    return None


class Logs:
    """Reads the logs of an execution's steps again and again, each line once.

    `only`: one step's name; "" for every step that has a job, but not for the endpoint, which logs for ever.
    """

    def __init__(self, client: Any, only: str = "", tail: int | None = None) -> None:
        self._client, self._only, self._tail = client, only, tail
        self._logs: dict[str, Log] = {}

    def new(self, execution: Execution) -> Iterator[tuple[str, Line]]:
        """(step, line) of what came since the last call.

        Raises:
            OperationError: AWS refuses or does not answer.
        """
        for step in execution.steps:
            place = place_of(step)
            if place is None or not self._wanted(step):
                continue
            key = f"{step.name} {place.job}"  # a step that is tried again has another job
            if key not in self._logs:
                self._logs[key] = Log(self._client, place, self._tail)
            for line in self._logs[key].new():
                yield step.name, line

    def _wanted(self, step: Step) -> bool:
        return step.name == self._only if self._only else not step.arn(ENDPOINT)


class Log:
    """Reads one place again and again, each line once; with `tail` only the last lines of what is there at first."""

    def __init__(self, client: Any, place: Place, tail: int | None = None) -> None:
        self._client, self._place, self._tail = client, place, tail
        self._tokens: dict[str, str] = {}

    def new(self) -> list[Line]:
        """Lines that came since the last call, in the order of their times.

        Raises:
            OperationError: AWS refuses or does not answer.
        """
        with told(f"{self._place.group} cannot be read"):
            lines = [line for stream in self._streams() for line in self._read(stream)]
        lines.sort(key=lambda line: line.time)
        wanted, self._tail = self._tail, None
        return lines if wanted is None else lines[len(lines) - min(wanted, len(lines)) :]

    def _streams(self) -> list[str]:
        """Names of the streams; none where nothing has been logged yet."""
        prefix = {"logStreamNamePrefix": self._place.prefix} if self._place.prefix else {}
        pages = self._client.get_paginator("describe_log_streams").paginate(logGroupName=self._place.group, **prefix)
        try:
            names = [stream["logStreamName"] for page in pages for stream in page["logStreams"]]
        except self._client.exceptions.ResourceNotFoundException:
            return []
        return [name for name in names if self._place.holds(name)]

    def _read(self, stream: str) -> Iterator[Line]:
        """What is new in a stream. The same token twice is CloudWatch's word for its end."""
        token = self._tokens.get(stream)
        while True:
            where: dict[str, Any] = {"startFromHead": True, "startTime": self._place.since}
            if token:
                where["nextToken"] = token
            elif self._tail is not None:
                where |= {"startFromHead": False, "limit": max(1, min(self._tail, _MOST))}
            answer = self._client.get_log_events(logGroupName=self._place.group, logStreamName=stream, **where)
            for event in answer["events"]:
                yield Line(event["timestamp"], harmless(event["message"].rstrip("\n")))
            if answer["nextForwardToken"] == token:
                return
            token = self._tokens[stream] = answer["nextForwardToken"]


def tail(target: Target, step: Step, lines: int = TAIL) -> list[str]:
    """The last lines that a step's job logged; none where it has no log.

    Raises:
        OperationError: AWS refuses or does not answer.
    """
    place = place_of(step)
    return [line.text for line in Log(target.client("logs"), place, lines).new()] if place else []


def training_report(target: Target, execution: Execution) -> dict[str, Any]:
    """What the training job said of its model in its last lines: metric, model, validation; empty where it did not."""
    for step in execution.steps:
        if step.arn("TrainingJob"):
            return report_in(tail(target, step))
    return {}


def report_in(lines: Sequence[str]) -> dict[str, Any]:
    """The JSON object behind the last `done: `; empty where there is none."""
    for line in reversed(lines):
        if line.startswith(_REPORT):
            try:
                found = json.loads(line.removeprefix(_REPORT))
            except ValueError:
                continue
            return found if isinstance(found, dict) else {}
    return {}
