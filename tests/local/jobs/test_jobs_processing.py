"""Processing jobs: what goes in, what comes out, and how they fail."""

from __future__ import annotations

import json

import pytest

from sagekeep.local.instance import Instance
from sagekeep.local.sagemaker.platform import COMPLETED, DOWNLOADING, FAILED, RUNNING, STARTING, UPLOADING
from tests.local.gateway_cloud import Cloud, drop_role, make_role
from tests.local.jobs.conftest import MakeBench
from tests.local.jobs.workbench import CODE, Bench, processing_input, processing_output

COPY = """
import os, pathlib, sys
base = pathlib.Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "processing"
rows = {path.relative_to(base / "input/data").as_posix(): path.read_text()
        for path in sorted((base / "input/data").rglob("*")) if path.is_file()}
(base / "output/made/deep").mkdir()
(base / "output/made/deep/rows.txt").write_text(f"{sys.argv[1:]} {os.environ['WHO']} {rows}")
print("copied", len(rows))
print("to stderr", file=sys.stderr)
"""


def test_files_go_in_and_out_with_their_paths_under_the_requests_key(bench: Bench, key: str) -> None:
    bench.put("raw/a.csv", "1")
    data = bench.put("raw/sub/b.csv", "2").removesuffix("sub/")
    bench.put("rawer/c.csv", "not below raw/")
    job = bench.processing(COPY)
    job.request["ProcessingInputs"].append(processing_input("data", data))
    job.request["AppSpecification"]["ContainerArguments"] = ["--label", "it"]
    job.request["Environment"] = {"WHO": "me"}
    job.request["ProcessingOutputConfig"]["KmsKeyId"] = key
    state = bench.run(job)
    assert state.phase == COMPLETED, state
    assert [phase for phase, _ in state.history] == [STARTING, DOWNLOADING, RUNNING, UPLOADING, COMPLETED]
    assert bench.keys("out/") == [f"out/{job.name}/deep/rows.txt"]
    made = bench.s3.get_object(Bucket=bench.bucket, Key=f"out/{job.name}/deep/rows.txt")
    assert made["Body"].read() == b"['--label', 'it'] me {'a.csv': '1', 'sub/b.csv': '2'}"
    assert (made["ServerSideEncryption"], made["SSEKMSKeyId"]) == ("aws:kms", key)
    assert bench.said(job) == ["copied 2", "to stderr"]
    ((group, stream),) = bench.logs
    assert group == "/aws/sagemaker/ProcessingJobs"
    assert stream.startswith(f"{job.name}/algo-1-")
    assert list(bench.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("raw/a.csv", {"a.csv"}),
        ("raw", {"a.csv", "sub/b.csv"}),
        ("raw/a", {"a.csv"}),
        ("", {"raw/a.csv", "raw/sub/b.csv"}),
    ],
)
def test_a_prefix_names_files_as_s3prefix_does(one_bench: Bench, url: str, names: set[str]) -> None:
    one_bench.put("raw/a.csv", "1")
    one_bench.put("raw/sub/b.csv", "2")
    job = one_bench.processing(COPY, Environment={"WHO": "me"})
    job.request["ProcessingInputs"].append(processing_input("data", f"s3://{one_bench.bucket}/{url}"))
    state = one_bench.run(job)
    assert state.phase == COMPLETED, state
    made = one_bench.get(f"out/{job.name}/deep/rows.txt").decode()
    assert all(f"'{name}'" in made for name in names)
    assert url == "" or one_bench.said(job)[0] == f"copied {len(names)}"


def test_the_container_finds_its_request(bench: Bench) -> None:
    job = bench.processing("""
import json, os, pathlib
config = pathlib.Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "config"
names = ("processingjobconfig", "resourceconfig")
print(json.dumps([json.loads((config / f"{name}.json").read_text()) for name in names]))
""")
    assert bench.run(job).phase == COMPLETED
    found, hosts = json.loads(bench.said(job)[0])
    assert found == {"ProcessingJobArn": job.arn, "ProcessingJobName": job.name, **job.request}
    assert hosts == {"current_host": "algo-1", "hosts": ["algo-1"]}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("raise ValueError('bad rows')", "See job logs for more information (ValueError: bad rows), exit code: 1"),
        ("raise SystemExit(7)", "See job logs for more information, exit code: 7"),
        ("import os; os.kill(os.getpid(), 9)", "use an instance type with more memory, exit code: 137"),
        ("raise SystemExit(137)", "use an instance type with more memory, exit code: 137"),
    ],
)
def test_a_failed_script_fails_its_job_and_uploads_nothing(bench: Bench, script: str, reason: str) -> None:
    before = "import os; open(os.environ.get('SAGEMAKER_BASE_DIR', '/opt/ml') + '/processing/output/made/x', 'w')\n"
    job = bench.processing(before + script)
    state = bench.run(job)
    assert state.phase == FAILED
    assert state.failure.startswith("AlgorithmError: ")
    assert state.failure.endswith(reason)
    assert bench.keys("out/") == []


def test_what_the_script_leaves_as_message_is_the_jobs(bench: Bench) -> None:
    leave = "import os; open(os.environ.get('SAGEMAKER_BASE_DIR', '/opt/ml') + '/output/message', 'wb').write({!r})"
    failed = bench.run(bench.processing(leave.format("ä".encode() * 600) + "; raise SystemExit(1)"))
    assert (failed.phase, failed.message) == (FAILED, "ä" * 512)
    done = bench.run(bench.processing(leave.format(b"a" + "ä".encode() * 600)))
    assert (done.phase, done.message) == (COMPLETED, "a" + "ä" * 511)
    bad = bench.run(bench.processing(leave.format(b"\xff")))
    assert (bad.phase, bad.failure) == (FAILED, "ClientError: /opt/ml/output/message is not UTF-8 text")


def test_a_script_that_writes_nothing_completes_and_leaves_nothing(one_bench: Bench) -> None:
    assert one_bench.run(one_bench.processing("pass")).phase == COMPLETED
    assert one_bench.keys("out/") == []


def test_links_are_not_followed_on_upload(bench: Bench) -> None:
    job = bench.processing("""
import os, pathlib
made = pathlib.Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "processing/output"
(made / "made/link").symlink_to("/etc/hostname")
(made / "made/real").write_text("mine")
(made / "other").rmdir()
(made / "other").symlink_to("/etc")
""")
    other = processing_output(f"s3://{bench.bucket}/out/other", "/opt/ml/processing/output/other")
    job.request["ProcessingOutputConfig"]["Outputs"].append(other)
    assert bench.run(job).phase == COMPLETED
    assert bench.keys("out/") == [f"out/{job.name}/real"]


def test_an_input_without_objects_says_what_to_look_at(one_bench: Bench) -> None:
    job = one_bench.processing("pass")
    job.request["ProcessingInputs"].append(processing_input("data", f"s3://{one_bench.bucket}/nothing/"))
    state = one_bench.run(job)
    assert state.phase == FAILED
    assert state.failure.startswith(
        f'ClientError: Data download failed:No S3 objects found under S3 URL "s3://{one_bench.bucket}/nothing/" given'
    )
    assert f'the role "{one_bench.role}" has "s3:ListBucket" permissions' in state.failure
    assert [phase for phase, _ in state.history] == [STARTING, DOWNLOADING, FAILED]


def test_a_role_that_may_nothing_is_told_in_s3s_words(one_bench: Bench, admin: Cloud) -> None:
    job = one_bench.processing("pass")
    job.request["RoleArn"] = make_role(admin, "job-role-without-rights", "sagemaker.amazonaws.com")
    state = one_bench.run(job)
    drop_role(admin, "job-role-without-rights")
    assert state.failure.startswith("ClientError: Data download failed:Unable to list objects under s3://")
    assert (
        "(AccessDenied: User: arn:aws:sts::123456789012:assumed-role/job-role-without-rights/SageMaker" in state.failure
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ImageUri": "1.dkr.ecr.x.amazonaws.com/unknown:1"}, "cannot run in the local AWS, which knows: "),
        ({"ContainerEntrypoint": None}, "no ContainerEntrypoint"),
    ],
)
def test_what_cannot_run_here_says_so(one_bench: Bench, change: dict[str, str], reason: str) -> None:
    job = one_bench.processing("pass")
    job.request["AppSpecification"] = {**job.request["AppSpecification"], **change}
    state = one_bench.run(job)
    assert state.phase == FAILED
    assert reason in state.failure


def test_a_parameter_that_is_not_modelled_is_never_ignored(one_bench: Bench) -> None:
    job = one_bench.processing("pass")
    job.request["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = 2
    job.request["ProcessingInputs"][0]["S3Input"]["S3InputMode"] = "Pipe"
    state = one_bench.run(job)
    assert "does not run this: ProcessingInputs.S3Input.S3InputMode Pipe, " in state.failure
    assert state.failure.endswith("ProcessingResources.ClusterConfig.InstanceCount 2")


def test_the_first_line_names_environment_and_isolation(bench: Bench, namespaces: bool) -> None:
    job = bench.processing("pass")
    bench.run(job)
    first = bench.log(job.name)[0]
    assert first.startswith("[local AWS] tested:1.0-cpu runs as .venv (boto3 1.")
    assert first.endswith(
        "isolated: no network, no credentials" if namespaces else "the host's files, processes and network"
    )


def test_a_path_outside_of_opt_ml_is_refused(one_bench: Bench) -> None:
    job = one_bench.processing("pass")
    job.request["ProcessingInputs"][0]["S3Input"]["LocalPath"] = "/opt/ml/../../etc"
    assert one_bench.run(job).failure == "ClientError: LocalPath /opt/ml/../../etc is not below /opt/ml"


def test_a_key_that_leads_out_of_its_folder_is_refused(one_bench: Bench) -> None:
    one_bench.put("evil/../../../x", "1")
    job = one_bench.processing("pass")
    job.request["ProcessingInputs"].append(processing_input("data", f"s3://{one_bench.bucket}/evil/"))
    state = one_bench.run(job)
    assert state.phase == FAILED
    assert "leads out of its folder" in state.failure


def test_an_entrypoint_that_does_not_exist_fails_as_a_command_does(bench: Bench) -> None:
    job = bench.processing("pass")
    job.request["AppSpecification"]["ContainerEntrypoint"] = ["no-such-program", CODE]
    state = bench.run(job)
    assert state.phase == FAILED
    assert state.failure.endswith("exit code: 127")


def test_inputs_come_through_the_place_of_the_request(make_bench: MakeBench, running: Instance) -> None:
    """Nothing but endpoints leads out of a VPC: without one for S3 the job cannot have its data."""
    bench = make_bench(namespaces=False, proxy=running.entrance("vpc-1", ["subnet-1"], ["sg-1"]))
    job = bench.processing("pass")
    job.request["NetworkConfig"]["VpcConfig"] = {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    state = bench.run(job)
    assert state.phase == FAILED
    assert state.failure.startswith("ClientError: Data download failed:Unable to list objects under s3://")
    assert state.failure.endswith("(S3 cannot be reached from the subnets and security groups of the request)")
