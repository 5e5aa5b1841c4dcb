"""Who an ARN is to an environment."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagekeep.errors import UsageError
from sagekeep.prove.identity import identify, role_of_session

ACCOUNT = "123456789012"
ROLE, STS = f"arn:aws:iam::{ACCOUNT}:role", f"arn:aws:sts::{ACCOUNT}:assumed-role"
NAMES = st.text(string.ascii_letters + string.digits + "_+=,.@-", min_size=1, max_size=64)


def settings(**deploy: list[str]) -> dict[str, Any]:
    return {"account_id": ACCOUNT, "deploy": deploy}


def test_one_may_be_several_things() -> None:
    found = identify(f"{ROLE}/ci", settings(roles=[f"{ROLE}/ci"], data_writers=[f"{ROLE}/*"], plan_roles=[]))
    assert found.kinds == {"deployer", "data-writer"}
    assert found.title == "deployer and data writer"


@pytest.mark.parametrize("arn", [f"{ROLE}/other", f"arn:aws:iam::{ACCOUNT}:user/ci", f"arn:aws:iam::{ACCOUNT}:root"])
def test_who_is_not_named_is_anybody(arn: str) -> None:
    found = identify(arn, settings(roles=[f"{ROLE}/ci"]))
    assert (found.arn, found.kinds) == (arn, frozenset())


@pytest.mark.parametrize(
    ("named", "role"),
    [
        (f"{ROLE}/deployer", f"{ROLE}/deployer"),
        (f"{ROLE}/ci/deployer", f"{ROLE}/ci/deployer"),
        (f"{ROLE}/*", f"{ROLE}/deployer"),
        (f"{ROLE}/aws-reserved/*/dep*", f"{ROLE}/aws-reserved/x/deployer"),
        (f"arn:aws:iam::{ACCOUNT}:user/deployer", f"{ROLE}/deployer"),
        (f"{ROLE}/ci/deploy", f"{ROLE}/deployer"),
        ("arn:aws:iam::999999999999:role/ci/deployer", f"{ROLE}/deployer"),
    ],
)
def test_a_session_is_its_role_whose_path_the_settings_know(named: str, role: str) -> None:
    assert identify(f"{STS}/deployer/ana@example.com", settings(roles=[named])).arn == role


@given(NAMES, NAMES, st.lists(NAMES, max_size=3))
def test_a_named_role_is_found_from_its_session_whatever_its_path(name: str, session: str, path: list[str]) -> None:
    arn = "/".join([ROLE, *path, name])
    assert role_of_session(f"{STS}/{name}/{session}", [arn]) == arn
    assert identify(f"{STS}/{name}/{session}", settings(roles=[arn])).kinds == {"deployer"}


@pytest.mark.parametrize(
    "arn",
    ["", "deployer", ROLE, f"{ROLE}/", f"{ROLE}/*", f"{STS}/deployer", "arn:aws:s3:::bucket", f"{ROLE}/ci\n"],
)
def test_what_is_no_identity_is_said_with_an_example(arn: str) -> None:
    with pytest.raises(UsageError, match="no ARN of a role") as caught:
        identify(arn, settings())
    assert "arn:aws:iam::" in caught.value.hint


def test_another_accounts_identity_is_not_of_this_environment() -> None:
    with pytest.raises(UsageError, match="999999999999"):
        identify("arn:aws:iam::999999999999:role/deployer", settings())
