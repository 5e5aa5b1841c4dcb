"""Rules about people and their roles: `[studio]`, `[personas]`, `[iam]`, and who deploys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from sagekeep import names
from sagekeep.settings import Settings
from sagekeep.settings_faults import Fault


def of_the_account(s: Settings, key: str, principals: Iterable[str]) -> Iterator[Fault]:
    """ARNs must be of the environment's account and partition."""
    for principal in principals:
        _, partition, _, _, account, _ = principal.split(":", 5)
        if account != s.account_id:
            yield Fault(key, f"must be of the account {s.account_id}", principal)
        elif partition != s.partition:
            yield Fault(key, f"must be of the partition {s.partition}", principal)


def persona_is_of_the_account(key: str) -> Callable[[Settings], Iterator[Fault]]:
    """Who assumes a persona's role is of the account."""
    return lambda s: of_the_account(s, f"personas.{key}.principals", getattr(s.personas, key).principals)


def boundary_is_of_the_account(s: Settings) -> Iterator[Fault]:
    """A boundary is a policy of the account, or one of AWS's own."""
    boundary = s.iam.permissions_boundary
    own_or_aws = boundary.replace(":iam::aws:", f":iam::{s.account_id}:")
    return of_the_account(s, "iam.permissions_boundary", [own_or_aws] if boundary else [])


def users_differ(s: Settings) -> Iterator[Fault]:
    """Addresses and names of roles are blind to capitals."""
    folded = [user.lower() for user in s.studio.users]
    if twice := sorted({user for user in folded if folded.count(user) > 1}):
        yield Fault("studio.users", "must differ from each other, capitals aside", twice)


def users_roles_are_free(s: Settings) -> Iterator[Fault]:
    """A user's role must not have the name of another role; IAM's names are blind to capitals."""
    taken = {purpose.lower() for purpose in names.ROLES}
    clashing = [user for user in s.studio.users if names.user_role(user).lower() in taken]
    if s.studio.role_per_user and clashing:
        rule = "with role_per_user, must leave the names of the environment's own roles to them"
        yield Fault("studio.users", rule, clashing)


def sign_in_has_its_ranges(s: Settings) -> Iterator[Fault]:
    """Ranges and the way to sign in that uses them come together."""
    cidrs, way = s.studio.sign_in_cidrs, s.studio.sign_in
    if way == "cidrs" and not cidrs:
        yield Fault(
            "studio.sign_in_cidrs",
            'must name ranges with sign_in = "cidrs"; without any, nobody could open Studio',
            list(cidrs),
        )
    if way != "cidrs" and cidrs:
        yield Fault(
            "studio.sign_in_cidrs",
            f'has no effect with sign_in = "{way}"; set sign_in = "cidrs" or remove it',
            list(cidrs),
        )
