"""Names and ARNs of what an environment consists of: pure functions of its settings, known before Terraform runs.

Names carry the region where a service is global (S3, IAM), so that two regions of one account never collide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sagekeep.settings import DEFAULT_ENVIRONMENT, Settings

BUCKETS = ("state", "state-logs", "data", "access-logs")
FUNCTIONS = ("pipeline-manager", "pipeline-reader", "data-seed", "studio-sweeper")
# Where the pipeline looks for data unless a run names another place; other data lie beside it, below raw/.
DEFAULT_DATA = "raw/default/"
SEED = f"{DEFAULT_DATA}data.csv"
ROLES = ("job", "pipeline", "studio", "flow-logs", *FUNCTIONS)  # of every environment; `roles` has the others too


def output_folder(environment: str) -> str:
    """Folder of an environment's synthesized Terraform, relative to the project; environments never share one."""
    return "cdktf.out" if environment == DEFAULT_ENVIRONMENT else f"cdktf.{environment}.out"


def state_key(s: Settings, stack: str) -> str:
    """Key of a stack's state in the state bucket."""
    return f"{s.environment}/{s.region}/{stack}/terraform.tfstate"


def name(s: Settings, purpose: str) -> str:
    """Name of a regional resource."""
    return f"{s.prefix}-{purpose}"


def arn(s: Settings, service: str, resource: str) -> str:
    """ARN of a regional resource of the account."""
    return f"arn:{s.partition}:{service}:{s.region}:{s.account_id}:{resource}"


def account_root(s: Settings) -> str:
    """The account as a principal."""
    return f"arn:{s.partition}:iam::{s.account_id}:root"


def bucket(s: Settings, purpose: str) -> str:
    """Name of a bucket; S3's names are global."""
    return f"{s.prefix}-{purpose}-{s.account_id}-{s.region}"


def bucket_arn(s: Settings, purpose: str) -> str:
    """ARN of a bucket."""
    return f"arn:{s.partition}:s3:::{bucket(s, purpose)}"


def role(s: Settings, purpose: str) -> str:
    """Name of a role; IAM's names are global in an account."""
    return f"{s.prefix}-{purpose}-{s.region}"


def role_arn(s: Settings, purpose: str) -> str:
    """ARN of a role; it holds the role's path."""
    return f"arn:{s.partition}:iam::{s.account_id}:role{s.iam.role_path}{role(s, purpose)}"


def user_role(user: str) -> str:
    """Purpose of the execution role of a user profile, where each has its own."""
    return f"studio-{user}"


def user_roles(s: Settings) -> tuple[str, ...]:
    """Purposes of the execution roles of single users."""
    return tuple(user_role(user) for user in s.studio.users) if s.studio.role_per_user else ()


def studio_roles(s: Settings) -> tuple[str, ...]:
    """Purposes of the roles that apps in Studio work as: the domain's, and those of single users."""
    return ("studio", *user_roles(s))


def personas(s: Settings) -> tuple[str, ...]:
    """Purposes of the roles that people work as outside Studio."""
    return tuple(purpose for purpose, _ in s.personas.wanted())


def roles(s: Settings) -> tuple[str, ...]:
    """Purposes of all roles of the environment."""
    return (*ROLES, *user_roles(s), *personas(s))


def users_place(user: str) -> str:
    """Prefix of the data bucket that belongs to one user, without the trailing slash."""
    return f"users/{user}"


def function_arn(s: Settings, purpose: str) -> str:
    """ARN of a Lambda function."""
    return arn(s, "lambda", f"function:{name(s, purpose)}")


def function_log_group(s: Settings, purpose: str) -> str:
    """Name of a Lambda function's log group; Lambda chooses it."""
    return f"/aws/lambda/{name(s, purpose)}"


def flow_log_group(s: Settings) -> str:
    """Name of the log group of the VPC's flow logs."""
    return f"/{s.prefix}/flow-logs"


def log_group_arn(s: Settings, group: str) -> str:
    """ARN of a log group, without the trailing `:*` of its streams."""
    return arn(s, "logs", f"log-group:{group}")


def key_alias(s: Settings, purpose: str) -> str:
    """Alias of a customer-managed key."""
    return f"alias/{s.prefix}-{purpose}"


def topic_arn(s: Settings) -> str:
    """ARN of the topic that hears of failed runs."""
    return arn(s, "sns", name(s, "pipeline-alerts"))


def security_topic_arn(s: Settings) -> str:
    """ARN of the topic that hears of changes to what keeps the environment sealed."""
    return arn(s, "sns", name(s, "security-alerts"))


def denied_calls_group(s: Settings) -> str:
    """Name of the log group of denied calls."""
    return f"/{s.prefix}/denied-calls"


def pipeline_arn(s: Settings) -> str:
    """ARN of the SageMaker pipeline."""
    return arn(s, "sagemaker", f"pipeline/{s.pipeline.name}")


def image(s: Settings, kind: str) -> str:
    """URI of a container image: kind is `process`, `train` or `inference`. Raises KeyError where a region has none."""
    from sagekeep.catalog import images  # noqa: PLC0415 - data is read when it is needed

    version = s.pipeline.sklearn_version if kind == "process" else s.pipeline.autogluon_version
    return images().uri(kind, version, s.region)


@dataclass(frozen=True)
class Limited:
    """A name, what it names, how long AWS lets it be, and the settings that make it, the one to blame first."""

    what: str
    value: str
    limit: int
    keys: tuple[str, ...]


def limited_names(s: Settings) -> Iterator[Limited]:
    """Every name whose length AWS limits (service quotas and API references of each service)."""
    for purpose in BUCKETS:
        yield Limited("bucket", bucket(s, purpose), 63, ("prefix", "account_id", "region"))
    for purpose in (*ROLES, *personas(s)):
        yield Limited("role", role(s, purpose), 64, ("prefix", "region"))
    for purpose in user_roles(s):
        yield Limited("role", role(s, purpose), 64, ("studio.users", "prefix", "region"))
    for purpose in FUNCTIONS:
        yield Limited("function", name(s, purpose), 64, ("prefix",))
    yield Limited("rule", name(s, "pipeline-failed"), 64, ("prefix",))
    yield Limited("queue", name(s, "undelivered-alerts"), 80, ("prefix",))
    yield Limited("Studio domain", name(s, "studio"), 63, ("prefix",))
    yield Limited("lifecycle configuration", name(s, "sdk-defaults"), 63, ("prefix",))
