"""AutoGluon's own predict, one row a call; runs on the interpreter of the AutoGluon image, for bench/endpoint.py.

in_process.py MODEL_DIR ROWS.csv COUNT SECONDS prints the seconds of each call, as a list in JSON.
"""

from __future__ import annotations

import json
import sys
import time

import pandas as pd  # type: ignore[import-not-found]  # in that interpreter
from autogluon.tabular import TabularPredictor  # type: ignore[import-not-found]  # likewise

model_dir, rows_path, count, limit = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
predictor = TabularPredictor.load(model_dir)
predictor.persist()
table = pd.read_csv(rows_path, keep_default_na=False, na_values=[""])
rows = [table.iloc[[number]] for number in range(len(table))]
predictor.predict(rows[0])  # the first call prepares things
seconds: list[float] = []
end = time.perf_counter() + limit
while len(seconds) < count and time.perf_counter() < end:
    row = rows[len(seconds) % len(rows)]
    began = time.perf_counter()
    predictor.predict(row)
    seconds.append(time.perf_counter() - began)
sys.stdout.write(json.dumps(seconds))
