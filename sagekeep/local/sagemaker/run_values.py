"""What references resolve to in one execution, and the requests of its steps."""

from __future__ import annotations

import json
from typing import Any

from sagekeep.local.sagemaker.definition import Document
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.parameters import parameter_values
from sagekeep.local.sagemaker.plan import Plan, Step
from sagekeep.local.sagemaker.resolve import Values
from sagekeep.local.sagemaker.role_calls import SESSION, RoleCalls
from sagekeep.local.sagemaker.store import Record, State
from sagekeep.local.sagemaker.targets import JOBS, TARGETS, generated_name, unique_config_name
from sagekeep.local.sagemaker.times import iso


class RunValues:
    """The values of one execution. `made` is the name of what each step has made, or took from a cache."""

    def __init__(self, state: State, calls: RoleCalls, record: Record) -> None:
        """Raises AwsError for parameters that the definition does not take."""
        self._state, self._calls, self._record = state, calls, record
        definition: Document = json.loads(record.data["PipelineDefinition"])
        self.plan = Plan(definition)
        self.made: dict[str, str] = {}
        self._parameters = parameter_values(definition.get("Parameters", []), record.data["PipelineParameters"])

    def statuses(self) -> dict[str, str]:
        """The status of each step that has started."""
        return {step["StepName"]: step["StepStatus"] for step in self._record.data["Steps"]}

    def outcomes(self) -> dict[str, str]:
        """The outcome of each Condition that is decided: "True" or "False"."""
        metadata = {step["StepName"]: step.get("Metadata", {}) for step in self._record.data["Steps"]}
        return {name: data["Condition"]["Outcome"] for name, data in metadata.items() if "Condition" in data}

    def resolve(self, value: Any, **execution: str) -> Any:
        """The value with its references replaced; `execution` are members of `Execution` that only its step has."""
        return Values(
            self._parameters, {**self._execution(), **execution}, self._properties, self._property_file, self._read
        ).resolve(value)

    def request(self, step: Step) -> Params:
        """The step's arguments resolved, with the name that the service gives to what it makes; raises AwsError."""
        arguments, noun = step.document["Arguments"], TARGETS[step.kind].noun
        name = {f"{noun}Name": generated_name(self._record.key[1], step.name)}
        if step.kind in JOBS:
            return {**self.resolve(arguments, **name), **name}
        request: Params = self.resolve(arguments)
        if step.kind == "Model":
            return {**request, **name}
        if step.kind == "EndpointConfig":
            request["EndpointConfigName"] = unique_config_name(self._record.key[1], str(request["EndpointConfigName"]))
        return request

    def _execution(self) -> dict[str, str]:
        return {
            "StartDateTime": iso(self._record.created),
            "CurrentDateTime": iso(self._state.now),
            "PipelineName": self._record.key[0],
            "PipelineArn": self._record.data["PipelineArn"],
            "PipelineExecutionId": self._record.key[1],
            "PipelineExecutionArn": self._record.arn,
        }

    def _properties(self, name: str) -> Params:
        target = TARGETS.get(self.plan.steps[name].kind)
        if target:
            return self._calls.read(target.describe, target.key(self.made[name]))
        # Of a Condition or a Fail step.
        done = next(step for step in self._record.data["Steps"] if step["StepName"] == name)
        return {member: value for data in done["Metadata"].values() for member, value in data.items()}

    def _property_file(self, name: str, file: str) -> str:
        declared = self.plan.steps[name].document["PropertyFiles"]
        found = next(item for item in declared if item["PropertyFileName"] == file)
        output = f"Steps.{name}.ProcessingOutputConfig.Outputs['{found['OutputName']}'].S3Output.S3Uri"
        return f"{self.resolve({'Get': output}).rstrip('/')}/{found['FilePath']}"

    def _read(self, uri: str) -> bytes:
        return self._state.world.read_object(self._record.data["RoleArn"], SESSION, uri)
