"""checkov's findings beside ours, by the real checkov (make setup-scanners)."""

from __future__ import annotations

from pathlib import Path

import pytest

from sagekeep.review import gate_rules
from sagekeep.review.session import Reviewed, Session
from tests.review import corpus


def reviewed(folder: Path, case: str, stack: str, root: Path) -> Reviewed:
    """A session over one plan."""
    file = folder / f"{stack}.json"
    file.write_text(corpus.text(case, stack))
    return Session(root, "", gate_rules.load(None)).files([file])


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Reviewed:
    return reviewed(tmp_path_factory.mktemp("plans"), "shape-web", "web", corpus.ROOT)


def test_what_checkov_finds_in_what_a_plan_makes_is_told(web: Reviewed) -> None:
    assert web.decision.notes == ()
    found = {(f.change.address, f.rule) for f in web.review.findings if f.rule.startswith("CKV")}
    assert ("aws_db_instance.main", "CKV_AWS_17") in found  # publicly accessible
    assert all(f.remedy.startswith("mend it, or list it") for f in web.review.findings if f.rule.startswith("CKV"))


def test_ours_are_still_there_and_the_worst_stay_first(web: Reviewed) -> None:
    ours = [f for f in web.review.findings if not f.rule.startswith("CKV")]
    assert ("aws_db_instance.main", "public-database") in {(f.change.address, f.rule) for f in ours}
    assert list(web.review.findings) == sorted(web.review.findings, key=lambda f: f.order)


def test_where_checkov_fails_the_review_says_what_is_missing(tmp_path: Path) -> None:
    program = tmp_path / ".venv-scanners" / "bin" / "checkov"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    program.chmod(0o755)
    told = reviewed(tmp_path, "shape-web", "web", tmp_path)
    (note,) = told.decision.notes
    assert note.startswith("checkov's findings are missing: ")
    assert told.review.findings


def test_a_plan_that_changes_nothing_is_not_shown_to_checkov(tmp_path: Path) -> None:
    assert reviewed(tmp_path, "no-op", "keys", corpus.ROOT).review.findings == ()
