"""The register's verdict on findings, over any findings and entries."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagekeep.errors import UsageError
from sagekeep.scan.findings import Finding
from sagekeep.scan.register import Entry, as_entry, judge, load

TODAY = date(2026, 6, 1)
IDS = ("CKV_AWS_18", "parliament:RESOURCE_STAR")
STACKS = ("storage", "studio")
findings = st.builds(
    Finding,
    st.sampled_from(IDS),
    st.sampled_from(STACKS),
    st.sampled_from(("aws_s3_bucket.data", "data.aws_iam_policy_document.access")),
    st.sampled_from(("", "ReadData")),
    st.sampled_from(("json", "plan")),
)


def entry(finding: Finding, **fields: object) -> Entry:
    found = {"id": finding.id, "address": finding.place, "statement": finding.statement}
    return Entry.model_validate({**found, "reason": "long enough a reason", "review": date(2999, 1, 1), **fields})


@given(st.lists(findings), st.lists(findings))
def test_every_finding_is_accepted_or_unlisted_and_every_entry_needed_or_stale(
    found: list[Finding], listed: list[Finding]
) -> None:
    verdict = judge([entry(finding) for finding in listed], found, "poc", today=TODAY)
    assert {*verdict.accepted} == {*found} & {*listed}
    assert {*verdict.unlisted} == {*found} - {*listed}
    assert {one.key for one in verdict.stale} == {finding.key for finding in {*listed} - {*found}}
    assert verdict.clean == ({*found} == {*listed})


@given(findings)
def test_a_printed_entry_with_a_reason_covers_exactly_its_finding(tmp_path_factory, finding: Finding) -> None:
    file = tmp_path_factory.mktemp("register") / "exceptions.toml"
    file.write_text(as_entry(finding, today=TODAY).replace("WHY", "a reason of the reader's"))
    (read,) = load(file)
    verdict = judge([read], [finding], "poc", today=TODAY, planned=[finding.stack])
    assert (verdict.accepted, verdict.unlisted, verdict.stale) == ((finding,), (), ())


def test_an_entry_for_plans_is_stale_only_where_its_stacks_plan_was_scanned() -> None:
    gone = entry(Finding("CKV_AWS_290", "studio", "aws_iam_role_policy.access"), scan="plan")
    assert judge([gone], [], "poc", today=TODAY).clean
    assert judge([gone], [], "poc", today=TODAY, planned=["storage"]).clean
    assert judge([gone], [], "poc", today=TODAY, planned=["studio"]).stale == (gone,)


def test_an_entry_is_overdue_from_its_review_date_on() -> None:
    finding = Finding("CKV_AWS_18", "storage", "aws_s3_bucket.data")
    due = entry(finding, review=TODAY)
    assert judge([due], [finding], "poc", today=TODAY).overdue == (due,)
    assert judge([due], [finding], "poc", today=date(2026, 5, 31)).overdue == ()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("storage: aws_s3_bucket.data", "storage: aws_s3_bucket.*"), "address"),
        (("storage: aws_s3_bucket.data", "aws_s3_bucket.data"), "address"),
        (("2026-06-01", '"soon"'), "review"),
        (("reason =", "because ="), "because"),
        (("[[exception]]", "[[exceptions]]"), "holds only"),
    ],
)
def test_a_faulty_register_is_refused_with_the_place(tmp_path: Path, change: tuple[str, str], complaint: str) -> None:
    file = tmp_path / "exceptions.toml"
    good = as_entry(Finding("CKV_AWS_18", "storage", "aws_s3_bucket.data"), today=date(2025, 6, 1))
    good = good.replace("WHY", "a reason of the reader's")
    file.write_text(good)
    assert len(load(file)) == 1
    file.write_text(good.replace(*change))
    with pytest.raises(UsageError, match=complaint):
        load(file)
    file.write_text(f"{good}\n{good}")
    with pytest.raises(UsageError, match="entry 2: is there twice"):
        load(file)
