"""How long a prediction takes: single rows as CSV to an endpoint of the local AWS, beside AutoGluon's own predict.

.venv/bin/python bench/endpoint.py [--model model.tar.gz --rows ROWS.csv] [--requests N] [--seconds S]

Without a model it trains one on scikit-learn's breast-cancer data. ROWS.csv has a header and the columns that the model
was trained on, in their order; --label names one that is not sent. Each line of the table ends after N requests or S
seconds.
"""

from __future__ import annotations

import argparse
import csv
import io
import itertools
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from endpoint_ways import bare_server, embedded_aws

from sagekeep.local import sample

ROOT = Path(__file__).resolve().parents[1]
ML_SRC = ROOT / "ml_src"
PREPROCESS_PYTHON = ROOT / ".venv-sklearn" / "bin" / "python"
ML_PYTHON = ROOT / ".venv-ml" / "bin" / "python"
CLIENTS = (1, 4)
IN_PROCESS = "AutoGluon, in-process"

Send = Callable[[bytes], None]


@dataclass(frozen=True)
class Line:
    """One measurement: how long each request took, and all of them together."""

    way: str
    clients: int
    latencies: list[float]
    seconds: float

    @property
    def median(self) -> float:
        """Milliseconds."""
        return 1000 * statistics.median(self.latencies)

    @property
    def p99(self) -> float:
        """Milliseconds; of fewer than a hundred requests the slowest."""
        return 1000 * sorted(self.latencies)[math.ceil(0.99 * len(self.latencies)) - 1]

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.latencies) / self.seconds


def train(folder: Path) -> tuple[Path, Path]:
    """model.tar.gz and its held-out rows, by the scripts of ml_src."""
    base = folder / "training"
    data = base / "processing" / "input" / "data"
    sample.write(ROOT, data)
    run(PREPROCESS_PYTHON, "preprocess/preprocess.py", base, f"--label={sample.LABEL}")
    output, channels = base / "processing" / "output", base / "input" / "data"
    shutil.copytree(output / "train", channels / "train")
    shutil.copytree(ML_SRC / "inference", channels / "serving")
    run(ML_PYTHON, "train/train.py", base, f"--label={sample.LABEL}", "--time_limit=60")
    packed = folder / "model.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        for path in (base / "model").iterdir():
            archive.add(path, path.name)
    return packed, output / "test" / "test.csv"


def run(python: Path, script: str, base: Path, *arguments: str) -> None:
    """One script as its job runs it; what it says goes nowhere unless it fails."""
    environment = {"SAGEMAKER_BASE_DIR": str(base), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"]}
    command = [str(python), str(ML_SRC / script), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{script} failed: {done.stderr.strip()}")


def bodies(rows: Path, label: str) -> list[bytes]:
    """Each row as a request's body: no header, no label."""
    with rows.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    return [line([value for name, value in row.items() if name != label]) for row in table]


def line(values: list[str]) -> bytes:
    """One record of CSV."""
    out = io.StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue().encode()


def load(way: str, connect: Callable[[], Send], rows: list[bytes], clients: int, limits: argparse.Namespace) -> Line:
    """`clients` threads that send one request after the other, each over a connection of its own."""
    sends = [connect() for _ in range(clients)]
    for send in sends:
        send(rows[0])  # opens the connection
    numbers, end = itertools.count(), time.perf_counter() + limits.seconds

    def client(send: Send) -> list[float]:
        latencies = []
        while (number := next(numbers)) < limits.requests and time.perf_counter() < end:
            began = time.perf_counter()
            send(rows[number % len(rows)])
            latencies.append(time.perf_counter() - began)
        return latencies

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        latencies = [each for one in pool.map(client, sends) for each in one]
    return Line(way, clients, latencies, time.perf_counter() - began)


def in_process(model: Path, rows: Path, limits: argparse.Namespace) -> Line:
    """AutoGluon's predict on the same rows, without any server."""
    command = [str(ML_PYTHON), str(Path(__file__).with_name("in_process.py")), str(model), str(rows)]
    command += [str(limits.requests), str(limits.seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    latencies = json.loads(done.stdout.splitlines()[-1])
    return Line(IN_PROCESS, 1, latencies, sum(latencies))


def show(lines: list[Line]) -> None:
    """The table; ratios are to the in-process line."""
    base = next(line for line in lines if line.way == IN_PROCESS)
    print(f"{os.cpu_count()} cores; single rows; CSV in, JSON out\n")
    titles = f"{'clients':>8}{'requests':>9}{'median ms':>11}{'p99 ms':>9}{'per s':>8}{'x median':>10}{'x per s':>9}"
    print(f"{'way':<24}{titles}")
    for entry in lines:
        print(
            f"{entry.way:<24}{entry.clients:>8}{len(entry.latencies):>9}{entry.median:>11.1f}{entry.p99:>9.1f}"
            f"{entry.rate:>8.1f}{entry.median / base.median:>10.2f}{entry.rate / base.rate:>9.2f}"
        )


def main() -> int:
    """Trains, serves, measures; stops what it started."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="model.tar.gz as train.py leaves it")
    parser.add_argument("--rows", type=Path, help="CSV with a header: what to send to --model")
    parser.add_argument("--label", default=sample.LABEL, help="the column of the rows that is not sent")
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    if (options.model is None) != (options.rows is None):
        parser.error("--model and --rows go together")
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = Path(temporary)
        packed, rows = (options.model, options.rows) if options.model else train(folder)
        model = folder / "served" / "model"
        with tarfile.open(packed) as archive:
            archive.extractall(model, filter="data")
        lines = [in_process(model, rows, options)]
        requests = bodies(rows, options.label)
        for way, started in (("model server, HTTP", bare_server), ("InvokeEndpoint, boto3", embedded_aws)):
            connect = stack.enter_context(started(folder, packed))
            lines += [load(way, connect, requests, clients, options) for clients in CLIENTS]
        show(lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
