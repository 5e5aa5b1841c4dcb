"""A processing job from its inputs to its outputs.

Facts: configuration files (https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html),
inputs and outputs (https://docs.aws.amazon.com/sagemaker/latest/dg/byoc-input-and-output.html).
"""

from __future__ import annotations

import json
from pathlib import Path

from sagekeep.local.jobs import leavings
from sagekeep.local.jobs.failures import JobFailed, algorithm_error
from sagekeep.local.jobs.mover import Mover
from sagekeep.local.jobs.sandbox import Sandbox
from sagekeep.local.jobs.specification import Specification

HOSTS = {"current_host": "algo-1", "hosts": ["algo-1"]}


class Processing:
    """See `work.Work`."""

    def __init__(self, spec: Specification, sandbox: Sandbox) -> None:
        self._spec, self._sandbox = spec, sandbox
        self._inputs = spec.request.get("ProcessingInputs") or []
        self._outputs = (spec.request.get("ProcessingOutputConfig") or {}).get("Outputs") or []

    def fetch(self, mover: Mover) -> None:
        """Download the inputs, make the outputs' folders, write the configuration."""
        for item in self._inputs:
            source = item["S3Input"]
            mover.download(source["S3Uri"], self._path(source["LocalPath"]))
        for item in self._outputs:
            self._path(item["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)
        own = {"ProcessingJobArn": self._spec.arn, "ProcessingJobName": self._spec.name}
        config = self._sandbox.ml / "config"
        write_json(config / "processingjobconfig.json", {**own, **self._spec.request})
        write_json(config / "resourceconfig.json", HOSTS)
        (self._sandbox.ml / "output").mkdir(exist_ok=True)

    def command(self) -> list[str]:
        """Entry point and arguments of the request."""
        application = self._spec.request["AppSpecification"]
        if not application.get("ContainerEntrypoint"):
            raise JobFailed("ClientError: the request has no ContainerEntrypoint, and images have none here")
        return [*application["ContainerEntrypoint"], *application.get("ContainerArguments", ())]

    def environment(self) -> dict[str, str]:
        """What the container finds beside the request's own variables."""
        return {}

    def deliver(self, mover: Mover, key: str | None) -> None:
        """Upload what lies in the outputs' folders; empty ones give nothing."""
        for item in self._outputs:
            output = item["S3Output"]
            found = leavings.folder(self._path(output["LocalPath"]), self._sandbox.ml)
            if found:
                mover.upload(found, output["S3Uri"], key)

    def deliver_after_stop(self, mover: Mover, key: str | None) -> None:
        """A stopped processing job uploads nothing."""

    def failure(self, code: int, last_line: str) -> str:
        """The script's exit code decides; its message is the job's ExitMessage."""
        return algorithm_error(code, last_line=last_line)

    def message(self) -> str:
        """The job's ExitMessage."""
        return leavings.message(self._sandbox.ml)

    def _path(self, local_path: str) -> Path:
        try:
            return self._sandbox.path(local_path)
        except ValueError as error:
            raise JobFailed(f"ClientError: LocalPath {error}") from error


def write_json(path: Path, document: object) -> None:
    """A configuration file of the container."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
