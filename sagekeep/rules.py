"""Rules that look at several settings, or at AWS's own tables. A rule whose keys are faulty already is not asked.

Those about people and their roles stand in `sagekeep.rules_people`, those of the house in `sagekeep.rules_house`, those
about a network that is brought in `sagekeep.rules_existing`, about other things that are brought in
`sagekeep.rules_brought`, about AWS's limits in `sagekeep.rules_limits`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from sagekeep import catalog, names, rules_brought, rules_existing, rules_house, rules_limits, rules_people
from sagekeep.settings import Settings
from sagekeep.settings_faults import Fault
from sagekeep.subnets import capacity_of_subnet, needed_addresses, subnet_prefix


@dataclass(frozen=True)
class Rule:
    """A check, and the keys that it reads."""

    keys: tuple[str, ...]
    check: Callable[[Settings], Iterator[Fault]]


def _region_has_images(s: Settings) -> Iterator[Fault]:
    images = catalog.images()
    without = [kind for kind in ("process", "train", "inference") if s.region not in images.regions(kind)]
    if without:
        without = list(dict.fromkeys(images.repository(kind, names.image_version(s, kind)) for kind in without))
        near = get_close_matches(s.region, images.regions("train"), n=3)
        hint = f"; near: {', '.join(near)}" if near else ""
        yield Fault("region", f"must have the images {', '.join(without)}{hint}", s.region)


def _every_zone_has_a_slot(s: Settings) -> Iterator[Fault]:
    if not s.existing.subnets and s.network.zone_count > s.network.subnet_slots:
        rule = f"must be at least the {s.network.zone_count} zones; another split needs another network"
        yield Fault("network.subnet_slots", rule, s.network.subnet_slots)


def _subnets_have_room(s: Settings) -> Iterator[Fault]:
    if s.existing.subnets:
        return  # their ranges are asked of AWS before a plan
    needed, prefix, slots = needed_addresses(s), subnet_prefix(s), s.network.subnet_slots
    rule = f"is too small for {slots} parts (network.subnet_slots)"
    if prefix > 28:
        yield Fault("network.cidr", f"{rule}: a subnet must be /28 or larger, these would be /{prefix}", s.network.cidr)
    elif needed > capacity_of_subnet(s):
        rule = (
            f"{rule}: each needs {needed} addresses for {len(s.studio.users)} users, endpoints, jobs and functions; "
            f"a /{prefix} gives {capacity_of_subnet(s)}"
        )
        yield Fault("network.cidr", rule, s.network.cidr)


def _zones_are_of_the_region(s: Settings) -> Iterator[Fault]:
    if isinstance(s.network.zones, int) or s.existing.subnets:
        return
    start = zone_id_prefix(s.region)
    if foreign := [zone for zone in s.network.zones if zone.rpartition("-az")[0] != start]:
        yield Fault("network.zones", f"must be zone ids of {s.region}, which begin with {start}-az", foreign)
    for zone, lack in catalog.zones_left_out(s.region).items():
        if zone in s.network.zones:
            yield Fault("network.zones", f"must not have {zone}: {lack}", list(s.network.zones))


def zone_id_prefix(region: str) -> str:
    """First part of a region's zone ids: `us-east-1` -> `use1`, `ap-southeast-2` -> `apse2`."""
    area, *middle, number = region.split("-")
    short = {"gov": "g", "iso": "i", "isob": "ib"}
    directions = "".join(
        short.get(part) or re.sub(r"(north|south|east|west|central)", lambda m: m[0][0], part) for part in middle
    )
    return f"{area}{directions}{number}"


def _names_fit(s: Settings) -> Iterator[Fault]:
    over = [limited for limited in names.limited_names(s) if len(limited.value) > limited.limit]
    blamed = {limited.keys[0] for limited in over}
    # A prefix that is too long makes users' names too long as well: the first fault is the one to mend.
    key = "prefix" if "prefix" in blamed else min(blamed, default="")
    if key:
        worst = max((o for o in over if o.keys[0] == key), key=lambda limited: len(limited.value) - limited.limit)
        excess = len(worst.value) - worst.limit
        rule = f"is {excess} characters too long: {worst.what} {worst.value!r} may have {worst.limit}"
        yield Fault(key, rule, s.prefix if key == "prefix" else s.studio.users)


def _instance(kind: str) -> Callable[[Settings], Iterator[Fault]]:
    def check(s: Settings) -> Iterator[Fault]:
        value, types, key = (
            getattr(s.pipeline.instances, kind),
            catalog.instance_types(),
            f"pipeline.instances.{kind}",
        )
        if value not in (known := types.known(kind)):
            near = ", ".join(get_close_matches(value, known, n=3))
            yield Fault(key, f"is not an instance type of this kind of step{'; near: ' * bool(near)}{near}", value)
        elif types.has_local_nvme(value):
            yield Fault(key, "has local NVMe storage, for which SageMaker takes no volume key; choose another", value)

    return check


def _deployers_are_of_the_account(key: str) -> Callable[[Settings], Iterator[Fault]]:
    return lambda s: rules_people.of_the_account(s, f"deploy.{key}", getattr(s.deploy, key))


def _emails_are_of_allowed_domains(section: str) -> Callable[[Settings], Iterator[Fault]]:
    def check(s: Settings) -> Iterator[Fault]:
        allowed = {domain.lower() for domain in s.alerts.email_domains}
        emails = getattr(s, section).emails
        foreign = [email for email in emails if allowed and email.rpartition("@")[2].lower() not in allowed]
        if foreign:
            yield Fault(
                f"{section}.emails",
                f"must be of a domain in alerts.email_domains ({', '.join(sorted(allowed))})",
                foreign,
            )

    return check


RULES = (
    Rule(("region",), _region_has_images),
    Rule(("network.subnet_slots", "network.zones", "existing.subnets"), _every_zone_has_a_slot),
    Rule(("network.cidr", "network.subnet_slots", "network.extra_endpoints", "existing.subnets"), _subnets_have_room),
    Rule(("network.zones", "region"), _zones_are_of_the_region),
    Rule(("prefix", "name_pattern", "account_id", "region", "studio.users", "studio.role_per_user"), _names_fit),
    *(Rule((f"pipeline.instances.{kind}",), _instance(kind)) for kind in ("process", "train", "endpoint")),
    *(
        Rule((f"deploy.{key}", "account_id", "region"), _deployers_are_of_the_account(key))
        for key in ("roles", "plan_roles", "data_writers")
    ),
    Rule(("studio.users",), rules_people.users_differ),
    Rule(("studio.users", "studio.role_per_user"), rules_people.users_roles_are_free),
    Rule(("studio.sign_in", "studio.sign_in_cidrs"), rules_people.sign_in_has_its_ranges),
    Rule(("iam.permissions_boundary", "account_id", "region"), rules_people.boundary_is_of_the_account),
    *(
        Rule((f"personas.{key}.principals", "account_id", "region"), rules_people.persona_is_of_the_account(key))
        for key in ("data_scientist", "ml_engineer", "administrator", "auditor")
    ),
    Rule(("tags", "tag_policy.required", "tag_policy.patterns"), rules_house.tags_keep_the_policy),
    Rule(("keys.administrators", "account_id", "region"), rules_house.administrators_are_of_the_account),
    Rule(
        ("studio.auth", "studio.sso_users", "studio.sso_groups", "studio.sign_in", "studio.users"),
        rules_house.sso_settings_go_together,
    ),
    *(
        Rule((f"{section}.emails", "alerts.email_domains"), _emails_are_of_allowed_domains(section))
        for section in ("alerts", "detection")
    ),
    *(Rule(keys, check) for keys, check in (*rules_existing.RULES, *rules_brought.RULES, *rules_limits.RULES)),
)


def broken_rules(settings: Settings, bad: set[str]) -> list[Fault]:
    """Faults that the rules find, less those of rules that read a key in `bad`."""
    return [fault for rule in RULES if not bad.intersection(rule.keys) for fault in rule.check(settings)]
