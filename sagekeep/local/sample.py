"""A data set for those who have none at hand: scikit-learn's breast-cancer data (Wisconsin, 569 rows, 30 measures)."""

from __future__ import annotations

import subprocess
from pathlib import Path

from sagekeep import names
from sagekeep.errors import OperationError
from sagekeep.local.jobs.images import needed, standard
from sagekeep.settings import Settings

LABEL = "diagnosis"
NAME = "breast-cancer.csv"
_SCRIPT = f"""
import sys
from sklearn.datasets import load_breast_cancer
data = load_breast_cancer(as_frame=True)
table = data.frame.rename(columns={{"target": {LABEL!r}}})
table[{LABEL!r}] = table[{LABEL!r}].map(dict(enumerate(data.target_names)))
table.to_csv(sys.argv[1], index=False)
"""


def require_environments(root: Path, settings: Settings) -> None:
    """Raises OperationError where the settings' images have nothing to run in."""
    images = [names.image(settings, kind) for kind in ("process", "train", "inference")]
    absent = [found for found in needed(root, images) if not found.python.is_file()]
    if absent:
        what = " and ".join(sorted(found.folder.name for found in absent))
        commands = " and ".join(sorted({f"`{found.setup}`" for found in absent}))
        raise OperationError(f"jobs and models need {what}", hint=f"install what is missing: {commands}")


def write(root: Path, folder: Path) -> Path:
    """The data as a CSV file in `folder`, with the label column `diagnosis` (malignant, benign).

    Raises:
        OperationError: no environment has scikit-learn.
    """
    file = folder / NAME
    if file.is_file():
        return file
    # Each of the environments has scikit-learn and pandas.
    python = next((found.python for found in standard(root).values() if found.python.is_file()), None)
    if python is None:
        raise OperationError("the sample data comes with scikit-learn", hint="install it: make setup-ml")
    folder.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    command = [str(python), "-c", _SCRIPT, str(draft)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise OperationError(f"the sample data cannot be written: {last}", hint="install it anew: make setup-ml")
    draft.replace(file)
    return file
