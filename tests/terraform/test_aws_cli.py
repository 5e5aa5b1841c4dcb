"""The AWS command line as it comes, led to the embedded AWS by `sagekeep local env` alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from estates import NAME, ROOT, Estate

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
Aws = Callable[..., Any]


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, from PyPI, in an environment of its own: it pins another botocore."""
    folder = tmp_path_factory.mktemp("aws-cli")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install = [str(folder / "bin" / "pip"), "install", "--quiet", "--quiet", "--disable-pip-version-check", "awscli<2"]
    subprocess.run(install, check=True, timeout=600)
    return folder / "bin" / "aws"


@pytest.fixture
def aws(command: Path, estate: Estate) -> Aws:
    """aws("sagemaker", "list-pipelines") in a shell that has evaluated what `sagekeep local env` prints; its JSON."""
    home = estate.instance.home

    def run(*words: str) -> Any:
        shell = f'eval "$({sys.executable} -m sagekeep local env --home "{home}")" && exec "$@"'
        clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        full = ["bash", "-c", shell, "-", str(command), *words]
        done = subprocess.run(full, cwd=ROOT, env=clean, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_an_execution_is_started_followed_and_its_endpoint_asked(
    aws: Aws, estate: Estate, served: str, tmp_path: Path
) -> None:
    started = aws("sagemaker", "start-pipeline-execution", "--pipeline-name", NAME)
    which = ("--pipeline-execution-arn", started["PipelineExecutionArn"])
    deadline = time.monotonic() + 240
    while (found := aws("sagemaker", "describe-pipeline-execution", *which))["PipelineExecutionStatus"] == "Executing":
        assert time.monotonic() < deadline
        time.sleep(1)
    listed = aws("sagemaker", "list-pipeline-execution-steps", *which)["PipelineExecutionSteps"]
    assert found["PipelineExecutionStatus"] == "Succeeded", listed
    assert len(listed) == 5
    # Of the same data the second execution takes what the first has made.
    key = f"processed/{served.rpartition('/')[2]}/test/test.csv"
    rows = estate.client("s3").get_object(Bucket="acme-ml-data-123456789012-us-east-1", Key=key)["Body"].read()
    (tmp_path / "rows.csv").write_bytes(b"\n".join(rows.splitlines()[:4]))
    answer = aws(
        *("sagemaker-runtime", "invoke-endpoint", "--endpoint-name", NAME, "--content-type", "text/csv"),
        *("--body", f"fileb://{tmp_path}/rows.csv", str(tmp_path / "answer.json")),
    )
    assert answer["InvokedProductionVariant"] == "AllTraffic"
    assert len(json.loads((tmp_path / "answer.json").read_text())["predictions"]) == 3
