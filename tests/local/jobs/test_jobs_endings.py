"""Jobs that do not end by themselves: time limits, requests to stop, deaths of the worker and of the gateway."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sagekeep.local.instance import Instance
from sagekeep.local.jobs.platform import LocalPlatform
from sagekeep.local.sagemaker.platform import DOWNLOADING, FAILED, RUNNING, STARTING, STOPPED, Job
from tests.local.gateway_cloud import REGION
from tests.local.jobs.workbench import WAIT_SECONDS, Bench

ROOT = Path(__file__).parents[3]
# A child that does not heed SIGTERM must go too.
FAMILY = """
import subprocess, sys, time
child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", child, sys.argv[1]])
print("ready")
time.sleep(600)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready")
time.sleep(600)
"""
SAVING = """
import os, pathlib, signal, sys, time
def save(*_):
    (pathlib.Path(os.environ["SM_MODEL_DIR"]) / "half").write_text("x")
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
print("ready")
time.sleep(600)
"""


def marked(job: Job) -> Job:
    """Its processes carry the job's name, so that they can be found."""
    job.request["AppSpecification"]["ContainerArguments"] = [job.name]
    return job


def processes(word: str) -> list[str]:
    listed = subprocess.run(["ps", "-eww", "-o", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if word in line and line.split()[2][0] != "Z"]


def wait_until(look: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT_SECONDS
    while not (seen := look()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return seen


def test_stopping_leaves_no_process_and_no_file(bench: Bench) -> None:
    job = marked(bench.processing(FAMILY))
    bench.platform.start_job(job)
    bench.until_said(job, "ready")
    assert len(processes(job.name)) >= 2
    assert len(list(bench.folder.iterdir())) == 1
    bench.platform.stop_job(job.arn)
    state = bench.end_of(job)
    assert (state.phase, state.failure) == (STOPPED, "")
    assert [phase for phase, _ in state.history] == [STARTING, DOWNLOADING, RUNNING, STOPPED]
    assert processes(job.name) == []
    assert list(bench.folder.iterdir()) == []
    bench.platform.stop_job(job.arn)  # no error when it is over
    assert bench.platform.job(job.arn) == state


def test_a_script_that_does_not_heed_sigterm_is_killed(bench: Bench) -> None:
    job = marked(bench.processing(STUBBORN))
    bench.platform.start_job(job)
    bench.until_said(job, "ready")
    bench.platform.stop_job(job.arn)
    assert bench.end_of(job).phase == STOPPED
    assert processes(job.name) == []


def test_a_job_stopped_before_it_began_is_stopped(one_bench: Bench) -> None:
    job = one_bench.processing(FAMILY)
    one_bench.platform.start_job(job)
    one_bench.platform.stop_job(job.arn)
    assert one_bench.end_of(job).phase == STOPPED
    assert one_bench.said(job) == []


def test_a_stopped_training_job_keeps_what_it_saved(one_bench: Bench) -> None:
    job = one_bench.training(SAVING)
    one_bench.platform.start_job(job)
    one_bench.until_said(job, "ready")
    one_bench.platform.stop_job(job.arn)
    assert one_bench.end_of(job).phase == STOPPED
    assert one_bench.keys("models/") == [f"models/{job.name}/output/model.tar.gz"]


def test_the_time_limit_stops_a_job(bench: Bench) -> None:
    job = marked(bench.processing(FAMILY, StoppingCondition={"MaxRuntimeInSeconds": 1}))
    state = bench.run(job)
    assert (state.phase, state.failure) == (STOPPED, "")
    assert bench.log(job.name)[-1] == "[local AWS] stopped: MaxRuntimeInSeconds is over"
    assert processes(job.name) == []


def test_a_killed_worker_is_an_internal_error_and_takes_its_script_along(bench: Bench) -> None:
    job = marked(bench.processing(FAMILY))
    bench.platform.start_job(job)
    bench.until_said(job, "ready")
    mine = [line.split() for line in processes("sagekeep.local.jobs.worker")]
    (worker,) = [int(pid) for pid, parent, *_ in mine if int(parent) == os.getpid()]
    os.kill(worker, signal.SIGKILL)
    state = bench.end_of(job)
    assert state.phase == FAILED
    assert state.failure == "InternalServerError: We encountered an internal error. Please try again."
    assert bench.log(job.name)[-1] == "[local AWS] the process that moves this job's data was killed by signal 9"
    assert wait_until(lambda: processes(job.name) == [])
    assert list(bench.folder.iterdir()) == []


GATEWAY = """
import json, sys, time
from pathlib import Path
from sagekeep.local.jobs.images import Environment
from sagekeep.local.jobs.outside import Limits, Outside
from sagekeep.local.jobs.platform import LocalPlatform
from sagekeep.local.sagemaker.platform import Job
given = json.load(sys.stdin)
outside = Outside(given["region"], Path(given["ca"]), lambda *_: given["session"], lambda *_: given["proxy"],
                  lambda *said: print(said[3], flush=True))
limits = Limits(namespaces=given["namespaces"])
platform = LocalPlatform(Path(given["folder"]), outside, {"tested": Environment(Path(sys.prefix), "boto3")}, limits)
platform.start_job(Job(**given["job"]))
time.sleep(600)
"""


def test_a_killed_gateway_takes_everything_along_and_the_next_one_clears_up(
    bench: Bench, running: Instance, namespaces: bool, tmp_path: Path
) -> None:
    job, folder = marked(bench.processing(FAMILY)), tmp_path / "of-the-other"
    session = running.variables(role=bench.role)
    given = {
        "region": REGION, "ca": str(running.home / "ca.pem"), "session": session, "proxy": session["HTTPS_PROXY"],
        "namespaces": namespaces, "folder": str(folder), "job": vars(job),
    }  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-c", GATEWAY], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as gateway:
        assert gateway.stdin is not None
        assert gateway.stdout is not None
        gateway.stdin.write(json.dumps(given))
        gateway.stdin.close()
        assert any("'ready'" in line for line in iter(gateway.stdout.readline, ""))
        assert processes(job.name) != []
        gateway.kill()
    assert wait_until(lambda: processes(job.name) == [])
    assert list(folder.iterdir()) != []
    LocalPlatform(folder, bench.outside, {})
    assert list(folder.iterdir()) == []
