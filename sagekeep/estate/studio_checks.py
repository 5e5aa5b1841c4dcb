"""Checks of a Studio domain and of a topic that are brought."""

from __future__ import annotations

from collections.abc import Iterator

from sagekeep.estate.check import Check
from sagekeep.estate.clients import Clients
from sagekeep.estate.fault import Fault
from sagekeep.estate.gaps import GRANTED, compare, stops
from sagekeep.estate.key_checks import lets_use
from sagekeep.estate.lookups import TOPIC, described
from sagekeep.estate.needs import Names, needs_of
from sagekeep.estate.requests import Asked
from sagekeep.iam.document import parse
from sagekeep.iam.evaluate import Layers
from sagekeep.settings import Settings


def domain_serves(clients: Clients, s: Settings) -> Iterator[Fault]:
    """In our VPC and nowhere else, under the studio key, with the sign-in of the settings (controls M1, M2)."""
    key = "existing.domain"
    if s.existing.domain is None:
        return
    domain_id = clients.one(key)
    try:
        domain = clients.ask("sagemaker", "describe_domain", DomainId=domain_id)
    except LookupError:
        yield Fault(key, f"there is no domain {domain_id} in {s.region}")
        return
    known = Names(clients, s)
    studio_key, vpc_id = known.of("studio_key_arn"), known.of("vpc_id")
    access, found = domain.get("AppNetworkAccessType"), str(domain.get("KmsKeyId", ""))
    if domain["Status"] != "InService":
        yield Fault(key, f"{domain_id} is {domain['Status']}, not InService")
    if access != "VpcOnly":
        yield Fault(key, f"{domain_id} has {access}: its apps reach the internet; its owner makes it VpcOnly")
    if vpc_id and domain.get("VpcId") != vpc_id:
        text = (
            f"{domain_id} is in {domain.get('VpcId')}, the environment in {vpc_id}: its apps could not reach our data"
        )
        yield Fault(key, text)
    if domain.get("AuthMode") != s.studio.auth:
        yield Fault(
            "studio.auth", f"is {s.studio.auth}, and existing.domain, {domain_id}, has {domain.get('AuthMode')}"
        )
    if not found:
        yield Fault(
            key, f"{domain_id} is under a key of AWS's own; bring one under a key of yours, as existing.keys.studio"
        )
    elif studio_key and found.rpartition("/")[2] != str(studio_key).rpartition("/")[2]:
        yield Fault("existing.keys.studio", f"must be the key of existing.domain, {found}")


def topic_serves(clients: Clients, s: Settings) -> Iterator[Fault]:
    """EventBridge and our alarms may publish, and so does the key of the topic let them."""
    key = "existing.topic"
    if s.existing.topic is None:
        return
    topic = described(key, TOPIC, clients, s)
    if isinstance(topic, Fault):
        yield topic
        return
    arn = topic["TopicArn"]
    needs, whose = needs_of(key, clients, s), f"the policy of topic {arn}"
    layers = Layers(identity=(GRANTED,), resource=parse(topic["Policy"], whose) if topic.get("Policy") else None)
    yield from compare(needs.policy, layers, Asked(s.account_id, s.partition)).faults(key, whose)
    outside = {"outside": {"aws:SecureTransport": ("true",)}}
    yield from stops(needs.calls, layers, s.account_id, outside).faults(key, whose)
    used = topic.get("KmsMasterKeyId", "")
    if used.endswith("alias/aws/sns"):
        yield Fault(
            key, f"{arn} is under AWS's own key, with which EventBridge cannot publish; its owner takes another"
        )
    elif used:
        yield from lets_use(key, _key_arn(used, clients), needs.key, clients, s)


def _key_arn(used: str, clients: Clients) -> str:
    """GetKeyPolicy takes no alias."""
    return str(clients.ask("kms", "describe_key", KeyId=used)["KeyMetadata"]["Arn"])


CHECKS = (
    Check("domain", "the Studio domain is sealed and in our VPC", domain_serves),
    Check("topic", "our alerts reach the topic", topic_serves),
)
