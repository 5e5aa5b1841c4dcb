"""Rows of test.csv, and rows as a request's body."""

from __future__ import annotations

import csv
import io
from pathlib import Path


def held_out(base: Path) -> list[dict[str, str]]:
    """The rows that preprocess kept from training."""
    with (base / "processing" / "output" / "test" / "test.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def as_csv(rows: list[dict[str, str]], *, header: bool = True) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
