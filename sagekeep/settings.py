"""Settings of one environment: read once from a TOML file, typed and frozen.

    settings = load(environment_file("poc"))

`load` reports every fault at once: each with its key, the rule that it breaks and the value found. Rules that look at
one key stand in `sagekeep.settings_fields`; rules that look at several stand in `sagekeep.rules`. Sections about people
stand in `sagekeep.settings_people`, options of the perimeter in `sagekeep.settings_perimeter`, rules of the house in
`sagekeep.settings_house`, the CI's in `sagekeep.settings_ci`, and what is brought in `sagekeep.settings_existing`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from sagekeep import settings_files
from sagekeep.errors import UsageError
from sagekeep.partitions import partition_of
from sagekeep.settings_ci import Ci
from sagekeep.settings_existing import Existing
from sagekeep.settings_faults import Fault, SettingsError, faults_of
from sagekeep.settings_fields import (
    AccountId,
    Cidr,
    Emails,
    ExtraEndpoints,
    Instance,
    KeyArn,
    Label,
    NamePattern,
    PipelineName,
    Prefix,
    PrincipalArns,
    Tags,
    VersionConstraint,
    Zones,
)
from sagekeep.settings_house import DEFAULT_NAME_PATTERN, Keys, Outputs, TagPolicy
from sagekeep.settings_people import Iam, Personas, Studio
from sagekeep.settings_perimeter import Functions, Perimeter, Storage
from sagekeep.settings_section import Section

DEFAULT_ENVIRONMENT = "poc"
ENVIRONMENT_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


class Deploy(Section):
    """Who may touch the environment from outside its VPC."""

    roles: PrincipalArns = Field((), description="ARNs that deploy; exempt from the bucket's network perimeter")
    plan_roles: PrincipalArns = Field((), description="ARNs that only plan; exempt for reading")
    data_writers: PrincipalArns = Field((), description="ARNs that put data under raw/ from outside the VPC")


class Network(Section):
    """Address space of the isolated VPC."""

    cidr: Cidr = Field("10.40.0.0/16", description="address range of the VPC; each zone has one of its `subnet_slots`")
    zones: Zones = Field(2, description="how many availability zones, or their zone ids")
    subnet_slots: Literal[2, 4, 8] = Field(
        8,
        description="equal parts of the range, one a zone; the rest is for zones that are added. Fixed when an "
        "environment is first deployed",
    )
    extra_endpoints: ExtraEndpoints = Field(
        (), description='interface endpoints beside the usual ones, such as "ssm"; the same perimeter holds for them'
    )
    image_endpoints: bool = Field(
        default=True,
        description="endpoints for ECR; without them jobs depend on SageMaker to pull images from outside the VPC",
    )
    block_public_access: bool = Field(
        default=False,
        description="block internet gateways for every VPC of the account in the region, not ours alone",
    )
    sealed: bool = Field(
        default=True,
        description="a VPC that is brought must have no internet gateway, no NAT and no default route; ours never has",
    )
    flow_logs: bool = Field(
        default=False, description="make flow logs for a VPC that is brought too; ours always has them"
    )

    @property
    def range(self) -> IPv4Network:
        """`cidr` as a network."""
        return IPv4Network(self.cidr)

    @property
    def zone_count(self) -> int:
        """How many zones the VPC spans."""
        return self.zones if isinstance(self.zones, int) else len(self.zones)


class Instances(Section):
    """An instance type for each kind of step."""

    process: Instance = "ml.m5.large"
    train: Instance = "ml.m5.xlarge"
    endpoint: Instance = "ml.m5.large"


class Pipeline(Section):
    """The SageMaker pipeline: its name, what it learns, and on what."""

    name: PipelineName = Field("ml-pipeline", description="name of pipeline and endpoint, at most 40 characters")
    label: Label = Field("label", description="column that the model predicts")
    problem_type: Literal["", "binary", "multiclass", "regression"] = Field("", description="empty: inferred")
    seed: int = Field(42, ge=0, le=2**31 - 1, description="seed of every random choice")
    test_fraction: float = Field(0.2, gt=0, lt=1, description="share of rows that training never sees")
    presets: str = Field("medium_quality", pattern=r"^[a-z0-9_]{1,64}$", description="AutoGluon presets")
    time_limit_seconds: int = Field(600, ge=10, le=432_000, description="AutoGluon's time to fit, in seconds")
    sample_rows: int = Field(
        500, ge=0, le=100_000, description="rows of synthetic data put under raw/default/; 0: none"
    )
    endpoint_instances: int = Field(1, ge=1, le=100, description="instances behind the endpoint")
    job_log_groups: Literal["own", "account"] = Field(
        "own",
        description="who has the log groups of processing and training jobs, of which an account has one each: "
        '"own": this environment makes and encrypts them; "account": they are another\'s',
    )
    sklearn_version: Literal["1.2-1", "1.4-2", "1.9-0"] = Field("1.9-0", description="scikit-learn image")
    autogluon_version: Literal["1.4.0", "1.5.0", "1.6"] = Field(
        "1.5.0", description="AutoGluon images; 1.6 is one image, which trains and serves"
    )
    instances: Instances = Field(default_factory=Instances)


class Alerts(Section):
    """Who hears of a failed run."""

    emails: Emails = Field((), description="addresses subscribed to the topic; each must confirm")
    queue: bool = Field(default=False, description="subscribe a queue of our own, <prefix>-pipeline-alerts")
    email_domains: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        (), description="domains that e-mail subscriptions may have; empty: the domains of `emails`"
    )


class Detection(Section):
    """Who hears of changes to what keeps the environment sealed; off where the account watches them already."""

    enabled: bool = Field(default=True, description="build the stack `detection`; the account must have a trail")
    include_deployments: bool = Field(default=False, description="tell of changes by `[deploy] roles` too")
    denied_calls: int = Field(10, ge=1, le=10_000, description="denied calls within five minutes that are an alert")
    emails: Emails = Field((), description="addresses that hear of it; empty: those of `[alerts]`")


class State(Section):
    """Where Terraform keeps its state."""

    key_arn: KeyArn = Field(
        "", description="ARN of the state's key, which `bootstrap` made, for backends to name; empty: its alias"
    )
    backend: Literal["s3", "local"] = Field("s3", description='"local" is for a first look: no locking, no sharing')


class Settings(Section):
    """Everything that an operator decides about one environment."""

    environment: str = Field(exclude=True, description="name of the environment: its file's name")
    prefix: Prefix = Field(description="first part of every name; lower case, short")
    name_pattern: NamePattern = Field(
        DEFAULT_NAME_PATTERN,
        description="how names are made of {prefix}, {environment}, {region} and, at the end, {purpose}",
    )
    account_id: AccountId
    region: str = Field(description="AWS region; must have the scikit-learn and AutoGluon images")
    removal: Literal["destroy", "retain"] = Field("retain", description="what `destroy` may take with it")
    provider: VersionConstraint = Field(
        "~> 5.100", description="version constraint of hashicorp/aws; tested with 5.100.0"
    )
    log_retention_days: Literal[365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653] = 365
    tags: Tags = Field(default_factory=dict)
    tag_policy: TagPolicy = Field(default_factory=TagPolicy)
    deploy: Deploy = Field(default_factory=Deploy)
    perimeter: Perimeter = Field(default_factory=Perimeter)
    iam: Iam = Field(default_factory=Iam)
    keys: Keys = Field(default_factory=Keys)
    network: Network = Field(default_factory=Network)
    storage: Storage = Field(default_factory=Storage)
    studio: Studio = Field(default_factory=Studio)
    personas: Personas = Field(default_factory=Personas)
    pipeline: Pipeline = Field(default_factory=Pipeline)
    functions: Functions = Field(default_factory=Functions)
    alerts: Alerts = Field(default_factory=Alerts)
    detection: Detection = Field(default_factory=Detection)
    state: State = Field(default_factory=State)
    existing: Existing = Field(default_factory=Existing)
    outputs: Outputs = Field(default_factory=Outputs)
    ci: Ci = Field(default_factory=Ci)

    @property
    def all_tags(self) -> dict[str, str]:
        """Tags of every resource: the toolkit's own, and those of the settings, which win. `Stack` is added to them."""
        return {"Environment": self.environment, "ManagedBy": "SageKeep", **self.tags}

    @property
    def partition(self) -> str:
        """AWS partition of the region, as it stands in ARNs."""
        return partition_of(self.region).name

    @property
    def protected(self) -> bool:
        """Whether destroying must be refused."""
        return self.removal == "retain"


def environment_file(environment: str, folder: Path = Path("environments")) -> Path:
    """Path of an environment's settings: a name, the path of a .toml file, or one with `#NAME` for one of a table's.

    Raises UsageError when there is no such file.
    """
    path = Path(environment) if settings_files.is_file(environment) else folder / f"{environment}.toml"
    file = Path(settings_files.split(str(path))[0])
    if not file.is_file():
        files = {file.stem for file in folder.glob("*.toml")} - {"exceptions"}  # the scanners' register lies there too
        known = ", ".join(sorted(files)) or "none"
        raise UsageError(f"there is no settings file {file}", hint=f"environments in {folder}/: {known}")
    return path


def load(path: Path) -> Settings:
    """Read, validate and freeze the settings in `path`. Raises SettingsError with every fault."""
    file, name = settings_files.split(str(path))
    if name:
        from sagekeep.settings_table import load_environment  # noqa: PLC0415 - tables are made of Settings

        return load_environment(Path(file), name)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(str(path), [Fault("(file)", f"is not TOML: {error}", None)]) from None
    if "environment" in raw and isinstance(raw["environment"], dict):
        names = ", ".join(raw["environment"])
        raise UsageError(f"{path} is a table of environments", hint=f"say which: {path}#NAME, NAME one of {names}")
    if ENVIRONMENT_NAME.fullmatch(path.stem) is None:
        rule = "must be lower-case letters, digits and hyphens, as it names state keys and folders"
        raise SettingsError(str(path), [Fault("(file name)", rule, path.stem)])
    return parse(raw, environment=path.stem, source=str(path))


def parse(raw: Mapping[str, Any], *, environment: str, source: str = "settings") -> Settings:
    """Validate a document that was read from TOML. Raises SettingsError with every fault of `source`."""
    from sagekeep.rules import broken_rules  # noqa: PLC0415 - rules import Settings

    settings, faults = _validate({**raw, "environment": environment})
    if "environment" in raw:
        faults.append(Fault("environment", "is not a key: the file's name is the environment's", raw["environment"]))
    bad = {fault.key for fault in faults}
    if settings is None:
        # The other rules see the good keys and, in the place of bad ones, values that break nothing.
        settings, rest = _validate(_without(raw, bad, environment))
        bad |= {fault.key for fault in rest}
    if settings is not None:
        faults += broken_rules(settings, bad)
    if faults or settings is None:
        raise SettingsError(source, sorted(faults, key=lambda fault: fault.key))
    return settings


def _validate(raw: Mapping[str, Any]) -> tuple[Settings | None, list[Fault]]:
    try:
        return Settings.model_validate(raw), []
    except ValidationError as error:
        return None, faults_of(error, Settings)


def _without(raw: Mapping[str, Any], bad: set[str], environment: str) -> dict[str, Any]:
    """`raw` less the bad keys, with stand-ins for the three that have no default."""

    def keep(node: Mapping[str, Any], path: str) -> dict[str, Any]:
        good = {key: value for key, value in node.items() if f"{path}{key}" not in bad}
        return {
            key: keep(value, f"{path}{key}.") if isinstance(value, Mapping) else value for key, value in good.items()
        }

    stand_ins = {"prefix": "a", "account_id": "0" * 12, "region": "us-east-1"}
    return stand_ins | keep(raw, "") | {"environment": environment}


def schema() -> dict[str, Any]:
    """JSON Schema of a settings file, for editors."""
    document = Settings.model_json_schema()
    document["properties"].pop("environment")
    document["required"].remove("environment")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **document,
        "title": "SageKeep settings",
    }
