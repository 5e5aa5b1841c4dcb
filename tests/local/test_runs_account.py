"""Uploads, logs and errors against a running embedded AWS."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sagekeep import names
from sagekeep.errors import OperationError
from sagekeep.local.instance import Instance
from sagekeep.runs import data
from sagekeep.runs.logs import Logs, place_of, report_in, tail
from sagekeep.runs.steps import Execution, Step
from sagekeep.runs.target import Target
from sagekeep.settings import Settings, parse
from tests.local.gateway_cloud import ACCOUNT, REGION, Cloud, allow

ROOT = Path(__file__).parents[2]
GROUP = "/aws/sagemaker/TrainingJobs"


def settings(**changes: Any) -> Settings:
    return parse({"prefix": "runs", "account_id": ACCOUNT, "region": REGION, **changes}, environment="poc")


@pytest.fixture
def target(running: Instance) -> Target:
    return Target(settings(), "poc", running.environment())


@pytest.fixture
def data_bucket(admin: Cloud, target: Target) -> Iterator[str]:
    s3, name = admin("s3"), names.bucket(target.settings, "data")
    s3.create_bucket(Bucket=name)
    yield name
    for item in s3.list_objects_v2(Bucket=name).get("Contents", []):
        s3.delete_object(Bucket=name, Key=item["Key"])
    s3.delete_bucket(Bucket=name)


def csv_file(folder: Path, text: str, name: str = "rows.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def keys(admin: Cloud, bucket: str) -> list[str]:
    return [item["Key"] for item in admin("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_data_gets_a_prefix_of_its_own_and_is_uploaded_once(
    admin: Cloud, target: Target, data_bucket: str, tmp_path: Path
) -> None:
    uri = data.upload(target, csv_file(tmp_path, "label\n1\n"), str)
    (key,) = keys(admin, data_bucket)
    assert uri + "rows.csv" == f"s3://{data_bucket}/{key}"
    before = admin("s3").head_object(Bucket=data_bucket, Key=key)["LastModified"]
    assert data.upload(target, csv_file(tmp_path, "label\n1\n", "renamed.csv"), str) == uri
    assert keys(admin, data_bucket) == [key]
    assert admin("s3").head_object(Bucket=data_bucket, Key=key)["LastModified"] == before
    assert data.upload(target, csv_file(tmp_path, "label\n2\n"), str) != uri


def test_a_writer_who_may_not_read_uploads_and_an_outsider_is_told_of_data_writers(
    become: Callable[..., Cloud], target: Target, data_bucket: str, tmp_path: Path
) -> None:
    bucket = f"arn:aws:s3:::{data_bucket}"
    writer = become(allow("s3:PutObject", on=f"{bucket}/raw/*"), allow("s3:ListBucket", on=bucket))
    outsider = become(allow("s3:GetObject", on=f"{bucket}/*"))
    file = csv_file(tmp_path, "label\n1\n")
    assert data.upload(Target(target.settings, "poc", writer.variables), file, str).startswith(
        f"s3://{data_bucket}/raw/"
    )
    with pytest.raises(OperationError) as caught:
        data.upload(Target(target.settings, "poc", outsider.variables), file, str)
    assert "[deploy] data_writers" in caught.value.hint


@pytest.fixture
def stream(admin: Cloud) -> Iterator[Callable[..., str]]:
    """stream(name, *lines): a job's log stream with these lines; more lines when called again."""
    logs, made = admin("logs"), set()
    # A minute ago, and later with each line: CloudWatch orders events by their times.
    times = itertools.count(int((time.time() - 60) * 1000))

    def write(name: str, *lines: str) -> str:
        if not made:
            logs.create_log_group(logGroupName=GROUP)
        if name not in made:
            logs.create_log_stream(logGroupName=GROUP, logStreamName=name)
            made.add(name)
        events = [{"timestamp": next(times), "message": line} for line in lines]
        logs.put_log_events(logGroupName=GROUP, logStreamName=name, logEvents=events)
        return name

    yield write
    if made:
        logs.delete_log_group(logGroupName=GROUP)


def trained(job: str) -> Step:
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/{job.lower()}"
    return Step("Train", "Executing", 1.0, metadata={"TrainingJob": {"Arn": arn}})


def execution(*steps: Step) -> Execution:
    return Execution("arn:x/execution/y", "one", "Executing", 1.0, 1.0, steps=steps)


def test_a_jobs_lines_come_once_each_from_all_of_its_streams(admin: Cloud, stream: Callable[..., str]) -> None:
    job = f"pipelines-{uuid.uuid4().hex[:8]}-Train-x"  # its ARN is in lower case
    stream(f"{job}/algo-1-1", "one", "two")
    stream(f"{job}-other/algo-1-1", "another job's")
    log, now = Logs(admin("logs")), execution(trained(job), Step("Wait"))
    assert [(name, line.text) for name, line in log.new(now)] == [("Train", "one"), ("Train", "two")]
    assert list(log.new(now)) == []
    stream(f"{job}/algo-1-1", "three")
    stream(f"{job}/algo-2-1", "\x1b[31mfour")
    assert sorted(line.text for _, line in log.new(now)) == ["[31mfour", "three"]


def test_the_tail_is_the_end_of_what_is_there_and_all_that_comes_after(
    admin: Cloud, target: Target, stream: Callable[..., str]
) -> None:
    job = f"pipelines-{uuid.uuid4().hex[:8]}"
    stream(f"{job}/algo-1-1", *(f"line {number}" for number in range(30)))
    log, now = Logs(admin("logs"), "Train", 2), execution(trained(job))
    assert [line.text for _, line in log.new(now)] == ["line 28", "line 29"]
    stream(f"{job}/algo-1-1", "a", "b", "c")
    assert [line.text for _, line in log.new(now)] == ["a", "b", "c"]
    stream(f"{job}/algo-1-1", 'done: {"eval_metric": "roc_auc"}')
    assert report_in(tail(target, trained(job))) == {"eval_metric": "roc_auc"}


def test_a_job_that_has_not_logged_yet_has_no_lines(target: Target) -> None:
    assert tail(target, trained("silent")) == []
    assert place_of(Step("Wait")) is None
    assert tail(target, Step("Wait")) == []


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one settings file: what the commands need of one."""
    (tmp_path / "main.py").touch()
    (tmp_path / "environments").mkdir()
    text = f'prefix = "runs"\naccount_id = "{ACCOUNT}"\nregion = "{REGION}"\n'
    (tmp_path / "environments" / "poc.toml").write_text(text)
    (tmp_path / "environments" / "other.toml").write_text(text.replace(ACCOUNT, "999999999999"))
    return tmp_path


@pytest.fixture
def sagekeep(project: Path, running: Instance) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = running.environment() | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"} | variables
        command = [sys.executable, "-m", "sagekeep", *words]
        return subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    return run


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize("words", [("run",), ("status",), ("logs",), ("stop",)])
def test_without_a_pipeline_every_command_says_deploy_first(sagekeep: Command, words: tuple[str, ...]) -> None:
    done = sagekeep(*words)
    assert done.returncode == 1
    assert "sagekeep deploy --env poc" in done.stderr
    assert "Traceback" not in done.stderr


def test_credentials_of_another_account_are_refused(sagekeep: Command) -> None:
    done = sagekeep("status", "--env", "other")
    assert done.returncode == 1
    assert f"these credentials are of account {ACCOUNT}, but other is account 999999999999" in done.stderr


def test_credentials_that_are_not_valid_any_more_ask_for_a_login(sagekeep: Command) -> None:
    done = sagekeep("status", AWS_ACCESS_KEY_ID="ASIAGONEGONEGONEGONE")
    assert done.returncode == 1
    assert "log in again" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_caller_without_permissions_is_told_what_was_denied(sagekeep: Command, become: Callable[..., Cloud]) -> None:
    nobody = become(allow("sts:GetCallerIdentity"))
    done = sagekeep("status", **nobody.variables)
    assert done.returncode == 1
    assert "sagemaker:ListPipelineExecutions" in done.stderr
    assert "use a role that may" in done.stderr


def test_a_file_that_cannot_be_used_ends_with_2_and_nothing_is_uploaded(
    sagekeep: Command, project: Path, admin: Cloud, data_bucket: str
) -> None:
    file = csv_file(project, "age,Labels\n1,2\n")
    done = sagekeep("run", "--data", str(file), "--label", "labels")
    assert done.returncode == 2
    assert "did you mean Labels?" in done.stderr
    assert keys(admin, data_bucket) == []
