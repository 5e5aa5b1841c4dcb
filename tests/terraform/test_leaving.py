"""Destroying an environment whose endpoint served a moment ago, while a training job runs."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from estates import Estate, faults
from leaving import LINGER_SECONDS, listening, serve_and_train
from sagekeep.local import instance, leftovers
from sagekeep.progress import Board
from sagekeep.teardown import destroy_all

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """One of its own, deployed: it is destroyed."""
    made = Estate.begin(tmp_path_factory.mktemp("leaving"))
    try:
        made.state_home().bootstrap()
        assert faults(made.deploy()) == {}
        yield made
    finally:
        instance.down(made.instance.home)


def test_destroy_waits_for_sagemaker_and_says_what_for(estate: Estate) -> None:
    job = serve_and_train(estate, estate.client("s3"))
    estate.instance.linger(sagemaker=LINGER_SECONDS)
    operations, said = estate.operations(), io.StringIO()
    operations.board = Board(Console(file=said, width=400))
    with listening(estate) as lines:
        results = destroy_all(operations)
    assert faults(results) == {}
    assert leftovers.left(estate.instance) == []
    (last,) = [line for line in lines if line["message"] == "interfaces are gone"]
    assert any("for Endpoint [" in text for text in last["waited_for"])
    assert any(f"training-job/{job}".lower() in text for text in last["waited_for"])
    assert last["deleted"] == []
    assert "pipeline: aws_lambda_invocation.job_sweep waits until SageMaker has deleted" in said.getvalue()
