"""Terraform's state documents."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from sagekeep import statefile

STATE = {
    "version": 4,
    "serial": 7,
    "lineage": "a",
    "resources": [
        {"mode": "data", "type": "aws_region", "name": "here", "instances": [{"attributes": {"id": "x"}}]},
        {"mode": "managed", "type": "aws_s3_bucket", "name": "own", "instances": [{"attributes": {"id": "b"}}]},
    ],
}


def test_only_managed_resources_count(tmp_path: Path) -> None:
    file = tmp_path / "state"
    file.write_text(json.dumps(STATE))
    found = statefile.read(file)
    assert found is not None
    assert found.identities == {("aws_s3_bucket.own", "b")}
    assert not statefile.is_damaged(file)


def test_every_part_of_a_state_is_damaged_or_empty_and_never_an_error(tmp_path: Path) -> None:
    file, text = tmp_path / "state", json.dumps(STATE)
    for length in range(len(text)):
        file.write_text(text[:length])
        assert statefile.is_damaged(file)
        assert statefile.read(file) is None


def test_no_file_is_no_state(tmp_path: Path) -> None:
    assert statefile.read(tmp_path / "none") is None
    assert not statefile.is_damaged(tmp_path / "none")


def test_a_state_without_resources_is_none(tmp_path: Path) -> None:
    file = tmp_path / "state"
    file.write_text(json.dumps({**STATE, "resources": []}))
    assert statefile.read(file) is None


@pytest.mark.timeout(30)
def test_a_file_that_may_be_rewritten_meanwhile_is_read_once(tmp_path: Path) -> None:
    file, text = tmp_path / "state", json.dumps(STATE)
    os.mkfifo(file)  # a second reading would wait for a second writer
    writer = threading.Thread(target=file.write_text, args=(text,))
    writer.start()
    found = statefile.read(file)
    writer.join()
    assert found is not None
    assert found.raw == text.encode()
