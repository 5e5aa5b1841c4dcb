"""`sagekeep evidence` as a reviewer runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from sagekeep.controls.view import View
from views import ROOT, Copy


def evidence(view: View, folder: Path) -> subprocess.CompletedProcess[str]:
    out = str(view.synthesis.out)
    words = ["evidence", "--env", view.synthesis.environment, "--out", out, "--as-synthesized", "--to", str(folder)]
    return subprocess.run(
        [sys.executable, "-m", "sagekeep", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_it_says_of_each_control_where_it_is_kept_which_test_proves_it_and_how_it_came_out(
    prod: View, tmp_path: Path
) -> None:
    done = evidence(prod, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    written = json.loads((tmp_path / "evidence.json").read_text())
    rows = {row["id"]: row for row in written["controls"]}
    assert rows["N3"]["result"] == "met"
    assert rows["N3"]["where"] == [{"address": "network: aws_flow_log.flow_log", "construct": "network/flow/log"}]
    assert rows["N3"]["test"] == "tests/controls/test_controls.py::test_control[N3-flow_logs-prod]"
    assert len(written["attempts"]) >= 25
    page = (tmp_path / "evidence.md").read_text()
    assert "test_control[N3-flow_logs-prod]" in page
    assert all(entry["id"] in page for entry in written["exceptions"])


def test_a_broken_control_is_named_and_the_exit_code_is_1(prod: View, tmp_path: Path) -> None:
    copy = Copy.of(prod, tmp_path / "copy")
    copy.drop("network", "aws_flow_log", "flow_log")
    done = evidence(copy.view(), tmp_path)
    assert done.returncode == 1
    assert "N3: network: aws_vpc.isolated_vpc has no flow logs" in done.stdout


def test_the_tests_that_it_names_are_there(prod: View, tmp_path: Path) -> None:
    evidence(prod, tmp_path)
    named = {row["test"] for row in json.loads((tmp_path / "evidence.json").read_text())["controls"]} - {""}
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "tests/controls/test_controls.py"]
    collected = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert named <= set(collected)
