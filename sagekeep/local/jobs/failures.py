"""How jobs end other than well, in AWS's words.

Facts: an algorithm's failure file and its exit code
(https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-signal-success-failure.html), ExitMessage
(https://docs.aws.amazon.com/sagemaker/latest/dg/byoc-metadata.html), the service's common sentences as people quote
them in public issue trackers. Where no source has AWS's words, ours say what is wrong and what to do.
"""

from __future__ import annotations

REASON_LENGTH = 1024  # characters of a FailureReason
MESSAGE_BYTES = 1024  # bytes of an ExitMessage
INTERNAL_ERROR = "InternalServerError: We encountered an internal error. Please try again."

_SEE_LOGS = "See job logs for more information"
_KILLED = 128 + 9
_MEMORY = "The container was killed, which is what happens when memory runs out: use an instance type with more memory"


class JobFailed(Exception):
    """The work is over. `reason` is its FailureReason, `message` its ExitMessage."""

    def __init__(self, reason: str, *, message: str = "") -> None:
        super().__init__(reason)
        self.reason, self.message = reason[:REASON_LENGTH], message


class JobStopped(Exception):
    """Somebody asked the job to stop before its script began."""


def algorithm_error(code: int, said: str = "", last_line: str = "") -> str:
    """The FailureReason of a script that ended with `code`.

    `said` is what it left for its owner. Where it left nothing AWS points to the logs; here their last line is added.
    """
    logs = f"{_SEE_LOGS} ({last_line.strip()})" if last_line.strip() else _SEE_LOGS
    text = said.strip() or (_MEMORY if code == _KILLED else logs)
    ending = f", exit code: {code}"
    head = f"AlgorithmError: {text}"
    return head[: REASON_LENGTH - len(ending)] + ending


def no_ping(variant: str) -> str:
    """The FailureReason of an endpoint whose container does not get well."""
    return (
        f"The primary container for production variant {variant} did not pass the ping health check. "
        "Please check CloudWatch logs for this endpoint."
    )


def nothing_found(url: str, bucket: str, region: str, role: str) -> str:
    """The FailureReason of a job whose input is empty."""
    return (
        f'ClientError: Data download failed:No S3 objects found under S3 URL "{url}" given in input data source. '
        f"Please ensure that the bucket exists in the selected region ({region}), that objects exist under that S3 "
        f'prefix, and that the role "{role}" has "s3:ListBucket" permissions on bucket "{bucket}".'
    )
