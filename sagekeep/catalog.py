"""Facts about AWS that settings are checked against: container images, instance types a kind of step, zones.

The data lies in `sagekeep/data/`, each file with its source and date.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_DATA = Path(__file__).with_name("data")


@dataclass(frozen=True)
class Images:
    """Registries of the container images: kind -> repository and tag a version, account a region."""

    document: dict[str, Any]

    def regions(self, kind: str) -> list[str]:
        """Regions that have the image of this kind."""
        return sorted(self.document[kind]["registries"])

    def registry(self, kind: str, region: str) -> str:
        """Account that owns the image's repository in a region."""
        return str(self.document[kind]["registries"][region])

    def repository(self, kind: str, version: str) -> str:
        """Name of the image's repository. Raises KeyError for a version without the image."""
        return str(self.document[kind]["images"][version]).partition(":")[0]

    def repositories(self) -> list[tuple[str, str]]:
        """Each repository once, of any version, with a kind of image that comes from it."""
        found = {
            self.repository(kind, version): kind
            for kind in ("inference", "train", "process")
            for version in self.document[kind]["images"]
        }
        return sorted((kind, repository) for repository, kind in found.items())

    def uri(self, kind: str, version: str, region: str) -> str:
        """URI to pull. Raises KeyError for a region or version without the image."""
        suffix = self.document["dns_suffix"]
        host = f"{self.registry(kind, region)}.dkr.ecr.{region}.{suffix.get(region, suffix['default'])}"
        return f"{host}/{self.document[kind]['images'][version]}"


@dataclass(frozen=True)
class InstanceTypes:
    """Instance types of SageMaker, a table of families and sizes for each kind of step."""

    document: dict[str, Any]

    def known(self, kind: str) -> list[str]:
        """Every type that a kind of step (`process`, `train`, `endpoint`) may use."""
        return [f"ml.{family}.{size}" for family, sizes in self.document[kind].items() for size in sizes.split()]

    def has_local_nvme(self, instance: str) -> bool:
        """Whether the type has an instance store; SageMaker refuses a volume key for it."""
        return instance.split(".")[1] in self.document["local_nvme"]


@cache
def images() -> Images:
    """The container images."""
    return Images(json.loads((_DATA / "images.json").read_text(encoding="utf-8")))


@cache
def instance_types() -> InstanceTypes:
    """The instance types."""
    return InstanceTypes(json.loads((_DATA / "instance_types.json").read_text(encoding="utf-8")))


@cache
def zones_left_out(region: str) -> dict[str, str]:
    """Ids of the region's zones that lack something every environment needs, and what."""
    document = json.loads((_DATA / "zones.json").read_text(encoding="utf-8"))
    return dict(document["left_out"].get(region, {}))
