"""An environment that the generated roles deploy, plan, change and destroy, on an embedded AWS of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sagekeep import synthesis, teardown
from sagekeep.bootstrap import StateHome
from sagekeep.deploy import Operations
from sagekeep.estate.ci import files
from sagekeep.estate.ci.policies import Document, Role
from sagekeep.estate.ci.roles import CiRole, ci_roles
from sagekeep.local import instance
from sagekeep.local.instance import Instance
from sagekeep.settings import load
from sagekeep.stackset import StackResult
from sagekeep.terraform import Terraform
from tests.terraform.estates import Estate
from tests.terraform.leaving import LINGER_SECONDS

ROOT = Path(__file__).parents[2]
SETTINGS = Path(__file__).with_name("estate.toml")
_VERSION = {"Version": "2012-10-17"}
_PROVIDER = {
    "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": "~> 5.100"}}},
    "provider": {"aws": {"region": "us-east-1"}},
}
# A change of the settings: a tag that comes and one that goes, and what is updated in place.
_CHANGES = (
    ('Project = "ML-Pipeline"', 'Team = "ml"'),
    ("[pipeline]", "[pipeline]\ntime_limit_seconds = 300"),
    ("[studio]", '[studio]\nidle_minutes = 90\nsign_in = "cidrs"\nsign_in_cidrs = ["203.0.113.0/24"]'),
    ("ml-alerts@", "others@"),
    ("role/audit", "role/audits"),
    ("[iam]", 'data_writers = ["arn:aws:iam::123456789012:role/writer"]\n\n[iam]'),
)
# Endpoints' policies name an organization, and then no longer: the embedded AWS has none, so nothing works meanwhile.
_ORGANIZATION = ("[iam]", '[perimeter]\norganization = "o-a1b2c3d4e5"\n\n[iam]')


@dataclass(frozen=True)
class Rehearsal:
    """The account, the settings, and the two roles as Terraform made them."""

    estate: Estate
    roles: Mapping[Role, CiRole]

    @classmethod
    def begin(cls, folder: Path) -> Rehearsal:
        """An empty account with what an administrator makes: a boundary, somebody to audit, the generated roles."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "estate.toml"
        file.write_text(SETTINGS.read_text())
        settings = load(file)
        started = instance.up(folder / "aws", account_id=settings.account_id, region=settings.region)
        try:
            return cls._prepared(Estate(folder, started))
        except BaseException:
            instance.down(started.home)
            raise

    @classmethod
    def _prepared(cls, estate: Estate) -> Rehearsal:
        iam = estate.client("iam")
        everything = {**_VERSION, "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        iam.create_policy(PolicyName="bounds", PolicyDocument=json.dumps(everything))
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}
        iam.create_role(RoleName="audit", AssumeRolePolicyDocument=json.dumps({**_VERSION, "Statement": [trust]}))
        iam.create_open_id_connect_provider(
            Url="https://token.actions.githubusercontent.com", ClientIDList=["sts.amazonaws.com"]
        )
        made = synthesis.synthesize(ROOT, str(estate.file), estate.out, work=estate.folder / "work")
        roles = ci_roles(made)
        _apply(made, roles, estate)
        return cls(estate, {role.kind: role for role in roles})

    @property
    def instance(self) -> Instance:
        """The embedded AWS."""
        return self.estate.instance

    def environ(self, kind: Role) -> dict[str, str]:
        """The environment of a job that has assumed a role."""
        return self.instance.environment(role=self.roles[kind].arn, session="job")

    def operations(self, kind: Role) -> Operations:
        """Terraform as the role, over the stacks as the settings are now."""
        work = self.estate.folder / "work"
        made = synthesis.synthesize(ROOT, str(self.estate.file), self.estate.out, work=work)
        return Operations.of(made, self.environ(kind))

    def deploy(self) -> Mapping[str, StackResult]:
        """The state's place, then every stack."""
        operations = self.operations("deploy")
        StateHome(operations).bootstrap()
        return operations.deploy()

    def change(self) -> Mapping[str, StackResult]:
        """Other settings, and what they change: endpoints' policies there and back, then all the rest."""
        old, new = _ORGANIZATION
        self.estate.edit(old, new)
        there = self.operations("deploy").deploy(["network"])
        self.estate.edit(new, old)
        if not all(result.ok for result in there.values()):
            return there
        for old, new in _CHANGES:
            self.estate.edit(old, new)
        return self.operations("deploy").deploy()

    def destroy(self) -> Mapping[str, StackResult]:
        """Everything, the state's place last."""
        return teardown.destroy_all(self.operations("deploy"))

    def leave(self) -> Mapping[str, StackResult]:
        """Destroys everything while SageMaker and Lambda keep their interfaces for a while, as on AWS."""
        self.instance.linger(sagemaker=LINGER_SECONDS, functions=5.0)
        return self.destroy()

    def without(self, kind: Role, *actions: str) -> None:
        """Take actions from the role, wherever its policies have them; with none, give everything back."""
        iam = self.estate.client("iam")
        for number, policy in enumerate(self.roles[kind].policies, 1):
            role = self.roles[kind]
            arn = f"arn:aws:iam::123456789012:policy{role.path}{role.name}-{number}"
            document = json.dumps(_less(policy, actions))
            version = iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)
            now = version["PolicyVersion"]["VersionId"]
            for old in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
                if old["VersionId"] != now:
                    iam.delete_policy_version(PolicyArn=arn, VersionId=old["VersionId"])


def _less(policy: Document, actions: tuple[str, ...]) -> dict[str, Any]:
    kept = [
        {**statement, "Action": [action for action in statement["Action"] if action not in actions]}
        for statement in policy["Statement"]
    ]
    return {**policy, "Statement": [statement for statement in kept if statement["Action"]]}


def _apply(made: synthesis.Synthesis, roles: tuple[CiRole, ...], estate: Estate) -> None:
    """What an administrator does once: terraform in the folder that `estate policies --to` wrote."""
    folder = estate.folder / "ci"
    files.write(roles, folder, made.environment)
    (folder / "cdk.tf.json").write_text(json.dumps(_PROVIDER))
    stack = replace(made.stacks["keys"], name="ci", folder=folder)
    terraform = Terraform.of(made, estate.instance.environment())
    terraform.init_anew(stack)
    code, report = terraform.run(stack, "apply", "-json", "-input=false", "-auto-approve")
    assert code == 0, "\n".join([error.text() for error in report.errors] or report.text)
