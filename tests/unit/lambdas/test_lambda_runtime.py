"""Promises of what all functions share: patience, words and logs."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from adapter import Time, refusal
from sagekeep_runtime.entry import entry
from sagekeep_runtime.errors import FunctionError, OutOfTime, explain, is_missing
from sagekeep_runtime.logs import JsonFormatter, configure
from sagekeep_runtime.retry import RESERVE_SECONDS, Budget, Clock


class FakeContext:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@given(st.floats(0, 900), st.integers(0, 60))
def test_settling_never_outlasts_the_budget_or_ninety_seconds(seconds: float, denials: int) -> None:
    time = Time()
    answers = [refusal("AccessDenied")] * denials

    def call() -> str:
        if answers:
            raise answers.pop()
        return "done"

    try:
        outcome = time.budget(seconds).settle(call)
    except ClientError:
        outcome = "denied"
    assert time.slept <= min(seconds, 90)
    assert outcome == "done" or denials > 0


def test_a_budget_keeps_a_reserve_for_the_answer() -> None:
    time = Time()
    budget = Budget.of(FakeContext(60), Clock(now=lambda: time.now, sleep=time.sleep))
    assert budget.remaining() == 60 - RESERVE_SECONDS


def test_waiting_ends_with_what_is_still_pending() -> None:
    time = Time()
    with pytest.raises(OutOfTime, match="the thing is busy, and the function's time is over"):
        time.budget(31).wait(lambda: "the thing is busy", every=10)
    assert time.slept == 30


def test_what_is_done_is_not_waited_for() -> None:
    time = Time()
    time.budget(-1).wait(lambda: "")
    assert time.slept == 0


@pytest.mark.parametrize(
    ("code", "text", "missing"),
    [
        ("ResourceNotFound", "", True),
        ("ValidationException", 'Could not find endpoint "x".', True),
        ("ValidationException", "Pipeline does not exist", True),
        ("ValidationException", "Unable to parse", False),
        ("AccessDenied", "could not find", False),
        ("NoSuchKey", "", True),
    ],
)
def test_missing_things_are_recognised(code: str, text: str, missing: bool) -> None:
    assert is_missing(refusal(code, text)) is missing


def test_an_error_is_worded_for_the_reader_of_terraforms_output() -> None:
    @entry
    def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
        raise refusal("ThrottlingException", "Rate exceeded", "CreatePipeline")

    with pytest.raises(FunctionError) as caught:
        handler({}, FakeContext(60))
    assert str(caught.value) == (
        "CreatePipeline: ThrottlingException: Rate exceeded "
        "AWS throttled the function beyond its retries: run the same terraform command again."
    )


def test_an_unreachable_service_points_at_the_endpoint() -> None:
    assert "private DNS" in explain(EndpointConnectionError(endpoint_url="https://x"))


def test_a_log_line_is_one_json_object_with_the_facts_as_fields() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    log = logging.Logger("test")
    log.addHandler(handler)
    log.info("made", extra={"pipeline": "p\nq", "rows": 3, "odd": object})
    (line,) = stream.getvalue().splitlines()
    fields = json.loads(line)
    assert (fields["message"], fields["pipeline"], fields["rows"], fields["level"]) == ("made", "p\nq", 3, "INFO")


@pytest.mark.parametrize(
    ("level", "taken"),
    [("DEBUG", logging.DEBUG), ("warning", logging.WARNING), ("LOUD", logging.INFO), ("", logging.INFO)],
)
def test_the_log_level_is_the_variables_and_an_unknown_one_breaks_no_function(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, level: str, taken: int
) -> None:
    monkeypatch.setenv("LOG_LEVEL", level)
    monkeypatch.setenv("AWS_LAMBDA_LOG_FORMAT", "JSON")
    root = logging.getLogger()
    before = root.level
    try:
        configure()
        assert root.level == taken
    finally:
        root.setLevel(before)
    assert ("LOG_LEVEL is none of DEBUG, INFO, WARNING, ERROR" in caplog.text) == (level in {"LOUD", ""})


def test_no_event_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    @entry
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        raise FunctionError("it does not work")

    caplog.set_level(logging.DEBUG)
    with pytest.raises(FunctionError):
        handler({"token": "hush-hush"}, FakeContext(60))
    assert "hush-hush" not in caplog.text
    assert any(record.__dict__.get("reason") == "it does not work" for record in caplog.records)
