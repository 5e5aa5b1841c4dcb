"""The user's CSV file: a look at its first line, and its way into the data bucket."""

from __future__ import annotations

import csv
import difflib
import hashlib
from collections.abc import Callable
from pathlib import Path

from sagekeep.errors import UsageError
from sagekeep.runs.refusals import told
from sagekeep.runs.target import Target

LONGEST_HEADER = 1 << 20  # bytes
NAMES_SHOWN = 20
_DIGEST_LENGTH = 16


def check(path: Path, label: str) -> None:
    """Looks at what costs nothing to look at; the preprocess step reads the rest, and says what is wrong with it.

    Raises:
        UsageError: no such file, not a CSV file by its name, empty, no text, or without the label column.
    """
    if not path.exists():
        raise UsageError(f"there is no file {path}")
    if not path.is_file():
        raise UsageError(f"{path} is not a file", hint="--data takes one CSV file")
    if path.suffix.lower() != ".csv":
        raise UsageError(
            f"{path.name} is not called .csv", hint="the preprocess step reads *.csv: rename it if it is CSV"
        )
    try:
        with path.open("rb") as file:
            line = file.readline(LONGEST_HEADER)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    if not line:
        raise UsageError(f"{path.name} is empty")
    _check_label(path.name, columns(path.name, line), label)


def columns(name: str, line: bytes) -> list[str]:
    """The names in a header line; none where a quoted name goes on in the next line, which preprocess reads.

    Raises:
        UsageError: the line is not text in UTF-8, or too long to be a header.
    """
    if len(line) >= LONGEST_HEADER:
        raise UsageError(f"{name}: the first line is over {LONGEST_HEADER >> 20} MiB long; this is not a CSV file")
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        hint = "save the file as UTF-8"
        raise UsageError(f"{name}: byte {error.start} of the first line is not UTF-8", hint=hint) from None
    if "\0" in text:
        raise UsageError(f"{name}: a NUL character in the first line; this is not a text file")
    if text.count('"') % 2:
        return []
    return [field.strip() for field in next(csv.reader([text], skipinitialspace=True), [])]


def _check_label(name: str, found: list[str], label: str) -> None:
    if not found or label in found:
        return
    other = next((mark for mark in (";", "\t", "|") if len(found) == 1 and mark in found[0]), "")
    if other:
        raise UsageError(f"{name}: its columns seem to be separated by {other!r}", hint="save it with commas")
    lower = {column.lower(): column for column in found}
    near = [lower[match] for match in difflib.get_close_matches(label.lower(), lower)]
    rest = len(found) - NAMES_SHOWN
    listed = ", ".join(near or found[:NAMES_SHOWN]) + (f" and {rest} more" if rest > 0 and not near else "")
    hint = f"did you mean {listed}?" if near else f"its columns: {listed}; choose one with --label"
    raise UsageError(f"{name}: there is no column {label!r}", hint=hint)


def prefix_of(path: Path) -> str:
    """`raw/<hash of the content>/`: step caching compares URIs, so the same data must have the same one, and other
    data another one."""
    with path.open("rb") as file:
        return f"raw/{hashlib.file_digest(file, 'sha256').hexdigest()[:_DIGEST_LENGTH]}/"


def upload(target: Target, path: Path, say: Callable[[str], None]) -> str:
    """Puts the file into the data bucket, where it is not there yet; the URI for `InputDataUri`. `say` hears which.

    The bucket encrypts with its own key. Whether the data is there is seen by listing: whom `data_writers` lets write
    may not read.

    Raises:
        OperationError: AWS refuses or does not answer.
    """
    prefix, s3 = prefix_of(path), target.client("s3")
    # One file a prefix: preprocess reads every file below it. The same content under another name is there already.
    with told(f"s3://{target.bucket}/{prefix} cannot be listed", _hints(target)):
        there = s3.list_objects_v2(Bucket=target.bucket, Prefix=prefix, MaxKeys=1).get("KeyCount", 0)
    if there:
        say(f"{path.name} is in the data bucket already")
    else:
        say(f"uploading {path.name}")
        with told(f"{path.name} cannot be uploaded to {target.bucket}", _hints(target)), path.open("rb") as file:
            s3.upload_fileobj(file, target.bucket, f"{prefix}{path.name}")
    return f"s3://{target.bucket}/{prefix}"


def _hints(target: Target) -> dict[str, str]:
    writers = (
        "from outside the VPC the data bucket takes data from those in `[deploy] data_writers` (and `roles`) only: "
        f"add the ARN of your role to {target.env}'s settings and deploy, or use such a role"
    )
    return {**target.hints(), **dict.fromkeys(("AccessDenied", "403"), writers)}
