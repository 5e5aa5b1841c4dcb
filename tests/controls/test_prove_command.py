"""`sagekeep prove` as somebody types it: tables, JSON, exit codes, and its time."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from proofs import ROOT, estate, synthesized
from sagekeep.cli import app
from sagekeep.errors import UsageError
from sagekeep.prove.proof import prove

RUN = CliRunner()


@pytest.fixture(autouse=True)
def _in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "200")


def _prove(out: Path, *options: str) -> tuple[int, str]:
    found = RUN.invoke(app, ["prove", "--env", "poc", "--out", str(out), "--as-synthesized", *options])
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found.exit_code, found.stdout


def test_the_tables_end_with_a_summary_without_findings() -> None:
    code, said = _prove(synthesized("poc").out)
    assert code == 0
    last = said.strip().splitlines()[-1]
    assert last.endswith("attempts are denied, 0 findings")
    assert "data-read-from-outside " in said
    assert "storage: data_statements#DenyReadsFromOutsideTheVpc" in said


def test_json_has_every_row_with_its_statements() -> None:
    code, said = _prove(synthesized("poc").out, "--json")
    document = json.loads(said)
    calls = {call["id"]: call for call in document["calls"]}
    attempts = {attempt["id"]: attempt for attempt in document["attempts"]}
    assert code == 0
    assert document["findings"] == []
    assert calls["job-reads-inputs"]["endpoints"] == ["network: aws_vpc_endpoint.endpoint_s3"]
    assert calls["job-reads-inputs"]["allowed_by"][0].endswith("#ReadInputsCodeAndModels")
    assert attempts["stranger-reads-data"]["depth"] == 3
    assert len(attempts["stranger-reads-data"]["barriers"]) == 3


def test_a_broken_folder_is_a_finding_and_exit_code_1(tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(synthesized("poc").out, out)
    file = out / "stacks" / "network" / "cdk.tf.json"
    document = json.loads(file.read_text())
    del document["resource"]["aws_vpc_endpoint"]["endpoint_sagemaker_runtime"]
    file.write_text(json.dumps(document))
    code, said = _prove(out)
    assert code == 1
    assert "finding: studio-asks-the-endpoint: network: no endpoint for sagemaker.runtime" in said


def test_a_folder_without_stacks_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no synthesized stacks"):
        _prove(tmp_path)


def test_the_proof_takes_less_than_three_seconds_of_a_processor() -> None:
    found = estate("poc")
    start = time.process_time()
    prove(found)
    assert time.process_time() - start < 3
