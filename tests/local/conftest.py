"""One embedded AWS a test session, and roles to see it through."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from sagekeep.local import instance
from sagekeep.local.instance import Instance
from tests.local.gateway_cloud import ACCOUNT, DEPLOYER, REGION, Cloud, drop_role, make_role

_numbers = itertools.count(1)
Become = Callable[..., Cloud]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    home = tmp_path_factory.mktemp("aws") / "home"
    started = instance.up(home, account_id=ACCOUNT, region=REGION, deploy_role=DEPLOYER)
    try:
        yield started
    finally:
        instance.down(home)


@pytest.fixture(scope="session")
def admin(running: Instance) -> Cloud:
    return Cloud(running.variables())


@pytest.fixture
def become(running: Instance, admin: Cloud) -> Iterator[Become]:
    """Makes a role that may do what its statements say, and becomes it; the role goes with the test."""
    made: list[str] = []

    def make(*statements: Mapping[str, Any], proxy: str = "") -> Cloud:
        name = f"tester-{next(_numbers)}"
        make_role(admin, name, f"arn:aws:iam::{ACCOUNT}:root", *statements)
        made.append(name)
        variables = running.variables(role=f"arn:aws:iam::{ACCOUNT}:role/{name}")
        return Cloud({**variables, **({"HTTPS_PROXY": proxy} if proxy else {})})

    yield make
    for name in made:
        drop_role(admin, name)
