"""Stands in for the SageMaker training toolkit, which is the entry point of the training images.

Reads /opt/ml/input/config, puts the code into /opt/ml/code and becomes the user's script, with hyperparameters as
arguments and SM_* variables. Standard library only; runs on the interpreter of the image's environment. Facts: sources
of sagemaker-training 5.1 (environment.py, mapping.py, entry_point.py, process.py).
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tarfile
from pathlib import Path
from typing import Any, NoReturn

BASE = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
CODE, MODEL, OUTPUT, INPUT = BASE / "code", BASE / "model", BASE / "output", BASE / "input"
FAILURE = OUTPUT / "failure"
PREFIX = "sagemaker_"  # hyperparameters for the toolkit itself
# Without it versions up to 5.1.2 join the arguments and hand them to a shell, as the images' entry point asks them to
# (sagemaker_pytorch_container 3.0, training.py; the toolkit's process.py). Which version an image has is not known.
NATIVE = "sagemaker_toolkit_native_launcher_enabled"


def main() -> None:
    """Become the user's script."""
    given = {name: decode(value) for name, value in read("hyperparameters").items()}
    own = {name: value for name, value in given.items() if name.startswith(PREFIX)}
    user = {name: value for name, value in given.items() if not name.startswith(PREFIX)}
    program = str(own.get("sagemaker_program") or "")
    if not program:
        fail("ClientError: hyperparameter sagemaker_program does not say which script to run")
    install(str(own.get("sagemaker_submit_directory") or CODE))
    if not (CODE / program).is_file():
        there = ", ".join(sorted(path.name for path in CODE.iterdir())) or "nothing"
        fail(f"ClientError: sagemaker_program {program} is not in the code: there is {there}")
    arguments = as_arguments(user)
    os.environ.update(variables(user, arguments, program))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(CODE), os.environ.get("PYTHONPATH", "")]))
    os.chdir(CODE)
    command = ["/bin/sh", program] if program.endswith(".sh") else [sys.executable, program]
    command += arguments
    if not own.get(NATIVE):
        command = ["/bin/sh", "-c", " ".join(command)]
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 - a shell only where the toolkit takes one


def read(name: str) -> dict[str, Any]:
    """A configuration file of the job."""
    return dict(json.loads((INPUT / "config" / f"{name}.json").read_text()))


def decode(value: str) -> Any:
    """A hyperparameter's text as the JSON that it may be."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def install(source: str) -> None:
    """Put the code into CODE, unless something is there."""
    CODE.mkdir(exist_ok=True)
    # Without namespaces /opt/ml is another folder.
    path = Path(source) if not source.startswith("/opt/ml/") else BASE / source[len("/opt/ml/") :]
    if source.startswith("s3://"):
        fail(f"ClientError: sagemaker_submit_directory {source}: the container has no credentials to fetch it with")
    if not any(CODE.iterdir()):
        if path.is_dir():
            shutil.copytree(path, CODE, dirs_exist_ok=True)
        elif path.is_file() and tarfile.is_tarfile(path):
            with tarfile.open(path) as archive:
                archive.extractall(CODE, filter="data")
        elif path.is_file():
            shutil.copy2(path, CODE)
        else:
            fail(f"ClientError: sagemaker_submit_directory {source} does not exist")
    if (CODE / "requirements.txt").is_file():
        fail(
            "InstallRequirementsError: requirements.txt would be installed with pip, and there is no network. "
            "Remove it; what the image lacks can be shipped beside the script"
        )


def as_arguments(values: dict[str, Any]) -> list[str]:
    """Hyperparameters as --name value, sorted; names of one letter get one dash."""
    arguments = []
    for name, value in sorted(values.items()):
        text = ",".join(f"{k}={v}" for k, v in sorted(value.items())) if isinstance(value, dict) else plain(value)
        arguments += [f"--{name}" if len(name) > 1 else f"-{name}", text]
    return arguments


def plain(value: Any) -> str:
    """A value as an argument."""
    return "" if value is None else str(value)


def variables(user: dict[str, Any], arguments: list[str], program: str) -> dict[str, str]:
    """The SM_* variables."""
    channels, resources = read("inputdataconfig"), read("resourceconfig")
    values: dict[str, Any] = {
        "MODEL_DIR": MODEL, "OUTPUT_DIR": OUTPUT, "OUTPUT_DATA_DIR": OUTPUT / "data", "INPUT_DIR": INPUT,
        "INPUT_CONFIG_DIR": INPUT / "config", "OUTPUT_INTERMEDIATE_DIR": OUTPUT / "intermediate",
        "MODULE_DIR": CODE, "MODULE_NAME": program.rpartition(".")[0] or program, "USER_ENTRY_POINT": program,
        "HPS": user, "USER_ARGS": arguments, "LOG_LEVEL": 20, "CHANNELS": sorted(channels),
        "INPUT_DATA_CONFIG": channels, "RESOURCE_CONFIG": resources, "HOSTS": resources["hosts"],
        "CURRENT_HOST": resources["current_host"], "NETWORK_INTERFACE_NAME": resources["network_interface_name"],
        "NUM_GPUS": 0, "NUM_CPUS": os.cpu_count(),
    }  # fmt: skip
    values |= {f"CHANNEL_{name.upper()}": INPUT / "data" / name for name in channels}
    values |= {f"HP_{name.upper()}": value for name, value in user.items()}
    return {f"SM_{name}": as_variable(value) for name, value in values.items()}


def as_variable(value: Any) -> str:
    """A value as an environment variable."""
    if value is None or isinstance(value, (str, Path)):
        return str(value or "")
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def fail(reason: str) -> NoReturn:
    """End the job with a line in its log and in the failure file."""
    FAILURE.write_text(reason)
    sys.stderr.write(f"{reason}\n")
    sys.exit(1)


if __name__ == "__main__":
    main()
