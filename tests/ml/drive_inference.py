"""Loads a model as the inference image does and answers requests; runs on the interpreter that has AutoGluon.

drive_inference.py MODEL_DIR REQUESTS.json ANSWERS.json; a request is [body, content type, accept].
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

model_dir, requests, answers = (Path(argument) for argument in sys.argv[1:])
sys.path.insert(0, str(model_dir / "code"))
import inference  # type: ignore[import-not-found]  # noqa: E402 - found in the model's own code folder
from payload import RequestError  # type: ignore[import-not-found]  # noqa: E402

model = inference.model_fn(str(model_dir))
results = []
for body, content_type, accept in json.loads(requests.read_text()):
    try:
        text, kind = inference.transform_fn(model, body, content_type, accept)
    except RequestError as error:
        results.append({"status": error.status_code, "body": error.message})
    else:
        results.append({"status": 200, "body": text, "type": kind})
answers.write_text(json.dumps(results))
