"""An error of the model that is no refusal: the caller and the log learn its kind and place, and no row."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

INFERENCE = Path(__file__).resolve().parents[2] / "ml_src" / "inference"
# A model that fails as pandas and AutoGluon do: with what it was given in the error's text.
FAIL = """
import json, logging, sys, traceback
sys.path.insert(0, sys.argv[1])
logging.basicConfig(level=logging.INFO)
import inference

class Model:
    @property
    def feature_metadata_in(self):
        raise KeyError("größe: 4111-1111")

class Context:
    def set_response_status(self, code, phrase):
        self.said = [code, phrase]

request = Model(), "größe\\n4111-1111", "text/csv", "*/*"
context = Context()
print(json.dumps([*inference.transform_fn(*request, context), *context.said]))
try:
    inference.transform_fn(*request)
except inference.payload.ModelError as failure:
    print(json.dumps([failure.status_code, failure.phrase, failure.message]))
    print(json.dumps([isinstance(failure, ValueError), "".join(traceback.format_exception(failure))]))
"""


@pytest.fixture(scope="module")
def failed(ml_python: str) -> subprocess.CompletedProcess[str]:
    command = [ml_python, "-B", "-X", "utf8", "-c", FAIL, str(INFERENCE)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


def test_an_error_in_the_model_is_answered_with_its_kind_and_without_what_it_quotes(
    failed: subprocess.CompletedProcess[str],
) -> None:
    told, raised, (blames_the_request, trace) = map(json.loads, failed.stdout.splitlines())
    text = "the model failed on these rows (KeyError); the endpoint's log says where"
    assert told == [text, "text/plain; charset=utf-8", 500, "Internal Server Error"]
    assert raised == [500, "Internal Server Error", text]
    assert not blames_the_request  # servers without the toolkit answer a ValueError with 400
    assert text in trace
    assert "4111" not in trace


def test_its_place_is_in_the_log_and_no_row_is(failed: subprocess.CompletedProcess[str]) -> None:
    assert "the model failed with KeyError at" in failed.stderr
    assert "in feature_metadata_in" in failed.stderr
    assert "4111" not in failed.stderr
