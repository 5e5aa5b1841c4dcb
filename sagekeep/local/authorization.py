"""Who may do what: ministack's IAM evaluation, seen from the network the request came through.

Adds to it what AWS also asks: the policy of the VPC endpoint, the caller's KMS permissions on encrypted objects,
iam:PassRole, anonymous S3 requests, and a denial's reason.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core import iam_actions
from ministack.core import iam_evaluator as evaluator
from ministack.core.responses import get_account_id
from ministack.services import tagging

from sagekeep.local import calls, reasons, sessions
from sagekeep.local.condition_keys import keys_of
from sagekeep.local.network import Endpoint
from sagekeep.local.request import Denial, Request, current

log = logging.getLogger("sagekeep.authorization")

Context = dict[str, Any]
Verdict = Any  # None (allowed), evaluator.AuthError or evaluator.EvalResult
Check = tuple[str, str, str, Context]  # action, ministack's name of its service, resource, condition keys
Extra = Callable[[str, str, Context], list[Check]]

_S3_ANONYMOUS = "anonymous"
_NOBODY = evaluator.PrincipalInfo(_S3_ANONYMOUS, "Anonymous", "anonymous", [])


class Authorizer:
    """Takes the place of ministack's `enforce` and of its denials' wording."""

    def __init__(self, extra_checks: list[Extra]) -> None:
        self._enforce = evaluator.enforce
        self._respond = iam_actions.access_denied_response
        self._extra_checks = extra_checks

    def install(self) -> None:
        """Replace ministack's entry points; every service looks them up at each request."""
        evaluator.enforce = self.enforce
        iam_actions.access_denied_response = self.respond

    def enforce(
        self,
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Mapping[str, Any] | None = None,
    ) -> Verdict:
        """None when allowed; see ministack.core.iam_evaluator.enforce."""
        request = current()
        request.action, request.resource = request.action or iam_action, request.resource or resource_arn
        context = {**(service_context or {}), **keys_of(access_key_id, resource_arn), **_network_keys(request)}
        verdict = self._decide(access_key_id, iam_action, service, region, resource_arn, context)
        place = request.endpoint.id if request.endpoint else calls.INTERNET
        _record(access_key_id, iam_action, place, resource_arn, verdict, context)
        if verdict is not None:
            return verdict
        for action, extra_service, arn, extra_context in self._extra(iam_action, resource_arn, context):
            # The service asks in the caller's name, from outside the VPC: no endpoint is on its way.
            verdict = self._judge(access_key_id, action, extra_service, region, arn, extra_context)
            _record(access_key_id, action, calls.SERVICE, arn, verdict, extra_context)
            if verdict is not None:
                return verdict
        return None if request.several else sessions.rehearsed(access_key_id)

    def _extra(self, action: str, arn: str, context: Context) -> list[Check]:
        return [check for find in self._extra_checks for check in find(action, arn, context)]

    def _decide(self, key: str, action: str, service: str, region: str, arn: str, context: Context) -> Verdict:
        request = current()
        if request.endpoint is not None:
            # aws:SourceIp is absent from requests through an endpoint.
            evaluator.pin_request_origin(None, True)  # noqa: FBT003
        anonymous = service == "s3" and not key
        if anonymous:
            verdict = _anonymous(request, action, arn, region, context)
        else:
            verdict = self._judge(key, action, service, region, arn, context)
        if request.endpoint is not None and not _final(verdict):
            principal = _NOBODY if anonymous else _principal(key)
            through, denial = _through_endpoint(request.endpoint, principal, action, region, arn, context)
            if verdict is None or _final(through):
                verdict, request.denial = through, denial
        if isinstance(verdict, evaluator.EvalResult) and request.denial:
            log.warning("%s (statement %s)", request.denial.message, verdict.matched_sid or "none")
        return verdict

    def _judge(self, key: str, action: str, service: str, region: str, arn: str, context: Context) -> Verdict:
        """The policies' verdict; a denial's reason is kept for the answer."""
        verdict = self._enforce(key, action, service, region, arn, context)
        if isinstance(verdict, evaluator.EvalResult):
            reason = reasons.reason(verdict, service, _context(_principal(key), action, region, arn, context))
            current().denial = Denial(verdict.principal_arn, action, arn, reason)
        return verdict

    def respond(self, service: str, action: str, principal_arn: str, request_id: str, **options: Any) -> Any:
        """ministack's error response, with principal, action, resource and reason in it."""
        denial = current().denial
        if denial is None or options.get("error_code"):
            return self._respond(service, action, principal_arn, request_id, **options)
        current().denial = None
        options["message"] = denial.message
        # Its own wording for these two leaves no room for ours: take the plain JSON form, with their status.
        plain = {"ssm": "kms", "logs": "kms"}.get(service)
        if plain is None:
            return self._respond(service, denial.action, principal_arn, request_id, **options)
        _, headers, body = self._respond(plain, denial.action, principal_arn, request_id, **options)
        return 400, headers, body


def _principal(key: str) -> Any:
    return evaluator.resolve_principal(key, get_account_id())


def _record(key: str, action: str, place: str, resource: str, verdict: Verdict, keys: Context) -> None:
    denial = current().denial
    reason = "" if verdict is None else denial.reason if denial else str(getattr(verdict, "code", "denied"))
    tags = {f"aws:ResourceTag/{name}": value for name, value in (tagging.resource_tags(resource) or {}).items()}
    calls.record(sessions.principal(key), action, place, resource, reason, {**tags, **keys})


def _network_keys(request: Request) -> Context:
    if request.endpoint is None:
        return {}
    return {"aws:SourceVpc": request.endpoint.vpc_id, "aws:SourceVpce": request.endpoint.id}


def _final(verdict: Verdict) -> bool:
    """An explicit deny or a caller unknown, which no further policy changes."""
    return verdict is not None and getattr(verdict, "decision", "Deny") == "Deny"


def _through_endpoint(
    endpoint: Endpoint, principal: Any, action: str, region: str, arn: str, context: Context
) -> tuple[Verdict, Denial | None]:
    """What the endpoint's policy says, and a denial's reason."""
    if isinstance(principal, evaluator.AuthError):
        return principal, None
    verdict = evaluator.evaluate_resource_policy(endpoint.policy, _context(principal, action, region, arn, context))
    if verdict.decision == "Allow":
        return None, None
    reason = (
        "with an explicit deny in a VPC endpoint policy"
        if verdict.decision == "Deny"
        else f"because no VPC endpoint policy allows the {action} action"
    )
    verdict.principal_arn = principal.arn
    return verdict, Denial(principal.arn, action, arn, reason)


def _context(principal: Any, action: str, region: str, arn: str, context: Context) -> Any:
    return evaluator.EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=action,
        resource_arn=arn,
        region=region,
        service_context={name.lower(): value for name, value in context.items()},
        principal_keys=principal.keys,
    )


def _anonymous(request: Request, action: str, arn: str, region: str, context: Context) -> Verdict:
    """S3 answers unsigned requests by the bucket policy alone."""
    found = evaluator._resource_policy("s3", arn)
    ctx = _context(_NOBODY, action, region, arn, context)
    verdict = evaluator.evaluate_resource_policy(found[0] if found else None, ctx)
    if verdict.decision == "Allow":
        return None
    reason = (
        "with an explicit deny in a resource-based policy"
        if verdict.decision == "Deny"
        else f"because no resource-based policy allows the {action} action"
    )
    request.denial = Denial(_S3_ANONYMOUS, action, arn, reason)
    verdict.principal_arn = _S3_ANONYMOUS
    return verdict
