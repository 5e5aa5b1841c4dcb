"""Runs preprocess.py for many tables in one process, on the interpreter that has pandas.

drive_preprocess.py FOLDER_OF_THE_SCRIPT: for each line [base folder, arguments] on stdin, a line with the exit code.
"""

from __future__ import annotations

import json
import os
import sys

answers, sys.stdout = sys.stdout, sys.stderr  # the script logs to stdout
sys.path.insert(0, sys.argv[1])
import preprocess  # type: ignore[import-not-found]  # noqa: E402 - found in the script's own folder

for line in sys.stdin:
    os.environ["SAGEMAKER_BASE_DIR"], arguments = json.loads(line)
    answers.write(f"{preprocess.main(arguments)}\n")
    answers.flush()
