"""The image of AutoGluon 1.6 trains a model with train.py and serves it, both by its own name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sagekeep import catalog
from sagekeep.local.sagemaker.platform import COMPLETED, IN_SERVICE
from tests.local.gateway_cloud import REGION
from tests.local.jobs import workbench
from tests.local.jobs.workbench import Bench, channel
from tests.serving.model import PREPARED

ML_SRC = Path(__file__).resolve().parents[3] / "ml_src"


@pytest.mark.slow  # make test does not install .venv-ml16
def test_one_image_trains_and_serves(one_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbench, "WAIT_SECONDS", 300)
    bench, image = one_bench, catalog.images().uri("train", "1.6", REGION)
    assert image == catalog.images().uri("inference", "1.6", REGION)
    rows = "".join(f"{number},{'low' if number < 50 else 'high'}\n" for number in range(100))
    for path in (ML_SRC / "inference").glob("*.py"):
        serving = bench.put(f"serving/{path.name}", path.read_bytes())
    train = bench.put("train/train.csv", "size,label\n" + rows)
    job = bench.training(
        (ML_SRC / "train" / "train.py").read_text(),
        {"label": "label", "presets": "", "time_limit": "10", "seed": "1"},
        AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"},
        StoppingCondition={"MaxRuntimeInSeconds": 300},
    )
    job.request["InputDataConfig"] += [channel("serving", serving), channel("train", train)]
    state = bench.run(job)
    assert state.phase == COMPLETED, (state, bench.said(job))
    (archive,) = (key for key in bench.keys("models/") if key.endswith("model.tar.gz"))
    server = bench.serve(f"s3://{bench.bucket}/{archive}", Image=image, Environment=PREPARED)
    assert bench.settled(server).phase == IN_SERVICE, bench.logs
    status, headers, body = bench.platform.invoke(server.id, b"size\n3\n97\n", {"content-type": "text/csv"})
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert json.loads(body)["predictions"] == ["low", "high"]
    status, _, body = bench.platform.invoke(server.id, b"size\nmuch\n", {"content-type": "text/csv"})
    assert (status, "'much' is not a number" in json.loads(body)["detail"]) == (400, True)
    status, _, body = bench.platform.invoke(server.id, b"", {"content-type": "image/png"})
    assert (status, json.loads(body)["detail"][:11]) == (400, "cannot read")
    bench.platform.stop_server(server.id)
