"""Draws architecture.svg; run it after changing what stands where."""

from __future__ import annotations

from pathlib import Path

from drawing import LINE, Drawing

VPC, AWS, WAYS_OUT = "#f4f8fb", "#fdf6e9", "#eaf3ea"
# (x, y, width, height, title, lines, fill)
BOXES = (
    (20, 20, 220, 120, "settings file", ["environments/poc.toml", "main.py builds seven stacks:", "plain Terraform JSON"], "#ffffff"),
    (20, 200, 220, 100, "terraform", ["cdktf deploy, sagekeep,", "or plain terraform"], "#ffffff"),
    (20, 360, 220, 100, "state bucket", ["own key, own log bucket,", "one key a stack, locked"], "#ffffff"),
    (325, 70, 220, 110, "Studio (VpcOnly)", ["user profiles, apps, spaces", "idle shutdown", "file system under our key"], "#ffffff"),
    (325, 200, 220, 110, "jobs and endpoint", ["preprocess: scikit-learn", "train, serve: AutoGluon", "isolated, no credentials"], "#ffffff"),
    (325, 330, 220, 110, "functions", ["pipeline manager, reader,", "data seed"], "#ffffff"),
    (640, 70, 160, 370, "VPC endpoints", ["S3 gateway", "sagemaker.api", "sagemaker.runtime", "studio", "ecr.api, ecr.dkr", "logs, monitoring", "sts, kms", "", "each with a policy:", "our account on", "both sides"], WAYS_OUT),
    (880, 20, 250, 110, "data bucket", ["raw processed models", "code evaluation", "answers to the VPC only"], AWS),
    (880, 150, 250, 110, "SageMaker", ["pipeline: preprocess, train,", "model, endpoint config,", "endpoint"], AWS),
    (880, 280, 250, 80, "keys, logs, ECR, STS", ["data, logs and studio keys"], AWS),
    (880, 380, 250, 80, "alerts and detection", ["EventBridge, SNS: failed runs,", "changes, denied calls, root"], AWS),
)  # fmt: skip
ARROWS = (
    [(130, 140), (130, 198)],
    [(130, 300), (130, 358)],
    [(545, 125), (638, 125)],
    [(545, 255), (638, 255)],
    [(545, 385), (638, 385)],
    [(800, 100), (878, 75)],
    [(800, 220), (878, 205)],
    [(800, 320), (878, 320)],
    [(1005, 260), (1005, 278)],
    [(1130, 205), (1150, 205), (1150, 420), (1134, 420)],
)
LABELS = (
    (141, 335, "state"),
    (580, 117, "443"),
    (580, 247, "443"),
    (580, 377, "443"),
    (1158, 318, "failed"),
    (1158, 334, "run"),
    (372, 500, "creates everything; invokes the manager, which keeps the pipeline"),
)


def main() -> None:
    """Writes the picture beside this file."""
    picture = Drawing(1200, 515)
    picture.box(300, 20, 520, 440, "VPC: no internet gateway, no NAT, no default route", [], VPC, dash="7 5")
    for x, y, width, height, title, lines, fill in BOXES:
        picture.box(x, y, width, height, title, lines, fill)
    for points in ARROWS:
        picture.arrow(points)
    picture.arrow([(240, 250), (270, 250), (270, 482), (845, 482), (845, 225), (878, 225)], dash="4 4")
    for x, y, text in LABELS:
        picture.text(x, y, text, size=13, color=LINE)
    Path(__file__).with_name("architecture.svg").write_text(picture.svg() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
