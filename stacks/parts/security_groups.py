"""The VPC's security groups and every rule between them (controls N5, N6)."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.security_group import SecurityGroup
from cdktf_cdktf_provider_aws.vpc_security_group_egress_rule import VpcSecurityGroupEgressRule
from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
from constructs import Construct

from sagekeep import names
from sagekeep.settings import Settings
from stacks.parts.traffic import GROUPS, RULES, S3


class SecurityGroups(Construct):
    """The four groups; `connect` adds the rules once the S3 endpoint's prefix list is known."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings, vpc_id: str) -> None:
        super().__init__(scope, id)
        groups = {
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
        # Read once, not for every rule: each read is a round trip to the kernel.
        self._ids = {purpose: str(group.id) for purpose, group in groups.items()}

    def id_of(self, purpose: str) -> str:
        """Id of a group."""
        return self._ids[purpose]

    def connect(self, *, s3_prefix_list_id: str) -> None:
        """Add every rule of the table."""
        for rule in RULES:
            to_s3 = rule.target == S3
            VpcSecurityGroupEgressRule(
                self,
                f"out-{rule.name}",
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
                    f"in-{rule.name}",
                    security_group_id=self.id_of(rule.target),
                    description=f"From {rule.source}: {rule.why}",
                    referenced_security_group_id=self.id_of(rule.source),
                    ip_protocol="tcp",
                    from_port=rule.ports[0],
                    to_port=rule.ports[1],
                )
