"""Learns the mean of a column, and adds it to what it is asked."""

import argparse
import io
import os
import pathlib
import shutil
import sys

import joblib
import numpy


def main():
    """Train."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))
    parser.add_argument("--train", default=os.environ.get("SM_CHANNEL_TRAIN", "/opt/ml/input/data/train"))
    args = parser.parse_args()
    pathlib.Path(args.model_dir, "code").mkdir(exist_ok=True)
    rows = [float(cell) for path in sorted(pathlib.Path(args.train).glob("*.csv")) for cell in path.read_text().split()]
    shutil.copy(__file__, pathlib.Path(args.model_dir, "code"))
    joblib.dump(sum(rows) / len(rows), pathlib.Path(args.model_dir, "model.joblib"))
    sys.stdout.write(f"learned from {len(rows)} rows\n")


def model_fn(model_dir):
    """Load the mean."""
    return joblib.load(pathlib.Path(model_dir, "model.joblib"))


def input_fn(body, _content_type):
    """Read an array of numpy's."""
    return numpy.load(io.BytesIO(body))


def predict_fn(array, mean):
    """Add the mean."""
    return array + mean


def output_fn(array, accept):
    """Write an array of numpy's."""
    stream = io.BytesIO()
    numpy.save(stream, array)
    return stream.getvalue(), accept


if __name__ == "__main__":
    main()
