"""The matrix itself: every promise has a proof, and the page says what the file says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sagekeep.controls.matrix import CHECKS, STATUSES, Control, controls
from sagekeep.controls.page import page
from views import ROOT

MUST = [control for control in controls() if control.status == "must"]
# Tests of controls that are proved elsewhere than by a check on the synthesized Terraform.
MARKED = re.compile(r"@pytest\.mark\.control\(\"(\w+)\"\)")


def marked() -> set[str]:
    files = (ROOT / "tests").rglob("test_*.py")
    return {found for file in files for found in MARKED.findall(file.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("control", MUST, ids=lambda control: control.id)
def test_every_must_has_a_test(control: Control) -> None:
    assert control.check or control.id in marked(), f"{control.id}: {control.promise}"


def test_every_check_and_every_mark_is_of_a_row() -> None:
    ids = [control.id for control in controls()]
    assert len(ids) == len(set(ids))
    assert {*CHECKS, *marked()} <= set(ids)
    assert {control.status for control in controls()} <= set(STATUSES)


def test_the_page_is_made_of_the_matrix() -> None:
    written = (Path(ROOT) / "docs" / "controls.md").read_text(encoding="utf-8")
    assert written == page(), "make it anew: .venv/bin/python -m sagekeep.controls.page > docs/controls.md"
