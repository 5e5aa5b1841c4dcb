"""An environment with roles for people: a role for each user, personas, a path and a boundary."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sagekeep.settings import Settings, parse
from stacks.app import synthesize
from synths import Synth
from verdicts import DOMAIN, Asker, document

ACCOUNT = "123456789012"
IAM, SAGEMAKER = f"arn:aws:iam::{ACCOUNT}", f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"
DATA = f"arn:aws:s3:::acme-data-{ACCOUNT}-us-east-1"
BOUNDARY = f"{IAM}:policy/Boundary"
DEPLOYER, SCIENTISTS = f"{IAM}:role/deployer", f"{IAM}:role/scientists"
HOME, OFFICE = "198.51.100.9", "203.0.113.9"
PERSONAS = ("data-scientist", "ml-engineer", "administrator", "auditor")
ANN = f"{SAGEMAKER}:user-profile/{DOMAIN}/ann"
TAGGED = {"aws__PrincipalTag/StudioUser": "ann"}


def settings(**sections: Any) -> Settings:
    raw = {
        "prefix": "acme",
        "account_id": ACCOUNT,
        "region": "us-east-1",
        "removal": "destroy",
        "deploy": {"roles": [DEPLOYER]},
        "iam": {"role_path": "/ml/", "permissions_boundary": BOUNDARY},
        "studio": {
            "users": ["Jo", "ann"],
            "role_per_user": True,
            "sign_in": "cidrs",
            "sign_in_cidrs": ["203.0.113.0/24"],
        },
        "personas": {
            "data_scientist": {"principals": [SCIENTISTS, f"{IAM}:user/kim"]},
            "ml_engineer": {"principals": [f"{IAM}:role/sso/*/Engineers_*"]},
            "administrator": {"principals": [f"{IAM}:role/admins"]},
            "auditor": {"principals": [f"{IAM}:role/auditors"]},
        },
        "pipeline": {"name": "churn"},
        **sections,
    }
    return parse(raw, environment="people")


def synthesized_from(found: Settings, tmp_path_factory: pytest.TempPathFactory) -> Synth:
    out = tmp_path_factory.mktemp("people") / "out"
    synthesize(found, out)
    return Synth(out, {f.name: json.loads((f / "cdk.tf.json").read_text()) for f in (out / "stacks").iterdir()})


def role_arn(purpose: str) -> str:
    path = "acme-users/" if purpose.startswith("studio-") else ""
    return f"{IAM}:role/ml/{path}acme-{purpose}-us-east-1"


def policies(found: Synth, purpose: str) -> list[dict[str, Any]]:
    """A role of the studio stack: its own policy and the guardrails that are attached to it."""
    own = {"studio": "access"} | {name: f"people_{name.replace('-', '_')}" for name in PERSONAS}
    element = own.get(purpose) or f"studio_access_{purpose.removeprefix('studio-').lower()}"
    stack = found.stacks["studio"]["resource"]
    for name, policy in (("guardrails", "guardrails_policy"), ("reviewed", "guardrails_reviewed_policy")):
        attached = stack["aws_iam_role_policy_attachment"][f"{element}_{name}"]
        assert attached["policy_arn"] == f"${{aws_iam_policy.{policy}.arn}}"
    assert stack["aws_iam_role"][f"{element}_role"]["name"] == f"acme-{purpose}-us-east-1"
    names = [f"{element}_policy_statements", "guardrails_statements", "guardrails_reviewed_statements"]
    return [document(found, "studio", name) for name in names]


def session(purpose: str, **keys: Any) -> Asker:
    source_ip = keys.pop("source_ip", OFFICE)
    return Asker(
        role_arn(purpose), keys={name.replace("__", ":"): value for name, value in keys.items()}, source_ip=source_ip
    )
