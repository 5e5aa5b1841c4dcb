"""What the phases of the demo share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from sagekeep import report
from sagekeep.console import print_line
from sagekeep.deploy import Operations
from sagekeep.errors import OperationError
from sagekeep.progress import Board
from sagekeep.runs.heldout import Evaluation
from sagekeep.runs.outcome import Outcome
from sagekeep.stackset import StackResult
from sagekeep.synthesis import Synthesis


@dataclass
class Stage:
    """What the phases hand on to each other.

    Attributes:
        home: folder of everything that the demo makes.
        environ: environment of a client of the embedded AWS.
        outcome, evaluation: of the pipeline's run, once it has run.
    """

    root: Path
    env: str
    home: Path
    console: Console
    synthesis: Synthesis | None = None
    instance: Any = None
    environ: dict[str, str] = field(default_factory=dict)
    outcome: Outcome | None = None
    evaluation: Evaluation | None = None

    def operations(self) -> Operations:
        """Terraform against the embedded AWS."""
        if self.synthesis is None:
            raise OperationError("the demo has not synthesized yet")
        return Operations.of(self.synthesis, self.environ, Board(self.console))

    @property
    def resources(self) -> dict[str, int]:
        """Number of resources by stack; empty before the stacks are synthesized."""
        return {name: stack.resources for name, stack in self.synthesis.stacks.items()} if self.synthesis else {}

    def say(self, text: str) -> None:
        """One line of the story."""
        print_line(self.console, f"  {text}")

    def tell(self, results: Mapping[str, StackResult]) -> None:
        """What became of the stacks."""
        report.show(self.console, results)


def require(results: Mapping[str, StackResult], what: str, good: Callable[[StackResult], bool]) -> None:
    """Raises OperationError where a stack did not come out well."""
    bad = [f"{result.stack} ({result.status})" for result in results.values() if not good(result)]
    if bad:
        raise OperationError(f"{what}: {', '.join(bad)}")
