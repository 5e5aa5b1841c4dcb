"""The VPC's security groups and every rule between them, from one table (controls N5, N6)."""

from __future__ import annotations

from dataclasses import dataclass

from cdktf_cdktf_provider_aws.security_group import SecurityGroup
from cdktf_cdktf_provider_aws.vpc_security_group_egress_rule import VpcSecurityGroupEgressRule
from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
from constructs import Construct

from sagekeep import names
from sagekeep.settings import Settings

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


HTTPS = (443, 443)
RULES = (
    *(Rule(group, "endpoints", HTTPS, "calls to AWS") for group in ("studio", "jobs", "functions")),
    *(Rule(group, S3, HTTPS, "objects in S3") for group in ("studio", "jobs", "functions")),
    Rule("studio", "studio", (8192, 65535), "apps to kernels"),  # SageMaker developer guide, VpcOnly mode
    Rule("studio", "studio", (2049, 2049), "NFS to the domain's file system"),
    Rule("jobs", "jobs", (0, 65535), "instances of one job to each other"),
)


class SecurityGroups(Construct):
    """The four groups; `connect` adds the rules once the S3 endpoint's prefix list is known."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings, vpc_id: str) -> None:
        super().__init__(scope, id)
        self._groups = {
            purpose: SecurityGroup(
                self,
                purpose,
                name=names.name(settings, purpose),
                description=description,
                vpc_id=vpc_id,
                revoke_rules_on_delete=True,
                tags={"Name": names.name(settings, purpose)},
            )
            for purpose, description in GROUPS.items()
        }

    def id_of(self, purpose: str) -> str:
        """Id of a group."""
        return str(self._groups[purpose].id)

    def connect(self, *, s3_prefix_list_id: str) -> None:
        """Add every rule of the table."""
        for rule in RULES:
            name = f"{rule.source}-to-{rule.target}-{rule.ports[0]}"
            to_s3 = rule.target == S3
            VpcSecurityGroupEgressRule(
                self,
                f"out-{name}",
                security_group_id=self.id_of(rule.source),
                description=f"To {rule.target}: {rule.why}",
                prefix_list_id=s3_prefix_list_id if to_s3 else None,
                referenced_security_group_id=None if to_s3 else self.id_of(rule.target),
                ip_protocol="tcp",
                from_port=rule.ports[0],
                to_port=rule.ports[1],
            )
            if not to_s3:
                VpcSecurityGroupIngressRule(
                    self,
                    f"in-{name}",
                    security_group_id=self.id_of(rule.target),
                    description=f"From {rule.source}: {rule.why}",
                    referenced_security_group_id=self.id_of(rule.source),
                    ip_protocol="tcp",
                    from_port=rule.ports[0],
                    to_port=rule.ports[1],
                )
