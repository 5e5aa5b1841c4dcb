"""Records anew what the roles are asked: `.venv/bin/python -m tests.ci.record`. Takes several minutes.

The roles have the generated policies while it is recorded: what these deny fails, and is told.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from sagekeep import bindings
from sagekeep.local import instance

bindings.enable()

from tests.ci import recording  # noqa: E402
from tests.ci.rehearsal import Rehearsal  # noqa: E402
from tests.terraform.estates import faults  # noqa: E402


def main() -> int:
    """The exit code: 1 where a step failed; what was asked until then is written all the same."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sagekeep-record-") as folder:
        rehearsal = Rehearsal.begin(Path(folder))
        bad: dict[str, str] = {}
        try:
            for step in (
                rehearsal.deploy,
                lambda: rehearsal.operations("plan").plan(),
                rehearsal.change,
                rehearsal.leave,
            ):
                results = step()
                bad = faults(results)
                told = {name: (result.status, result.error) for name, result in results.items()}
                print(f"{time.monotonic() - began:.0f} s", told, flush=True)  # noqa: T201
                if bad:
                    break
        finally:
            questions = rehearsal.instance.questions()
            instance.down(rehearsal.instance.home)
        recording.write(recording.asked(questions))
        for item in questions:
            if item["denied"] and "acme-ml-ci" in item["principal"]:
                print("denied", item["action"], item["resource"], item["denied"], item["keys"])  # noqa: T201
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
