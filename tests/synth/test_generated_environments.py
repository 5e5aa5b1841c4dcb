"""Whole synths of generated settings, fifty in one process; `bench/synths.py` shows what each took."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from hypothesis import Phase, given, settings

from processes import memory
from sagekeep.settings import Settings
from stacks.app import synthesize
from synths import Synth
from tests.generated import environments

SYNTHS = 50
WARM = 10  # synths after which lazily loaded code and caches have come
# Megabytes a synth: jsii keeps every object for the life of the process, on both sides.
KERNEL, PYTHON = 2.5, 1.0


def check(s: Settings, written: Synth) -> None:
    """What must be there whatever the settings."""
    state = {"state"} if s.state.backend == "s3" else set()
    detection = {"detection"} if s.detection.enabled else set()
    assert set(written.stacks) == {"keys", "network", "storage", "studio", "pipeline"} | state | detection
    assert {body["user_profile_name"] for _, body in written.resources("aws_sagemaker_user_profile")} == set(
        s.studio.users
    )
    assert len(list(written.resources("aws_subnet"))) == s.network.zone_count
    emails = [b["endpoint"] for _, b in written.resources("aws_sns_topic_subscription") if b["protocol"] == "email"]
    told = s.detection.emails or s.alerts.emails if s.detection.enabled else ()
    assert sorted(emails) == sorted([*s.alerts.emails, *told])
    assert written.account_id == s.account_id
    for file in written.out.rglob("*.json"):
        assert "TfToken" not in file.read_text(), file  # a reference of cdktf's that nothing resolved


def test_fifty_environments_are_synthesized_in_one_process_and_memory_stays_in_bounds(tmp_path: Path) -> None:
    sizes: list[tuple[float, float]] = []
    sys.stdout.write(f"\n{'synth':>5}{'resources':>11}{'seconds':>9}{'python MB':>11}{'kernel MB':>11}\n")

    @settings(max_examples=SYNTHS, phases=[Phase.generate], derandomize=True, database=None, deadline=None)
    @given(environments())
    def one(s: Settings) -> None:
        out = tmp_path / str(len(sizes))
        began = time.perf_counter()
        synthesize(s, out)
        seconds = time.perf_counter() - began
        folders = (out / "stacks").iterdir()
        stacks = {folder.name: json.loads((folder / "cdk.tf.json").read_text()) for folder in folders}
        written = Synth(out, stacks)
        check(s, written)
        sizes.append(memory())
        count = sum(len(bodies) for stack in stacks.values() for bodies in stack["resource"].values())
        python, kernel = sizes[-1]
        sys.stdout.write(f"{len(sizes):>5}{count:>11}{seconds:>9.2f}{python:>11.0f}{kernel:>11.0f}\n")

    one()
    assert len(sizes) == SYNTHS
    python, kernel = (last - warm for last, warm in zip(sizes[-1], sizes[WARM - 1], strict=True))
    assert python <= PYTHON * (SYNTHS - WARM)
    assert kernel <= KERNEL * (SYNTHS - WARM)
