"""Rules about keys, buckets, domain, topic and roles that are brought: what contradicts itself, or other settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from sagekeep.settings import Settings
from sagekeep.settings_faults import Fault


def state_is_known_at_once(s: Settings) -> Iterator[Fault]:
    """Terraform reads its backend before anything else: nothing can be looked up for it."""
    e = s.existing
    for key, reference in (("state_bucket", e.state_bucket), ("keys.state", e.keys.get("state"))):
        if reference is None:
            continue
        if s.state.backend != "s3":
            yield Fault(f"existing.{key}", 'has no effect with state.backend = "local"; remove one of the two', None)
        elif not reference.id:
            rule = "must be given itself, as Terraform's backend cannot look it up by tags, ssm or state"
            yield Fault(f"existing.{key}", rule, reference.written())


def data_bucket_has_its_key(s: Settings) -> Iterator[Fault]:
    """Our roles use one data key, and a bucket that is brought has its owner's."""
    e = s.existing
    if e.data_bucket and "data" not in e.keys:
        rule = "must be given with existing.data_bucket: the key that the bucket encrypts with"
        yield Fault("existing.keys.data", rule, None)


def data_bucket_is_left_alone(s: Settings) -> Iterator[Fault]:
    """Object lock is a configuration of the bucket."""
    days = s.storage.object_lock_days
    if s.existing.data_bucket and days:
        rule = "would change existing.data_bucket, which is its owner's to lock; set 0"
        yield Fault("storage.object_lock_days", rule, days)


def buckets_differ(s: Settings) -> Iterator[Fault]:
    """A bucket cannot log into itself, and states and data have other readers."""
    e = s.existing
    named = [str(b) for b in (e.data_bucket, e.access_log_bucket, e.state_bucket) if b]
    if twice := sorted(name for name, times in Counter(named).items() if times > 1):
        yield Fault("existing", "data_bucket, access_log_bucket and state_bucket must differ", twice)


def domain_has_its_surroundings(s: Settings) -> Iterator[Fault]:
    """A domain lies in a VPC and under a key for ever: both were there before."""
    e = s.existing
    if e.domain is None:
        return
    if e.vpc is None:
        yield Fault("existing.vpc", "must be given with existing.domain: the VPC that the domain is in", None)
    if "studio" not in e.keys:
        yield Fault("existing.keys.studio", "must be given with existing.domain: the domain's key", None)
    if "studio-sweeper" in e.roles:
        rule = "has no effect with existing.domain, which nothing sweeps; remove it"
        yield Fault("existing.roles.studio-sweeper", rule, None)


def key_of_the_state_is_ours(s: Settings) -> Iterator[Fault]:
    """The ARN of the key that `bootstrap` made, in our account and region; a key that is brought says its own."""
    arn = s.state.key_arn
    if not arn:
        return
    if s.existing.state_bucket or "state" in s.existing.keys or s.state.backend == "local":
        yield Fault("state.key_arn", "has no effect without a state bucket and key of our own; remove it", arn)
    elif not arn.startswith(f"arn:{s.partition}:kms:{s.region}:{s.account_id}:key/"):
        yield Fault("state.key_arn", f"must be a key of {s.account_id} in {s.region}", arn)


def image_endpoints_are_wanted(s: Settings) -> Iterator[Fault]:
    """Endpoints that are brought, and left out."""
    for service in ("ecr.api", "ecr.dkr"):
        if not s.network.image_endpoints and service in s.existing.endpoints.named:
            rule = "has no effect with network.image_endpoints = false; remove it"
            yield Fault(f"existing.endpoints.{service}", rule, str(s.existing.endpoints.named[service]))


def roles_are_used(s: Settings) -> Iterator[Fault]:
    """A role of a function or of flow logs that are not made."""
    roles = s.existing.roles
    if "flow-logs" in roles and s.existing.vpc and not s.network.flow_logs:
        rule = "has no effect with existing.vpc unless network.flow_logs = true; remove it"
        yield Fault("existing.roles.flow-logs", rule, None)
    if "data-seed" in roles and not s.pipeline.sample_rows:
        yield Fault("existing.roles.data-seed", "has no effect with pipeline.sample_rows = 0; remove it", None)


# Keys that a rule reads -> the rule.
RULES: tuple[tuple[tuple[str, ...], Callable[[Settings], Iterator[Fault]]], ...] = (
    (("state.key_arn", "state.backend", "existing.state_bucket", "account_id", "region"), key_of_the_state_is_ours),
    (("network.image_endpoints",), image_endpoints_are_wanted),
    (("existing.state_bucket", "existing.keys.state", "state.backend"), state_is_known_at_once),
    (("existing.data_bucket", "existing.keys.data"), data_bucket_has_its_key),
    (("existing.data_bucket", "storage.object_lock_days"), data_bucket_is_left_alone),
    (("existing.data_bucket", "existing.access_log_bucket", "existing.state_bucket"), buckets_differ),
    (("existing.domain", "existing.vpc", "existing.keys.studio"), domain_has_its_surroundings),
    (("existing.vpc", "network.flow_logs", "pipeline.sample_rows"), roles_are_used),
)
