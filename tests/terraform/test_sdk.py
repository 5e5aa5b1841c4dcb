"""SageMaker's Python SDK, unmodified, as a person uses it in Studio: the defaults are the lifecycle script's.

Each version is an environment of its own (requirements-sdk*.in); the scripts are in sdk/. What a version cannot do in
Studio is told in docs/access.md, and expected here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from estates import NAME, ROOT, Estate
from live_world import World
from sagekeep.prove import rows
from studio_home import SCRIPTS, Home, Run
from tests.witnesses.summary import Witnessed

pytestmark = pytest.mark.timeout(900)

SECONDS = 600
DENIED = "AccessDeniedException"
UNREACHABLE = "EndpointConnectionError"


@dataclass(frozen=True)
class Sdk:
    """One version: its environment, its script, and what fails in it by the beginning of the error."""

    version: str
    environment: str
    script: str
    fails: Mapping[str, str]

    @property
    def session(self) -> str:
        return f"sdk-{self.version}"


SDKS = (
    Sdk("2.257.7", ".venv-sdk2", "v2.py", {}),
    Sdk(
        "3.12.0",
        ".venv-sdk312",
        "v312.py",
        {"train without keys": DENIED, "train without a role": UNREACHABLE, "stop the pipeline": "AttributeError"},
    ),
    Sdk("3.27.0", ".venv-sdk3", "v327.py", {"train without keys": DENIED}),
)
# Kinds of defaults, and the version that shows whether one of them can go.
KINDS = {
    "2": {"ProcessingJob", "TrainingJob", "Model", "EndpointConfig", "PythonSDK.Modules.Session"},
    "3": {"PythonSDK.Modules.ModelTrainer"},
}
# What takes longer in installing than it tells anew runs in `make test-all`.
RARE = frozenset({"3.12.0"})
VERSIONS = pytest.mark.parametrize(
    "sdk",
    [pytest.param(s, marks=[pytest.mark.slow] if s.version in RARE else []) for s in SDKS],
    ids=[s.version for s in SDKS],
)


@pytest.fixture(scope="module")
def ran(
    request: pytest.FixtureRequest, world: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Run]]:
    """All versions that are asked for at once: most of the time each waits for its jobs."""
    items = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    asked = {item.callspec.params["sdk"].version for item in items}
    runs: dict[str, Run] = {}
    try:
        for sdk in (sdk for sdk in SDKS if sdk.version in asked):
            python = ROOT / sdk.environment / "bin" / "python"
            if not python.exists():
                pytest.fail(f"{sdk.environment} is not there: run `make setup-sdk`")
            home = Home.open(world, tmp_path_factory.mktemp(sdk.session), sdk.session)
            runs[sdk.version] = home.start(python, sdk.script, str(SCRIPTS / "code"), str(SCRIPTS / "data"), NAME)
        for run in runs.values():
            run.wait(SECONDS)
        yield runs
    finally:
        for run in runs.values():
            run.process.kill()


@VERSIONS
def test_the_sdk_works_in_studio(ran: Mapping[str, Run], sdk: Sdk) -> None:
    run = ran[sdk.version]
    failed = run.reports("failed")
    assert {step: error for step, error in failed.items() if step not in sdk.fails} == {}, run.log.read_text()[-3000:]
    assert {"process", "train", "deploy", "predict", "delete", "pipeline"} <= set(run.reports("ok"))
    assert run.reports("said")["predict"] == [[3.0], [4.0]]


@VERSIONS
def test_what_a_version_cannot_do_is_what_the_documentation_says(ran: Mapping[str, Run], sdk: Sdk) -> None:
    failed = ran[sdk.version].reports("failed")
    assert set(failed) == set(sdk.fails)
    assert all(sdk.fails[step] in error for step, error in failed.items())


@pytest.mark.slow
def test_every_default_is_needed(world: World, estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> None:
    bucket = str(world.words["data_bucket"]).rpartition(":")[2]
    estate.client("s3").put_object(Bucket=bucket, Key="sdk/jobs/without/model.tar.gz", Body=b"")
    failed: dict[str, str] = {}
    for number, environment in (("2", ".venv-sdk2"), ("3", ".venv-sdk3")):
        home = Home.open(world, tmp_path_factory.mktemp(f"without-{number}"), f"sdk-without-{number}")
        model = f"s3://{bucket}/sdk/jobs/without/model.tar.gz"
        run = home.start(
            ROOT / environment / "bin" / "python",
            "without.py",
            str(SCRIPTS / "code"),
            str(SCRIPTS / "data"),
            model,
            number,
        )
        run.wait(SECONDS)
        # A kind with all of its defaults; one entry is enough to fail.
        assert set(run.reports("ok")) == KINDS[number], run.log.read_text()[-3000:]
        failed |= run.reports("failed")
        defaults = home.defaults()
    _remove_endpoints(estate)
    assert set(failed) == {name for name in defaults if name != "PythonSDK.Modules.TelemetryOptOut"}


def _remove_endpoints(estate: Estate) -> None:
    sagemaker = estate.client("sagemaker")
    for endpoint in sagemaker.list_endpoints(NameContains="sagemaker-scikit-learn")["Endpoints"]:
        sagemaker.delete_endpoint(EndpointName=endpoint["EndpointName"])


@VERSIONS
def test_every_call_of_the_sdk_is_a_row_of_the_proof(
    ran: Mapping[str, Run], estate: Estate, witnessed: Witnessed, sdk: Sdk
) -> None:
    assert ran[sdk.version].reports("ok")
    seen = [call for call in estate.instance.calls() if call["principal"].endswith(f"/{sdk.session}")]
    gets_through = {action for row in rows.calls() if row.who == "studio" for action in row.actions}
    stopped = {action for row in rows.attempts() if row.who == "studio" for action in row.actions}
    unknown = [call for call in seen if call["action"] not in (stopped if call["denied"] else gets_through)]
    assert unknown == []
    witnessed(f"SageMaker Python SDK {sdk.version}", "calls", sum(call["count"] for call in seen))
