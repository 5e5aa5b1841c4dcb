"""The embedded AWS's verdicts on cases from standard input, as its gateway reaches them. A process of its own.

ministack keeps its state in the process, and is patched in it. With "plain" it judges as it comes.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from tests.local.iam_cases import Case, caller_arn
from tests.local.iam_vocabulary import ACCOUNT, ENDPOINT, ISSUED, REGION, VPC

os.environ |= {
    "AUTH": "true",
    "MINISTACK_ACCOUNT_ID": ACCOUNT,
    "AWS_ACCESS_KEY_ID": "AKIAADMINISTRATOR",
    "LOG_LEVEL": "CRITICAL",
}

from ministack.core import iam_evaluator as evaluator
from ministack.services import iam, sts

from sagekeep.local import delegates, patches
from sagekeep.local import request as requests
from sagekeep.local.authorization import Authorizer
from sagekeep.local.network import Endpoint

BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"


class Judge:
    """Puts a case's caller and policies where the gateway looks for them, and asks it."""

    def __init__(self) -> None:
        self._authorizer = Authorizer([])
        self._resource_policy: tuple[str, str] | None = None
        # Where a resource's policy is kept is not in question, only what it says.
        evaluator._resource_policy = lambda _service, _arn: self._resource_policy

    def verdict(self, case: Case) -> list[str]:
        """Decision and Sid."""
        caller, policy = case["caller"], case["resource_policy"]
        asked = {key: values for key, values in case["context"].items() if not key.startswith("aws:PrincipalTag/")}
        context = {key: values[0] if len(values) == 1 else values for key, values in asked.items()}
        context["aws:ResourceAccount"] = case["owner"]
        if caller["kind"] == "service":
            may = delegates.policy_allows(policy or {}, caller["name"], case["action"], case["resource"], context)
            return ["Allow" if may else "", ""]
        if case["service"] == "sts":
            return [_trusted(case, context), ""]
        self._resource_policy = (json.dumps(policy), case["owner"]) if policy or case["owner"] != ACCOUNT else None
        evaluator.pin_request_origin(context.get("aws:SourceIp"), context["aws:SecureTransport"] == "true")
        endpoint = Endpoint(ENDPOINT, VPC, json.dumps(case["endpoint"])) if case["endpoint"] else None
        requests.begin(requests.Request(endpoint=endpoint))
        key = _PREPARE[caller["kind"]](case)
        found = self._authorizer.enforce(key, case["action"], case["service"], REGION, case["resource"], context)
        if isinstance(found, evaluator.AuthError):
            raise SystemExit(f"not judged: {found}")
        return [found.decision, found.matched_sid] if found else ["Allow", ""]


def _trusted(case: Case, context: dict[str, Any]) -> str:
    """As STS asks the trust policy of a role."""
    principal = evaluator.resolve_principal(_PREPARE[case["caller"]["kind"]](case), ACCOUNT)
    asked = evaluator.EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=case["action"],
        resource_arn=case["resource"],
        region=REGION,
        source_ip=context["aws:SourceIp"],
        secure_transport=context["aws:SecureTransport"] == "true",
        service_context={key.lower(): value for key, value in context.items()},
        principal_keys=principal.keys,
    )
    return "Allow" if evaluator.evaluate_trust_policy(json.dumps(case["resource_policy"]), principal.arn, asked) else ""


def _nobody(_case: Case) -> str:
    return ""


def _user(case: Case) -> str:
    name = case["caller"]["name"]
    iam._users[name] = {**_record(case), "UserId": f"AIDA{name.upper()}"}
    iam._user_inline_policies[name] = iam._users[name]["InlinePolicies"]
    iam._access_keys["AKIAUSER"] = {"UserName": name, "Status": "Active", "SecretAccessKey": "x"}
    return "AKIAUSER"


def _role(case: Case) -> str:
    name, session = case["caller"]["name"], case["caller"]["session"]
    iam._roles[name] = _record(case)
    sts._sessions["ASIAROLE"] = {
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}",
        "UserId": f"AROA{name.upper()}:{session}",
        "AccountId": ACCOUNT,
        "SecretAccessKey": "x",
        "PrincipalType": "AssumedRole",
        "IssuedAt": ISSUED,
        "SessionPolicies": {"Policy": json.dumps(case["session"])} if case["session"] else None,
    }
    return "ASIAROLE"


_PREPARE = {"anonymous": _nobody, "user": _user, "role": _role}


def _record(case: Case) -> dict[str, Any]:
    tags = [(key.partition("/")[2], values[0]) for key, values in case["context"].items() if "PrincipalTag" in key]
    record: dict[str, Any] = {
        "Arn": caller_arn(case["caller"]),
        "AttachedPolicies": [],
        "InlinePolicies": {f"p{number}": json.dumps(document) for number, document in enumerate(case["identity"])},
        "Tags": [{"Key": key, "Value": value} for key, value in tags],
    }
    if case["boundary"]:
        versions = {"v1": {"Document": json.dumps(case["boundary"])}}
        iam._policies[BOUNDARY] = {"DefaultVersionId": "v1", "Versions": versions}
        record["PermissionsBoundary"] = BOUNDARY
    return record


if __name__ == "__main__":
    if "plain" not in sys.argv:
        patches.apply()
    judge = Judge()
    json.dump([judge.verdict(case) for case in json.load(sys.stdin)], sys.stdout)
