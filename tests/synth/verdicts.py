"""What IAM makes of the policies that a synth wrote, by the evaluator that the embedded AWS runs with."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from ministack.core import iam_evaluator as evaluator

from synths import Synth

# Ids that AWS chooses, by the end of the reference that stands for them.
IDS = {
    "aws_sagemaker_domain.studio_domain.id": "d-0123456789ab",
    "outputs.vpc_id": "vpc-0aaa",
    "outputs.data_key_arn": "arn:aws:kms:us-east-1:123456789012:key/data",
    "outputs.studio_key_arn": "arn:aws:kms:us-east-1:123456789012:key/studio",
    "outputs.studio_security_group_id": "sg-0aaa",
    "outputs.jobs_security_group_id": "sg-0bbb",
    "outputs.subnet_ids": "subnet-0aaa",
}
DOMAIN, VPC, DATA_KEY = IDS["aws_sagemaker_domain.studio_domain.id"], IDS["outputs.vpc_id"], IDS["outputs.data_key_arn"]


@dataclass(frozen=True)
class Asker:
    """Who asks, from where, and with which further condition keys."""

    arn: str
    keys: dict[str, Any] = field(default_factory=dict)
    source_ip: str | None = None
    tags: dict[str, str] = field(default_factory=dict)  # session tags of an AssumeRole

    def context(self, action: str, resource: str) -> Any:
        keys = {key.lower(): value for key, value in self.keys.items()}
        return evaluator.EvalContext(
            principal_arn=self.arn,
            principal_type="User" if ":user/" in self.arn else "AssumedRole",
            principal_account=self.arn.split(":")[4],
            action=action,
            resource_arn=resource,
            region="us-east-1",
            source_ip=self.source_ip,  # type: ignore[arg-type]
            secure_transport=True,
            service_context={"aws:principalisawsservice": "false", **keys},
            request_tags=self.tags,
            tag_keys=list(self.tags),
        )


def document(synthesized: Synth, stack: str, name: str) -> dict[str, Any]:
    """The policy of one `aws_iam_policy_document`, as Terraform would render it."""
    blocks = synthesized.stacks[stack]["data"]["aws_iam_policy_document"][name]["statement"]
    return {"Statement": [_statement(block) for block in blocks]}


def _statement(block: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"Sid": block["sid"], "Effect": block["effect"]}
    elements = {
        "actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource",
    }  # fmt: skip
    for ours, iams in elements.items():
        if ours in block:
            found[iams] = block[ours]
    for principal in block.get("principals", []):
        who = "*" if principal["type"] == "*" else {principal["type"]: principal["identifiers"]}
        found["Principal"] = who
    conditions: dict[str, dict[str, Any]] = {}
    for condition in block.get("condition", []):
        conditions.setdefault(condition["test"], {})[condition["variable"]] = condition["values"]
    rendered: dict[str, Any] = json.loads(_rendered(json.dumps({**found, "Condition": conditions})))
    return rendered


def _rendered(text: str) -> str:
    """References resolved, then `&{...}` as IAM has it."""

    def known(match: re.Match[str]) -> str:
        return next(value for end, value in IDS.items() if match[1].endswith(end))

    return re.sub(r"\$\{([^}]+)\}", known, text).replace("&{", "${")


def _for(asker: Asker, document: dict[str, Any]) -> dict[str, Any]:
    """The document with its policy variables' values, which the evaluator leaves as they are written.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """
    values = {key.lower(): value for key, value in asker.keys.items()}

    def value(match: re.Match[str]) -> str:
        return str(values.get(match[1].lower(), "\\u0000 matches nothing"))

    found: dict[str, Any] = json.loads(re.sub(r"\$\{([^}]+)\}", value, json.dumps(document)))
    return found


def may(documents: list[dict[str, Any]], asker: Asker, action: str, resource: str) -> tuple[bool, str]:
    """Whether a role with these policies may do it, and the Sid that decided."""
    policies = [evaluator.parse_policy_document(_for(asker, found)) for found in documents]
    verdict = evaluator.evaluate(asker.context(action, resource), policies)
    return verdict.decision == "Allow", verdict.matched_sid


def refused_by(policy: dict[str, Any], asker: Asker, action: str, resource: str) -> str:
    """The Sid of a resource's policy that denies it, or nothing."""
    verdict = evaluator.evaluate_resource_policy(_for(asker, policy), asker.context(action, resource))
    return str(verdict.matched_sid) if verdict.decision == "Deny" else ""


def may_assume(trust: dict[str, Any], asker: Asker) -> bool:
    """Whether a trust policy lets the asker assume the role, session tags and all."""
    actions = ["sts:AssumeRole", *(["sts:TagSession"] if asker.tags else [])]
    policy = _for(asker, trust)
    return all(evaluator.evaluate_trust_policy(policy, asker.arn, asker.context(action, "*")) for action in actions)
