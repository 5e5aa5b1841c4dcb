"""The pipeline: its roles, its functions, its code and data, its alerts, and the pipeline itself."""

from __future__ import annotations

from cdktf import ITerraformDependable
from constructs import Construct

from policies import functions, jobs, roles
from policies.statement import Statement
from sagekeep import names
from sagekeep.settings import Settings
from stacks.base import EstateStack
from stacks.keys import KeysStack
from stacks.network import NetworkStack
from stacks.parts.alerts import Alerts
from stacks.parts.brought import known
from stacks.parts.code_objects import CodeObjects
from stacks.parts.invocations import owned_by_terraform
from stacks.parts.job_log_groups import JobLogGroups
from stacks.parts.managed_pipeline import ManagedPipeline, configuration
from stacks.parts.policy import ScopedRole
from stacks.parts.vpc_function import FunctionCode, VpcFunction, VpcPlace
from stacks.storage import StorageStack

MANAGER = FunctionCode(
    "pipeline-manager", "Creates, updates and deletes the pipeline", ("pipeline_manager",), timeout=900
)
READER = FunctionCode(
    "pipeline-reader", "Compares the live pipeline with the wanted one", ("pipeline_reader", "pipeline_manager")
)
SWEEPER = FunctionCode(
    "job-sweeper", "Waits until jobs and endpoints have left the network", ("job_sweeper",), timeout=900
)
SEED = FunctionCode("data-seed", "Puts synthetic data where there is none", ("data_seed",))

# What may be brought and this stack names.
BROUGHT = (
    "data_bucket",
    "topic",
    *(
        f"roles.{purpose}"
        for purpose in ("job", "pipeline", "pipeline-manager", "pipeline-reader", "data-seed", "job-sweeper")
    ),
)


class PipelineStack(EstateStack):
    """Everything that runs the pipeline."""

    NAME = "pipeline"

    def __init__(
        self, scope: Construct, settings: Settings, *, keys: KeysStack, network: NetworkStack, storage: StorageStack
    ) -> None:
        super().__init__(scope, settings, reads=[keys, network, storage])
        settings = self.settings = known(self, settings, *BROUGHT)
        vpc, keys_read = self.read(NetworkStack), self.read(KeysStack)
        key_arn, bucket = keys_read.text("data_key_arn"), self.read(StorageStack).text("data_bucket")
        subnet_ids, self._logs_key_arn = vpc.texts("subnet_ids"), keys_read.text("logs_key_arn")
        place = jobs.Placement(tuple(subnet_ids), (vpc.text("jobs_security_group_id"),), key_arn)
        self._place = VpcPlace(subnet_ids, vpc.text("functions_security_group_id"))
        job_access = self._role("job", "Jobs, models and endpoints", jobs.job_role(settings, key_arn))
        access = [
            *job_access,
            *self._role("pipeline", "Runs of the pipeline", jobs.pipeline_role(settings, place)),
            self._sweep(place, vpc.text("vpc_id"), job_access),
        ]
        locked = settings.storage.object_lock_days > 0
        code = CodeObjects(self, "code", bucket=bucket, key_arn=key_arn, locked=locked)
        # Named after the pipeline: when it is renamed, the manager may still delete the old one.
        manager = self._function(MANAGER, functions.pipeline_manager(settings), f"manage-{settings.pipeline.name}")
        reader = self._function(READER, functions.pipeline_reader(settings))
        if settings.pipeline.sample_rows:
            self._seed(bucket, key_arn)
        alerts = Alerts(self, "alerts", settings=settings, key_arn=self._logs_key_arn)
        logs = JobLogGroups(self, "logs", settings=settings, key_arn=self._logs_key_arn)
        ManagedPipeline(
            self,
            "pipeline",
            settings=settings,
            manager=manager,
            reader=reader,
            wanted=configuration(settings, place, code.prefix),
            after=[*access, *code.objects, *logs.groups],
        )
        self._describe(alerts)

    def _role(self, purpose: str, description: str, statements: list[Statement]) -> list[ITerraformDependable]:
        role = ScopedRole(
            self,
            f"{purpose}-access",
            settings=self.settings,
            purpose=purpose,
            trust=roles.trust(self.settings, "sagemaker.amazonaws.com"),
            description=description,
        )
        return role.attach(statements)

    def _function(
        self, code: FunctionCode, statements: list[Statement], policy_name: str = "access", *, outside: bool = False
    ) -> VpcFunction:
        return VpcFunction(
            self,
            code.purpose,
            settings=self.settings,
            code=code,
            logs_key_arn=self._logs_key_arn,
            statements=statements,
            place=None if outside else self._place,
            policy_name=policy_name,
        )

    def _sweep(
        self, place: jobs.Placement, vpc_id: str, job_access: list[ITerraformDependable]
    ) -> ITerraformDependable:
        """On destroy, between the pipeline with its endpoint and the job role's policy (docs/decisions/0037)."""
        e = self.settings.existing
        return owned_by_terraform(
            self,
            "job-sweep",
            function=self._function(SWEEPER, functions.job_sweeper(self.settings, vpc_id), outside=True),
            request={
                "action": "await_interfaces",
                "security_group_id": place.security_group_ids[0],
                "subnet_ids": list(place.subnet_ids),
                "job_role_arn": names.role_arn(self.settings, "job"),
                "network": "existing" if e.vpc else "ours",
                "job_role": "existing" if names.brought_role(self.settings, "job") else "ours",
                "removal": self.settings.removal,
            },
            after=job_access,
        )

    def _seed(self, bucket: str, key_arn: str) -> None:
        p = self.settings.pipeline
        owned_by_terraform(
            self,
            "seed",
            function=self._function(SEED, functions.data_seed(self.settings, key_arn)),
            request={
                "action": "seed",
                "bucket": bucket,
                "key": names.SEED,
                "kms_key_arn": key_arn,
                "label": p.label,
                "rows": p.sample_rows,
                "seed": p.seed,
            },
            triggers={"data": f"{p.label} {p.sample_rows} {p.seed}"},
        )

    def _describe(self, alerts: Alerts) -> None:
        s = self.settings
        self.output("pipeline_name", s.pipeline.name, "The SageMaker pipeline")
        self.output("pipeline_arn", names.pipeline_arn(s), "ARN of the SageMaker pipeline")
        self.output("endpoint_name", s.pipeline.name, "Endpoint that the pipeline serves the model on")
        self.output("topic_arn", alerts.topic_arn, "Topic that hears of failed runs")
        if alerts.queue:
            self.output("alerts_queue_url", alerts.queue.url, "Queue of alerts: its URL, to receive from")
            self.output("alerts_queue_arn", alerts.queue.arn, "ARN of the queue of alerts")
        self.output("job_role_arn", names.role_arn(s, "job"), "Role of jobs, models and endpoints")
        self.output("pipeline_role_arn", names.role_arn(s, "pipeline"), "Role of the pipeline's runs")
