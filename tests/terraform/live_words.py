"""A request of the proof as the makers of live parameters read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One action on one resource, with live ids.

    Attributes:
        context: condition keys that the row wants.
        words: what rows may name in braces.
        groups: VPC id -> a security group in it.
    """

    who: str
    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]]
    words: Mapping[str, Any]
    groups: Mapping[str, str]
    alias: Callable[[str], str]

    def key_of(self, key: str) -> str:
        """The first value of a condition key, "" where the row has none."""
        return (self.context.get(key) or ("",))[0]

    def all_of(self, key: str) -> list[str]:
        return list(self.context.get(key) or ())

    @property
    def name(self) -> str:
        return self.resource.rpartition("/")[2]

    @property
    def parts(self) -> list[str]:
        """Of a resource such as `app/d-1/mine/JupyterLab/default`."""
        return self.resource.rpartition(":")[2].split("/")

    @property
    def account(self) -> str:
        """The resource's, "" where it says none."""
        return self.resource.split(":")[4] if self.resource.startswith("arn:") else ""

    @property
    def bucket(self) -> str:
        return self.resource.rpartition(":")[2].partition("/")[0]

    @property
    def key(self) -> str:
        return self.resource.partition("/")[2]

    @property
    def log_group(self) -> str:
        return self.resource.partition(":log-group:")[2].partition(":log-stream:")[0]

    @property
    def log_stream(self) -> str:
        return self.resource.partition(":log-stream:")[2] or "x"

    @property
    def queue_url(self) -> str:
        region, account, name = self.resource.split(":")[3:6]
        return f"https://sqs.{region}.amazonaws.com/{account}/{name}"

    @property
    def group(self) -> str:
        """A group in the VPC that the row names, in ours otherwise."""
        vpc = self.key_of("ec2:Vpc").rpartition("/")[2] or self.words["vpc"]
        return self.groups.get(vpc) or next(group for other, group in self.groups.items() if other != self.words["vpc"])

    @property
    def subnets(self) -> tuple[str, ...]:
        return tuple(self.words["jobs_subnets"])

    @property
    def security_groups(self) -> tuple[str, ...]:
        return tuple(self.words["jobs_groups"])
