"""One pattern stands for the roles of all users of an environment, and for no other role."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sagekeep import names
from sagekeep.iam import patterns
from sagekeep.settings import Settings, parse

# What a prefix of others could be that a pattern of names would reach.
PREFIXES = ("acme", "acme-ml", "acme-studio", "acme-studio-ann", "acme-users", "acme-users-studio")
PATHS = ("/", "/ml/", "/acme/")


def environment(prefix: str, path: str, users: tuple[str, ...]) -> Settings:
    raw = {
        "prefix": prefix,
        "account_id": "123456789012",
        "region": "us-east-1",
        "iam": {"role_path": path},
        "studio": {"users": list(users), "role_per_user": True},
    }
    return parse(raw, environment="test")


def reaches(pattern: str, arn: str) -> bool:
    return patterns.arn_like(arn, pattern, lambda _: None)


_user = st.from_regex(r"[a-z0-9](-?[a-z0-9]){0,9}", fullmatch=True).filter(lambda user: user != "sweeper")
_environments = st.builds(
    environment,
    st.sampled_from(PREFIXES),
    st.sampled_from(PATHS),
    st.lists(_user, min_size=1, max_size=3, unique=True).map(tuple),
)


@given(ours=_environments, theirs=_environments)
def test_the_pattern_reaches_every_users_role_and_none_of_other_roles_and_environments(
    ours: Settings, theirs: Settings
) -> None:
    pattern, users = names.users_roles_arn(ours), names.user_roles(ours)
    for purpose in names.roles(ours):
        assert reaches(pattern, names.role_arn(ours, purpose)) is (purpose in users), purpose
    if names.stem(ours) != names.stem(theirs):
        assert not [p for p in names.roles(theirs) if reaches(pattern, names.role_arn(theirs, p))]


def test_a_users_role_of_another_region_is_another_environments() -> None:
    here = environment("acme", "/", ("ann",))
    there = here.model_copy(update={"region": "eu-west-1"})
    assert not reaches(names.users_roles_arn(here), names.role_arn(there, "studio-ann"))
