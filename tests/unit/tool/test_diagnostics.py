"""What terraform says becomes what a person reads."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from sagekeep.diagnostics import Diagnostic, Report, lacks_remote_state, lacks_state_bucket, lambda_message


def line(**event: object) -> str:
    return json.dumps(event) + "\n"


def test_a_failing_functions_own_message_is_shown_in_place_of_its_json() -> None:
    payload = {"errorMessage": "role cannot be assumed", "errorType": "AccessDenied", "stackTrace": ["a", "b"]}
    found = Diagnostic("error", f"invoking Lambda Function (acme-manager): {json.dumps(payload)}", address="x.y")
    assert found.text() == "x.y: function acme-manager failed: AccessDenied: role cannot be assumed"


def test_braces_before_the_error_document_do_not_hide_it() -> None:
    assert lambda_message('{not json {"errorMessage": "boom"}') == "function  failed: boom"
    assert lambda_message('{"other": 1}') is None


@given(st.text())
def test_any_line_is_taken_in_without_an_error(text: str) -> None:
    report = Report()
    report.feed(text)
    assert report.errors == []


def test_the_same_error_is_shown_once() -> None:
    report = Report()
    for _ in range(2):
        report.feed(line(type="diagnostic", diagnostic={"severity": "error", "summary": "no", "detail": "because"}))
    assert [error.text() for error in report.errors] == ["no\nbecause"]


def test_a_warning_about_other_platforms_or_later_checks_is_not_shown() -> None:
    report = Report()
    for summary in ("Check block assertion known after apply", "Incomplete lock file information for providers"):
        report.feed(line(type="diagnostic", diagnostic={"severity": "warning", "summary": summary}))
    assert report.warnings == []


def test_progress_counts_changes_and_not_the_reading_of_data() -> None:
    report = Report()
    resource = {"resource": {"addr": "a.b"}, "action": "create"}
    report.feed(line(type="apply_start", hook=resource))
    report.feed(line(type="apply_start", hook={"resource": {"addr": "data.x.y"}, "action": "read"}))
    assert report.running == ["a.b"]
    report.feed(line(type="apply_complete", hook={"resource": {"addr": "data.x.y"}, "action": "read"}))
    report.feed(line(type="apply_complete", hook=resource))
    assert (report.running, report.done) == ([], 1)


def test_a_missing_state_bucket_is_told_from_a_missing_data_bucket() -> None:
    text = 'S3 bucket "acme-state" does not exist.'
    assert lacks_state_bucket([Diagnostic("error", "Failed to get existing workspaces", text)])
    assert not lacks_state_bucket([Diagnostic("error", "reading bucket", text, address="aws_s3_object.x")])


def test_only_errors_about_a_producers_outputs_make_a_stack_wait() -> None:
    waits = Diagnostic("error", "Unsupported attribute", values=("data.terraform_remote_state.network.outputs",))
    assert lacks_remote_state([waits])
    assert not lacks_remote_state([waits, Diagnostic("error", "Invalid reference")])
    assert not lacks_remote_state([Diagnostic("error", "Unsupported attribute", values=("local.x",))])
    assert not lacks_remote_state([])
