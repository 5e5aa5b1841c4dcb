"""A network that others have made, on an embedded AWS, and what the checks say of it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sagekeep import aws, synthesis
from sagekeep.estate.check import faults_of
from sagekeep.estate.checks import CHECKS
from sagekeep.estate.clients import Clients
from sagekeep.estate.fault import Fault
from sagekeep.local import instance
from sagekeep.local.instance import Instance
from sagekeep.settings import Settings
from sagekeep.synthesis import Synthesis
from sagekeep.terraform import Terraform

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "existing-vpc"
SETTINGS = EXAMPLE / "existing-vpc.toml"
REGION, ACCOUNT = "us-east-1", "123456789012"
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/sagekeep-deployer"


@dataclass
class Platform:
    """The network team's Terraform, applied, and the environment's, synthesized."""

    folder: Path
    instance: Instance
    synthesis: Synthesis

    @classmethod
    def begin(cls, folder: Path) -> Platform:
        """An account in which only the network team has been."""
        started = instance.up(folder / "aws", account_id=ACCOUNT, region=REGION, deploy_role=DEPLOYER)
        made = synthesis.synthesize(ROOT, str(SETTINGS), folder / "out", work=folder / "work")
        platform = cls(folder, started, made)
        shutil.copytree(EXAMPLE / "network-team", folder / "team", ignore=shutil.ignore_patterns(".terraform*"))
        platform.team("init", "-input=false")
        platform.team("apply", "-auto-approve", "-input=false")
        return platform

    @cached_property
    def variables(self) -> dict[str, str]:
        """The account's administrator's environment."""
        return self.instance.environment()

    def team(self, *arguments: str) -> str:
        """terraform as the network team runs it."""
        environment = Terraform.of(self.synthesis, self.variables).variables()
        command = ["terraform", *arguments, "-no-color"]
        done = subprocess.run(
            command, cwd=self.folder / "team", env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def client(self, service: str) -> Any:
        """A boto3 client of the administrator's."""
        return aws.client(service, REGION, self.variables)

    @cached_property
    def ec2(self) -> Any:
        """EC2."""
        return self.client("ec2")

    def one(self, call: str, member: str, **tags: str) -> dict[str, Any]:
        """The only thing with some tags."""
        filters = [{"Name": f"tag:{name}", "Values": [value]} for name, value in tags.items()]
        (found,) = getattr(self.ec2, call)(Filters=filters)[member]
        return dict(found)

    @cached_property
    def vpc_id(self) -> str:
        """The VPC's id."""
        return str(self.one("describe_vpcs", "Vpcs", Name="platform")["VpcId"])

    @cached_property
    def subnet_ids(self) -> list[str]:
        """Ids of the private subnets."""
        found = self.ec2.describe_subnets(Filters=[{"Name": "tag:Tier", "Values": ["private"]}])["Subnets"]
        return sorted(subnet["SubnetId"] for subnet in found)

    def settings(self, network: Mapping[str, Any] | None = None, **existing: Any) -> Settings:
        """The example's settings with other members of [network] and [existing]; None removes one."""
        document = {**self.synthesis.settings, "environment": self.synthesis.environment}
        brought = {key: value for key, value in {**document["existing"], **existing}.items() if value is not None}
        both = {"network": {**document["network"], **(network or {})}, "existing": brought}
        return Settings.model_validate({**document, **both})

    def faults(self, settings: Settings | None = None) -> list[Fault]:
        """What `sagekeep estate check` finds, with these settings."""
        chosen = settings or self.settings()
        return faults_of(CHECKS, Clients(self.synthesis, chosen, self.variables), chosen)

    def described(self) -> str:
        """All that EC2 says of the VPC and what is the network team's in it, byte by byte."""
        here = [{"Name": "vpc-id", "Values": [self.vpc_id]}]
        attributes = [
            self.ec2.describe_vpc_attribute(VpcId=self.vpc_id, Attribute=name)
            for name in ("enableDnsSupport", "enableDnsHostnames")
        ]
        found = {
            "Vpcs": self.ec2.describe_vpcs(VpcIds=[self.vpc_id]),
            "attributes": attributes,
            "Subnets": self.ec2.describe_subnets(Filters=here),
            "RouteTables": self.ec2.describe_route_tables(Filters=here),
            "SecurityGroups": self.ec2.describe_security_groups(Filters=here),
            "VpcEndpoints": self.ec2.describe_vpc_endpoints(Filters=here),
            "FlowLogs": self.ec2.describe_flow_logs(),
        }
        return json.dumps(_without_metadata(found), indent=1, sort_keys=True, default=str)


def _without_metadata(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_metadata(item) for key, item in value.items() if key != "ResponseMetadata"}
    return [_without_metadata(item) for item in value] if isinstance(value, list) else value
