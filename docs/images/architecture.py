"""Draws architecture.svg; run it after changing what stands where."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

FONT = "font-family='Helvetica,Arial,sans-serif'"
INK, LINE = "#1d2b3a", "#5b6b7b"
parts: list[str] = []


def box(x: int, y: int, w: int, h: int, title: str, *lines: str, fill: str = "#ffffff", dash: bool = False) -> None:
    style = "stroke-dasharray='7 5'" if dash else ""
    parts.append(f"<rect x='{x}' y='{y}' width='{w}' height='{h}' rx='8' fill='{fill}' stroke='{LINE}' {style}/>")
    parts.append(
        f"<text x='{x + 14}' y='{y + 25}' {FONT} font-size='16' font-weight='bold' fill='{INK}'>{escape(title)}</text>"
    )
    for at, line in enumerate(lines):
        parts.append(
            f"<text x='{x + 14}' y='{y + 48 + 20 * at}' {FONT} font-size='14' fill='{INK}'>{escape(line)}</text>"
        )


def arrow(x1: int, y1: int, x2: int, y2: int, label: str = "", dx: int = 0, dy: int = -8) -> None:
    parts.append(f"<path d='M{x1},{y1} L{x2},{y2}' stroke='{INK}' stroke-width='1.6' marker-end='url(#tip)'/>")
    if label:
        x, y = (x1 + x2) // 2 + dx, (y1 + y2) // 2 + dy
        parts.append(
            f"<text x='{x}' y='{y}' {FONT} font-size='13' fill='{LINE}' text-anchor='middle'>{escape(label)}</text>"
        )


def main() -> None:
    box(
        20, 20, 220, 120, "settings file", "environments/poc.toml", "main.py builds six stacks:", "plain Terraform JSON"
    )
    box(20, 200, 220, 100, "terraform", "cdktf deploy, sagekeep,", "or plain terraform")
    box(20, 360, 220, 100, "state bucket", "own key, own log bucket,", "one key a stack, locked")
    arrow(130, 140, 130, 198)
    arrow(130, 300, 130, 358, "state", 28, 6)
    box(300, 20, 520, 440, "VPC: no internet gateway, no NAT, no default route", fill="#f4f8fb", dash=True)
    box(
        325,
        70,
        220,
        110,
        "Studio (VpcOnly)",
        "user profiles, apps, spaces",
        "idle shutdown",
        "file system under our key",
    )
    box(
        325,
        200,
        220,
        110,
        "jobs and endpoint",
        "preprocess: scikit-learn",
        "train, serve: AutoGluon",
        "isolated, no credentials",
    )
    box(325, 330, 220, 110, "functions", "pipeline manager, reader,", "data seed")
    box(
        640,
        70,
        160,
        370,
        "VPC endpoints",
        "S3 gateway",
        "sagemaker.api",
        "sagemaker.runtime",
        "studio",
        "ecr.api, ecr.dkr",
        "logs, monitoring",
        "sts, kms",
        "",
        "each with a policy:",
        "our account on",
        "both sides",
        fill="#eaf3ea",
    )
    for y in (125, 255, 385):
        arrow(545, y, 638, y, "443")
    box(
        880,
        20,
        250,
        110,
        "data bucket",
        "raw processed models",
        "code evaluation",
        "answers to the VPC only",
        fill="#fdf6e9",
    )
    box(
        880,
        150,
        250,
        110,
        "SageMaker",
        "pipeline: preprocess, train,",
        "model, endpoint config,",
        "endpoint",
        fill="#fdf6e9",
    )
    box(880, 280, 250, 80, "keys, logs, ECR, STS", "data, logs and studio keys", fill="#fdf6e9")
    box(880, 380, 250, 80, "alerts", "EventBridge, SNS, dead letters", fill="#fdf6e9")
    arrow(800, 100, 878, 75)
    arrow(800, 220, 878, 205)
    arrow(800, 320, 878, 320)
    arrow(1005, 260, 1005, 278)
    parts.append(
        f"<path d='M1130,205 L1150,205 L1150,420 L1134,420' fill='none' stroke='{INK}' stroke-width='1.6' marker-end='url(#tip)'/>"
    )
    parts.append(f"<text x='1158' y='318' {FONT} font-size='13' fill='{LINE}'>failed</text>")
    parts.append(f"<text x='1158' y='334' {FONT} font-size='13' fill='{LINE}'>run</text>")
    parts.append(
        f"<path d='M240,250 L270,250 L270,482 L845,482 L845,225 L878,225' fill='none' stroke='{INK}' stroke-width='1.6' stroke-dasharray='4 4' marker-end='url(#tip)'/>"
    )
    parts.append(
        f"<text x='560' y='500' {FONT} font-size='13' fill='{LINE}' text-anchor='middle'>creates everything; invokes the manager, which keeps the pipeline</text>"
    )
    head = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1200 515' width='1200' height='515'>"
        f"<defs><marker id='tip' viewBox='0 0 10 10' refX='9' refY='5' markerWidth='8' markerHeight='8' orient='auto'>"
        f"<path d='M0,0 L10,5 L0,10 z' fill='{INK}'/></marker></defs>"
        "<rect width='1200' height='515' fill='#ffffff'/>"
    )
    Path(__file__).with_name("architecture.svg").write_text(head + "\n".join(parts) + "</svg>\n", encoding="utf-8")


main()
