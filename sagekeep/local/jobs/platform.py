"""Runs the jobs and model servers of the embedded AWS on this machine."""

from __future__ import annotations

import http.client
import secrets
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sagekeep.local.jobs import images, sandbox
from sagekeep.local.jobs.attendant import Attendant, remove
from sagekeep.local.jobs.connections import Connections, Reply
from sagekeep.local.jobs.failures import JobFailed
from sagekeep.local.jobs.images import Environment
from sagekeep.local.jobs.members import member, unsupported
from sagekeep.local.jobs.outside import SESSION, Limits, Outside
from sagekeep.local.jobs.specification import PROCESSING, SERVER, TRAINING, Params, Specification
from sagekeep.local.sagemaker.platform import FAILED, IN_SERVICE, STARTING, Job, JobState, Server, ServerState

_GROUPS = {PROCESSING: "/aws/sagemaker/ProcessingJobs", TRAINING: "/aws/sagemaker/TrainingJobs"}
_NO_ANSWER = 0  # the status that InvokeEndpoint reports for a container that says nothing


@dataclass(frozen=True)
class _Work:
    kind: str
    name: str
    arn: str
    request: Params
    group: str
    stream: str
    variant: str = ""
    listener: socket.socket | None = None
    ping: float = 0

    @property
    def role(self) -> str:
        return str(self.get("role"))

    def get(self, name: str, default: Any = None) -> Any:
        return member(self.kind, self.request, name, default)


@dataclass(frozen=True)
class _Hosted:
    attendant: Attendant
    connections: Connections


class LocalPlatform:
    """See sagekeep.local.sagemaker.platform.Platform; also answers invocations.

    Args:
        folder: for the private folders of all work; what an earlier process left in it is removed.
        environments: repository of an image -> what runs it; images.standard() has the template's.
    """

    def __init__(
        self, folder: Path, outside: Outside, environments: Mapping[str, Environment], limits: Limits | None = None
    ) -> None:
        self._folder, self._outside, self._images = folder.resolve(), outside, environments
        self._limits = limits or Limits()
        self._jobs: dict[str, Attendant] = {}
        self._servers: dict[str, _Hosted] = {}
        self._probe = threading.Lock()
        self._namespaces = self._limits.namespaces
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder.chmod(0o700)
        for left in self._folder.iterdir():
            remove(left)

    def start_job(self, job: Job) -> None:
        """Begin a job; see Platform."""
        stream = f"{job.name}/algo-1-{int(time.time())}"
        work = _Work(job.kind, job.name, job.arn, job.request, _GROUPS[job.kind], stream)
        self._jobs[job.arn] = self._begin(work)

    def stop_job(self, arn: str) -> None:
        """Ask a job to end; see Platform."""
        if arn in self._jobs:
            self._jobs[arn].stop()

    def job(self, arn: str) -> JobState:
        """The job's state; see Platform."""
        return self._jobs[arn].state()

    def start_server(self, server: Server) -> None:
        """Begin a server; see Platform."""
        # Backlog: requests that come while the server loads its model.
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        group, stream = f"/aws/sagemaker/Endpoints/{server.endpoint}", f"{server.variant}/i-{secrets.token_hex(9)[:17]}"
        work = _Work(
            SERVER,
            server.endpoint,
            server.id,
            server.model,
            group,
            stream,
            server.variant,
            listener,
            server.startup_seconds,
        )
        connections = Connections(listener.getsockname()[1], self._limits.answer)
        self._servers[server.id] = _Hosted(self._begin(work), connections)

    def server(self, server_id: str) -> ServerState:
        """The server's state; see Platform."""
        state = self._servers[server_id].attendant.state()
        phase = state.phase if state.phase in {STARTING, IN_SERVICE} else FAILED
        return ServerState(phase, state.failure)

    def stop_server(self, server_id: str) -> None:
        """End a server; see Platform."""
        if server_id in self._servers:
            self._servers[server_id].attendant.stop()
            self._servers[server_id].connections.close()

    def invoke(self, server_id: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Status, headers and body of POST /invocations; blocks. Status 0: no answer, as AWS reports it."""
        try:
            return self._servers[server_id].connections.post("/invocations", body, headers)
        except TimeoutError:
            text = "Your invocation timed out while waiting for a response from container primary."
        except (OSError, http.client.HTTPException):
            text = "The container primary does not answer."
        return _NO_ANSWER, {}, text.encode()

    def _begin(self, work: _Work) -> Attendant:
        log = partial(self._outside.log, work.role, work.group, work.stream)
        attendant = Attendant(self._folder, log, work.listener)
        vpc = work.get("vpc", {})
        try:
            credentials = self._outside.open_session(work.role, SESSION)
            proxy = self._outside.proxy_url(vpc.get("Subnets", ()), vpc.get("SecurityGroupIds", ()))
        except LookupError as error:
            attendant.fail(f"ClientError: {work.role} or its place in the network is gone: {error}")
        else:
            attendant.begin(partial(self._specify, work, credentials, proxy))
        return attendant

    def _specify(self, work: _Work, credentials: Mapping[str, str], proxy: str, folder: Path) -> Specification:
        odd = list(unsupported(work.request))
        if odd:
            raise JobFailed(f"ClientError: the local AWS does not run this: {', '.join(odd)}")
        image = str(work.get("image"))
        environment = images.find(self._images, image)
        return Specification(
            kind=work.kind,
            name=work.name,
            arn=work.arn,
            role=work.role,
            request=work.request,
            folder=str(folder),
            python=str(environment.python),
            notice=f"[local AWS] {images.short_name(image)} runs as {environment}; {self._isolation(work)}",
            namespaces=self._with_namespaces(),
            hidden=tuple(map(str, (self._folder, *self._limits.hidden))),
            region=self._outside.region,
            ca_bundle=str(self._outside.ca_bundle),
            stop_seconds=self._limits.stop,
            ping_seconds=work.ping or self._limits.ping,
            proxy=proxy,
            credentials=dict(credentials),
            variant=work.variant,
            listener=work.listener.fileno() if work.listener else -1,
            server=environment.server,
        )

    def _isolation(self, work: _Work) -> str:
        if not self._with_namespaces():
            return "NOT isolated on this machine: it has the host's files, processes and network"
        if work.get("isolated", default=False):
            return "isolated: no network, no credentials"
        return "no credentials, but the host's network: the request does not ask for network isolation"

    def _with_namespaces(self) -> bool:
        with self._probe:
            if self._namespaces is None:
                self._namespaces = sandbox.namespaces_work()
            return self._namespaces
