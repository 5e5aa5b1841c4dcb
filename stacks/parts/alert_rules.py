"""What people hear of: the events, by rule, and the message that each becomes.

Field names of the events: SageMaker developer guide, EventBridge events of Pipelines. docs/decisions/0021 says why
there are two rules, and why a message is a JSON object.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sagekeep import names
from sagekeep.settings import Settings

RUN = "SageMaker Model Building Pipeline Execution Status Change"
STEP = "SageMaker Model Building Pipeline Execution Step Status Change"
# Pipelines are shown in Studio, which this page opens. Other partitions have consoles that are not public.
STUDIO_PAGE = "/sagemaker/home?region={region}#/studio-landing"
CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


@dataclass(frozen=True)
class AlertRule:
    """An event and the message that it becomes.

    Attributes:
        name: the rule's name; `description` is a phrase about what it catches.
        pattern: event pattern of the rule.
        says: members of the message that are known now.
        reads: members of the message that the event has: name -> JSON path. Every event that matches must have them.
        state: of the rule, where it is another than enabled.
    """

    name: str
    description: str
    pattern: Mapping[str, Any]
    says: Mapping[str, str]
    reads: Mapping[str, str]
    state: str = ""

    @property
    def template(self) -> str:
        """The input template: placeholders stand bare, so that EventBridge writes each value as JSON."""
        known = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in self.says.items()]
        read = [f"{json.dumps(key)}: <{key}>" for key in self.reads]
        return "{" + ", ".join([*known, *read]) + "}"


def step_failed(s: Settings) -> AlertRule:
    """A step that failed and says why; a run that fails otherwise is `run_failed` alone."""
    return AlertRule(
        name=names.name(s, "pipeline-step-failed"),
        description=f"Failed steps of the pipeline {s.pipeline.name}",
        pattern=_pattern(s, STEP, currentStepStatus=["Failed"], failureReason=[{"exists": True}]),
        says=_says(s, f"A step of the pipeline {s.pipeline.name} failed"),
        reads={
            "step": "$.detail.stepName",
            "step_type": "$.detail.stepType",
            "reason": "$.detail.failureReason",
            "execution": "$.detail.pipelineExecutionArn",
            "time": "$.time",
        },
    )


def run_failed(s: Settings) -> AlertRule:
    """A run that failed, whether or not a step did: the event has neither step nor reason."""
    text = (
        f"A run of the pipeline {s.pipeline.name} failed. The step that failed has a message of its own; where there "
        "is none, the execution's FailureReason says why (DescribePipelineExecution)"
    )
    return AlertRule(
        name=names.name(s, "pipeline-failed"),
        description=f"Failed runs of the pipeline {s.pipeline.name}",
        pattern=_pattern(s, RUN, currentPipelineExecutionStatus=["Failed"]),
        says=_says(s, text),
        reads={"execution": "$.detail.pipelineExecutionArn", "time": "$.time"},
    )


def _pattern(s: Settings, detail_type: str, **detail: list[Any]) -> dict[str, Any]:
    # The events have no pipelineName.
    own = {"pipelineArn": [names.pipeline_arn(s)], **detail}
    return {"source": ["aws.sagemaker"], "detail-type": [detail_type], "detail": own}


def _says(s: Settings, alert: str) -> dict[str, str]:
    host = CONSOLES.get(s.partition)
    console = {"console": f"https://{host}{STUDIO_PAGE.format(region=s.region)}"} if host else {}
    return {"alert": alert, "pipeline": s.pipeline.name, **console}
