"""Settings as operators might write them, for hypothesis: each valid, and spread over what settings allow."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from sagekeep import catalog
from sagekeep.rules import zone_id_prefix
from sagekeep.settings import Settings, parse
from sagekeep.settings_fields import EXTRA_ENDPOINTS

_KINDS = ("process", "train", "inference")
REGIONS = sorted(set.intersection(*(set(catalog.images().regions(kind)) for kind in _KINDS)))
PARTITIONS = {
    region: parse({"prefix": "a", "account_id": "1" * 12, "region": region}, environment="test").partition
    for region in REGIONS
}
_word = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)
_prefix = st.lists(_word, min_size=1, max_size=3).map("-".join)
_account = st.from_regex(r"[1-9][0-9]{11}", fullmatch=True)
_user = st.from_regex(r"[a-zA-Z0-9](-?[a-zA-Z0-9]){0,20}", fullmatch=True)
_short_user = st.from_regex(r"[a-zA-Z0-9](-?[a-zA-Z0-9]){0,10}", fullmatch=True).filter(
    lambda user: user.lower() != "sweeper"  # whose role is another
)
_tag = st.text("abcXYZ019 _.:/=+-@éß", min_size=1, max_size=30).filter(lambda key: not key.lower().startswith("aws:"))
# With each of them the longest names of the other sections fit.
NAME_PATTERNS = ("{prefix}-{purpose}", "{environment}-{purpose}", "x-{region}-{environment}-{purpose}")
# Not the word that tests look for: hypothesis tries strings that it finds in them.
_taken = st.characters(categories=["L", "N", "Z"], include_characters="_.:/=+-@")  # by the services, in tags
_value = st.text(_taken, max_size=20).filter(lambda value: "TfToken" not in value)
_principals = ("role/deployer", "role/ci/terraform", "role/aws-reserved/*/AWSReservedSSO_Admin_*", "user/jo+x@b.org")


def _instances(kind: str) -> st.SearchStrategy[str]:
    types = catalog.instance_types()
    return st.sampled_from([instance for instance in types.known(kind) if not types.has_local_nvme(instance)])


@st.composite
def _network(draw: st.DrawFn, region: str) -> dict[str, Any]:
    known = [f"{zone_id_prefix(region)}-az{number}" for number in range(1, 8)]
    ids = [zone for zone in known if zone not in catalog.zones_left_out(region)]
    zones = draw(st.integers(2, 6) | st.lists(st.sampled_from(ids), min_size=2, max_size=6, unique=True))
    count = zones if isinstance(zones, int) else len(zones)
    # From /16 on every zone has room for what the other sections ask; test_settings looks at smaller ranges.
    extra = draw(st.lists(st.sampled_from(EXTRA_ENDPOINTS), max_size=4, unique=True))
    return {
        "cidr": f"10.{draw(st.integers(0, 255))}.0.0/16",
        "zones": zones,
        "subnet_slots": draw(st.sampled_from([slots for slots in (2, 4, 8) if slots >= count])),
        "extra_endpoints": extra,
        "block_public_access": draw(st.booleans()),
    }


@st.composite
def _deploy(draw: st.DrawFn, account: str, partition: str) -> dict[str, list[str]]:
    arns = st.sampled_from([f"arn:{partition}:iam::{account}:{name}" for name in _principals])
    return {key: draw(st.lists(arns, max_size=3, unique=True)) for key in ("roles", "plan_roles", "data_writers")}


@st.composite
def _functions(draw: st.DrawFn, region: str, account: str, partition: str) -> dict[str, Any]:
    profile = f"arn:{partition}:signer:{region}:{account}:/signing-profiles/acme/a1b2c3d4e5"
    return {
        "log_level": draw(st.sampled_from(["DEBUG", "INFO", "WARNING", "ERROR"])),
        "reserved_concurrency": draw(st.sampled_from([0, 1, 50])),
        "code_signing_profile_arns": draw(st.sampled_from([[], [profile]])),
    }


@st.composite
def _studio(draw: st.DrawFn) -> dict[str, Any]:
    own = draw(st.booleans())
    ranges = draw(st.lists(st.sampled_from(["203.0.113.0/24", "198.51.100.7/32", "2001:db8:1::/48"]), unique=True))
    sign_in = "cidrs" if ranges else draw(st.sampled_from(["iam", "endpoint"]))
    sso: dict[str, Any] = {}
    if sign_in == "iam" and draw(st.booleans()):
        groups = st.sampled_from(["ML Engineers", "risk", "9067642ac7-1b2c3d4e-aaaa-bbbb-cccc-1234567890ab"])
        sso = {"auth": "SSO", "sso_groups": draw(st.lists(groups, max_size=3, unique=True))}
    users = draw(st.lists(_short_user if own else _user, max_size=5, unique_by=str.lower))
    return {"users": users, "role_per_user": own, "sign_in": sign_in, "sign_in_cidrs": ranges, **sso}


@st.composite
def _iam(draw: st.DrawFn, account: str, partition: str) -> dict[str, str]:
    boundary = st.sampled_from([f"arn:{partition}:iam::{owner}:policy/x/Boundary" for owner in (account, "aws")])
    return {"permissions_boundary": draw(st.just("") | boundary), "role_path": draw(st.sampled_from(["/", "/ml/a.b/"]))}


def _administrators(account: str, partition: str) -> st.SearchStrategy[list[str]]:
    return st.just([f"arn:{partition}:iam::{account}:role/key-admins"])


@st.composite
def _personas(draw: st.DrawFn, account: str, partition: str) -> dict[str, Any]:
    arns = st.sampled_from([f"arn:{partition}:iam::{account}:{name}" for name in _principals])
    people = ("data_scientist", "ml_engineer", "administrator", "auditor")
    found = {key: {"principals": draw(st.lists(arns, max_size=4, unique=True))} for key in people}
    return {**found, "require_mfa": draw(st.booleans())}


_pipeline = st.fixed_dictionaries(
    {"name": st.from_regex(r"[a-z0-9](-?[a-z0-9]){0,39}", fullmatch=True)},
    optional={
        "label": st.from_regex(r"[A-Za-z_][A-Za-z0-9_ .()/%-]{0,30}", fullmatch=True).map(lambda label: f"x{label}"),
        "problem_type": st.sampled_from(["", "binary", "multiclass", "regression"]),
        "seed": st.integers(0, 2**31 - 1),
        "test_fraction": st.floats(0.05, 0.95),
        "time_limit_seconds": st.integers(10, 432_000),
        "sample_rows": st.just(0) | st.integers(1, 100_000),
        "endpoint_instances": st.integers(1, 100),
        "job_log_groups": st.sampled_from(["own", "account"]),
        "instances": st.fixed_dictionaries({kind: _instances(kind) for kind in ("process", "train", "endpoint")}),
    },
)
_alerts = st.fixed_dictionaries(
    {"queue": st.booleans()},
    optional={"emails": st.lists(_word.map(lambda name: f"{name}@example.com"), max_size=3, unique=True)},
)
_detection = st.fixed_dictionaries(
    {"enabled": st.booleans()},
    optional={
        "include_deployments": st.booleans(),
        "denied_calls": st.integers(1, 10_000),
        "emails": st.lists(_word.map(lambda name: f"{name}@example.com"), max_size=2, unique=True),
    },
)


@st.composite
def environments(draw: st.DrawFn) -> Settings:
    """Settings of an environment called `test`."""
    region, account = draw(st.sampled_from(REGIONS)), draw(_account)
    document = {
        "prefix": draw(_prefix),
        "account_id": account,
        "region": region,
        "removal": draw(st.sampled_from(["destroy", "retain"])),
        "name_pattern": draw(st.sampled_from(NAME_PATTERNS)),
        "tags": draw(st.dictionaries(_tag, _value, max_size=4)),
        "deploy": draw(_deploy(account, PARTITIONS[region])),
        "perimeter": {"organization": draw(st.sampled_from(["", "o-a1b2c3d4e5"]))},
        "network": draw(_network(region)),
        "storage": {"object_lock_days": draw(st.sampled_from([0, 1, 365]))},
        "functions": draw(_functions(region, account, PARTITIONS[region])),
        "keys": {"administrators": draw(st.just([]) | _administrators(account, PARTITIONS[region]))},
        "outputs": {"ssm_prefix": draw(st.sampled_from(["", "/acme/ml"]))},
        "iam": draw(_iam(account, PARTITIONS[region])),
        "studio": draw(_studio()),
        "personas": draw(_personas(account, PARTITIONS[region])),
        "pipeline": draw(_pipeline),
        "alerts": draw(_alerts),
        "detection": draw(_detection),
        "state": {"backend": draw(st.sampled_from(["s3", "local"]))},
    }
    return parse(document, environment="test")
