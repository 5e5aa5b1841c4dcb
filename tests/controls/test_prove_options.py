"""Rows of settings that neither environment of the repository has: with them the calls are made, and get through."""

from __future__ import annotations

from pathlib import Path

import pytest

from proofs import ROOT, estate_of
from sagekeep.prove.proof import Proof, prove
from sagekeep.settings import load
from stacks.app import synthesize

CHANGES = (
    ("data_writers = []", 'data_writers = ["arn:aws:iam::210987654321:role/data-writer"]'),
    ("[pipeline]\n", '[pipeline]\njob_log_groups = "account"\n'),
    ('backend = "s3"', 'backend = "local"'),
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    """prod with data writers, the account's own log groups, and state in a local file."""
    folder: Path = tmp_path_factory.mktemp("options")
    text = (ROOT / "environments" / "prod.toml").read_text()
    for old, new in CHANGES:
        assert old in text
        text = text.replace(old, new)
    (folder / "options.toml").write_text(text)
    synthesize(load(folder / "options.toml"), folder / "out")
    return prove(estate_of("options", folder / "out"))


def test_the_proof_has_no_findings(opened: Proof) -> None:
    assert list(opened.findings()) == []


@pytest.mark.parametrize("call", ["job-makes-log-groups", "writer-brings-data", "writer-looks-for-data"])
def test_the_call_gets_through(opened: Proof, call: str) -> None:
    result = next(result for result in opened.reached if result.row.id == call)
    assert result.skipped == ""
    assert result.statements


def test_without_a_state_stack_its_rows_do_not_apply(opened: Proof) -> None:
    (result,) = (result for result in opened.denied if result.row.id == "insider-reads-state")
    assert result.skipped == "state.backend = s3"
