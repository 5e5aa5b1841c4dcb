"""The fourth witness, training: SageMaker's own toolkits hand over what the definition gives them, and so does ours.

One table of labels and presets goes before `sagemaker-training` 5.1.1, which takes a shell, before the newest, both
with the entry point of the AutoGluon images, and before the embedded AWS's stand-in.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from sagekeep.errors import UsageError
from sagekeep.local.jobs.sandbox import CONTAINER
from sagekeep.local.sagemaker.resolve import Values
from sagekeep.runs.start import Request
from sagekeep.settings import parse
from tests.witnesses import toolkit
from tests.witnesses.summary import Witnessed

ROOT = Path(__file__).parents[2]
for folder in ("shared", "pipeline_manager"):
    sys.path.append(str(ROOT / "lambda_src" / folder))
sys.path.append(str(ROOT / "tests" / "unit" / "lambdas"))

from pipeline_manager.configuration import PipelineConfiguration  # noqa: E402
from pipeline_manager.definition import build_definition  # noqa: E402
from samples import sample  # noqa: E402

TOUCH = f"touch /opt/ml/{toolkit.CANARY}"
LABELS = (
    "diagnosis", "mean radius", "area (worst)", "Ann's", "*", "a#b", "größe", "日本語", "1.50", "true", "a;b",
    "a&b", "a|b",
    f"x$({TOUCH})", f"x`{TOUCH}`", f"x;{TOUCH}", f"x > /opt/ml/{toolkit.CANARY}", "$HOME", "~",
)  # fmt: skip
# The definition puts a label into quotes: these do not survive as JSON, arrive with the quotes, and name no column.
REFUSED_LABELS = ('say "x"', f'x" ; {TOUCH} ; "', f"two\n{TOUCH}", "back\\slash")
PRESETS = ("medium_quality", "high_quality, optimize_for_deployment")
REFUSED_PRESETS = (f"medium_quality;{TOUCH}", f"$({TOUCH})", f"a\n{TOUCH}", "a'b")
CASES = [(label, PRESETS[0]) for label in (*LABELS, *REFUSED_LABELS)] + [
    ("diagnosis", presets) for presets in (*PRESETS, *REFUSED_PRESETS)
]
REAL = ("toolkit511", "toolkit")


def hyperparameters(label: str, presets: str) -> dict[str, str]:
    """Those of an execution with these parameters, by the manager's own code."""
    definition = build_definition(PipelineConfiguration.parse(sample()))
    train = next(step for step in definition["Steps"] if step["Name"] == "Train")
    parameters = {p["Name"]: p["DefaultValue"] for p in definition["Parameters"]}
    values = Values(parameters | {"Label": label, "Presets": presets}, {}, _nothing, _nothing, _nothing)
    found: dict[str, str] = values.resolve(train["Arguments"]["HyperParameters"])
    return found


def _nothing(*_: Any) -> Any:
    raise AssertionError("hyperparameters refer to parameters only")


def command(which: str) -> tuple[list[str], str]:
    """How a toolkit is started, and the folder of its programs. Fails where its environment is not installed."""
    if which == "stand-in":
        return [sys.executable, "-I", str(CONTAINER / "toolkit.py")], ""
    programs = ROOT / f".venv-{which}" / "bin"
    if not (programs / "train").is_file():
        pytest.fail(f"no .venv-{which}: run make test-all, or make .venv-{which}/done")
    return [str(programs / "train")], str(programs)


def hand_over(which: str, folder: Path, given: dict[str, str]) -> toolkit.Handed:
    if os.geteuid() != 0:
        pytest.skip("a /opt/ml of one's own needs root")
    started, path = command(which)
    return toolkit.run(folder, started, given, path)


@pytest.mark.parametrize("which", ["stand-in", *(pytest.param(name, marks=pytest.mark.slow) for name in REAL)])
def test_labels_and_presets_arrive_whole_and_no_word_of_them_is_a_command(
    which: str, tmp_path: Path, witnessed: Witnessed
) -> None:
    for number, (label, presets) in enumerate(CASES):
        handed = hand_over(which, tmp_path / str(number), hyperparameters(label, presets))
        assert handed.made == (), (label, presets)
        assert handed.arguments is not None, (label, presets, handed.said)
        found = dict(zip(handed.arguments[::2], handed.arguments[1::2], strict=True))
        assert found["--label"] == (f'"{label}"' if label in REFUSED_LABELS else label)
        assert found["--presets"] == presets
    witnessed(f"training toolkit: {which}", "hyperparameters handed over", len(CASES))


@pytest.mark.parametrize("which", ["stand-in", pytest.param("toolkit511", marks=pytest.mark.slow)])
def test_without_the_native_launcher_a_shell_would_run_what_a_label_says(which: str, tmp_path: Path) -> None:
    given = hyperparameters(f"x$({TOUCH})", PRESETS[0])
    del given[toolkit.NATIVE]
    assert hand_over(which, tmp_path / "ml", given).made == (toolkit.CANARY,)


@pytest.mark.parametrize(
    "given",
    [*({"Label": label} for label in REFUSED_LABELS), *({"Presets": text} for text in REFUSED_PRESETS)],
    ids=str,
)
def test_a_run_refuses_such_a_parameter_before_anything_starts(given: dict[str, str]) -> None:
    raw = {"prefix": "acme-ml", "account_id": "123456789012", "region": "us-east-1"}
    with pytest.raises(UsageError, match=next(iter(given))):
        Request(parameters=given).check(parse(raw, environment="test"))


@pytest.mark.parametrize("presets", REFUSED_PRESETS)
def test_the_manager_refuses_such_presets_as_the_default(presets: str) -> None:
    with pytest.raises(Exception, match="must be AutoGluon preset names"):
        PipelineConfiguration.parse(json.loads(json.dumps(sample(presets=presets))))
