"""Who may talk to whom in the VPC, as tables; `SecurityGroups` makes groups and rules of them (controls N5, N6)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

GROUPS = {
    "endpoints": "Interface endpoints of the VPC",
    "studio": "Studio apps and their file system",
    "jobs": "Processing and training jobs, models and endpoints",
    "functions": "Lambda functions",
}
S3 = "s3"  # stands for the prefix list of the S3 gateway endpoint: its traffic is filtered by egress rules too


@dataclass(frozen=True)
class Rule:
    """Traffic that one group may send to another (or to S3) on TCP ports; it becomes an egress and an ingress rule."""

    source: str
    target: str
    ports: tuple[int, int]
    why: str

    @property
    def name(self) -> str:
        """Part of the addresses of its rules."""
        return f"{self.source}-to-{self.target}-{self.ports[0]}"


HTTPS = (443, 443)
RULES = (
    *(Rule(group, "endpoints", HTTPS, "calls to AWS") for group in ("studio", "jobs", "functions")),
    *(Rule(group, S3, HTTPS, "objects in S3") for group in ("studio", "jobs", "functions")),
    Rule("studio", "studio", (8192, 65535), "apps to kernels"),  # SageMaker developer guide, VpcOnly mode
    Rule("studio", "studio", (2049, 2049), "NFS to the domain's file system"),
    Rule("jobs", "jobs", (0, 65535), "instances of one job to each other"),
)


def written() -> list[dict[str, Any]]:
    """The rules as the tool reads them, which holds groups that are brought to them."""
    return [{**asdict(rule), "ports": list(rule.ports)} for rule in RULES]
