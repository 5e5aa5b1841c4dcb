"""A runner in the test's own process, in front of the embedded AWS of the session."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from sagekeep.local.instance import Instance
from sagekeep.local.jobs import sandbox
from sagekeep.local.jobs.images import Environment, standard
from sagekeep.local.jobs.outside import Limits, Outside
from sagekeep.local.jobs.platform import LocalPlatform
from tests.local.gateway_cloud import REGION, Cloud, allow, drop_role, make_role
from tests.local.jobs.workbench import Bench

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session", params=["namespaces", "plain"])
def namespaces(request: pytest.FixtureRequest) -> bool:
    """Both ways to run scripts."""
    if request.param == "namespaces" and not sandbox.namespaces_work():
        pytest.skip("this machine lets nobody make namespaces")
    return bool(request.param == "namespaces")


@pytest.fixture(scope="session")
def apart() -> None:
    """For tests of what only namespaces give."""
    if not sandbox.namespaces_work():
        pytest.skip("this machine lets nobody make namespaces")


@pytest.fixture(scope="session")
def job_role(admin: Cloud) -> Iterator[str]:
    yield make_role(admin, "job-role", "sagemaker.amazonaws.com", allow("s3:*", "kms:*"))
    drop_role(admin, "job-role")


MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench(running: Instance, admin: Cloud, bucket: str, job_role: str, tmp_path: Path) -> MakeBench:
    """make_bench(namespaces, proxy="", **limits): a platform of its own."""

    def make(namespaces: bool | None, *, proxy: str = "", **limits: Any) -> Bench:
        logs: dict[tuple[str, str], list[str]] = {}
        sessions: list[dict[str, str]] = []
        internet = running.variables()["HTTPS_PROXY"]

        def log(_role: str, group: str, stream: str, lines: Sequence[str]) -> None:
            logs.setdefault((group, stream), []).extend(lines)

        def open_session(role: str, session: str) -> dict[str, str]:
            sessions.append(running.variables(role=role, session=session))
            return sessions[-1]

        outside = Outside(
            region=REGION,
            ca_bundle=running.home / "ca.pem",
            open_session=open_session,
            proxy_url=lambda subnets, _groups: proxy if subnets else internet,
            log=log,
        )
        folder = tmp_path / "jobs"
        here = Path(sys.prefix)
        environments = {
            "tested": Environment(here, "boto3"),
            "adapted": Environment(here, "boto3", server="adapter.py"),
            **standard(ROOT),
        }
        platform = LocalPlatform(
            folder, outside, environments, Limits(**{"stop": 2, "namespaces": namespaces, **limits})
        )
        return Bench(platform, outside, admin("s3"), bucket, job_role, folder, logs, sessions)

    return make


@pytest.fixture
def bench(make_bench: MakeBench, namespaces: bool) -> Bench:
    return make_bench(namespaces)


@pytest.fixture
def one_bench(make_bench: MakeBench) -> Bench:
    """For tests of what happens before or after the script: with namespaces where they work."""
    return make_bench(None)


@pytest.fixture
def apart_bench(make_bench: MakeBench, apart: None) -> Bench:
    return make_bench(namespaces=True)
