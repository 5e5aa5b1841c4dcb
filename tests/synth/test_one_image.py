"""AutoGluon 1.6: one image, of another repository, trains and serves, and whatever pulls images may pull it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sagekeep.settings import load
from stacks.app import synthesize
from synths import ROOT, Synth

IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/autogluon:1.6-cpu-amzn2023"
ARN = "arn:aws:ecr:us-east-1:763104351884:repository/autogluon"


@pytest.fixture(scope="module")
def one_image(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    folder: Path = tmp_path_factory.mktemp("one-image")
    text = (ROOT / "environments" / "poc.toml").read_text()
    settings = folder / "one.toml"
    settings.write_text(text.replace("[pipeline]\n", '[pipeline]\nautogluon_version = "1.6"\n'))
    synthesize(load(settings), folder / "out")
    stacks = (folder / "out" / "stacks").iterdir()
    return Synth(folder / "out", {stack.name: json.loads((stack / "cdk.tf.json").read_text()) for stack in stacks})


def test_train_and_inference_are_one_image(one_image: Synth) -> None:
    written = json.dumps(one_image.stacks["pipeline"])
    images = re.findall(r'"(train|inference)\W+(\d{12}\.dkr[^"\\]+)', written.replace("\\", ""))
    assert set(images) == {("train", IMAGE), ("inference", IMAGE)}


def test_the_job_role_and_the_endpoint_of_ecr_let_it_be_pulled(one_image: Synth) -> None:
    allowing = {
        address
        for address, statement in one_image.statements()
        if statement.get("effect", "Allow") == "Allow"
        and "ecr:BatchGetImage" in statement["actions"]
        and ARN in statement["resources"]
    }
    assert {address.partition(": ")[0] for address in allowing} == {"network", "pipeline"}
