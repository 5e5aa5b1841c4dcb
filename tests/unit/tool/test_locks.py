"""A lock that is held, and one whose holder is gone."""

from __future__ import annotations

import signal
import socket
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sagekeep import locks
from sagekeep.diagnostics import Diagnostic
from sagekeep.errors import OperationError
from sagekeep.synthesis import Stack, Synthesis
from tests.unit.tool.conftest import Project, environment, provisioner
from tests.unit.tool.test_operations import wait_for

# As terraform 1.11.4 prints it for the S3 backend's lock file.
TEXT = """Error message: operation error S3: PutObject, https response error StatusCode: 412, PreconditionFailed
Lock Info:
  ID:        5a1b3c1e-0000-4000-8000-1234567890ab
  Path:      acme-ml-state/poc/us-east-1/network/terraform.tfstate
  Operation: OperationTypeApply
  Who:       ana@{host}
  Version:   1.11.4
  Created:   2026-11-23 09:37:27.439318123 +0000 UTC
  Info:

Terraform acquires a state lock to protect the state from being written
by multiple users at the same time."""


def lock(host: str) -> locks.Lock:
    found = locks.found_in([Diagnostic("error", "Error acquiring the state lock", TEXT.format(host=host))])
    assert found is not None
    return found


def test_id_owner_time_and_operation_are_read_from_terraforms_text() -> None:
    found = lock("build-7")
    assert found.id == "5a1b3c1e-0000-4000-8000-1234567890ab"
    assert (found.who, found.host, found.operation) == ("ana@build-7", "build-7", "apply or destroy")
    assert found.created == datetime(2026, 11, 23, 9, 37, 27, tzinfo=UTC)


def test_other_errors_describe_no_lock() -> None:
    assert locks.found_in([Diagnostic("error", "Invalid reference", TEXT)]) is None
    assert locks.parse("Error: something else") is None


def synthesis(folder: Path, out: str = "cdktf.out", settings_file: str = "") -> Synthesis:
    return Synthesis("poc", folder, folder / out, {}, settings_file=settings_file)


def test_a_lock_of_another_machine_says_to_ask_there(tmp_path: Path) -> None:
    error = locks.explain(lock("build-7"), Stack("network", tmp_path, (), 1), synthesis(tmp_path))
    assert "ana@build-7 since 2026-11-23 09:37:27 UTC" in error.message
    assert "another machine" in error.message
    assert "sagekeep unlock --stack network 5a1b3c1e-0000-4000-8000-1234567890ab --env poc" in error.hint


def test_a_lock_of_this_machine_whose_holder_is_gone_names_the_command(tmp_path: Path) -> None:
    error = locks.explain(lock(socket.gethostname()), Stack("network", tmp_path, (), 1), synthesis(tmp_path))
    assert "no terraform runs in this folder any more" in error.message
    assert error.hint.startswith("take it over: sagekeep unlock")


def test_the_command_names_the_settings_file_and_the_output_folder_that_were_given(tmp_path: Path) -> None:
    given = synthesis(tmp_path, out="my out", settings_file="/elsewhere/poc.toml")
    error = locks.explain(lock("build-7"), Stack("network", tmp_path, (), 1), given)
    assert error.hint.endswith(f" --env /elsewhere/poc.toml --out '{tmp_path}/my out'")


def test_a_held_lock_names_its_holder_and_is_not_taken_over(project: Project) -> None:
    begun, go = project.root / "begun", project.root / "go"
    project.stack("keys", slow=provisioner(f"touch {begun}; while ! test -e {go}; do sleep 0.1; done"))
    operations = project.operations()
    stack = operations.synthesis.stacks["keys"]
    operations.terraform.init(stack)
    command = ["terraform", "apply", "-auto-approve", "-input=false"]
    with subprocess.Popen(command, cwd=stack.folder, env=environment(), stdout=subprocess.DEVNULL) as holder:
        try:
            wait_for(begun)
            result = project.operations().deploy()["keys"]
            assert result.status == "failed"
            assert f"process {holder.pid}" in result.error
            with pytest.raises(OperationError, match=str(holder.pid)):
                locks.unlock(operations.terraform, stack, "any")
            go.touch()
            assert holder.wait(30) == 0
        finally:
            if holder.poll() is None:
                holder.send_signal(signal.SIGKILL)
    assert locks.holders(stack.folder) == []


def test_terraforms_refusal_to_unlock_is_passed_on(project: Project) -> None:
    project.stack("keys")
    operations = project.operations()
    with pytest.raises(OperationError, match=r"(?i)unlock"):
        locks.unlock(operations.terraform, operations.synthesis.stacks["keys"], "no-such-lock")
