"""Names and ARNs of what an environment consists of: pure functions of its settings, known before Terraform runs.

Names carry the region where a service is global (S3, IAM), so that two regions of one account never collide.
What is brought (`[existing]`) has the name that its owner gave it; where only Terraform or AWS can tell that, it is the
settings' key in angle brackets, such as `<existing.data_bucket>`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sagekeep import limits
from sagekeep.settings import DEFAULT_ENVIRONMENT, Settings
from sagekeep.settings_existing import Reference

PURPOSE = "{purpose}"  # stands for it in a name pattern
BUCKETS = ("state", "state-logs", "data", "access-logs")
FUNCTIONS = ("pipeline-manager", "pipeline-reader", "data-seed", "job-sweeper", "studio-sweeper")
# Where the pipeline looks for data unless a run names another place; other data lie beside it, below raw/.
DEFAULT_DATA = "raw/default/"
SEED = f"{DEFAULT_DATA}data.csv"
ROLES = ("job", "pipeline", "studio", "flow-logs", *FUNCTIONS)  # of every environment; `roles` has the others too

# Purposes of the lifecycle configurations that write the SDK's defaults, by the type of app that people may start.
SDK_DEFAULTS = {"JupyterLab": "sdk-defaults", "CodeEditor": "code-editor"}
VERSION_DIGITS = 8  # of their text's hash, at the end of their names


def output_folder(environment: str) -> str:
    """Folder of an environment's synthesized Terraform, relative to the project; environments never share one."""
    return "cdktf.out" if environment == DEFAULT_ENVIRONMENT else f"cdktf.{environment}.out"


def state_key(s: Settings, stack: str) -> str:
    """Key of a stack's state in the state bucket."""
    return f"{s.environment}/{s.region}/{stack}/terraform.tfstate"


def name_start(pattern: str, *, prefix: str, environment: str, region: str) -> str:
    """What every name of an environment begins with, such as `acme-ml-`: its pattern less the purpose at the end.

    Policies and event patterns know an environment's things by how their names begin; so the purpose comes last.
    """
    return pattern.removesuffix(PURPOSE).format(prefix=prefix, environment=environment, region=region)


def stem(s: Settings) -> str:
    """What every name of the environment begins with, without the hyphen behind it."""
    return name(s, "").removesuffix("-")


def name(s: Settings, purpose: str) -> str:
    """Name of a regional resource."""
    start = name_start(s.name_pattern, prefix=s.prefix, environment=s.environment, region=s.region)
    return f"{start}{purpose}"


def arn(s: Settings, service: str, resource: str) -> str:
    """ARN of a regional resource of the account."""
    return f"arn:{s.partition}:{service}:{s.region}:{s.account_id}:{resource}"


def account_root(s: Settings) -> str:
    """The account as a principal."""
    return f"arn:{s.partition}:iam::{s.account_id}:root"


def _brought(key: str, reference: Reference) -> str:
    return reference.id or f"<existing.{key}>"


def bucket(s: Settings, purpose: str) -> str:
    """Name of a bucket; S3's names are global."""
    e = s.existing
    brought = {"data": e.data_bucket, "access-logs": e.access_log_bucket, "state": e.state_bucket}
    if reference := brought.get(purpose):
        return _brought(f"{purpose.replace('-logs', '-log').replace('-', '_')}_bucket", reference)
    return f"{name(s, purpose)}-{s.account_id}{_region(s)}"


def buckets(s: Settings) -> tuple[str, ...]:
    """Purposes of all buckets; whoever brings a bucket keeps its access logs elsewhere."""
    absent = {"state-logs"} if s.existing.state_bucket else set()
    if s.existing.data_bucket and not s.existing.access_log_bucket:
        absent.add("access-logs")
    return tuple(purpose for purpose in BUCKETS if purpose not in absent)


def bucket_arn(s: Settings, purpose: str) -> str:
    """ARN of a bucket."""
    return f"arn:{s.partition}:s3:::{bucket(s, purpose)}"


def brought_role(s: Settings, purpose: str) -> Reference | None:
    """What names a role that is brought, None for one that is ours to make."""
    return next((found for name, found in s.existing.roles.items() if name == purpose), None)


def brought_key(s: Settings, purpose: str) -> Reference | None:
    """What names a key that is brought, None for one that is ours to make."""
    return next((found for name, found in s.existing.keys.items() if name == purpose), None)


def role(s: Settings, purpose: str) -> str:
    """Name of a role that is ours to make; IAM's names are global in an account."""
    return f"{name(s, purpose)}{_region(s)}"


def _region(s: Settings) -> str:
    """The region behind a global name, unless its pattern has it already."""
    return "" if "{region}" in s.name_pattern else f"-{s.region}"


def role_arn(s: Settings, purpose: str) -> str:
    """ARN of a role; it holds the role's path."""
    if reference := brought_role(s, purpose):
        return _brought(f"roles.{purpose}", reference)
    return f"arn:{s.partition}:iam::{s.account_id}:role{role_path(s, purpose)}{role(s, purpose)}"


def role_path(s: Settings, purpose: str) -> str:
    """Path of a role. Users' own lie below one that is the environment's alone: a pattern names all of them.

    A pattern of names would not do: `acme-studio-*` has the sweeper's role too, and those of a prefix `acme-studio`.
    """
    return f"{s.iam.role_path}{stem(s)}-users/" if purpose in user_roles(s) else s.iam.role_path


def user_role(user: str) -> str:
    """Purpose of the execution role of a user profile, where each has its own."""
    return f"studio-{user}"


def user_roles(s: Settings) -> tuple[str, ...]:
    """Purposes of the execution roles of single users."""
    return tuple(user_role(user) for user in s.studio.users) if s.studio.role_per_user else ()


def users_roles_arn(s: Settings) -> str:
    """Pattern of the ARNs of all single users' roles, so that no policy grows with them; "" without such roles."""
    users = user_roles(s)
    path = role_path(s, users[0]) if users else ""
    return f"arn:{s.partition}:iam::{s.account_id}:role{path}{role(s, user_role('*'))}" if users else ""


def studio_role_arns(s: Settings) -> list[str]:
    """ARNs of the roles that apps in Studio work as: the domain's, and the pattern of those of single users."""
    return [role_arn(s, "studio"), *([users_roles_arn(s)] if user_roles(s) else [])]


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
    return f"/{stem(s)}/flow-logs"


def log_group_starts(s: Settings) -> tuple[str, str]:
    """How the names of the environment's own log groups begin: of its functions, and of all else."""
    return function_log_group(s, ""), f"/{stem(s)}/"


def log_group_arn(s: Settings, group: str) -> str:
    """ARN of a log group, without the trailing `:*` of its streams."""
    return arn(s, "logs", f"log-group:{group}")


def key_alias(s: Settings, purpose: str) -> str:
    """Alias of a customer-managed key."""
    return f"alias/{name(s, purpose)}"


def state_encryption(s: Settings) -> str:
    """Key that Terraform's backend names when it writes state; "" leaves it to the default of a brought bucket."""
    if reference := brought_key(s, "state"):
        return _brought("keys.state", reference)
    return "" if s.existing.state_bucket else s.state.key_arn or key_alias(s, "state")


def topic_arn(s: Settings) -> str:
    """ARN of the topic that hears of failed runs."""
    if s.existing.topic:
        return _brought("topic", s.existing.topic)
    return arn(s, "sns", name(s, "pipeline-alerts"))


def security_topic_arn(s: Settings) -> str:
    """ARN of the topic that hears of changes to what keeps the environment sealed."""
    return arn(s, "sns", name(s, "security-alerts"))


def denied_calls_group(s: Settings) -> str:
    """Name of the log group of denied calls."""
    return f"/{stem(s)}/denied-calls"


def parameter(s: Settings, stack: str, output: str) -> str:
    """Name of the SSM parameter of a stack's output, where the settings want them."""
    return f"{s.outputs.ssm_prefix}/{s.environment}/{stack}/{output}"


def domain_id(s: Settings) -> str:
    """Id of the Studio domain; AWS chooses it, and only one that is brought is known before Terraform runs."""
    return _brought("domain", s.existing.domain) if s.existing.domain else "<domain_id>"


def pipeline_arn(s: Settings) -> str:
    """ARN of the SageMaker pipeline."""
    return arn(s, "sagemaker", f"pipeline/{s.pipeline.name}")


def image(s: Settings, kind: str) -> str:
    """URI of a container image: kind is `process`, `train` or `inference`. Raises KeyError where a region has none."""
    from sagekeep.catalog import images  # noqa: PLC0415 - data is read when it is needed

    return images().uri(kind, image_version(s, kind), s.region)


def image_version(s: Settings, kind: str) -> str:
    """Version of a container image as the settings have it: what trains a model serves it."""
    return s.pipeline.sklearn_version if kind == "process" else s.pipeline.autogluon_version


@dataclass(frozen=True)
class Limited:
    """A name, what it names, how long AWS lets it be, and the settings that make it, the one to blame first."""

    what: str
    value: str
    limit: int
    keys: tuple[str, ...]


def limited_names(s: Settings) -> Iterator[Limited]:
    """Names whose length AWS limits and the settings decide; what is synthesized is measured as well (`sizes`)."""
    for purpose in buckets(s):
        yield _limited("bucket-name", bucket(s, purpose), "prefix", "account_id", "region")
    for purpose in (*ROLES, *personas(s)):
        yield _limited("role-name", role(s, purpose), "prefix", "region")
    for purpose in user_roles(s):
        yield _limited("role-name", role(s, purpose), "studio.users", "prefix", "region")
    for purpose in FUNCTIONS:
        yield _limited("function-name", name(s, purpose), "prefix")
    yield _limited("rule-name", name(s, "pipeline-failed"), "prefix")
    yield _limited("queue-name", name(s, "undelivered-alerts"), "prefix")
    yield _limited("sagemaker-name", name(s, "studio"), "prefix")
    for purpose in SDK_DEFAULTS.values():
        yield _limited("sagemaker-name", f"{name(s, purpose)}-{'0' * VERSION_DIGITS}", "prefix")


def _limited(id: str, value: str, *keys: str) -> Limited:
    limit = limits.limits()[id]
    return Limited(limit.what, value, limit.most, keys)
