"""Rows: what a faulty one is told, when one applies, how words are filled in."""

from __future__ import annotations

from pathlib import Path

import pytest

from sagekeep.errors import UsageError
from sagekeep.prove import rows
from sagekeep.prove.people import with_people
from sagekeep.prove.words import UnknownWord, fill

ROW = """
[[call]]
id = "a"
does = "Reads"
who = "job"
from = "internet"
action = "s3:GetObject"
resource = "x/{who}"
source = "a page"
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own; returns the file of its calls."""
    (tmp_path / "calls").mkdir()
    for name in ("callers.toml", "contexts.toml"):
        (tmp_path / name).write_text((rows.DATA / name).read_text())
    monkeypatch.setattr(rows, "DATA", tmp_path)
    for cached in (rows.calls, rows.callers, rows.contexts):
        cached.cache_clear()
    monkeypatch.setattr(rows, "calls", rows.calls.__wrapped__)
    return tmp_path / "calls" / "some.toml"


def test_a_row_is_read_and_may_name_its_caller(write: Path) -> None:
    write.write_text(ROW)
    (row,) = rows.calls()
    assert (row.id, row.resources, row.actions) == ("a", ("x/job",), ("s3:GetObject",))


def test_a_row_of_several_callers_is_one_for_each(write: Path) -> None:
    write.write_text(ROW.replace('who = "job"', 'who = ["job", "data-seed"]'))
    assert [(row.id, row.resources, row.when) for row in rows.calls()] == [
        ("a.job", ("x/job",), ()),
        ("a.data-seed", ("x/data-seed",), ("pipeline.sample_rows",)),
    ]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("does =", "dose =", "some.toml: a: unknown: dose"),
        ('source = "a page"', "", "some.toml: a: missing: source"),
        ('from = "internet"', 'from = "moon"', "from is one of jobs, studio, functions, aws, internet"),
        ('from = "internet"', 'from = "jobs"', "needs the service of its endpoint"),
        ("[[call]]", f"{ROW}[[call]]", "there is another row 'a'"),
        ('source = "a page"', 'source = "a page"\nlike = "nothing"', "like = 'nothing' is not in contexts.toml"),
    ],
)
def test_a_faulty_row_is_named_with_its_file(write: Path, old: str, new: str, told: str) -> None:
    write.write_text(ROW.replace(old, new))
    with pytest.raises(UsageError) as refused:
        rows.calls()
    assert told in str(refused.value)


def test_shared_condition_keys_give_way_to_the_rows_own(write: Path) -> None:
    own = '\nlike = "own-space"\ncontext = { "sagemaker:SpaceSharingType" = "Shared" }\n'
    write.write_text(ROW + own)
    (row,) = rows.calls()
    assert row.context["sagemaker:SpaceSharingType"] == ("Shared",)
    assert "sagemaker:OwnerUserProfileArn" in row.context


SETTINGS = {"alerts": {"queue": True, "emails": []}, "pipeline": {"sample_rows": 0, "job_log_groups": "own"}}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("alerts.queue", True),
        ("not alerts.queue", False),
        ("alerts.emails", False),
        ("pipeline.sample_rows", False),
        ("not pipeline.sample_rows", True),
        ("pipeline.job_log_groups = own", True),
        ("pipeline.job_log_groups = account", False),
        ("personas", False),
    ],
)
def test_a_condition_looks_at_the_settings(condition: str, holds: bool) -> None:
    row = rows.Kept("x", "y", when=(condition,))
    assert (rows.applies(row, SETTINGS) == "") is holds


def test_a_condition_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="is not a condition"):
        rows.applies(rows.Kept("x", "y", when=("alerts.queue and more",)), SETTINGS)


def test_words_are_filled_in_and_a_list_stands_whole() -> None:
    known = {"bucket": "arn:aws:s3:::b", "subnets": ("s-1", "s-2")}
    assert fill("{bucket}/raw/x", known) == ("arn:aws:s3:::b/raw/x",)
    assert fill("{subnets}", known) == ("s-1", "s-2")
    with pytest.raises(UnknownWord, match="bukket"):
        fill("{bukket}", known)


def test_each_user_with_a_role_is_asked_what_studio_is() -> None:
    row = rows.Row("r", "Opens", "studio", "aws", ("sagemaker:X",), ("{domain}/{profile}",), "a page")
    other = rows.Row("o", "Runs", "job", "aws", ("sagemaker:X",), ("x",), "a page")
    settings = {"studio": {"users": ["Ada"], "role_per_user": True}}
    shared, own, same = with_people([row, other], settings)
    assert (shared, same) == (row, other)
    assert (own.id, own.who, own.resources) == ("r.ada", "studio-Ada", ("{domain}/Ada",))
    assert own.context["sagemaker:UserProfileName"] == ("Ada",)
    assert list(with_people([row], {"studio": {"users": ["Ada"]}})) == [row]


PEOPLE = {
    "studio": {"users": ["Ada", "bob"], "role_per_user": True},
    "personas": {
        "require_mfa": True,
        "auditor": {
            "principals": ["arn:aws:iam::123456789012:user/kim", "arn:aws:iam::123456789012:role/sso/*/Audit_*"]
        },
        "ml_engineer": {"principals": []},
    },
}


def test_a_users_row_is_asked_of_each_with_another_user_beside() -> None:
    row = rows.Row("r", "Reads", "user", "aws", ("s3:GetObject",), ("b/{profile}/{other_user}",), "a page")
    assert [(own.who, own.resources) for own in with_people([row], PEOPLE)] == [
        ("studio-Ada", ("b/Ada/bob",)),
        ("studio-bob", ("b/bob/Ada",)),
    ]


def test_whoever_may_be_a_persona_is_asked_and_users_bring_mfa() -> None:
    row = rows.Row("r", "Takes", "principal", "aws", ("sts:AssumeRole",), ("{{persona}_role}",), "a page")
    kim, role = with_people([row], PEOPLE)
    assert (kim.id, kim.who, kim.resources) == (
        "r.auditor.1",
        "arn:aws:iam::123456789012:user/kim",
        ("{auditor_role}",),
    )
    assert (role.id, role.who) == ("r.auditor.2", "arn:aws:iam::123456789012:role/sso/x/Audit_x")
    assert ("aws:MultiFactorAuthPresent" in kim.context, "aws:MultiFactorAuthPresent" in role.context) == (True, False)


def test_where_nobody_is_asked_the_row_says_so() -> None:
    user = rows.Row("u", "Reads", "user", "aws", ("s3:GetObject",), ("b",), "a page")
    persona = rows.Row("p", "Takes", "insider", "aws", ("sts:AssumeRole",), ("{{persona}_role}",), "a page")
    found = list(with_people([user, persona], {}))
    assert [rows.applies(row, {}) for row in found] == ["no user has a role", "nobody whom the settings name is that"]


@pytest.mark.parametrize(
    ("condition", "holds"), [("extra has sns", True), ("extra has s", False), ("not extra has sqs", True)]
)
def test_a_condition_looks_into_a_list(condition: str, holds: bool) -> None:
    assert (rows.applies(rows.Kept("x", "y", when=(condition,)), {"extra": ["sns"]}) == "") is holds
