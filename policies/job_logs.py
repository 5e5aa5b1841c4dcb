"""Log groups that jobs and endpoints write to: SageMaker chooses their names, the settings say who has them."""

from __future__ import annotations

from policies.statement import Statement, allow
from sagekeep import names
from sagekeep.settings import Settings

# One each in an account and region, whatever runs there (SageMaker developer guide, log groups in CloudWatch).
JOB_GROUPS = {"processing": "/aws/sagemaker/ProcessingJobs", "training": "/aws/sagemaker/TrainingJobs"}
ENDPOINTS = "/aws/sagemaker/Endpoints"  # one below it for each endpoint


def endpoint_group(s: Settings) -> str:
    """Name of the log group of the pipeline's endpoint, which the environment always makes."""
    return f"{ENDPOINTS}/{s.pipeline.name}"


def own_job_groups(s: Settings) -> dict[str, str]:
    """The jobs' log groups that the environment makes, by kind of job."""
    return JOB_GROUPS if s.pipeline.job_log_groups == "own" else {}


def write(s: Settings) -> list[Statement]:
    """Write logs; make a group only where no environment has it, and the first job of the account must."""
    jobs = _with_streams(s, *JOB_GROUPS.values())
    statements = [
        allow(
            "WriteJobLogs",
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            on=[*jobs, *_with_streams(s, endpoint_group(s))],
        )
    ]
    if s.pipeline.job_log_groups == "account":
        statements.append(allow("MakeJobLogGroups", ["logs:CreateLogGroup"], on=jobs))
    return statements


def _with_streams(s: Settings, *groups: str) -> list[str]:
    arns = [names.log_group_arn(s, group) for group in groups]
    return [form for arn in arns for form in (arn, f"{arn}:*")]
