"""The tables of bench/synth.py, and the page that they stand on."""

from __future__ import annotations

from typing import Any

PAGE = """# Synth in about a second

Importing the AWS bindings of CDKTF in Python takes 10 to 30 seconds, whatever an app uses of them: the package's root
imports all of its 2,212 submodules, and the jsii kernel, a Node process, loads as many JavaScript files. SageKeep
imports both halves as they are asked for (`sagekeep/bindings.py`, `sagekeep/bindings.cjs`). Imports are written as
always, editors and type checkers see what they always see, and what is written is byte for byte the same.

{picture}

{tables}
{skipped}
Measured by `.venv/bin/python bench/synth.py --write`; its `--help` says what each figure is. Times depend on the
machine: trust the ratios. *Stock import* and *CDK Terrain*, the maintained fork of CDKTF, build these same stacks as
an ordinary app would. *Stock, gc off* is `SAGEKEEP_STOCK_IMPORT=1 python main.py`: Python does not look for garbage,
as in SageKeep's own runs, so the two rows part what each of the cures brings. *CDK, TypeScript* is an app of 66
resources (`bench/cdk`). Peak memory is that of the largest process, Python or Node.

## Which path was taken

One line on stderr says so whenever it is not the usual one:

| line | when |
|---|---|
| `stock import of the AWS bindings, which is slow: ...` | `SAGEKEEP_STOCK_IMPORT=1`, or a reason that the line names |
| `fast import of the AWS bindings 20.1.0, tested with ...` | another version is installed |
| `unpacking the AWS bindings 21.22.1, once on this machine ...` | jsii has not unpacked it yet: the cold run |

If you ever suspect the fast import, compare: `diff -r` is empty.

    SAGEKEEP_OUT=fast .venv/bin/python main.py
    SAGEKEEP_STOCK_IMPORT=1 SAGEKEEP_OUT=stock .venv/bin/python main.py
    diff -r fast stock

## What keeps it short

- Each call from Python into the kernel is a round trip of 0.2 ms or more, each construct 1 to 2 ms. An element's path
  is one call (`to_string()`), policy documents and the `terraform` block are one override each, ids are read once.
- Names, subnets, statements, tables of endpoints and of traffic, alerts and the pipeline's configuration are pure
  functions of settings; tests run hundreds of generated settings through them without a kernel.
- The kernel keeps every object for the life of its process: about 2 MB a synth. `bench/synths.py` runs fifty whole
  synths in one process; for thousands, start a process for each.
- A synth keeps nearly all that it makes, so Python does not look for garbage. The stock import gains most from that:
  it makes far more objects.

Tried and not kept: a pruned assembly of the bindings (a little less for the cold run, once a machine, at the price of
a binary to be made anew for every resource type); Node's compile cache (jsii loads from another path each time, so it
never hits and grows); starting the kernel in a thread beside the settings (no gain on two cores).
"""
PICTURE = "![Bars: seconds of a synth, cold and warm, by way; lines: seconds by number of resources](images/synth.svg)"
NONE = "-"


def tables(measured: dict[str, Any]) -> str:
    """Both tables as Markdown, readable on a terminal."""
    rows = measured["rows"]
    ours = rows[0]
    runs = f"warm: median of {measured['runs']} runs"
    lines = [
        f"{measured['machine']}; {measured['resources']} resources in six stacks; {runs}.",
        "",
        "| way | warm s | x | cold s | x | peak MB warm | peak MB cold |",
        "|---|--:|--:|--:|--:|--:|--:|",
        *(_row(row, ours) for row in rows),
        "",
        "| user profiles | resources | " + " | ".join(f"{way} s" for way in measured["growth"]) + " |",
        "|--:|--:|" + "--:|" * len(measured["growth"]),
        *_growth_rows(measured["growth"]),
        "",
        "A resource more costs "
        + ", ".join(f"{_slope(p):.1f} ms ({way})" for way, p in measured["growth"].items())
        + ".",
    ]
    return "\n".join(lines)


def _row(row: dict[str, Any], ours: dict[str, Any]) -> str:
    cold = [NONE, NONE] if row["cold"] is None else [f"{row['cold']:.1f}", f"{row['cold'] / ours['cold']:.1f}"]
    cold_peak = NONE if row["cold_peak"] is None else f"{row['cold_peak']:.0f}"
    warm = [f"{row['warm']:.2f}", f"{row['warm'] / ours['warm']:.1f}"]
    return "| " + " | ".join([row["way"], *warm, *cold, f"{row['peak']:.0f}", cold_peak]) + " |"


def _growth_rows(growth: dict[str, list[dict[str, float]]]) -> list[str]:
    columns = list(growth.values())
    return [
        f"| {at_once[0]['users']:,} | {at_once[0]['resources']:,} | "
        + " | ".join(f"{point['seconds']:.2f}" for point in at_once)
        + " |"
        for at_once in zip(*columns, strict=True)
    ]


def _slope(points: list[dict[str, float]]) -> float:
    """Milliseconds a resource, from the first to the last point."""
    first, last = points[0], points[-1]
    return 1000 * (last["seconds"] - first["seconds"]) / (last["resources"] - first["resources"])


def document(measured: dict[str, Any]) -> str:
    """docs/synth.md."""
    skipped = "".join(f"\nNot installed when this was measured: {name}.\n" for name in measured["skipped"])
    return PAGE.format(picture=PICTURE, tables=tables(measured), skipped=skipped)
