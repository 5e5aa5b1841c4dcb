"""Tries what the proof decides: as a live request of the caller from its place, or, where a service calls, by asking
the embedded AWS what it asks itself when a service here does so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from live_requests import FORMS, Form
from live_sagemaker import PASSING, TAGGING
from live_verdicts import Outcome, outcome, reason
from live_words import Asked
from live_world import World
from sagekeep.iam.replaced import replacement
from sagekeep.local.sagemaker.permissions_data import RESOURCES
from sagekeep.prove.rows import Row, contexts
from sagekeep.prove.situation import Situation, situations
from sagekeep.prove.words import fill

_ADDRESSES = {
    "ecr.dkr": "https://{account}.dkr.ecr.{region}.amazonaws.com",
    "studio": "https://{domain}.studio.{region}.sagemaker.aws",
}
# These only look, or do nothing that the estate's other tests would notice: they are carried out.
_HARMLESS = ("Describe", "Get", "List", "Filter", "AssumeRole")


def trials(world: World, row: Row) -> Iterator[tuple[Situation, Outcome]]:
    """Every request that a row stands for, and what became of it."""
    with world.granted(row):
        for situation in situations(row, world.estate):
            yield situation, attempt(world, situation)


def asked_of_policies(situation: Situation) -> str:
    """Why no client can send this request, "" where one can."""
    request, context = situation.request, situation.request.context
    service, _, operation = request.action.partition(":")
    by_service = ("true",) in (context.get("aws:ViaAWSService"), context.get("kms:GrantIsForAWSResource"))
    passed = context.get("iam:PassedToService") if request.action == "iam:PassRole" else None
    groups_alone = "sagemaker:VpcSecurityGroupIds" in context and "sagemaker:VpcSubnets" not in context
    known = service != "xray" and (service != "sagemaker" or operation in (*RESOURCES, "InvokeEndpoint"))
    reasons = (
        (request.caller.kind == "service", "a service calls as itself"),
        (by_service, "a service calls in the caller's name"),
        (any(replacement(key) for key in context), "requests have the present names of condition keys"),
        (passed not in (None, ("sagemaker.amazonaws.com",)), "the call that hands the role over is denied before"),
        (operation == "DeleteNetworkInterface" and "ec2:Vpc" in context, "only an interface that is there has a VPC"),
        (groups_alone, "the API takes no groups without subnets"),
        (not known, "it is not modelled"),
    )
    return next((why for holds, why in reasons if holds), "")


def attempt(world: World, situation: Situation) -> Outcome:
    """Make the request."""
    request = situation.request
    if asked_of_policies(situation):
        keys = {name: [*map(world.real, values)] for name, values in request.context.items()}
        single = {name: values[0] if len(values) == 1 else values for name, values in keys.items()}
        said = world.live.instance.refusal(request.caller.arn, request.action, world.real(request.resource), single)
        layer, explicit = reason(said)
        return Outcome("denied", said, layer, explicit) if said else Outcome("allowed")
    words = asked(world, situation)
    form = form_of(words)
    rehearse = not request.action.partition(":")[2].startswith(_HARMLESS) and request.caller.kind != "anonymous"
    address = _ADDRESSES.get(situation.row.service, "").format(
        account=words.account or world.estate.account, region=world.live.instance.region, domain=words.words["domain"]
    )
    client = world.client(situation, form.client, rehearse=rehearse, address=address or None)
    call, params = getattr(client, form.method), form.params(words)
    return outcome(lambda: call(**params))


def form_of(asked: Asked) -> Form:
    """The API call that stands for a request."""
    if asked.action == "iam:PassRole":
        return Form(*PASSING[asked.who])
    if asked.action == "sagemaker:AddTags" and asked.key_of("sagemaker:TaggingAction"):
        return Form(*TAGGING[asked.parts[0]])
    return FORMS[asked.action]


def asked(world: World, situation: Situation) -> Asked:
    """A request of the proof with live ids."""
    request = situation.request
    context = {name: tuple(map(world.real, values)) for name, values in request.context.items()}
    if request.action == "iam:PassRole":
        context |= _sealed(world.words)
    resource = world.real(request.resource)
    return Asked(situation.row.who, request.action, resource, context, world.words, world.groups, world.alias)


def _sealed(words: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """Who hands over a role starts a job that nothing else speaks against."""
    return {
        name: fill(text, words)  # type: ignore[arg-type]
        for name, text in contexts()["sealed"].items()
    }


def faults_of_call(situation: Situation, found: Outcome) -> str:
    """Why a call that must get through did not; "" where it did."""
    return "" if found.kind == "allowed" else _line(situation, found)


def faults_of_attempt(situation: Situation, found: Outcome, barriers: set[tuple[str, bool]]) -> str:
    """Why an attempt was not denied for a reason that the proof gives; "" where it was.

    `barriers`: the layers that stop it by the proof, and whether a statement of them denies.
    """
    if found.kind == "network" and ("network", False) in barriers:
        return ""
    request = situation.request
    if found.kind == "network" and request.context.get("aws:SecureTransport") == ("false",):
        return ""  # the security groups open no port but that of TLS
    if found.kind != "denied":
        return _line(situation, found)
    # Other accounts are not told the reason, and nobody is by STS.
    told = bool(found.layer) or (request.caller.account == request.resource_account and "sts:" not in request.action)
    if "to perform: " in found.said and f"to perform: {request.action} " not in found.said:
        return f"{_line(situation, found)} (another action)"
    if told and (found.layer, found.explicit) not in barriers:
        return f"{_line(situation, found)} (proved: {sorted(barriers)})"
    return ""


def _line(situation: Situation, found: Outcome) -> str:
    request = situation.request
    return f"{request.action} on {request.resource}: {found.kind}. {found.said}"
