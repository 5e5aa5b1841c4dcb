"""Training toolkits, SageMaker's own and our stand-in, over a /opt/ml of their own: what reaches the script."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROBE = 'import json, sys\nprint("ARGV " + json.dumps(sys.argv[1:]), flush=True)\n'
CANARY = "canary"  # a file in /opt/ml, which only a command in a text could make
NATIVE = "sagemaker_toolkit_native_launcher_enabled"
SECONDS = 120
_GROUP = {"instance_group_name": "homogeneousCluster", "instance_type": "ml.m5.large", "hosts": ["algo-1"]}
_RESOURCES = {
    "current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "lo",
    "current_instance_type": "ml.m5.large", "current_group_name": "homogeneousCluster", "instance_groups": [_GROUP],
}  # fmt: skip
# A mount namespace of its own: nothing of this machine is changed.
_INSIDE = """
mount -t tmpfs tmpfs /opt && mkdir /opt/ml && mount --bind "$0" /opt/ml
(cat /etc/hosts; echo 127.0.0.1 algo-1) > "$0/hosts" && mount --bind "$0/hosts" /etc/hosts
cd / && exec "$@"
"""


@dataclass(frozen=True)
class Handed:
    """What a script was started with; None where it was not started. `made` are the files that commands made."""

    arguments: tuple[str, ...] | None
    made: tuple[str, ...]
    said: str


def run(folder: Path, command: Sequence[str], hyperparameters: Mapping[str, str], path: str = "") -> Handed:
    """Start a toolkit on the probe script with hyperparameters as SageMaker writes them."""
    config = folder / "input" / "config"
    config.mkdir(parents=True)
    (folder / "input" / "data" / "code").mkdir(parents=True)
    (folder / "output").mkdir()
    (folder / "model").mkdir()
    (folder / "input" / "data" / "code" / "train.py").write_text(PROBE)
    channel = {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None"}
    for name, body in {
        "hyperparameters": dict(hyperparameters), "inputdataconfig": {"code": channel}, "resourceconfig": _RESOURCES
    }.items():  # fmt: skip
        (config / f"{name}.json").write_text(json.dumps(body))
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-ec", _INSIDE, str(folder), *command],
        env={
            "PATH": f"{path}:/usr/bin:/bin",
            "HOME": str(folder),
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
    return Handed(tuple(json.loads(lines[0])) if lines else None, made, said[-2000:])
