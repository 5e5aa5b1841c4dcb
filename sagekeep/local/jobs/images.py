"""Container images as environments of this machine: which interpreter runs what an image would run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

from sagekeep.local.jobs.failures import JobFailed

_URI = re.compile(r"(?:[^/]+/)*(?P<repository>[^/:@]+)(?:[:@](?P<tag>.+))?")


@dataclass(frozen=True)
class Environment:
    """A virtual environment in place of an image; the version of `package` stands for what is inside.

    `setup` is the command that makes it; `chosen`: only settings that choose its image need it; `server`: the file of
    container/ that stands in for what serves in the image.
    """

    folder: Path
    package: str
    setup: str = "make setup-ml"
    chosen: bool = False
    server: str = "serving.py"

    @property
    def python(self) -> Path:
        """Its interpreter; `python3` in a container."""
        return self.folder / "bin" / "python3"

    def __str__(self) -> str:
        return f"{self.folder.name} ({self.package} {_version(self.folder, self.package) or 'missing'})"


def standard(root: Path) -> dict[str, Environment]:
    """Repository of an image that the template may use -> what runs it, below `root`."""
    autogluon = Environment(root / ".venv-ml", "autogluon.tabular")
    return {
        "sagemaker-scikit-learn": Environment(root / ".venv-sklearn", "scikit-learn"),
        "autogluon-training": autogluon,
        "autogluon-inference": autogluon,
        # From 1.6 on one image trains and serves.
        "autogluon": Environment(
            root / ".venv-ml16", "autogluon.tabular", "make setup-ml16", chosen=True, server="adapter.py"
        ),
    }


def needed(root: Path, uris: Iterable[str]) -> list[Environment]:
    """The environments of some images; an image that is not the template's is for `find` to refuse."""
    known = standard(root)
    found = [known.get(short_name(uri).partition(":")[0]) for uri in uris]
    return list(dict.fromkeys(environment for environment in found if environment))


def find(images: Mapping[str, Environment], uri: str) -> Environment:
    """The environment of an image.

    Raises:
        JobFailed: the image cannot run here, or its environment is not installed.
    """
    name = short_name(uri)
    repository = name.partition(":")[0]
    environment = images.get(repository)
    if environment is None:
        raise JobFailed(
            f"ClientError: image {uri} cannot run in the local AWS, which knows: {', '.join(sorted(images))}"
        )
    if not environment.python.exists():
        raise JobFailed(
            f"ClientError: image {name} runs in {environment.folder}, which is not there yet. "
            f"Run `{environment.setup}`, then start the job again"
        )
    return environment


def short_name(uri: str) -> str:
    """An image without its registry: "autogluon-training:1.5.0-cpu-py312-ubuntu22.04"."""
    found = _URI.fullmatch(uri)
    return ":".join(filter(None, found.groups())) if found else uri


@cache
def _version(folder: Path, package: str) -> str:
    paths = [str(path) for path in folder.glob("lib/python3*/site-packages")]
    return next((found.version for found in distributions(name=package, path=paths)), "")
