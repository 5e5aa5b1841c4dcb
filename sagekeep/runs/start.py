"""Starts an execution, and stops one."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sagekeep.errors import UsageError
from sagekeep.runs import data
from sagekeep.runs.refusals import told
from sagekeep.runs.target import Target
from sagekeep.settings import Settings

DATA, LABEL = "InputDataUri", "Label"  # the pipeline's parameters behind --data and --label

# As the manager has it for the default (pipeline_manager/configuration.py): it is a word of two command lines.
LABELS = r'[^\x00-\x1f\x7f-\x9f\u2028\u2029"\\\-][^\x00-\x1f\x7f-\x9f\u2028\u2029"\\]{0,247}'


@dataclass(frozen=True)
class Request:
    """What somebody wants run: `data` and `label` are the pipeline's own where they are not given."""

    data: Path | None = None
    label: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    name: str = ""

    def column(self, settings: Settings) -> str:
        """Name of the column that will be predicted."""
        return self.label or self.parameters.get(LABEL) or settings.pipeline.label

    def check(self, settings: Settings) -> None:
        """Looks at what can be seen without AWS.

        Raises:
            UsageError: the file cannot be used, no column can be called so, or two options say the same.
        """
        for option, name, given in (("--data", DATA, self.data), ("--label", LABEL, self.label)):
            if given and name in self.parameters:
                raise UsageError(f"{option} and --param {name} say the same: give one of them")
        label = self.label or self.parameters.get(LABEL)
        if label and not re.fullmatch(LABELS, label):
            rule = "must be one line of at most 248 characters without quotes or backslashes, not begin with '-'"
            raise UsageError(f"{LABEL}: {rule} (got {label[:80]!r})")
        if self.data:
            data.check(self.data, self.column(settings))


def parameters_of(words: Sequence[str]) -> dict[str, str]:
    """`NAME=VALUE` words as a mapping.

    Raises:
        UsageError: a word has no name, or a name comes twice.
    """
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name or not equals:
            raise UsageError(f"--param {word}: is not NAME=VALUE")
        if name in found:
            raise UsageError(f"--param {name}: is given twice")
        found[name] = value
    return found


def start(target: Target, request: Request, say: Callable[[str], None]) -> str:
    """Uploads the data and starts an execution; its ARN. `say` hears what takes a while.

    Raises:
        UsageError: the file or a parameter cannot be used; nothing was uploaded or started.
        OperationError: AWS refuses or does not answer, or there is no pipeline.
    """
    request.check(target.settings)
    parameters = {**request.parameters, **({LABEL: request.label} if request.label else {})}
    sagemaker = target.client("sagemaker")
    with told(f"{target.pipeline} cannot be read", target.hints()):
        definition = sagemaker.describe_pipeline(PipelineName=target.pipeline)["PipelineDefinition"]
    wanted = {**parameters, **({DATA: ""} if request.data else {})}
    _check_parameters(wanted, _declared(definition), target)
    if request.data:
        parameters[DATA] = data.upload(target, request.data, say)
    named = {"PipelineExecutionDisplayName": request.name} if request.name else {}
    with told("the execution cannot be started", target.hints()):
        answer = sagemaker.start_pipeline_execution(
            PipelineName=target.pipeline,
            PipelineParameters=[{"Name": name, "Value": value} for name, value in parameters.items()],
            **named,
        )
    return str(answer["PipelineExecutionArn"])


def stop(target: Target, arn: str) -> None:
    """Asks SageMaker to stop an execution.

    Raises:
        OperationError: AWS refuses, for instance because it is over, or does not answer.
    """
    with told("the execution cannot be stopped"):
        target.client("sagemaker").stop_pipeline_execution(PipelineExecutionArn=arn)


def _declared(definition: str) -> dict[str, list[str]]:
    """The pipeline's parameters, with the values that each may have; none: any."""
    declared = json.loads(definition).get("Parameters", [])
    return {parameter["Name"]: [str(value) for value in parameter.get("EnumValues", ())] for parameter in declared}


def _check_parameters(wanted: Mapping[str, str], known: Mapping[str, Sequence[str]], target: Target) -> None:
    for name, value in wanted.items():
        if name in known:
            if known[name] and value not in known[name]:
                raise UsageError(f"{name}: must be one of {', '.join(known[name])} (got {value[:80]!r})")
            continue
        if name in (DATA, LABEL):
            hint = f"it was deployed by an older version: {target.command('deploy')}"
        else:
            near = difflib.get_close_matches(name, known)
            hint = f"did you mean {near[0]}?" if near else f"its parameters: {', '.join(known) or 'none'}"
        raise UsageError(f"the pipeline has no parameter {name}", hint=hint)
