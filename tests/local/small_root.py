"""A root of a few resources, put before the embedded AWS by real terraform."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sagekeep.local.instance import Instance
from sagekeep.mirror import provider_source

_PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class SmallRoot:
    """A folder with one `main.tf`."""

    folder: Path
    instance: Instance

    def write(self, text: str) -> None:
        """Replace what the root says."""
        (self.folder / "main.tf").write_text(f'provider "aws" {{}}\n{text}', encoding="utf-8")

    def terraform(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What terraform did; AssertionError with its words where it failed (2 is a plan with changes)."""
        source = provider_source(_PROJECT, os.environ)
        config = {"TF_CLI_CONFIG_FILE": str(source.config)} if source.config else {}
        done = subprocess.run(
            ["terraform", *arguments, "-input=false", "-no-color"],
            cwd=self.folder,
            env={**self.instance.environment(), **source.variables, **config, "CHECKPOINT_DISABLE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in {0, 2}, done.stdout + done.stderr
        return done

    def plan_differs(self) -> bool:
        """Whether a plan would change anything."""
        return self.terraform("plan", "-detailed-exitcode").returncode == 2


@contextmanager
def applied(folder: Path, instance: Instance, text: str) -> Iterator[SmallRoot]:
    """The root, applied; destroyed in the end."""
    root = SmallRoot(folder, instance)
    root.write(text)
    root.terraform("init")
    try:
        root.terraform("apply", "-auto-approve")
        yield root
    finally:
        root.terraform("destroy", "-auto-approve")
