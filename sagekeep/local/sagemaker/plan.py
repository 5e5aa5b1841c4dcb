"""The order of a definition's steps: what waits for what, and what a Condition leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sagekeep.local.sagemaker.definition import Document, dependencies, walk_steps


@dataclass(frozen=True)
class Step:
    """One step: its place in the document, the steps it waits for, and the branch of a Condition it stands in.

    `gate` is (name of the Condition, its outcome that runs this step), or None at the top level.
    """

    name: str
    kind: str
    document: Document
    waits_for: frozenset[str]
    gate: tuple[str, str] | None


class Plan:
    """The steps of a checked definition, in the order of the document."""

    def __init__(self, definition: Document) -> None:
        gates: dict[str, tuple[str, str]] = {}
        self.steps: dict[str, Step] = {}
        for document, _ in walk_steps(definition["Steps"]):
            name, kind = document["Name"], document["Type"]
            if kind == "Condition":
                for branch, outcome in (("IfSteps", "True"), ("ElseSteps", "False")):
                    gates |= {inner["Name"]: (name, outcome) for inner in document["Arguments"].get(branch, [])}
            self.steps[name] = Step(name, kind, document, frozenset(dependencies(document)), gates.get(name))

    def ready(self, statuses: Mapping[str, str], outcomes: Mapping[str, str]) -> list[Step]:
        """The steps that can start: not started, all they wait for has succeeded, their Condition chose them."""
        return [
            step for name, step in self.steps.items() if name not in statuses and _is_open(step, statuses, outcomes)
        ]


def _is_open(step: Step, statuses: Mapping[str, str], outcomes: Mapping[str, str]) -> bool:
    if any(statuses.get(name) != "Succeeded" for name in step.waits_for):
        return False
    return step.gate is None or outcomes.get(step.gate[0]) == step.gate[1]
