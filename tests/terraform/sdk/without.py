"""What becomes of a job, a model and an endpoint when the SDK's defaults lack one entry, for each entry in turn.

Runs on versions 2 and 3 of the SDK. One step is reported for each entry, and one with all entries for each kind.
Nothing waits for what it has started.
"""

from __future__ import annotations

import copy
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import common

CODE, DATA, MODEL, VERSION = sys.argv[1:]
DEFAULTS = Path.home() / ".config" / "sagemaker" / "config.yaml"
CHANGED = Path.home() / "changed.yaml"
os.environ["SAGEMAKER_USER_CONFIG_OVERRIDE"] = str(CHANGED)


def leaves(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of all values."""
    if not isinstance(tree, dict):
        yield path
        return
    for name, value in tree.items():
        yield from leaves(value, (*path, name))


def without(tree: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """A copy that lacks one value."""
    changed = copy.deepcopy(tree)
    place = changed
    for name in path[:-1]:
        place = place[name]
    del place[path[-1]]
    return changed


def version_2() -> dict[str, Callable[[], object]]:
    """What uses the defaults below each name."""
    from sagemaker.model import Model
    from sagemaker.processing import ProcessingOutput
    from sagemaker.sklearn import SKLearn
    from sagemaker.sklearn.processing import SKLearnProcessor

    machine = {"instance_type": "ml.m5.large", "instance_count": 1}

    def estimator() -> SKLearn:
        return SKLearn(entry_point="train.py", source_dir=CODE, framework_version="1.2-1", **machine)

    def process() -> None:
        outputs = [ProcessingOutput(source="/opt/ml/processing/output", output_name="rows")]
        SKLearnProcessor("1.2-1", **machine).run(f"{CODE}/process.py", outputs=outputs, wait=False, logs=False)

    def train() -> None:
        estimator().fit(wait=False)

    def deploy() -> None:
        Model(estimator().training_image_uri(), MODEL).deploy(1, "ml.m5.large", wait=False)

    return {
        "ProcessingJob": process,
        "TrainingJob": train,
        "Model": deploy,
        "EndpointConfig": deploy,
        "PythonSDK.Modules.Session": process,
    }


def version_3() -> dict[str, Callable[[], object]]:
    """What uses the defaults below each name, and nothing of version 2 does."""
    import v3

    return {"PythonSDK.Modules.ModelTrainer": lambda: v3.train(wait=False, role=v3.ROLE, **v3.KEYS)}


if __name__ == "__main__":
    whole = json.loads(DEFAULTS.read_text().partition("\n")[2])
    CHANGED.write_text(json.dumps(whole))
    for start, step in (version_2() if VERSION == "2" else version_3()).items():
        CHANGED.write_text(json.dumps(whole))
        with common.step(start):
            step()
        for path in leaves(whole["SageMaker"]):
            name = ".".join(path)
            if name.startswith(f"{start}."):
                CHANGED.write_text(json.dumps({**whole, "SageMaker": without(whole["SageMaker"], path)}))
                with common.step(name):
                    step()
