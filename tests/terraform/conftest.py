"""One deployed environment for all tests of a run: making it takes minutes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import executions
from estates import Estate, faults
from live_world import World, furnished
from sagekeep.local import instance


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What ends an estate's life comes after the tests that use it."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


@pytest.fixture(scope="session")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """Bootstrapped and deployed; the account goes away with the run, whatever the tests did to it."""
    made = Estate.begin(tmp_path_factory.mktemp("estate"))
    try:
        made.state_home().bootstrap()
        assert faults(made.deploy()) == {}
        yield made
    finally:
        instance.down(made.instance.home)


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """The environment that keeps what it holds, in an account of its own."""
    made = Estate.begin(tmp_path_factory.mktemp("production"), "prod")
    try:
        made.state_home().bootstrap()
        assert faults(made.deploy()) == {}
        yield made
    finally:
        instance.down(made.instance.home)


@pytest.fixture(scope="session")
def served(estate: Estate) -> str:
    """ARN of the first execution, after which the endpoint serves."""
    return executions.run(estate)


@pytest.fixture(scope="module")
def world(estate: Estate) -> Iterator[World]:
    """The estate as the rows of the proof speak of it; what it needs beside it goes with the module's tests."""
    with furnished(estate) as made:
        yield made
