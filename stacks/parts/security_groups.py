"""The VPC's security groups and every rule between them (controls N5, N6)."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.data_aws_security_group import DataAwsSecurityGroup
from cdktf_cdktf_provider_aws.security_group import SecurityGroup
from cdktf_cdktf_provider_aws.vpc_security_group_egress_rule import VpcSecurityGroupEgressRule
from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
from constructs import Construct

from sagekeep import names
from sagekeep.settings import Settings
from sagekeep.settings_existing import SECURITY_GROUP, Reference
from stacks.parts.brought_vpc import BroughtVpc
from stacks.parts.existing import Source, conditions, resolve
from stacks.parts.isolated_vpc import IsolatedVpc
from stacks.parts.traffic import GROUPS, RULES, S3, Rule


class SecurityGroups(Construct):
    """The four groups; `connect` adds the rules once the S3 endpoint's prefix list is known.

    A group that is brought is looked up, and gets no rule: its own must let through what the table says.
    """

    def __init__(self, scope: Construct, id: str, *, settings: Settings, vpc: IsolatedVpc | BroughtVpc) -> None:
        super().__init__(scope, id)
        self._settings, self._vpc = settings, vpc
        self._brought: dict[str, Reference] = dict(settings.existing.security_groups.items())
        # Read once, not for every rule: each read is a round trip to the kernel.
        self._ids = {
            purpose: self._found(purpose) if purpose in self._brought else self._made(purpose, description)
            for purpose, description in GROUPS.items()
        }

    def _made(self, purpose: str, description: str) -> str:
        group = SecurityGroup(
            self,
            purpose,
            name=names.name(self._settings, purpose),
            description=description,
            vpc_id=self._vpc.id,
            revoke_rules_on_delete=True,
            tags={"Name": names.name(self._settings, purpose)},
        )
        return str(group.id)

    def _found(self, purpose: str) -> str:
        key = f"existing.security_groups.{purpose}"
        source = Source(key, SECURITY_GROUP, self._vpc.id)
        found = resolve(self, f"{purpose}-found", self._brought[purpose], source)
        rule = (f"self.vpc_id == {self._vpc.vpc.fqn}.id", f"{key}: must be in existing.vpc.")
        return str(DataAwsSecurityGroup(self, purpose, id=found, lifecycle=conditions(rule)).id)

    def id_of(self, purpose: str) -> str:
        """Id of a group."""
        return self._ids[purpose]

    def connect(self, *, s3_prefix_list_id: str) -> None:
        """Add every rule of the table to the groups that are ours."""
        for rule in RULES:
            if rule.source not in self._brought:
                self._out(rule, s3_prefix_list_id)
            if rule.target != S3 and rule.target not in self._brought:
                self._in(rule)

    def _out(self, rule: Rule, s3_prefix_list_id: str) -> None:
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

    def _in(self, rule: Rule) -> None:
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
