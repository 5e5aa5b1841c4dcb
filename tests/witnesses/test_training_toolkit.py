"""The fourth witness, training: SageMaker's own toolkits hand over what the definition gives them, and so does ours.

One table of labels and presets goes before `sagemaker-training` 5.1.1, which takes a shell, and the newest, both with
the entry point of the AutoGluon images, and before the stand-in of the embedded AWS.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import pytest

from sagekeep.errors import UsageError
from sagekeep.local.jobs import sandbox
from sagekeep.local.sagemaker.errors import AwsError
from sagekeep.local.sagemaker.parameters import parameter_values
from sagekeep.local.sagemaker.resolve import Values
from sagekeep.runs.start import Request
from sagekeep.settings import parse
from tests.witnesses import toolkit
from tests.witnesses.summary import Witnessed

ROOT = Path(__file__).parents[2]
for place in ("lambda_src/shared", "lambda_src/pipeline_manager", "tests/unit/lambdas"):
    sys.path.append(str(ROOT / place))

from pipeline_manager.configuration import PipelineConfiguration  # noqa: E402
from pipeline_manager.definition import build_definition  # noqa: E402
from sagekeep_runtime.errors import RequestError  # noqa: E402
from samples import sample  # noqa: E402

TOUCH = f"touch /opt/ml/{toolkit.CANARY}"
LABELS = (
    "diagnosis", "mean radius", "area (worst)", "Ann's", "*", "a#b", "größe", "日本語", "1.50", "true", "a;b",
    "a&b", "a|b", "a, b", "{a}", "%s", "!!",
    f"x$({TOUCH})", f"x`{TOUCH}`", f"x;{TOUCH}", f"x > /opt/ml/{toolkit.CANARY}", "$HOME", "~",
)  # fmt: skip
# No name of a column for us: the definition puts a label into quotes, and the toolkit reads the whole as JSON.
REFUSED_LABELS = ('say "x"', f'x" ; {TOUCH} ; "', f"two\n{TOUCH}", "back\\slash", "col\\u0041", "-x")
PRESETS = ("medium_quality", "best_quality")
REFUSED_PRESETS = (
    f"medium_quality;{TOUCH}", f"$({TOUCH})", f"a\n{TOUCH}", "a'b", "best_quality, high_quality", "s3://bucket/x.yaml",
    "/opt/ml/input/data/train/x.yaml", "x.yaml",
)  # fmt: skip
CASES = [(label, PRESETS[0]) for label in (*LABELS, *REFUSED_LABELS)] + [
    ("diagnosis", presets) for presets in (*PRESETS, *REFUSED_PRESETS)
]
REAL = ("toolkit511", "toolkit")
ML = ".venv-ml"


@pytest.fixture(scope="module", autouse=True)
def _prepared() -> None:
    if not sandbox.namespaces_work():
        pytest.skip("this machine lets nobody make namespaces, and /opt/ml is not to be touched")


def definition() -> dict[str, Any]:
    """The pipeline, by the manager's own code."""
    return build_definition(PipelineConfiguration.parse(sample()))


def hyperparameters(label: str, presets: str) -> dict[str, str]:
    """Those of an execution with these parameters."""
    document = definition()
    train = next(step for step in document["Steps"] if step["Name"] == "Train")
    parameters = {p["Name"]: p["DefaultValue"] for p in document["Parameters"]}
    values = Values(
        parameters | {"Label": label, "Presets": presets, "TimeLimitSeconds": 5}, {}, _nothing, _nothing, _nothing
    )
    found: dict[str, str] = values.resolve(train["Arguments"]["HyperParameters"])
    return found


def _nothing(*_: Any) -> Any:
    raise AssertionError("hyperparameters refer to parameters only")


def started(which: str, libraries: str = "") -> toolkit.Toolkit:
    """A toolkit by its environment. Fails where that is not installed."""
    if which == "stand-in":
        return toolkit.Toolkit((sys.executable, "-I", str(sandbox.CONTAINER / "toolkit.py")))
    programs = ROOT / f".venv-{which}" / "bin"
    if not (programs / "train").is_file():
        pytest.fail(f"no .venv-{which}: run make test-all, or make .venv-{which}/done")
    return toolkit.Toolkit((str(programs / "train"),), str(programs), libraries)


@pytest.mark.parametrize("which", ["stand-in", *(pytest.param(name, marks=pytest.mark.slow) for name in REAL)])
def test_labels_and_presets_arrive_whole_and_no_word_of_them_is_a_command(
    which: str, tmp_path: Path, witnessed: Witnessed
) -> None:
    for number, (label, presets) in enumerate(CASES):
        handed = toolkit.run(tmp_path / str(number), started(which), hyperparameters(label, presets))
        assert handed.made == (), (label, presets)
        assert handed.arguments is not None, (label, presets, handed.said)
        found = dict(zip(handed.arguments[::2], handed.arguments[1::2], strict=True))
        assert found["--presets"] == presets
        assert found["--label"] == label or label in REFUSED_LABELS
    witnessed(f"training toolkit: {which}", "hyperparameters handed over", len(CASES))


@pytest.mark.parametrize("which", ["stand-in", pytest.param("toolkit511", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("label", "presets"), [(f"x$({TOUCH})", PRESETS[0]), ("diagnosis", f"a;{TOUCH};")])
def test_without_the_native_launcher_a_shell_would_run_what_they_say(
    which: str, label: str, presets: str, tmp_path: Path
) -> None:
    given = hyperparameters(label, presets)
    del given[toolkit.NATIVE]
    assert toolkit.run(tmp_path / "ml", started(which), given).made == (toolkit.CANARY,)


@pytest.mark.slow
@pytest.mark.parametrize("which", REAL)
@pytest.mark.parametrize("label", [f"größe (worst) of Ann's $({TOUCH}) * #1; {TOUCH}", "1.50"])
def test_train_py_learns_the_column_that_was_named(
    which: str, label: str, tmp_path: Path, witnessed: Witnessed
) -> None:
    handed = toolkit.run(
        tmp_path / "ml", with_autogluon(which), hyperparameters(label, PRESETS[0]), data(tmp_path, label)
    )
    assert (handed.code, handed.failure, handed.made) == (0, "", ()), handed.said
    assert (tmp_path / "ml" / "model" / "predictor.pkl").is_file()
    witnessed(f"training toolkit: {which}", "models trained by train.py", 1)


@pytest.mark.slow
@pytest.mark.parametrize("which", REAL)
@pytest.mark.parametrize(
    ("label", "presets", "said"),
    [
        (REFUSED_LABELS[1], PRESETS[0], "argument --label: must be a line without quotes"),
        ("diagnosis", REFUSED_PRESETS[0], "argument --presets: must be the name of AutoGluon presets"),
        ("diagnosis", "/opt/ml/input/data/train/x.yaml", "argument --presets: must be the name of AutoGluon presets"),
    ],
)
def test_train_py_refuses_before_it_reads(which: str, label: str, presets: str, said: str, tmp_path: Path) -> None:
    handed = toolkit.run(
        tmp_path / "ml", with_autogluon(which), hyperparameters(label, presets), data(tmp_path, "diagnosis")
    )
    assert handed.code == 1
    assert handed.made == ()
    assert said in handed.failure
    assert not list((tmp_path / "ml" / "model").iterdir())


def with_autogluon(which: str) -> toolkit.Toolkit:
    """A real toolkit whose script finds what .venv-ml has, as in the image."""
    libraries = [str(path) for path in (ROOT / ML / "lib").glob("python3*/site-packages")]
    if not libraries:
        pytest.fail(f"no {ML}: run make setup-ml")
    return started(which, libraries[0])


def data(folder: Path, label: str) -> dict[str, Path]:
    """The channels of Train, with 60 rows to learn."""
    rows = folder / "rows"
    rows.mkdir()
    with (rows / "train.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["size", label])
        table.writerows([n, "large" if n > 30 else "small"] for n in range(60))
    return {"train": rows, "code": ROOT / "ml_src" / "train", "serving": ROOT / "ml_src" / "inference"}


@pytest.mark.parametrize("label", REFUSED_LABELS)
def test_a_run_refuses_such_a_label_before_anything_starts(label: str) -> None:
    raw = {"prefix": "acme-ml", "account_id": "123456789012", "region": "us-east-1"}
    for request in (Request(label=label), Request(parameters={"Label": label})):
        with pytest.raises(UsageError, match="Label: must be one line"):
            request.check(parse(raw, environment="test"))


@pytest.mark.parametrize("presets", REFUSED_PRESETS)
def test_an_execution_with_other_presets_is_refused_by_aws(presets: str) -> None:
    with pytest.raises(AwsError, match="is not among"):
        parameter_values(definition()["Parameters"], [{"Name": "Presets", "Value": presets}])


@pytest.mark.parametrize(
    "changes",
    [*({"label": text} for text in REFUSED_LABELS), *({"presets": text} for text in REFUSED_PRESETS)],
    ids=str,
)
def test_the_manager_refuses_them_as_defaults(changes: dict[str, str]) -> None:
    with pytest.raises(RequestError, match=next(iter(changes))):
        PipelineConfiguration.parse(sample(**changes))
