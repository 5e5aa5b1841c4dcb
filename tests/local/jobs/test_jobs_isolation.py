"""What a script cannot reach: the network, credentials, other jobs, the host's /opt/ml."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from sagekeep.local.instance import Instance
from sagekeep.local.sagemaker.platform import COMPLETED, FAILED
from tests.local.jobs.conftest import MakeBench
from tests.local.jobs.workbench import Bench

WAIT = "import time; print('ready'); time.sleep(60)"


def test_a_script_that_tries_the_network_fails_by_its_own_reason(apart_bench: Bench, running: Instance) -> None:
    job = apart_bench.processing(
        f"import socket; socket.create_connection(('127.0.0.1', {running.proxy_port}), timeout=10)"
    )
    state = apart_bench.run(job)
    assert (state.phase, state.failure[-12:]) == (FAILED, "exit code: 1")
    assert apart_bench.said(job)[-1] == "ConnectionRefusedError: [Errno 111] Connection refused"
    outside = apart_bench.processing("import socket; socket.create_connection(('203.0.113.1', 443), timeout=10)")
    apart_bench.run(outside)
    assert apart_bench.said(outside)[-1] == "OSError: [Errno 101] Network is unreachable"


def test_loopback_works_inside(apart_bench: Bench) -> None:
    script = "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())"
    assert apart_bench.run(apart_bench.processing(script)).phase == COMPLETED


def test_without_network_isolation_a_script_has_the_network(apart_bench: Bench, running: Instance) -> None:
    job = apart_bench.processing(f"import socket; socket.create_connection(('127.0.0.1', {running.proxy_port}))")
    job.request["NetworkConfig"] = {"EnableNetworkIsolation": False}
    assert apart_bench.run(job).phase == COMPLETED
    assert "the host's network" in apart_bench.log(job.name)[0]


def test_a_script_that_tries_boto3_has_no_credentials(bench: Bench) -> None:
    job = bench.processing("import boto3; boto3.client('s3').list_buckets()")
    assert bench.run(job).phase == FAILED
    assert bench.said(job)[-1] == "botocore.exceptions.NoCredentialsError: Unable to locate credentials"


def test_the_environment_is_the_containers(bench: Bench, monkeypatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "of-the-user")
    monkeypatch.setenv("HTTPS_PROXY", "http://of.the.user")
    job = bench.processing(
        "import json, os, sys; print(json.dumps([dict(os.environ), sys.executable]))",
        Environment={"MY_OWN": "/opt/ml/x"},
    )
    bench.run(job)
    environment, python = json.loads(bench.said(job)[0])
    assert [name for name in environment if name.startswith("AWS_") or "PROXY" in name.upper()] == []
    assert environment["MY_OWN"].endswith("ml/x")
    assert Path(python).parent == Path(environment["PATH"].split(":")[0])
    assert environment["HOME"] != os.environ["HOME"]


def test_the_roles_credentials_are_in_no_command_line_and_no_environment(bench: Bench, running: Instance) -> None:
    job = bench.processing(WAIT)
    bench.platform.start_job(job)
    bench.until_said(job, "ready")
    everything = subprocess.run(["ps", "-eww", "-o", "args", "e"], capture_output=True, text=True, check=True).stdout
    bench.platform.stop_job(job.arn)
    bench.end_of(job)
    assert "sagekeep.local.jobs.worker" in everything
    assert bench.sessions[0]["AWS_SECRET_ACCESS_KEY"] not in everything
    assert bench.sessions[0]["AWS_SESSION_TOKEN"] not in everything
    assert running.secret not in everything


def test_a_script_sees_no_other_job_and_no_other_process(make_bench: MakeBench, apart: None, tmp_path: Path) -> None:
    secret = tmp_path / "home-of-the-gateway"
    secret.mkdir()
    (secret / "instance.json").write_text("{}")
    bench = make_bench(namespaces=True, hidden=(secret,))
    other = bench.processing(WAIT)
    bench.platform.start_job(other)
    bench.until_said(other, "ready")
    job = bench.processing(
        f"import os; print(os.listdir({str(bench.folder)!r}), os.listdir({str(secret)!r}),"
        " sorted(name for name in os.listdir('/proc') if name.isdigit()), os.getpid())"
    )
    bench.run(job)
    bench.platform.stop_job(other.arn)
    bench.end_of(other)
    assert bench.said(job) == ["[] [] ['1', '2'] 2"]


def test_opt_ml_of_the_host_is_neither_needed_nor_touched(apart_bench: Bench) -> None:
    before = sorted(Path("/opt").iterdir()), Path("/opt/ml").exists()
    job = apart_bench.processing(
        "import os; print(sorted(os.listdir('/opt'))); open('/opt/ml/mine', 'w'); open('/opt/x', 'w')"
    )
    assert apart_bench.run(job).phase == COMPLETED
    assert (sorted(Path("/opt").iterdir()), Path("/opt/ml").exists()) == before
    there = {path.name for path in before[0]} | {"home", "ml"}
    assert apart_bench.said(job) == [str(sorted(there))]


def test_two_jobs_run_at_once(bench: Bench) -> None:
    jobs = [bench.processing(WAIT) for _ in range(2)]
    for job in jobs:
        bench.platform.start_job(job)
    for job in jobs:
        bench.until_said(job, "ready")
    for job in jobs:
        bench.platform.stop_job(job.arn)
    assert [bench.end_of(job).phase for job in jobs] == ["Stopped", "Stopped"]
