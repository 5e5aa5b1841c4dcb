"""Draws what bench/synth.py measured (synth.json): bars of the ways, and lines of growth.

.venv/bin/python docs/images/synth.py > docs/images/synth.svg
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

from drawing import INK, LINE, Drawing

WIDTH, HEIGHT = 1000, 430
WARM, COLD = "#2f6f9f", "#b9d3e6"
COLOURS = ("#2f6f9f", "#c0662f", "#5b8f4e", "#8a5fa8")
BARS = (150, 60, 330)  # left, top, length of the longest bar
PLOT = (610, 60, 340, 290)  # left, top, width, height


def bars(picture: Drawing, rows: list[dict[str, Any]]) -> None:
    """Two bars a way: warm, and cold where there is such a run."""
    left, top, length = BARS
    longest = max(max(row["warm"], row["cold"] or 0) for row in rows)
    picture.text(left, top - 25, "seconds of one synth", size=16, weight="bold")
    for at, row in enumerate(rows):
        y = top + 66 * at
        picture.text(20, y + 26, row["way"], weight="bold" if at == 0 else "normal")
        for offset, key, fill in ((0, "warm", WARM), (24, "cold", COLD)):
            if row[key] is not None:
                width = max(2, round(length * row[key] / longest))
                picture.bar(left, y + offset, width, 20, fill)
                picture.text(left + width + 8, y + offset + 15, f"{row[key]:.1f} {key}", size=13, color=LINE)


def growth(picture: Drawing, ways: dict[str, list[dict[str, float]]]) -> None:
    """A line a way: seconds over resources."""
    left, top, width, height = PLOT
    most = max(point["resources"] for points in ways.values() for point in points)
    longest = 5 * math.ceil(max(point["seconds"] for points in ways.values() for point in points) / 5)

    def place(resources: float, seconds: float) -> tuple[int, int]:
        return left + round(width * resources / most), top + height - round(height * seconds / longest)

    picture.text(left, top - 25, "growth: seconds by resources", size=16, weight="bold")
    picture.line([(left, top), (left, top + height), (left + width, top + height)], LINE)
    for seconds in range(0, longest + 1, 5):
        x, y = place(0, seconds)
        picture.line([(x - 5, y), (x, y)], LINE)
        picture.text(x - 32, y + 5, str(seconds), size=13, color=LINE)
    for resources in range(0, int(most) + 1, 250):
        x, y = place(resources, 0)
        picture.line([(x, y), (x, y + 5)], LINE)
        picture.text(x - 12, y + 22, str(resources), size=13, color=LINE)
    for colour, (way, points) in zip(COLOURS, ways.items(), strict=False):
        line = [place(point["resources"], point["seconds"]) for point in points]
        picture.line(line, colour, width=3)
        x, y = line[-1]
        picture.text(x - 110, y - 10, way, size=13, weight="bold", color=colour)


def main() -> None:
    """Writes the picture to standard output."""
    measured = json.loads(Path(__file__).with_name("synth.json").read_text(encoding="utf-8"))
    picture = Drawing(WIDTH, HEIGHT)
    bars(picture, measured["rows"])
    growth(picture, measured["growth"])
    note = f"{measured['machine']}; {measured['resources']} resources; CDK in TypeScript: an app of 66"
    picture.text(20, HEIGHT - 18, note, size=13, color=INK)
    sys.stdout.write(picture.svg() + "\n")


if __name__ == "__main__":
    main()
