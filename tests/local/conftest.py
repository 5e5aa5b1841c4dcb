"""One embedded AWS a test session, and roles to see it through."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from sagekeep.local import instance
from sagekeep.local.instance import Instance
from tests.local.gateway_cloud import ACCOUNT, DEPLOYER, REGION, Cloud, drop_role, key_policy, make_role

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


@pytest.fixture
def key(admin: Cloud) -> Iterator[str]:
    arn = admin("kms").create_key(Policy=key_policy())["KeyMetadata"]["Arn"]
    yield arn
    admin("kms").schedule_key_deletion(KeyId=arn)


@pytest.fixture
def bucket(admin: Cloud) -> Iterator[str]:
    s3, name = admin("s3"), f"tested-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    yield name
    s3.delete_bucket_policy(Bucket=name)
    for item in s3.list_objects_v2(Bucket=name).get("Contents", []):
        s3.delete_object(Bucket=name, Key=item["Key"])
    s3.delete_bucket(Bucket=name)
