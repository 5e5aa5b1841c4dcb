"""What is brought, as the proof sees it: with the policy that is asked of it, which `sagekeep estate check` compares.

The files do not hold these policies: what is proved with them is proved of the environment together with what others
were asked to write. A policy goes by the address that ours would have, by which rows name what stops an attempt; the
thing goes by the setting's key, such as `existing.keys.data`. What nobody asks for is its owner's decision.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sagekeep.iam.document import Policy, Statement, parse
from sagekeep.prove.estate import Brought, Holder, Role
from sagekeep.prove.terraform import Terraform, texts

_DOCUMENT = "data.aws_iam_policy_document"


class _Thing(NamedTuple):
    """`purpose` and `kind` make its word, `document` is where our policy stands, `output` of a stack has its ARN."""

    purpose: str
    kind: str
    document: str
    output: str = ""


_THINGS = {
    **{
        f"existing.keys.{purpose}": _Thing(purpose, "key", f"keys: {_DOCUMENT}.{purpose}_policy", f"{purpose}_key_arn")
        for purpose in ("data", "logs", "studio")
    },
    "existing.keys.state": _Thing("state", "key", f"state: {_DOCUMENT}.state_policy"),
    "existing.data_bucket": _Thing("data", "bucket", f"storage: {_DOCUMENT}.data_statements"),
    "existing.access_log_bucket": _Thing("access-logs", "bucket", f"storage: {_DOCUMENT}.access_logs_statements"),
    "existing.state_bucket": _Thing("state", "bucket", f"state: {_DOCUMENT}.state_bucket_statements"),
    "existing.topic": _Thing("pipeline-alerts", "topic", f"pipeline: {_DOCUMENT}.alerts_topic_statements"),
}
# Where access logs go is their owner's decision too: what would be the policy of our bucket of logs.
_LOGS = {
    "existing.data_bucket": f"storage: {_DOCUMENT}.access_logs_statements",
    "existing.state_bucket": f"state: {_DOCUMENT}.log_bucket_statements",
}
# Purpose of a role -> stack and name of what would be ours.
_ROLES = {
    "job": ("pipeline", "job_access"),
    "pipeline": ("pipeline", "pipeline_access"),
    "studio": ("studio", "access"),
    "flow-logs": ("network", "flow_access"),
    "pipeline-manager": ("pipeline", "pipeline_manager_access"),
    "pipeline-reader": ("pipeline", "pipeline_reader_access"),
    "data-seed": ("pipeline", "data_seed_access"),
    "job-sweeper": ("pipeline", "job_sweeper_access"),
    "studio-sweeper": ("studio", "sweeper_access"),
}
_GUARDRAILS = f"studio: {_DOCUMENT}.guardrails_statements"
_REVIEWED = f"studio: {_DOCUMENT}.guardrails_reviewed_statements"
_NAME = re.compile(r"<([\w.-]+)>")


def holders(terraform: Terraform) -> Iterator[Holder]:
    """Keys, buckets and the topic."""
    for key, thing in _THINGS.items():
        if key in terraform.brought.keys:
            need = terraform.required.get(key, {})
            policy = _policy(terraform, need.get("policy", ()), thing.document)
            origins = (thing.document, *([_LOGS[key]] if key in _LOGS else []))
            brought = Brought(key, origins, tuple(_calls(terraform, need.get("calls", ()))))
            yield Holder(f"{key}: brought_{thing.kind}", thing.purpose, _arn(terraform, key, thing), policy, brought)
    if "existing.state_bucket" in terraform.brought.keys and "existing.keys.state" not in terraform.brought.keys:
        yield _key_of_states(terraform)


def _key_of_states(terraform: Terraform) -> Holder:
    """Of the bucket's own default, which its owner chose and nothing here names."""
    key, document = "existing.state_bucket", _THINGS["existing.keys.state"].document
    arn = "arn:{partition}:kms:{region}:{account}:key/<{key}>".format(key=key, **terraform.known)
    return Holder(f"{key}: brought_key", "state", arn, Policy(document, ()), Brought(key, (document,)))


def _arn(terraform: Terraform, key: str, thing: _Thing) -> str:
    if thing.output:
        return _one(terraform, thing.output)
    name = terraform.brought.texts.get(key) or str(terraform.brought.keys[key])
    return f"arn:{terraform.known['partition']}:s3:::{name}" if thing.kind == "bucket" else name


def roles(terraform: Terraform) -> Iterator[Role]:
    """Roles; what stops people's is where the guardrails of ours stand."""
    for purpose, (stack, name) in _ROLES.items():
        key = f"existing.roles.{purpose}"
        if key not in terraform.brought.keys:
            continue
        need, arn = terraform.required[key], terraform.brought.texts[key]
        own, trust = f"{stack}: {_DOCUMENT}.{name}_policy_statements", f"{stack}: {_DOCUMENT}.{name}_trust"
        denies = [s for s in need["permissions"] if s["Effect"] == "Deny" and purpose == "studio"]
        allows = [s for s in need["permissions"] if s not in denies]
        reviewed = [s for s in denies if "NotAction" in s]
        rails = {own: allows, _GUARDRAILS: [s for s in denies if s not in reviewed], _REVIEWED: reviewed}
        identity = tuple(_policy(terraform, found, origin) for origin, found in rails.items() if found)
        brought = Brought(key, (key, f"{stack}: aws_iam_role.{name}_role", own, trust))
        trusting = _policy(terraform, need["policy"], trust)
        yield Role(key, purpose, arn.rsplit("/", 1)[-1], arn, trusting, identity, brought=brought)


def elsewhere(terraform: Terraform) -> dict[str, str]:
    """Words of rows, and purposes of roles, that nothing here has since something is brought -> that setting's key."""
    keys, found = terraform.brought.keys, {}
    if "existing.state_bucket" in keys:
        found["state_logs_bucket"] = "existing.state_bucket"
    if "existing.data_bucket" in keys:
        found["access_logs_bucket"] = "existing.data_bucket"
    if "existing.vpc" in keys:
        found |= dict.fromkeys(("flow-logs", "flow_logs_role"), "existing.vpc")
    if "existing.domain" in keys:
        words = ("studio-sweeper", "studio_sweeper_role", "studio_sweeper_function")
        found |= dict.fromkeys(words, "existing.domain")
    return found


def _calls(terraform: Terraform, calls: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Statement]]:
    for call in calls:
        (statement,) = _policy(terraform, [call["statement"]], "").statements
        yield _filled(terraform, call["caller"]), statement


def _policy(terraform: Terraform, statements: Sequence[Mapping[str, Any]], origin: str) -> Policy:
    return parse({"Version": "2012-10-17", "Statement": _filled(terraform, statements)}, origin)


def _filled(terraform: Terraform, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _filled(terraform, item) for name, item in value.items()}
    if isinstance(value, str):
        whole = _NAME.fullmatch(value)
        found = terraform.output(whole[1]) if whole else None
        return found or _NAME.sub(lambda name: _one(terraform, name[1]), value)
    if isinstance(value, list | tuple):
        return [text for item in value for text in _listed(_filled(terraform, item))]
    return value


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _one(terraform: Terraform, name: str) -> str:
    """Behind `<name>`: what is brought by that key, or an output of a stack."""
    known = terraform.brought.texts.get(name)
    return known or next(iter(texts(terraform.output(name))), f"<{name}>")
