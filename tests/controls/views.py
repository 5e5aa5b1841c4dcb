"""The repository's environments as the checks of controls see them, and copies of them that something was done to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sagekeep import synthesis
from sagekeep.controls.view import View

ROOT = Path(__file__).parents[2]


def view_of(environment: str, out: Path) -> View:
    """What was synthesized to `out`."""
    return View.of(synthesis.load(ROOT, environment, out))


@dataclass
class Copy:
    """A copy of an environment's synthesized files, to be changed as a person might change the Terraform."""

    environment: str
    out: Path
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, view: View, folder: Path) -> Copy:
        """All files of a view."""
        shutil.copytree(view.synthesis.out, folder)
        files = folder.glob("stacks/*/cdk.tf.json")
        return cls(view.synthesis.environment, folder, {f.parent.name: json.loads(f.read_text()) for f in files})

    @cached_property
    def model(self) -> dict[str, Any]:
        """model.json."""
        return dict(json.loads((self.out / "model.json").read_text()))

    def view(self) -> View:
        """The copy as it is now."""
        for stack, document in self.documents.items():
            (self.out / "stacks" / stack / "cdk.tf.json").write_text(json.dumps(document))
        (self.out / "model.json").write_text(json.dumps(self.model))
        return view_of(self.environment, self.out)

    def body(self, stack: str, kind: str, name: str) -> dict[str, Any]:
        """A resource's arguments, to be changed."""
        found: dict[str, Any] = self.documents[stack]["resource"][kind][name]
        return found

    def drop(self, stack: str, kind: str, name: str) -> None:
        """Remove a resource; it must be there."""
        del self.documents[stack]["resource"][kind][name]

    def add(self, stack: str, kind: str, name: str, /, **body: Any) -> None:
        """Put a resource beside the others."""
        bodies = self.documents[stack]["resource"].setdefault(kind, {})
        assert name not in bodies
        bodies[name] = body

    def statements(self, stack: str, document: str) -> list[dict[str, Any]]:
        """The statements of a policy document, to be changed."""
        found: list[dict[str, Any]] = self.documents[stack]["data"]["aws_iam_policy_document"][document]["statement"]
        return found

    def statement(self, stack: str, document: str, sid: str) -> dict[str, Any]:
        """One statement."""
        (found,) = [s for s in self.statements(stack, document) if s["sid"] == sid]
        return found

    def drop_statement(self, stack: str, document: str, sid: str) -> None:
        """Remove a statement."""
        self.statements(stack, document).remove(self.statement(stack, document, sid))

    def drop_condition(self, stack: str, document: str, sid: str, variable: str) -> None:
        """Remove every condition of a statement on a key."""
        statement = self.statement(stack, document, sid)
        kept = [c for c in statement["condition"] if c["variable"].lower() != variable.lower()]
        assert len(kept) < len(statement["condition"])
        statement["condition"] = kept

    @contextmanager
    def archive(self, stack: str, function: str) -> Iterator[Path]:
        """The archive of a function's code, unpacked; packed again afterwards."""
        file = self.out / "stacks" / stack / self.body(stack, "aws_lambda_function", function)["filename"]
        folder = file.with_suffix("")
        shutil.unpack_archive(file, folder)
        yield folder
        shutil.make_archive(str(folder), "zip", folder)
        shutil.rmtree(folder)
