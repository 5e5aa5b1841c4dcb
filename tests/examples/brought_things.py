"""Keys, buckets, topic, domain and roles that others have made, on an embedded AWS, as the environment needs them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sagekeep import aws, limits, synthesis
from sagekeep.estate import bucket_checks, key_checks, role_checks, studio_checks
from sagekeep.estate.check import faults_of
from sagekeep.estate.clients import Clients
from sagekeep.estate.fault import Fault
from sagekeep.estate.needs import Needs, needs_of
from sagekeep.local import instance
from sagekeep.local.instance import Instance
from sagekeep.settings import Settings
from sagekeep.synthesis import Synthesis

ROOT = Path(__file__).parents[2]
REGION, ACCOUNT = "us-east-1", "123456789012"
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/sagekeep-deployer"
CHECKS = (*key_checks.CHECKS, *bucket_checks.CHECKS, *studio_checks.CHECKS, *role_checks.CHECKS)
KEYS = ("data", "logs", "studio")
BUCKETS = {"data_bucket": "others-data", "access_log_bucket": "others-logs", "state_bucket": "others-states"}
ROLES = ("job", "pipeline", "studio", "pipeline-manager", "pipeline-reader", "data-seed", "job-sweeper")
ADMIN = {
    "Sid": "Administer",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": ["kms:Describe*", "kms:Disable*", "kms:Enable*", "kms:Get*", "kms:List*", "kms:PutKeyPolicy"],
    "Resource": "*",
}
EVERYTHING = {**ADMIN, "Action": "kms:*"}
OPEN = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False)
CLOSED = dict.fromkeys(OPEN, True)
SETTINGS = """
prefix     = "acme-ml"
account_id = "123456789012"
region     = "us-east-1"
removal    = "destroy"
[deploy]
roles = ["arn:aws:iam::123456789012:role/sagekeep-deployer"]
[studio]
users = ["weirdion"]
[pipeline]
name = "everything-brought"
[alerts]
queue = true
"""


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@dataclass
class Things:
    """What others have made, and the environment that brings all of it."""

    folder: Path
    instance: Instance
    synthesis: Synthesis | None = None
    made: dict[tuple[str, str], Any] = field(default_factory=dict)

    @classmethod
    def begin(cls, folder: Path) -> Things:
        """Everything made and named in the settings; the policies are those that main.py asks for."""
        things = cls(folder, instance.up(folder / "aws", account_id=ACCOUNT, region=REGION, deploy_role=DEPLOYER))
        existing = things.make()
        file = folder / "everything.toml"
        file.write_text(SETTINGS + existing, encoding="utf-8")
        things.synthesis = synthesis.synthesize(ROOT, str(file), folder / "out", work=folder / "work")
        things.serve()
        return things

    @cached_property
    def variables(self) -> dict[str, str]:
        """The account's administrator's environment."""
        return self.instance.environment()

    def client(self, service: str, region: str = REGION) -> Any:
        """A boto3 client of the administrator's; made once, as making it takes longer than any call."""
        if (service, region) not in self.made:
            self.made[service, region] = aws.client(service, region, self.variables)
        return self.made[service, region]

    def make(self) -> str:
        """Bare things; returns the section of the settings that names them."""
        self.keys = {p: self.client("kms").create_key(Policy=document(EVERYTHING))["KeyMetadata"]["Arn"] for p in KEYS}
        vpc, subnets, groups = self._network()
        lines = ["[existing]", f'vpc = "{vpc}"', f"subnets = {json.dumps(subnets)}"]
        lines += ["route_tables = { tags = { Name = 'none' } }", f'domain = "{self._domain(vpc, subnets, groups[0])}"']
        lines += [f'{name} = "{bucket}"' for name, bucket in BUCKETS.items()]
        topic = self.client("sns").create_topic(Name="others-alerts", Attributes={"KmsMasterKeyId": self.keys["logs"]})
        self.topic: str = topic["TopicArn"]
        lines += [f'topic = "{self.topic}"', "[existing.keys]", *(f'{p} = "{arn}"' for p, arn in self.keys.items())]
        names = ("studio", "jobs", "functions")
        lines += ["[existing.security_groups]", *(f'{n} = "{g}"' for n, g in zip(names, groups, strict=True))]
        lines += ["[existing.roles]", *(f'{p} = "arn:aws:iam::{ACCOUNT}:role/ml/{p}"' for p in ROLES)]
        return "\n".join(lines)

    def _network(self) -> tuple[str, list[str], list[str]]:
        ec2 = self.client("ec2")
        vpc: str = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            str(
                ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{at}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
                    "SubnetId"
                ]
            )
            for at, zone in enumerate("ad")
        ]
        groups = [
            str(ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"])
            for name in ("studio", "jobs", "functions")
        ]
        return vpc, subnets, groups

    def _domain(self, vpc: str, subnets: list[str], group: str) -> str:
        iam, name = self.client("iam"), "domains-own"
        trust = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
        arn: str = self.client("sagemaker").create_domain(
            DomainName="others",
            AuthMode="IAM",
            AppNetworkAccessType="VpcOnly",
            VpcId=vpc,
            SubnetIds=subnets,
            KmsKeyId=self.keys["studio"],
            DefaultUserSettings={"ExecutionRole": role, "SecurityGroups": [group]},
        )["DomainArn"]
        self.domain = arn.rpartition("/")[2]
        return self.domain

    def serve(self) -> None:
        """Configure everything as it must be."""
        for name, bucket in BUCKETS.items():
            self.client("s3").create_bucket(Bucket=bucket)
            self.configure_bucket(name)
        for purpose in KEYS:
            self.key_policy(purpose, *self.needs(f"existing.keys.{purpose}").policy)
        self.topic_policy(*self.needs("existing.topic").policy)
        for purpose in ROLES:
            needs = self.needs(f"existing.roles.{purpose}")
            self.client("iam").create_role(
                RoleName=purpose, Path="/ml/", AssumeRolePolicyDocument=document(*needs.policy)
            )
            self.permit(purpose, needs.permissions)

    def configure_bucket(self, name: str) -> None:
        s3, bucket = self.client("s3"), BUCKETS[name]
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=CLOSED)
        default = {"SSEAlgorithm": "AES256"}
        if name == "data_bucket":
            default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": self.keys["data"]}
        rule = {"ApplyServerSideEncryptionByDefault": default}
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
        policy = self.needs(f"existing.{name}").policy
        if policy:
            self.bucket_policy(name, *policy)

    def bucket_policy(self, name: str, *statements: Mapping[str, Any]) -> None:
        self.client("s3").put_bucket_policy(Bucket=BUCKETS[name], Policy=document(*statements))

    def key_policy(self, purpose: str, *statements: Mapping[str, Any]) -> None:
        self.client("kms").put_key_policy(
            KeyId=self.keys[purpose], PolicyName="default", Policy=document(ADMIN, *statements)
        )

    def topic_policy(self, *statements: Mapping[str, Any]) -> None:
        self.client("sns").set_topic_attributes(
            TopicArn=self.topic, AttributeName="Policy", AttributeValue=document(*statements)
        )

    def permit(self, role: str, statements: Iterable[Mapping[str, Any]]) -> None:
        """As managed policies, each as large as IAM takes: inline ones would be too small for Studio's role."""
        iam = self.client("iam")
        for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=role, PolicyArn=attached["PolicyArn"])
            iam.delete_policy(PolicyArn=attached["PolicyArn"])
        for number, group in enumerate(_shared_out(statements)):
            made = iam.create_policy(PolicyName=f"{role}-{number}", PolicyDocument=document(*group))
            iam.attach_role_policy(RoleName=role, PolicyArn=made["Policy"]["Arn"])

    @property
    def settings(self) -> Settings:
        """The settings as main.py read them."""
        assert self.synthesis
        return Settings.model_validate({**self.synthesis.settings, "environment": self.synthesis.environment})

    def with_existing(self, **existing: Any) -> Settings:
        """The settings with other things brought; a dict changes some of its members, None brings none."""
        assert self.synthesis
        settings = {**self.synthesis.settings, "environment": self.synthesis.environment}
        before = settings["existing"]
        changed = {
            key: {**before[key], **value} if key in {"keys", "roles"} else value for key, value in existing.items()
        }
        return Settings.model_validate({**settings, "existing": {**before, **changed}})

    def clients(self, settings: Settings | None = None) -> Clients:
        assert self.synthesis
        return Reused(self.synthesis, settings or self.settings, self.variables, self)

    def needs(self, key: str) -> Needs:
        """What the thing of a key must let through."""
        return needs_of(key, self.clients(), self.settings)

    def faults(self, settings: Settings | None = None) -> list[Fault]:
        """What the checks find."""
        chosen = settings or self.settings
        return faults_of(CHECKS, self.clients(chosen), chosen)


class Reused(Clients):
    """Asks with the clients that there are."""

    def __init__(self, made: Synthesis, settings: Settings, variables: Mapping[str, str], things: Things) -> None:
        super().__init__(made, settings, variables)
        self._things = things

    def __call__(self, service: str, region: str = "") -> Any:
        return self._things.client(service, region or REGION)


def _shared_out(statements: Iterable[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Statements of a role by the policy that they go into."""
    groups: list[list[Mapping[str, Any]]] = [[]]
    for statement in statements:
        if limits.dense(document(*groups[-1], statement)) > limits.most("managed-policy"):
            groups.append([])
        groups[-1].append(statement)
    return groups
