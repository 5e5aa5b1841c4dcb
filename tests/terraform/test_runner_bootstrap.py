"""The state backend survives an interruption at any step: real terraform, an account of its own for each test."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from estates import Estate
from sagekeep import locks, statefile
from sagekeep.bootstrap import LOCAL_STATE, StateHome
from sagekeep.errors import OperationError, UsageError
from sagekeep.local import instance, leftovers
from sagekeep.local.faults import Fault
from sagekeep.teardown import destroy_all

BUCKET = "acme-ml-state-123456789012-us-east-1"
KEY = "estate/us-east-1/state/terraform.tfstate"
ALIAS = "alias/acme-ml-state"


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Estate]:
    """An empty account."""
    made = Estate.begin(tmp_path)
    try:
        yield made
    finally:
        instance.down(made.instance.home)


def kill_terraform_when(home: StateHome, moment: Callable[[], bool]) -> threading.Thread:
    """SIGKILLs the terraform that works on the state stack, as soon as the moment has come."""

    def watch() -> None:
        deadline = time.monotonic() + 120
        while not moment():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        for pid in locks.holders(home.folder):
            with suppress(
                ProcessLookupError
            ):  # it ended by itself: then the command did not fail, and the test says so
                os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def key_in_state(home: StateHome) -> bool:
    state = statefile.read(home.folder / LOCAL_STATE)
    return state is not None and any(address.startswith("aws_kms_key.") for address in state.resources)


def keys(account: Estate) -> list[str]:
    return [key["KeyId"] for key in account.client("kms").list_keys()["Keys"]]


def stored(account: Estate) -> dict[str, Any]:
    body = account.client("s3").get_object(Bucket=BUCKET, Key=KEY)["Body"].read()
    document: dict[str, Any] = json.loads(body)
    return document


def kill_terraform_when_there_is_a_key(account: Estate, home: StateHome) -> None:
    """A bootstrap that ends so; it cannot be quicker, since the key gets no alias until then."""
    account.instance.inject(Fault("kms:CreateAlias", times=0))
    killer = kill_terraform_when(home, lambda: key_in_state(home))
    with pytest.raises(OperationError):
        home.bootstrap(quick=True)
    killer.join()
    account.instance.clear_faults()


def test_killed_while_it_applies_it_goes_on_and_a_third_run_finds_nothing_to_do(account: Estate) -> None:
    home = account.state_home()
    kill_terraform_when_there_is_a_key(account, home)
    assert account.state_home().bootstrap(quick=True).status == f"lives in s3://{BUCKET}/{KEY}"
    assert not home.folder.exists()
    assert len(stored(account)["resources"]) > 10
    assert account.state_home().bootstrap().status == f"already lives in s3://{BUCKET}/{KEY}"
    assert len(keys(account)) == 1


@pytest.mark.slow
def test_what_exists_under_our_names_is_adopted_when_the_folder_is_lost(account: Estate) -> None:
    home = account.state_home()
    home._move_into_s3 = lambda _work: None  # type: ignore[method-assign] # killed between the apply and the move
    home.bootstrap(quick=True)
    before = keys(account)
    shutil.rmtree(home.folder)
    again = account.state_home().bootstrap(quick=True)
    assert again.status == f"lives in s3://{BUCKET}/{KEY}"
    assert keys(account) == before, "the key behind the alias is the one in use; no second one was made"
    assert account.client("kms").describe_key(KeyId=ALIAS)["KeyMetadata"]["KeyId"] == before[0]
    assert account.operations().plan(["state"])["state"].remove == 0


def test_a_key_made_and_not_yet_named_nor_written_down_is_adopted(account: Estate) -> None:
    home = account.state_home()
    kill_terraform_when_there_is_a_key(account, home)
    (home.folder / LOCAL_STATE).write_text('{"version": 4, "resour')  # the kill came while it was written
    if _alias_exists(account):
        account.client("kms").delete_alias(AliasName=ALIAS)
    before = keys(account)
    account.state_home().bootstrap(quick=True)
    assert keys(account) == before


def _alias_exists(account: Estate) -> bool:
    return any(alias["AliasName"] == ALIAS for alias in account.client("kms").list_aliases()["Aliases"])


def test_a_move_that_was_not_cleared_up_and_a_lock_that_stayed_are_found(account: Estate) -> None:
    home = account.state_home()
    home._clear = lambda: None  # type: ignore[method-assign] # killed after the move
    home.bootstrap(quick=True)
    assert (home.folder / LOCAL_STATE).exists()
    assert "already lives" in account.state_home().bootstrap().status
    assert not home.folder.exists()
    _leave_a_lock(account)
    operations = account.operations()
    result = operations.plan(["state"])["state"]
    assert result.status == "failed"
    assert f"locked by ana@{socket.gethostname()}" in result.error
    assert "sagekeep unlock --stack state 5a1b3c1e-0000-4000-8000-1234567890ab" in result.error
    stack = operations.synthesis.stacks["state"]
    locks.unlock(operations.terraform, stack, "5a1b3c1e-0000-4000-8000-1234567890ab")
    assert account.operations().plan(["state"])["state"].status == "planned"


def _leave_a_lock(account: Estate) -> None:
    """What a terraform that was killed leaves in S3."""
    lock = {
        "ID": "5a1b3c1e-0000-4000-8000-1234567890ab",
        "Operation": "OperationTypeApply",
        "Info": "",
        "Who": f"ana@{socket.gethostname()}",
        "Version": "1.11.4",
        "Created": "2026-11-23T09:37:27.439318123Z",
        "Path": f"{BUCKET}/{KEY}",
    }
    sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": ALIAS}
    account.client("s3").put_object(Bucket=BUCKET, Key=f"{KEY}.tflock", Body=json.dumps(lock), **sealed)


def test_a_deploy_before_the_bootstrap_names_the_command(account: Estate) -> None:
    with pytest.raises(OperationError) as caught:
        account.operations().deploy()
    assert BUCKET in caught.value.message
    assert f"sagekeep state bootstrap --env {account.file} --out {account.out}" in caught.value.hint


@pytest.mark.slow
def test_destroyed_in_two_runs_nothing_is_left_and_nothing_in_use_is_forgotten(account: Estate) -> None:
    account.state_home().bootstrap(quick=True)
    account.deploy("keys")
    with pytest.raises(OperationError, match="keys"):
        account.state_home().destroy()
    account.operations().destroy(["keys"])
    home = account.state_home()
    killer = kill_terraform_when(home, lambda: _destroying(home))
    with pytest.raises(OperationError):
        home.destroy()
    killer.join()
    results = destroy_all(account.operations())
    assert results["state"].status == "destroyed"
    assert leftovers.left(account.instance) == []
    assert destroy_all(account.operations())["state"].status == "nothing there"


def _destroying(home: StateHome) -> bool:
    log = home.operations.synthesis.work / "logs" / "state-destroy-json.log"
    return log.is_file() and '"apply_start"' in log.read_text()


def test_an_environment_that_retains_keeps_its_state(account: Estate) -> None:
    account.edit('removal    = "destroy"', 'removal    = "retain"')
    with pytest.raises(UsageError, match="retain"):
        account.state_home().destroy()
