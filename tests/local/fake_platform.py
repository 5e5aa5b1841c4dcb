"""A platform that runs nothing: the test says how each job and each model server goes."""

from __future__ import annotations

import json
from typing import Any

from sagekeep.local.sagemaker.platform import (
    COMPLETED,
    FAILED,
    IN_SERVICE,
    JOB_OVER,
    STARTING,
    STOPPED,
    Job,
    JobState,
    Server,
    ServerState,
)  # fmt: skip
from tests.local.fake_world import TOKEN, Account
from tests.local.pipeline_document import REPORT, create


class FakePlatform:
    """`jobs` and `servers` are what was started, in order; a job that is told to stop does so at once."""

    def __init__(self) -> None:
        self.now = 0.0  # the account keeps it
        self.jobs: dict[str, Job] = {}
        self.states: dict[str, JobState] = {}
        self.servers: dict[str, Server] = {}
        self.server_states: dict[str, ServerState] = {}
        self.stopped: list[str] = []  # jobs' ARNs and servers' ids, as they were told
        self.obedient = True

    def start_job(self, job: Job) -> None:
        assert job.arn not in self.jobs
        self.jobs[job.arn] = job
        self.states[job.arn] = JobState(STARTING, ((STARTING, self.now),))

    def stop_job(self, arn: str) -> None:
        self.stopped.append(arn)
        if self.obedient and self.states[arn].phase not in JOB_OVER:
            self.move(arn, STOPPED)

    def job(self, arn: str) -> JobState:
        return self.states[arn]

    def move(self, arn: str, phase: str, failure: str = "", message: str = "") -> None:
        """The job enters a phase now."""
        self.states[arn] = JobState(phase, (*self.states[arn].history, (phase, self.now)), failure, message)

    def start_server(self, server: Server) -> None:
        assert server.id not in self.servers
        self.servers[server.id] = server
        self.server_states[server.id] = ServerState()

    def server(self, server_id: str) -> ServerState:
        return self.server_states[server_id]

    def stop_server(self, server_id: str) -> None:
        self.stopped.append(server_id)

    def serve(self, *, but: str = "") -> None:
        """Every server that is starting is in service, or fails for the reason `but`."""
        after = ServerState(FAILED, but) if but else ServerState(IN_SERVICE)
        starting = [server_id for server_id, state in self.server_states.items() if state.phase == STARTING]
        self.server_states |= dict.fromkeys(starting, after)

    def alive(self) -> list[str]:
        """The servers that were not told to stop."""
        return [server_id for server_id in self.servers if server_id not in self.stopped]


class RunningAccount(Account):
    """An account on a fake platform, with what tests of executions do over and over."""

    def __init__(self) -> None:
        self.platform = FakePlatform()
        super().__init__(self.platform)
        self.platform.now = self.now

    def wait(self, seconds: float = 1.0) -> None:
        """Time passes, and everything moves on."""
        self.now += seconds
        self.platform.now = self.now
        self.sagemaker.settle()

    def run(self, document: Any = None, **start: Any) -> str:
        """Make a pipeline and start an execution of it; its ARN."""
        create(self, document)
        return self.start(**start)

    def report(self, accuracy: Any) -> None:
        """What the gate of the pipeline document will read."""
        self.world.objects[REPORT] = json.dumps({"metrics": {"accuracy": accuracy}}).encode()

    def until_served(self) -> str:
        """Run the pipeline document up to the endpoint that is being made; the execution's ARN."""
        self.report(0.9)
        arn = self.run()
        self.finish("Prepare")
        self.finish("Train")
        return arn

    def start(self, **changes: Any) -> str:
        """Start an execution of the pipeline p; its ARN."""
        token = f"{len(self.sagemaker.state.executions):032}"
        request = {"PipelineName": "p", "ClientRequestToken": token} | changes
        arn: str = self("StartPipelineExecution", **request)["PipelineExecutionArn"]
        self.sagemaker.settle()
        return arn

    def stop(self, arn: str) -> None:
        self("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken=TOKEN)
        self.sagemaker.settle()

    def update(self, document: Any) -> None:
        self("UpdatePipeline", PipelineName="p", PipelineDefinition=json.dumps(document))

    def finish(self, step: str, phase: str = COMPLETED, failure: str = "", message: str = "") -> None:
        """The running job of this step ends, and everything moves on."""
        self.platform.move(self.job(step).arn, phase, failure, message)
        self.sagemaker.settle()

    def job(self, step: str) -> Job:
        """The latest job of a step."""
        return [job for job in self.platform.jobs.values() if f"-{step}-" in job.name][-1]

    def execution(self, arn: str) -> dict[str, Any]:
        return self("DescribePipelineExecution", PipelineExecutionArn=arn)

    def status(self, arn: str) -> str:
        return str(self.execution(arn)["PipelineExecutionStatus"])

    def steps(self, arn: str) -> dict[str, dict[str, Any]]:
        """The steps that have started, by name, in the order of their start."""
        listed = self("ListPipelineExecutionSteps", PipelineExecutionArn=arn, SortOrder="Ascending", MaxResults=100)
        return {step["StepName"]: step for step in listed["PipelineExecutionSteps"]}

    def statuses(self, arn: str) -> dict[str, str]:
        return {name: step["StepStatus"] for name, step in self.steps(arn).items()}
