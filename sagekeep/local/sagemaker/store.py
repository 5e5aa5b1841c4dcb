"""What exists: tables of records in memory, and the states that follow from the clock.

There are no threads and no timers. A record knows until when it is Pending or Deleting, and its status is computed
when it is read. What a deletion frees in the world outside (network interfaces) is freed by `settle`, which every
call runs first: after a deletion has run its time, the next call of any kind lets go. Where there is a platform,
jobs and endpoints follow it instead of the clock.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sagekeep.local.sagemaker.deployments import Fleet
from sagekeep.local.sagemaker.errors import limit_exceeded
from sagekeep.local.sagemaker.interfaces import Interfaces
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.platform import Platform
from sagekeep.local.sagemaker.world import Caller, World

# Seconds, where AWS takes minutes.
DELAYS = {"domain": 0.5, "user-profile": 0.3, "space": 0.3, "app": 1.0, "endpoint": 1.0, "stop": 1.0, "interface": 1.0}
# A deleted app stays in ListApps for a day (API reference, ListApps).
DELETED_APP_KEPT = 24 * 3600.0
# Records of one kind that an account may have. Round numbers of ours: real quotas differ by account and region.
LIMITS = {"domain": 5, "user-profile": 60, "space": 1000, "model-package-group": 500, "endpoint": 100, "pipeline": 500}
_QUOTAS = {
    "domain": "Total domains",
    "user-profile": "Maximum number of user profiles allowed per account",
    "space": "Maximum number of spaces allowed per account",
    "model-package-group": "Maximum number of model package groups",
    "endpoint": "Total endpoints",
    "pipeline": "Maximum number of pipelines allowed per account",
}


@dataclass
class Record:
    """One thing: `data` holds the request's members and what the service added; times are seconds of the epoch."""

    key: tuple[str, ...]
    arn: str
    data: Params
    created: float
    serial: int
    modified: float = 0.0
    steady: str = "InService"
    transition: str = "Pending"
    ready_at: float = 0.0
    gone_at: float | None = None
    failure: str = ""
    interfaces: list[str] = field(default_factory=list)  # network interfaces that go with the record
    fleet: Fleet = field(default_factory=Fleet)  # of an endpoint: what serves it
    token: str = ""  # the ClientRequestToken that made it

    def status(self, now: float) -> str:
        """The status at this time: its transition, then steady; Deleting, then Deleted."""
        if self.gone_at is not None:
            return "Deleting" if now < self.gone_at else "Deleted"
        return self.transition if now < self.ready_at else self.steady

    def touch(self, now: float, transition: str = "", delay: float = 0.0) -> None:
        """Note a change; with a transition, the record is in it for `delay` seconds."""
        self.modified = now
        if transition:
            self.transition, self.ready_at = transition, now + delay

    def delete(self, now: float, delay: float) -> None:
        """Begin the deletion; it is over after `delay` seconds. A second call changes nothing."""
        if self.gone_at is None:
            self.modified, self.gone_at = now, now + delay


class Table:
    """Records of one kind by key; iteration is in the order of creation."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._rows: dict[tuple[str, ...], Record] = {}

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self._rows.values()))

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, *key: str) -> Record | None:
        """The record with this key (names are compared as AWS writes ARNs, in lower case)."""
        return self._rows.get(_key(key))

    def put(self, record: Record) -> None:
        """Add the record, in the place of one with the same key."""
        self._rows.pop(_key(record.key), None)
        self._rows[_key(record.key)] = record

    def drop(self, record: Record) -> None:
        """Take the record away."""
        self._rows.pop(_key(record.key), None)

    def where(self, **members: Any) -> list[Record]:
        """The records whose data have these members."""
        return [row for row in self if all(row.data.get(k) == v for k, v in members.items())]


def _key(key: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.lower() for part in key)


class State:
    """All tables, the tags by ARN, and what every operation needs: the world, the clock, ARNs."""

    def __init__(self, world: World, clock: Callable[[], float], platform: Platform | None = None) -> None:
        self.world = world
        self.clock = clock
        self.platform = platform
        self.tags: dict[str, dict[str, str]] = {}
        self.limits = dict(LIMITS)
        self.domains = Table("domain")
        self.profiles = Table("user-profile")
        self.spaces = Table("space")
        self.apps = Table("app")
        self.lifecycle_configs = Table("studio-lifecycle-config")
        self.package_groups = Table("model-package-group")
        self.models = Table("model")
        self.endpoint_configs = Table("endpoint-config")
        self.endpoints = Table("endpoint")
        self.processing_jobs = Table("processing-job")
        self.training_jobs = Table("training-job")
        self.pipelines = Table("pipeline")
        self.executions = Table("pipeline-execution")
        self.interfaces = Interfaces(world, DELAYS["interface"])
        # Without a platform nothing runs, and an execution that is Stopping is over after this time.
        self.stop_after = None if platform else DELAYS["stop"]
        self._serial = 0

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table."""
        return tuple(value for value in vars(self).values() if isinstance(value, Table))

    @property
    def now(self) -> float:
        """The time, in seconds of the epoch."""
        return self.clock()

    def arn(self, kind: str, *parts: str) -> str:
        """The ARN of a thing of this account; AWS writes SageMaker's names in lower case there."""
        world = self.world
        return f"arn:{world.partition}:sagemaker:{world.region}:{world.account_id}:{kind}/{'/'.join(parts)}".lower()

    def add(self, table: Table, key: tuple[str, ...], request: Params, **extra: Any) -> Record:
        """Make a record from a request (without tags and token) and store it and its tags; ResourceLimitExceeded."""
        limit = self.limits.get(table.kind)
        if limit is not None and len(table) >= limit:
            raise limit_exceeded(_QUOTAS[table.kind], limit)
        data = {k: v for k, v in request.items() if k not in ("Tags", "ClientRequestToken")}
        now, delay = self.now, DELAYS.get(table.kind, 0.0)
        record = Record(key, extra.pop("arn", None) or self.arn(table.kind, *key), data, now, self.serial())
        record.modified, record.ready_at = now, now + delay
        record.token = request.get("ClientRequestToken", "")
        record.data.update(extra)
        table.put(record)
        if request.get("Tags"):
            self.tags[record.arn] = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        return record

    def serial(self) -> int:
        """A number that grows with every record: it orders records of one instant."""
        self._serial += 1
        return self._serial

    def remove(self, table: Table, record: Record) -> None:
        """Take a record away at once, with its tags and network interfaces."""
        table.drop(record)
        self._let_go(record)

    def _let_go(self, record: Record) -> None:
        self.tags.pop(record.arn, None)
        self.detach(record, list(record.interfaces))

    def attach(self, record: Record, vpc: Params, role: str, *, count: int, what: str) -> list[str]:
        """Put `count` network interfaces of a VpcConfig where the record runs, with the rights of its role."""
        made = self.interfaces.make(record.arn, vpc, role, count=count, what=what)
        record.interfaces += made
        return made

    def detach(self, record: Record, interfaces: Iterable[str]) -> None:
        """These network interfaces of the record are needed no more."""
        leaving = list(interfaces)
        for interface in leaving:
            record.interfaces.remove(interface)
        self.interfaces.leave(leaving, self.now)

    def settle(self) -> None:
        """Finish the deletions whose time has come; deleted apps stay listed for a day."""
        now = self.now
        self.interfaces.settle(now)
        for table in self.tables:
            for record in table:
                if record.gone_at is None or now < record.gone_at:
                    continue
                self._let_go(record)
                if table is not self.apps or now >= record.gone_at + DELETED_APP_KEPT:
                    table.drop(record)

    def view(self, record: Record, **names: str) -> Params:
        """A record's data with its times, and with its ARN and status under the members named by `names`."""
        data = {**record.data, "CreationTime": record.created, "LastModifiedTime": record.modified}
        if record.failure:
            data["FailureReason"] = record.failure
        values = {"arn": record.arn, "status": record.status(self.now)}
        return data | {member: values[name] for name, member in names.items()}


Handler = Callable[[State, Params, Caller], Params]


def random_id(length: int) -> str:
    """Random lower-case hexadecimal digits, as AWS appends to ids."""
    return secrets.token_hex(length)[:length]


def user_context(caller: Caller) -> Params:
    """`CreatedBy` and `LastModifiedBy` for a call by this principal."""
    return {"IamIdentity": {"Arn": caller.arn, "PrincipalId": caller.user_id}}
