"""What a script left behind, read without trusting it: it could have put links where files are expected."""

from __future__ import annotations

import codecs
import os
import tarfile
from pathlib import Path

from sagekeep.local.jobs.failures import MESSAGE_BYTES, REASON_LENGTH, JobFailed

_COMPRESSION = 3  # of nine: models hardly shrink further, and local runs wait for it


def folder(path: Path, ml: Path) -> Path | None:
    """The folder, when it is one, has something in it and really lies below `ml`."""
    if not path.is_dir() or path.resolve() != ml.resolve() / path.relative_to(ml) or not any(path.iterdir()):
        return None
    return path


def failure(ml: Path) -> str:
    """The beginning of /opt/ml/output/failure; "" without one."""
    return _beginning(ml / "output" / "failure", ml, 4 * REASON_LENGTH).decode(errors="replace")[:REASON_LENGTH]


def message(ml: Path) -> str:
    """The beginning of /opt/ml/output/message; "" without one.

    Raises:
        JobFailed: it is not UTF-8.
    """
    start = _beginning(ml / "output" / "message", ml, MESSAGE_BYTES)
    try:
        # Not final: the last character may have been cut in two.
        return codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError as error:
        raise JobFailed("ClientError: /opt/ml/output/message is not UTF-8 text") from error


def archive(source: Path, target: Path) -> None:
    """A tar.gz of what is in a folder, names relative to it; links stay links."""
    with tarfile.open(target, "w:gz", compresslevel=_COMPRESSION) as out:
        for entry in sorted(source.iterdir()):
            out.add(entry, arcname=entry.name)


def _beginning(path: Path, ml: Path, length: int) -> bytes:
    if not path.is_file() or path.resolve() != ml.resolve() / path.relative_to(ml):
        return b""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        return file.read(length)
