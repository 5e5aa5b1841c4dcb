"""What a synth wrote, as the tests read it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sagekeep.settings import load
from stacks.app import synthesize

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Synth:
    """Everything that one synth wrote."""

    out: Path
    stacks: dict[str, dict[str, Any]]

    @property
    def account_id(self) -> str:
        """The account that the environment may be deployed to."""
        account_id: str = self.stacks["keys"]["provider"]["aws"][0]["allowed_account_ids"][0]
        return account_id

    def resources(self, *kinds: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Address and body of every resource of some types, in all stacks."""
        for stack, document in self.stacks.items():
            for kind in kinds:
                for name, body in document.get("resource", {}).get(kind, {}).items():
                    yield f"{stack}: {kind}.{name}", body

    def data(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Address and body of every data source of a type."""
        for stack, document in self.stacks.items():
            for name, body in document.get("data", {}).get(kind, {}).items():
                yield f"{stack}: data.{kind}.{name}", body

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every policy statement, with the address of its document."""
        for address, body in self.data("aws_iam_policy_document"):
            for statement in body["statement"]:
                yield address, statement


def synth(environment: str, out: Path) -> Synth:
    """Synthesize one of the repository's environments."""
    synthesize(load(ROOT / "environments" / f"{environment}.toml"), out)
    folders = sorted((out / "stacks").iterdir())
    return Synth(out, {folder.name: json.loads((folder / "cdk.tf.json").read_text()) for folder in folders})
