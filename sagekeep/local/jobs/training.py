"""A training job from its channels to its artifacts.

Facts: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html (files and
variables), https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-output.html (artifacts).
"""

from __future__ import annotations

from sagekeep.local.jobs import leavings
from sagekeep.local.jobs.failures import algorithm_error
from sagekeep.local.jobs.mover import Mover
from sagekeep.local.jobs.processing import HOSTS, write_json
from sagekeep.local.jobs.sandbox import CONTAINER, Sandbox
from sagekeep.local.jobs.specification import Params, Specification

# Folder of the container -> the object below <S3OutputPath>/<job name>/output/ that it becomes.
_ARTIFACTS = (("model", "model.tar.gz"), ("output/data", "output.tar.gz"))
_ALL = "homogeneousCluster"


class Training:
    """See `work.Work`."""

    def __init__(self, spec: Specification, sandbox: Sandbox) -> None:
        self._spec, self._sandbox = spec, sandbox
        self._channels = spec.request.get("InputDataConfig") or []

    def fetch(self, mover: Mover) -> None:
        """Download the channels, write the configuration, make the folders of the artifacts."""
        ml = self._sandbox.ml
        for channel in self._channels:
            source = channel["DataSource"]["S3DataSource"]
            mover.download(source["S3Uri"], ml / "input" / "data" / channel["ChannelName"])
        config = ml / "input" / "config"
        write_json(config / "hyperparameters.json", self._spec.request.get("HyperParameters") or {})
        write_json(config / "inputdataconfig.json", {c["ChannelName"]: _described(c) for c in self._channels})
        write_json(config / "resourceconfig.json", self._resources())
        for folder, _ in _ARTIFACTS:
            (ml / folder).mkdir(parents=True, exist_ok=True)

    def _resources(self) -> Params:
        """resourceconfig.json of a job without instance groups: one group, of all hosts."""
        machine = self._spec.request["ResourceConfig"]["InstanceType"]
        group = {"instance_group_name": _ALL, "instance_type": machine, "hosts": HOSTS["hosts"]}
        return {
            **HOSTS,
            "current_instance_type": machine,
            "current_group_name": _ALL,
            "instance_groups": [group],
            "network_interface_name": "eth0",
        }

    def command(self) -> list[str]:
        """Entry point and arguments of the request, or the training toolkit's stand-in."""
        algorithm = self._spec.request["AlgorithmSpecification"]
        entry = algorithm.get("ContainerEntrypoint") or ["python3", str(CONTAINER / "toolkit.py")]
        return [*entry, *algorithm.get("ContainerArguments", ())]

    def environment(self) -> dict[str, str]:
        """What the container finds beside the request's own variables."""
        return {"TRAINING_JOB_NAME": self._spec.name, "TRAINING_JOB_ARN": self._spec.arn}

    def deliver(self, mover: Mover, key: str | None) -> None:
        """Upload the artifacts; an empty folder gives none."""
        start = self._spec.request["OutputDataConfig"]["S3OutputPath"].rstrip("/")
        for name, file in _ARTIFACTS:
            found = leavings.folder(self._sandbox.ml / name, self._sandbox.ml)
            if found:
                packed = self._sandbox.folder / file
                leavings.archive(found, packed)
                mover.put(packed, f"{start}/{self._spec.name}/output/{file}", key)

    def deliver_after_stop(self, mover: Mover, key: str | None) -> None:
        """A training job may use the time after SIGTERM to save what it has: that is kept."""
        self.deliver(mover, key)

    def failure(self, code: int, last_line: str) -> str:
        """What the script wrote into /opt/ml/output/failure, with its exit code."""
        return algorithm_error(code, leavings.failure(self._sandbox.ml), last_line)

    def message(self) -> str:
        """Training jobs have no ExitMessage."""
        return ""


def _described(channel: Params) -> Params:
    source = channel["DataSource"]["S3DataSource"]
    return {
        "TrainingInputMode": channel.get("InputMode", "File"),
        "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
        "RecordWrapperType": channel.get("RecordWrapperType", "None"),
        **({"ContentType": channel["ContentType"]} if "ContentType" in channel else {}),
    }
