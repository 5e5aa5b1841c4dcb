"""Training toolkits, SageMaker's own and our stand-in, over a /opt/ml of their own: what reaches the script."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CANARY = "canary"  # a file in /opt/ml, which only a command in a text could make
NATIVE = "sagemaker_toolkit_native_launcher_enabled"
SECONDS = 300
PROBE = 'import json, sys\nprint("ARGV " + json.dumps(sys.argv[1:]), flush=True)\n'
_GROUP = {"instance_group_name": "homogeneousCluster", "instance_type": "ml.m5.large", "hosts": ["algo-1"]}
_RESOURCES = {
    "current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "lo",
    "current_instance_type": "ml.m5.large", "current_group_name": "homogeneousCluster", "instance_groups": [_GROUP],
}  # fmt: skip
_CHANNEL = {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None"}
# A mount namespace of its own: nothing of this machine is changed.
_INSIDE = """
mount -t tmpfs tmpfs /opt && mkdir /opt/ml && mount --bind "$0" /opt/ml
(cat /etc/hosts; echo 127.0.0.1 algo-1) > "$0/hosts" && mount --bind "$0/hosts" /etc/hosts
cd / && exec "$@"
"""


@dataclass(frozen=True)
class Toolkit:
    """How one is started.

    Attributes:
        command: the entry point of the image.
        programs: the folder of its interpreter, found first.
        libraries: what the script can import beside what that interpreter has.
    """

    command: tuple[str, ...]
    programs: str = ""
    libraries: str = ""


@dataclass(frozen=True)
class Handed:
    """What became of a job.

    Attributes:
        arguments: what the probe was started with; None where it was not.
        made: the files that commands made.
        failure: the text of the failure file.
        said: the end of its log.
        code: the toolkit's exit code.
    """

    arguments: tuple[str, ...] | None
    made: tuple[str, ...]
    failure: str
    said: str
    code: int


def run(
    folder: Path, toolkit: Toolkit, hyperparameters: Mapping[str, str], channels: Mapping[str, Path] | None = None
) -> Handed:
    """Start a toolkit with hyperparameters as SageMaker writes them, on the channel `code`: else on a probe."""
    _prepare(folder, hyperparameters, channels or {"code": _probe(folder)})
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    done = subprocess.run(
        ["unshare", *user, "--mount", "sh", "-ec", _INSIDE, str(folder), *toolkit.command],
        env={
            "PATH": f"{toolkit.programs}:/usr/bin:/bin",
            "HOME": str(folder),
            "PYTHONPATH": toolkit.libraries,
            "PYTHONDONTWRITEBYTECODE": "1",
            "SAGEMAKER_TRAINING_MODULE": "sagemaker_pytorch_container.training:main",
        },
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    said = done.stdout + done.stderr
    lines = [line.removeprefix("ARGV ") for line in said.splitlines() if line.startswith("ARGV ")]
    made = tuple(sorted(found.name for found in folder.rglob(f"{CANARY}*")))
    failure = folder / "output" / "failure"
    return Handed(
        arguments=tuple(json.loads(lines[0])) if lines else None,
        made=made,
        failure=failure.read_text(encoding="utf-8") if failure.is_file() else "",
        said=said[-2000:],
        code=done.returncode,
    )


def _probe(folder: Path) -> Path:
    """A folder with a train.py that prints its arguments."""
    code = folder.with_name(f"{folder.name}-probe")
    code.mkdir(parents=True)
    (code / "train.py").write_text(PROBE)
    return code


def _prepare(folder: Path, hyperparameters: Mapping[str, str], channels: Mapping[str, Path]) -> None:
    """What SageMaker leaves in /opt/ml before it starts a training container."""
    config, data = folder / "input" / "config", folder / "input" / "data"
    for place in (config, data, folder / "output", folder / "model"):
        place.mkdir(parents=True)
    for name, source in channels.items():
        shutil.copytree(source, data / name, ignore=shutil.ignore_patterns("__pycache__"))
    documents: Mapping[str, Sequence[object] | Mapping[str, object]] = {
        "hyperparameters": dict(hyperparameters),
        "inputdataconfig": dict.fromkeys(channels, _CHANNEL),
        "resourceconfig": _RESOURCES,
    }
    for name, body in documents.items():
        (config / f"{name}.json").write_text(json.dumps(body))
