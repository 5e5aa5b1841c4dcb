"""A pipeline definition: its form, its parameters, its steps and what every reference in it means.

Schema version 2020-12-01 (developer guide, "Pipeline definition JSON schema"). A step may refer to any step that
runs before it, wherever it stands in the list; what decides is that the order has no loop.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.model import Shape

from sagekeep.local.sagemaker.caching import cache_faults
from sagekeep.local.sagemaker.conditions import condition_faults, fail_faults
from sagekeep.local.sagemaker.errors import AwsError, invalid
from sagekeep.local.sagemaker.model import service_model
from sagekeep.local.sagemaker.parameters import parameter_faults
from sagekeep.local.sagemaker.patterns import compiled
from sagekeep.local.sagemaker.properties import property_fault, property_file_faults
from sagekeep.local.sagemaker.references import gets, tokens
from sagekeep.local.sagemaker.retries import retry_faults
from sagekeep.local.sagemaker.validate import step_violations

Document = dict[str, Any]

VERSION = "2020-12-01"
_TOP = {"Version", "Metadata", "Parameters", "PipelineExperimentConfig", "Steps"}
_EXECUTION = {
    "StartDateTime", "CurrentDateTime", "PipelineName", "PipelineArn", "PipelineExecutionId",
    "PipelineExecutionArn", "TrainingJobName", "ProcessingJobName",
}  # fmt: skip


def parse_definition(text: str) -> Document:
    """The definition in `text`; raises AwsError (ValidationException) that names every fault."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise refused([f"It is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"]) from None
    faults = definition_violations(document)
    if faults:
        raise refused(faults)
    return dict(document)


def refused(faults: list[str]) -> AwsError:
    """The error of Create- and UpdatePipeline for a definition with these faults."""
    return invalid(f"Unable to parse pipeline definition. {'; '.join(faults)}")


def definition_violations(document: Any) -> list[str]:
    """What is wrong with a definition, one sentence each; [] for one that CreatePipeline takes."""
    if not isinstance(document, dict):
        return ["Expecting start of Json Object"]
    faults = [f"Unknown member '{key}'" for key in sorted(set(document) - _TOP)]
    if document.get("Version") != VERSION:
        faults.append(f"Version must be '{VERSION}', got {document.get('Version')!r}")
    parameters = _list(document, "Parameters", faults)
    faults += parameter_faults(parameters)
    top = _list(document, "Steps", faults)
    if not top:
        faults.append("Steps must hold at least one step")
    steps = _Steps.collect(top)
    faults += steps.faults
    names = {p["Name"] for p in parameters if isinstance(p, dict) and isinstance(p.get("Name"), str)}
    scope = _Scope(names, steps, isinstance(document.get("PipelineExperimentConfig"), dict))
    faults += [f for get in gets(document.get("PipelineExperimentConfig")) for f in scope.faults(get, "")]
    for name, step in steps.by_name.items():
        faults += scope.step_faults(name, step)
    return faults or steps.loops()


def walk_steps(steps: list[Any]) -> Iterator[tuple[Document, str]]:
    """Every step of a list and of its Conditions' branches, each with the name of the Condition around it or ""."""
    pending = [(step, "") for step in reversed(steps)]
    while pending:
        step, parent = pending.pop()
        if not isinstance(step, dict):
            continue
        yield step, parent
        arguments = step.get("Arguments")
        if step.get("Type") == "Condition" and isinstance(arguments, dict):
            for branch in ("ElseSteps", "IfSteps"):
                inner = arguments.get(branch)
                pending += [(s, str(step.get("Name"))) for s in reversed(inner if isinstance(inner, list) else [])]


def dependencies(step: Mapping[str, Any]) -> set[str]:
    """The names of the steps that a step waits for: its `DependsOn` and every `Get` of a step's property."""
    own = {k: v for k, v in step.items() if k != "Arguments"}
    arguments = step.get("Arguments")
    if step.get("Type") == "Condition" and isinstance(arguments, dict):
        arguments = {k: v for k, v in arguments.items() if k not in ("IfSteps", "ElseSteps")}
    paths = [tokens(get) for get in gets([own, arguments])]
    used = {str(path[1]) for path in paths if len(path) > 1 and path[0] == "Steps"}
    named = step.get("DependsOn")
    return used | {name for name in named if isinstance(name, str)} if isinstance(named, list) else used


def _list(document: Document, member: str, faults: list[str]) -> list[Any]:
    value = document.get(member, [])
    if isinstance(value, list):
        return value
    faults.append(f"{member}: Expecting start of Json Array")
    return []


@dataclass
class _Steps:
    by_name: dict[str, Document] = field(default_factory=dict)
    parent: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @classmethod
    def collect(cls, top: list[Any]) -> _Steps:
        steps = cls()
        steps.faults += [f"A step that is no object: {step!r}" for step in top if not isinstance(step, dict)]
        pattern = compiled(_step_name().metadata["pattern"])
        for step, parent in walk_steps(top):
            name = step.get("Name")
            if not isinstance(name, str) or not 0 < len(name) <= 64 or not pattern.fullmatch(name):
                steps.faults.append(f"Step name {name!r} must match {pattern.pattern} and have 1 to 64 characters")
            elif name in steps.by_name:
                steps.faults.append(f"Step names must be unique: '{name}' is there twice")
            else:
                steps.by_name[name] = step
                steps.parent[name] = parent
        return steps

    def waits_for(self, name: str) -> set[str]:
        """The steps that must be over before this one; a step in a branch waits for its Condition."""
        parent = self.parent[name]
        return (dependencies(self.by_name[name]) | ({parent} if parent else set())) & set(self.by_name)

    def loops(self) -> list[str]:
        left = {name: self.waits_for(name) for name in self.by_name}
        while ready := {name for name, needed in left.items() if not needed & set(left)}:
            left = {name: needed for name, needed in left.items() if name not in ready}
        # What only waits for the loop is no part of it.
        while ends := set(left) - {name for needed in left.values() for name in needed}:
            left = {name: needed for name, needed in left.items() if name not in ends}
        return [f"Steps wait for each other: {', '.join(sorted(left))}"] if left else []


@dataclass(frozen=True)
class _Scope:
    """What a `Get` may name."""

    parameters: set[str]
    steps: _Steps
    experiment: bool

    def step_faults(self, name: str, step: Document) -> list[str]:
        faults = step_violations(step)
        if step.get("Type") == "Condition":
            faults += [f"Step '{name}': {fault}" for fault in condition_faults(step.get("Arguments"))]
        faults += [f"Step '{name}': {fault}" for fault in _other_faults(step)]
        faults += self._order_faults(name, step)
        own = _without_branches(step)
        return faults + [f"Step '{name}': {fault}" for get in gets(own) for fault in self.faults(get, name)]

    def _order_faults(self, name: str, step: Document) -> list[str]:
        depends = step.get("DependsOn", [])
        if not isinstance(depends, list):
            return [f"Step '{name}': DependsOn must be a list of step names"]
        faults = [f"Step '{name}': DependsOn names the unknown step {d!r}" for d in depends if not self._known(d)]
        faults += [f"Step '{name}': a Fail step cannot be depended upon" for d in depends if self._fails(d)]
        return faults

    def _known(self, name: Any) -> bool:
        return isinstance(name, str) and name in self.steps.by_name

    def _fails(self, name: Any) -> bool:
        return self._known(name) and self.steps.by_name[name].get("Type") == "Fail"

    def faults(self, get: str, name: str) -> list[str]:
        """Why this `Get`, standing in the step `name`, resolves to nothing; [] when it resolves."""
        path = tokens(get)
        root = path[0] if path else ""
        if root == "Parameters" and len(path) == 2 and path[1] in self.parameters:
            return []
        if root == "Execution" and len(path) == 2 and path[1] in _EXECUTION:
            return []
        if root == "PipelineExperimentConfig" and self.experiment and path[1:] in (["ExperimentName"], ["TrialName"]):
            return []
        if root == "Steps" and len(path) > 2 and self._known(path[1]) and path[1] != name:
            fault = property_fault(self.steps.by_name[str(path[1])], path[2:])
            return [f"Get '{get}' does not resolve: {fault}"] if fault else []
        return [f"Get '{get}' does not resolve: it names no {_EXPECTED.get(str(root), 'known root')}"]


def _other_faults(step: Document) -> list[str]:
    """Of the members that no Create call has, and of the Arguments of a Fail step."""
    faults = [*retry_faults(step), *cache_faults(step), *property_file_faults(step)]
    if step.get("Type") == "Fail":
        faults += fail_faults(step.get("Arguments"))
    return faults


_EXPECTED = {
    "Parameters": "declared parameter",
    "Execution": "property of the execution",
    "Steps": "property of another step",
    "PipelineExperimentConfig": "member of PipelineExperimentConfig",
}


def _without_branches(step: Document) -> Document:
    arguments = step.get("Arguments")
    if step.get("Type") != "Condition" or not isinstance(arguments, dict):
        return step
    return {**step, "Arguments": {k: v for k, v in arguments.items() if k not in ("IfSteps", "ElseSteps")}}


def _step_name() -> Shape:
    return service_model().shape_for("StepName")
