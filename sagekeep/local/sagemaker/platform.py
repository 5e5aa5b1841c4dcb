"""Where jobs and models really run, as the control plane sees it.

Nothing here blocks: the control plane starts something, and asks again how it goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sagekeep.local.sagemaker.model import Params

# Phases of a job, in their order; the last three are final.
STARTING, DOWNLOADING, RUNNING, UPLOADING = "Starting", "Downloading", "Running", "Uploading"
COMPLETED, FAILED, STOPPED = "Completed", "Failed", "Stopped"
JOB_OVER = frozenset({COMPLETED, FAILED, STOPPED})
# Phases of a server beside STARTING and FAILED.
IN_SERVICE = "InService"


@dataclass(frozen=True)
class Job:
    """A job to run. `kind` is "processing" or "training"; `request` is the Create call's, complete and resolved."""

    kind: str
    name: str
    arn: str
    request: Params


@dataclass(frozen=True)
class JobState:
    """How a job goes.

    Attributes:
        phase: one of the phases above.
        history: each phase that was entered, with the time in seconds of the epoch, in order.
        failure: the FailureReason of a failed job, in AWS's words.
        message: what a processing container left for its owner (ExitMessage), at most 1,024 bytes.
    """

    phase: str = STARTING
    history: tuple[tuple[str, float], ...] = ()
    failure: str = ""
    message: str = ""


@dataclass(frozen=True)
class Server:
    """A model server to run: one process for a variant of an endpoint, however many instances it has.

    `id` is unique; `model` is the CreateModel call's request. `startup_seconds` is the time until the first answer to
    /ping that the configuration gives (ContainerStartupHealthCheckTimeoutInSeconds); 0: the platform's own.
    """

    id: str
    endpoint: str
    variant: str
    model: Params
    startup_seconds: int = 0


@dataclass(frozen=True)
class ServerState:
    """How a server goes: STARTING, IN_SERVICE or FAILED; `failure` in AWS's words."""

    phase: str = STARTING
    failure: str = ""


class Platform(Protocol):
    """Runs jobs and model servers. Methods return at once and raise nothing; what goes wrong is a FAILED state."""

    def start_job(self, job: Job) -> None:
        """Begin a job with the session of its role."""

    def stop_job(self, arn: str) -> None:
        """Ask a job to end: SIGTERM, and SIGKILL two minutes later, as on AWS; no error when it is over."""

    def job(self, arn: str) -> JobState:
        """The job's state; the final one is remembered."""

    def start_server(self, server: Server) -> None:
        """Begin a server: fetch the model, start the container, ask its /ping until it answers 200."""

    def server(self, server_id: str) -> ServerState:
        """The server's state; a server that dies in service is FAILED."""

    def stop_server(self, server_id: str) -> None:
        """End a server and remove its files; no error when it is gone."""
