"""Checks of buckets that are brought: versioned, closed, under the right key, and with a policy that serves us."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sagekeep import names
from sagekeep.estate.check import Check, pasted
from sagekeep.estate.clients import Clients
from sagekeep.estate.fault import Fault
from sagekeep.estate.gaps import GRANTED, compare, stops
from sagekeep.estate.needs import Names, needs_of
from sagekeep.estate.requests import Asked
from sagekeep.iam.document import Policy, parse
from sagekeep.iam.evaluate import Layers
from sagekeep.settings import Settings

_CLOSED = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_OUTSIDE_ADDRESS = "203.0.113.9"  # of the range for documentation, RFC 5737
_KIND = "s3:x-amz-server-side-encryption"
Context = Mapping[str, tuple[str, ...]]


class Bucket:
    """A bucket as S3 describes it."""

    def __init__(self, key: str, clients: Clients) -> None:
        self.key = key
        self.name = clients.one(key)
        self._clients = clients

    def ask(self, call: str) -> Mapping[str, Any]:
        """An answer of S3 about it; empty where it has no such configuration."""
        try:
            answer: Mapping[str, Any] = self._clients.ask("s3", call, Bucket=self.name)
        except LookupError:
            return {}
        return answer

    @property
    def region(self) -> str:
        """ "" where there is no such bucket."""
        found = self.ask("get_bucket_location")
        return str(found.get("LocationConstraint") or "us-east-1") if found else ""

    @property
    def policy(self) -> Policy | None:
        """Its policy."""
        found = self.ask("get_bucket_policy").get("Policy")
        return parse(found, f"the policy of {self.name}") if found else None

    @property
    def default_key(self) -> str:
        """Key of the default encryption, "" where S3's own encrypts."""
        rules = self.ask("get_bucket_encryption").get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
        defaults = [rule.get("ApplyServerSideEncryptionByDefault", {}) for rule in rules]
        kms = [one for one in defaults if str(one.get("SSEAlgorithm", "")).startswith("aws:kms")]
        return str(kms[0].get("KMSMasterKeyID", "alias/aws/s3")) if kms else ""


def _common(bucket: Bucket, s: Settings, *, versioned: bool) -> Iterator[Fault]:
    if bucket.region != s.region:
        yield Fault(bucket.key, f"bucket {bucket.name} is in region {bucket.region}, the environment in {s.region}")
    status = bucket.ask("get_bucket_versioning").get("Status", "off")
    if versioned and status != "Enabled":
        text = (
            f"bucket {bucket.name} has no versioning (it is {status.lower()}): what is overwritten is lost; enable it"
        )
        yield Fault(bucket.key, text, pasted({"Status": "Enabled"}))
    closed = bucket.ask("get_public_access_block").get("PublicAccessBlockConfiguration", {})
    if open_ways := [way for way in _CLOSED if not closed.get(way)]:
        text = f"bucket {bucket.name} does not block public access ({', '.join(open_ways)}):"
        yield Fault(bucket.key, text, pasted(dict.fromkeys(_CLOSED, True)))


def _found(check: Callable[[Bucket, Clients, Settings], Iterator[Fault]], name: str) -> Check:
    """A check of a bucket that exists."""

    def run(clients: Clients, s: Settings) -> Iterator[Fault]:
        if getattr(s.existing, name) is None:
            return
        bucket = Bucket(f"existing.{name}", clients)
        if bucket.region:
            yield from check(bucket, clients, s)
        else:
            yield Fault(bucket.key, f"there is no bucket {bucket.name}, or another account owns it")

    what = name.replace("_", " ")
    return Check(what, f"the {what} is versioned, closed and lets our calls through", run)


def data_bucket_serves(bucket: Bucket, clients: Clients, s: Settings) -> Iterator[Fault]:
    """Under our data key, held to our VPC, and open to our roles."""
    yield from _common(bucket, s, versioned=True)
    known = Names(clients, s)
    ours = known.of("data_key_arn")
    if ours and bucket.default_key.rpartition("/")[2] != str(ours).rpartition("/")[2]:
        text = f"bucket {bucket.name} encrypts with {bucket.default_key or 'a key of S3'}, not with existing.keys.data:"
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": ours}
        rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
        yield Fault(bucket.key, text, pasted({"Rules": [rule]}))
    vpc, endpoint = known.of("vpc_id"), known.of("s3_endpoint_id")
    inside = {"aws:SourceVpc": (str(vpc),)} | ({"aws:SourceVpce": (str(endpoint),)} if endpoint else {})
    # Until the VPC is made nobody can tell what a policy about VPCs lets through: storage's plan asks again.
    yield from _policy(bucket, clients, s, {"outside": {}} | ({"vpc": inside} if vpc else {}), str(ours or ""))


def log_bucket_serves(bucket: Bucket, clients: Clients, s: Settings) -> Iterator[Fault]:
    """S3 may deliver our data bucket's access logs there, which it does under its own keys only."""
    yield from _common(bucket, s, versioned=False)
    if not s.existing.data_bucket and bucket.default_key:
        text = (
            f"bucket {bucket.name} encrypts with {bucket.default_key}, and S3 delivers access logs under SSE-S3 only:"
        )
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        yield Fault(bucket.key, text, pasted({"Rules": [rule]}))
    yield from _policy(bucket, clients, s, {}, "")


def state_bucket_serves(bucket: Bucket, clients: Clients, s: Settings) -> Iterator[Fault]:
    """Who deploys may write states there, who plans may read and lock them."""
    yield from _common(bucket, s, versioned=True)
    yield from _policy(bucket, clients, s, {"outside": {}}, names.state_encryption(s))


def _policy(
    bucket: Bucket, clients: Clients, s: Settings, places: Mapping[str, Context], key_arn: str
) -> Iterator[Fault]:
    """What the bucket's policy lacks, and what of ours it stops from the places that are known."""
    needs, whose = needs_of(bucket.key, clients, s), f"the policy of bucket {bucket.name}"
    layers = Layers(identity=(GRANTED,), resource=bucket.policy)
    lacking = compare(needs.policy, layers, Asked(s.account_id, s.partition))
    yield from lacking.faults(bucket.key, whose, needs.policy)
    context = {"aws:SecureTransport": ("true",)} | _encrypted(key_arn)
    contexts = {place: {**context, **_address(place), **more} for place, more in places.items()}
    calls = [call for call in needs.calls if call.place in contexts]
    yield from stops(calls, layers, s.account_id, contexts).faults(bucket.key, whose, needs.policy)


def _encrypted(key_arn: str) -> dict[str, tuple[str, ...]]:
    """What our writers say of encryption: jobs, functions and Terraform name the key, or the kind."""
    return {_KIND: ("aws:kms",), f"{_KIND}-aws-kms-key-id": (key_arn,)} if key_arn else {_KIND: ("AES256",)}


def _address(place: str) -> dict[str, tuple[str, ...]]:
    return {"aws:SourceIp": (_OUTSIDE_ADDRESS,)} if place == "outside" else {}


CHECKS = (
    _found(data_bucket_serves, "data_bucket"),
    _found(log_bucket_serves, "access_log_bucket"),
    _found(state_bucket_serves, "state_bucket"),
)
