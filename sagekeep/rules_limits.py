"""Rules about what AWS takes at most (`sagekeep.limits`), as far as settings alone can tell.

What depends on the policies and patterns that are made of settings is measured when they are synthesized
(`sagekeep.sizes`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sagekeep import limits, names
from sagekeep.settings import Settings
from sagekeep.settings_faults import Fault

STACK_TAG = "Stack"  # which every resource has with its stack's name


def tags_are_few_enough(s: Settings) -> Iterator[Fault]:
    """Objects of the data bucket take the fewest, and have every tag that all resources have."""
    most = limits.most("object-tags")
    ours = {STACK_TAG, *s.all_tags} - set(s.tags)
    if len(s.tags) + len(ours) > most:
        rule = (
            f"must be at most {most - len(ours)}: objects in S3, such as the jobs' code, take {most} tags, and "
            f"{', '.join(sorted(ours))} are there already"
        )
        yield Fault("tags", rule, sorted(s.tags))


def tags_differ(s: Settings) -> Iterator[Fault]:
    """IAM's keys are blind to capitals, ours among them."""
    every = [*s.all_tags, *({STACK_TAG} - set(s.all_tags))]
    for key in s.tags:
        if same := [other for other in every if other != key and other.lower() == key.lower()]:
            yield Fault(f"tags.{key}", f"must differ from {same[0]} by more than capitals, to which IAM is blind", key)


def users_have_roles(s: Settings) -> Iterator[Fault]:
    """As many roles as AWS gives an account at most; docs/access.md says what it gives without being asked."""
    limit = limits.limits()["roles"]
    others = len(names.roles(s)) - len(names.user_roles(s))
    if len(names.user_roles(s)) > (room := limit.adjustable - others):
        rule = f"with role_per_user, must be at most {room}: an account has at most {limit.adjustable} roles"
        yield Fault("studio.users", rule, len(s.studio.users))


# Keys that a rule reads -> the rule.
RULES: tuple[tuple[tuple[str, ...], Callable[[Settings], Iterator[Fault]]], ...] = (
    (("tags",), tags_are_few_enough),
    (("tags",), tags_differ),
    (("studio.users", "studio.role_per_user"), users_have_roles),
)
