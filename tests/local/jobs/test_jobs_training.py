"""Training jobs: the toolkit's stand-in, channels, artifacts, the failure file."""

from __future__ import annotations

import io
import json
import tarfile

import pytest

from sagekeep.local.sagemaker.platform import COMPLETED, FAILED
from tests.local.jobs.workbench import Bench, channel

BASE = "import os, pathlib; base = pathlib.Path(os.environ.get('SAGEMAKER_BASE_DIR', '/opt/ml'))\n"
TRAIN = """
import json, os, pathlib, sys
import helper
model, data = pathlib.Path(os.environ["SM_MODEL_DIR"]), pathlib.Path(os.environ["SM_CHANNEL_TRAIN"])
(model / "model.txt").write_text((data / "train.csv").read_text() + helper.WORD)
(model / "code").mkdir()
(model / "code" / "inference.py").write_text("pass")
(pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"]) / "metrics.json").write_text("{}")
base = os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")
print(json.dumps({"arguments": sys.argv[1:], "folder": os.getcwd().replace(base, "/opt/ml"),
    "variables": {name: value.replace(base, "/opt/ml") for name, value in os.environ.items()
                  if name.startswith(("SM_", "TRAINING_", "AWS_"))}}))
"""


def members(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        files = {name: packed.extractfile(name) for name in packed.getnames()}
        return {name: file.read() for name, file in files.items() if file}


def test_channels_become_a_model_and_output_under_the_requests_key(bench: Bench, key: str) -> None:
    train = bench.put("processed/train/train.csv", "1,2\n")
    job = bench.training(
        TRAIN, {"label": "target", "seed": "0", "ratio": "0.50", "n": '"7"', "on": "true", "opt": '{"a": 1}'}
    )
    bench.put(f"code/{job.name}/helper.py", "WORD = 'helped'")
    job.request["InputDataConfig"].append({**channel("train", train), "ContentType": "text/csv"})
    job.request["OutputDataConfig"]["KmsKeyId"] = key
    state = bench.run(job)
    assert state.phase == COMPLETED, state
    made = bench.s3.get_object(Bucket=bench.bucket, Key=f"models/{job.name}/output/model.tar.gz")
    assert (made["ServerSideEncryption"], made["SSEKMSKeyId"]) == ("aws:kms", key)
    model = made["Body"].read()
    assert members(model) == {"code/inference.py": b"pass", "model.txt": b"1,2\nhelped"}
    assert members(bench.get(f"models/{job.name}/output/output.tar.gz")) == {"metrics.json": b"{}"}
    seen = json.loads(bench.said(job)[-1])
    assert seen["folder"] == "/opt/ml/code"
    expected = ["--label", "target", "-n", "7", "--on", "True", "--opt", "a=1", "--ratio", "0.5", "--seed", "0"]
    assert seen["arguments"] == expected
    variables = seen["variables"]
    wanted = {
        "SM_HP_LABEL": "target",
        "SM_HP_RATIO": "0.5",
        "SM_HP_ON": "true",
        "SM_MODEL_DIR": "/opt/ml/model",
        "SM_NUM_GPUS": "0",
        "SM_CHANNEL_TRAIN": "/opt/ml/input/data/train",
    }
    assert {name: variables[name] for name in wanted} == wanted
    assert json.loads(variables["SM_INPUT_DATA_CONFIG"])["train"] == {
        "TrainingInputMode": "File",
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": "None",
        "ContentType": "text/csv",
    }
    assert (variables["TRAINING_JOB_NAME"], variables["TRAINING_JOB_ARN"]) == (job.name, job.arn)
    assert [name for name in variables if name.startswith("AWS_")] == []
    assert next(iter(bench.logs))[0] == "/aws/sagemaker/TrainingJobs"


@pytest.mark.parametrize(
    ("script", "failure"),
    [
        ("(base / 'output/failure').write_text('label is empty'); raise SystemExit(3)", "label is empty, exit code: 3"),
        ("raise RuntimeError(7)", "See job logs for more information (RuntimeError: 7), exit code: 1"),
    ],
)
def test_the_failure_file_is_the_reason(bench: Bench, script: str, failure: str) -> None:
    state = bench.run(bench.training(BASE + script))
    assert (state.phase, state.failure) == (FAILED, f"AlgorithmError: {failure}")
    assert bench.keys("models/") == []


def test_a_long_failure_file_is_cut_and_a_link_is_not_read(bench: Bench) -> None:
    state = bench.run(bench.training(BASE + "(base / 'output/failure').write_text('x' * 5000); raise SystemExit(1)"))
    assert state.failure == "AlgorithmError: " + "x" * (1024 - 16 - 14) + ", exit code: 1"
    linked = bench.run(
        bench.training(BASE + "(base / 'output/failure').symlink_to('/etc/passwd'); raise SystemExit(1)")
    )
    assert linked.failure == "AlgorithmError: See job logs for more information, exit code: 1"


def test_an_empty_model_folder_gives_no_artifact(one_bench: Bench) -> None:
    assert one_bench.run(one_bench.training("pass")).phase == COMPLETED
    assert one_bench.keys("models/") == []


@pytest.mark.parametrize(
    ("hyperparameters", "file", "reason"),
    [
        ({"sagemaker_program": ""}, "", "hyperparameter sagemaker_program does not say which script to run"),
        ({"sagemaker_program": "other.py"}, "", "other.py is not in the code: there is train.py"),
        ({"sagemaker_submit_directory": "s3://x/y.tar.gz"}, "", "the container has no credentials"),
        ({}, "requirements.txt", "InstallRequirementsError: requirements.txt would be installed with pip"),
    ],
)
def test_code_that_cannot_start_in_an_isolated_container_says_why(
    one_bench: Bench, hyperparameters: dict[str, str], file: str, reason: str
) -> None:
    job = one_bench.training("pass", hyperparameters)
    if file:
        one_bench.put(f"code/{job.name}/{file}", "numpy")
    state = one_bench.run(job)
    assert state.phase == FAILED
    assert reason in state.failure


def test_an_entrypoint_of_its_own_bypasses_the_toolkit(bench: Bench) -> None:
    job = bench.training(
        BASE
        + "import sys; (base / 'model/m').write_text(f\"{sys.argv[1:]} {[n for n in os.environ if n[:3] == 'SM_']}\")"
    )
    algorithm = job.request["AlgorithmSpecification"]
    algorithm["ContainerEntrypoint"] = ["python3", "/opt/ml/input/data/code/train.py"]
    algorithm["ContainerArguments"] = ["--x"]
    assert bench.run(job).phase == COMPLETED
    assert members(bench.get(f"models/{job.name}/output/model.tar.gz")) == {"m": b"['--x'] []"}


def test_a_job_finds_its_machine_and_its_group_of_hosts(bench: Bench) -> None:
    job = bench.training(BASE + "print((base / 'input/config/resourceconfig.json').read_text())")
    job.request["ResourceConfig"]["InstanceType"] = "ml.m5.xlarge"
    assert bench.run(job).phase == COMPLETED
    group = {"instance_group_name": "homogeneousCluster", "instance_type": "ml.m5.xlarge", "hosts": ["algo-1"]}
    assert json.loads(bench.said(job)[-1]) == {
        "current_host": "algo-1",
        "hosts": ["algo-1"],
        "current_instance_type": "ml.m5.xlarge",
        "current_group_name": "homogeneousCluster",
        "instance_groups": [group],
        "network_interface_name": "eth0",
    }


def test_uploading_without_the_right_fails_the_job_in_s3s_words(one_bench: Bench) -> None:
    job = one_bench.training(BASE + "(base / 'model/m').write_text('1')")
    job.request["OutputDataConfig"]["S3OutputPath"] = "s3://no-such-bucket-anywhere/models"
    state = one_bench.run(job)
    assert state.phase == FAILED
    assert state.failure.startswith("ClientError: Artifact upload failed:Unable to upload object s3://no-such-bucket")
    assert "NoSuchBucket" in state.failure
