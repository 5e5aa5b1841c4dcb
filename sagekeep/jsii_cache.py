"""Where jsii keeps the JavaScript of packages that it has unpacked (its README, "package cache")."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_COMPLETE = ".jsii-runtime-package-cache"  # jsii makes this file when a package is wholly unpacked


def cache_root() -> Path | None:
    """Folder of the cache; None where the user has switched it off, and every process unpacks for itself."""
    if os.environ.get("JSII_RUNTIME_PACKAGE_CACHE", "enabled").lower() != "enabled":
        return None
    if chosen := os.environ.get("JSII_RUNTIME_PACKAGE_CACHE_ROOT"):
        return Path(chosen)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "com.amazonaws.jsii" / "package-cache"
    if sys.platform == "win32":
        return Path.home() / "AppData" / "Local" / "AWS" / "jsii" / "package-cache"
    return Path.home() / ".cache" / "aws" / "jsii" / "package-cache"


def is_unpacked(package: str, version: str) -> bool:
    """Whether a package, such as `@cdktf/provider-aws`, need not be unpacked again."""
    root = cache_root()
    return root is not None and any((root / package / version).glob(f"*/{_COMPLETE}"))
