"""Rules of the house: tags that a policy asks for, administrators of keys, sign-in through IAM Identity Center."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sagekeep import rules_people
from sagekeep.rules_limits import STACK_TAG
from sagekeep.settings import Settings
from sagekeep.settings_faults import Fault


def tags_keep_the_policy(s: Settings) -> Iterator[Fault]:
    """Required keys are there, and values match their patterns."""
    tags = s.all_tags
    for key in s.tag_policy.required:
        if key in tags or key == STACK_TAG:
            continue
        other = next((near for near in tags if near.lower() == key.lower()), "")
        hint = f"; {other} is another key, as capitals count" if other else ""
        yield Fault(f"tags.{key}", f"is required by tag_policy.required{hint}", None)
    for key, pattern in s.tag_policy.patterns.items():
        if key in tags and re.fullmatch(pattern, tags[key]) is None:
            where = f"tags.{key}" if key in s.tags else "tag_policy.patterns"
            yield Fault(where, f"must match {pattern!r}, as tag_policy.patterns says of {key}", tags[key])


def administrators_are_of_the_account(s: Settings) -> Iterator[Fault]:
    """Only the account's own principals administer its keys: a key's policy denies every other account."""
    return rules_people.of_the_account(s, "keys.administrators", s.keys.administrators)


def sso_settings_go_together(s: Settings) -> Iterator[Fault]:
    """Users and groups of Identity Center need its sign-in, of which presigned URLs are no part."""
    studio = s.studio
    if studio.auth == "IAM":
        for key, value in (("sso_users", studio.sso_users), ("sso_groups", list(studio.sso_groups))):
            if value:
                yield Fault(f"studio.{key}", 'has no effect with auth = "IAM"; set auth = "SSO" or remove it', value)
        return
    if strangers := sorted(set(studio.sso_users) - set(studio.users)):
        yield Fault("studio.sso_users", "must name profiles that studio.users has", strangers)
    if studio.sign_in != "iam":
        rule = (
            'limits presigned URLs, which do not exist with auth = "SSO": limit the sign-in in Identity Center, and '
            'leave this "iam"'
        )
        yield Fault("studio.sign_in", rule, studio.sign_in)
    slugs = [slug(group) for group in studio.sso_groups]
    if twice := [group for group in studio.sso_groups if slugs.count(slug(group)) > 1]:
        yield Fault("studio.sso_groups", "must differ in their letters and digits, capitals aside", twice)


def slug(name: str) -> str:
    """A name as part of an address: `ML Engineers (EU)` -> `ml-engineers-eu`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
