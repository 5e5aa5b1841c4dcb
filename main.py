"""Synthesize one environment: settings in, Terraform out. `cdktf` runs this; so does `sagekeep synth`.

SAGEKEEP_ENV names the environment (default: poc), SAGEKEEP_OUT or cdktf's CDKTF_OUTDIR the folder to write to.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from sagekeep import bindings
from sagekeep.errors import ToolkitError
from sagekeep.names import output_folder
from sagekeep.settings import DEFAULT_ENVIRONMENT, environment_file, load


def main() -> int:
    """Exit code 0, or 2 with every fault of the settings on stderr and nothing written that could be planned."""
    try:
        settings = load(environment_file(os.environ.get("SAGEKEEP_ENV", DEFAULT_ENVIRONMENT)))
        out = os.environ.get("SAGEKEEP_OUT") or os.environ.get("CDKTF_OUTDIR") or output_folder(settings.environment)
        bindings.enable()
        from stacks.app import synthesize  # noqa: PLC0415 - the fast import must be on before cdktf is imported

        synthesize(settings, Path(out).resolve())
    except ToolkitError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return error.exit_code
    return 0


if __name__ == "__main__":
    gc.disable()  # what a synth makes it keeps to its end, a second later: looking for garbage finds nothing
    code = main()
    gc.freeze()  # the interpreter looks all the same as it ends
    sys.exit(code)
