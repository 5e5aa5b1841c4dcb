"""A home in Studio: the deployed lifecycle script has run in it, and programs run in it from Studio's place."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from live_world import World

SCRIPTS = Path(__file__).parent / "sdk"
# Programs of the machine, and none of its settings for AWS.
_LOGIN = '. "$HOME/.bashrc"; exec "$@"'


@dataclass(frozen=True)
class Home:
    """Where somebody works in Studio.

    Attributes:
        session: the role's session; what it asks for is recorded under this name.
    """

    folder: Path
    environment: Mapping[str, str]
    session: str

    @classmethod
    def open(cls, world: World, folder: Path, session: str) -> Home:
        """A new home, as a new space has it."""
        place, role = world.estate.places["studio"], world.estate.role("studio")
        assert role is not None
        keys = {"sagemaker:DomainId": world.words["domain"], "sagemaker:UserProfileName": world.words["profile"]}
        aws = world.live.instance.variables(role.arn, session, keys=keys)
        made = cls(
            folder,
            {
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "XDG_CONFIG_HOME": str(folder / ".config"),
                "SAGEKEEP_HOME": str(folder),
                "LANG": "C.UTF-8",
                **aws,
                "HTTPS_PROXY": world.entrance(tuple(place.subnet_ids), tuple(place.group_ids)),
                "REQUESTS_CA_BUNDLE": aws["AWS_CA_BUNDLE"],
            },
            session,
        )
        subprocess.run(["bash"], input=_lifecycle(world), text=True, env=dict(made.environment), check=True)
        return made

    def defaults(self) -> set[str]:
        """Names of all entries of the SDK's defaults, such as TrainingJob.RoleArn."""
        text = (self.folder / ".config" / "sagemaker" / "config.yaml").read_text()
        return set(_leaves(json.loads(text.partition("\n")[2])["SageMaker"]))

    def start(self, python: Path, script: str, *arguments: str) -> Run:
        """Start a script of sdk/ from a terminal."""
        log = self.folder / f"{script}.log"
        command = ["bash", "-c", _LOGIN, "bash", str(python), str(SCRIPTS / script), *arguments]
        with log.open("w") as out:
            process = subprocess.Popen(
                command, env=dict(self.environment), cwd=self.folder, stdout=out, stderr=subprocess.STDOUT
            )
        return Run(process, log)


@dataclass(frozen=True)
class Run:
    """A script that runs, or has run."""

    process: subprocess.Popen[bytes]
    log: Path

    def wait(self, seconds: float) -> None:
        """Until it ends; a script that takes longer is ended."""
        try:
            self.process.wait(seconds)
        finally:
            self.process.kill()

    def reports(self, kind: str) -> dict[str, Any]:
        """What the steps reported: "ok" and seconds, "failed" and the error, "said" and a value (sdk/common.py)."""
        lines = [json.loads(line[4:]) for line in self.log.read_text().splitlines() if line.startswith("=== ")]
        return {step: value for step, found, value in lines if found == kind}


def _leaves(tree: Any, start: str = "") -> Iterator[str]:
    if not isinstance(tree, dict):
        yield start
        return
    for name, value in tree.items():
        yield from _leaves(value, f"{start}.{name}" if start else name)


def _lifecycle(world: World) -> str:
    """The script that the domain's JupyterLab runs first."""
    sagemaker = world.live.client("sagemaker")
    domain = sagemaker.describe_domain(DomainId=world.words["domain"])
    spec = domain["DefaultUserSettings"]["JupyterLabAppSettings"]["DefaultResourceSpec"]
    name = spec["LifecycleConfigArn"].rpartition("/")[2]
    found = sagemaker.describe_studio_lifecycle_config(StudioLifecycleConfigName=name)
    return base64.b64decode(found["StudioLifecycleConfigContent"]).decode()
