"""Lambda functions whose code changes: which files, where both archives are at hand."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

from sagekeep.review.context import Context, finding
from sagekeep.review.model import Change, Finding, Risk
from sagekeep.review.naming import name_of

_LARGEST = 64 * 1024 * 1024  # bytes; larger archives are not opened


def look(context: Context, change: Change) -> Iterator[Finding]:
    """Findings about code."""
    if other_code(change):
        old, new = _hashes(change)
        before, after = _archive(context, old), _archive(context, new)
        yield finding(
            "function-code-changed",
            Risk.HARMLESS,
            change,
            f"the function {name_of(change)} gets other code",
            reason="what it does from now on the plan does not tell",
            remedy="look at the difference of its sources",
            details=_files(before, after) or [f"SHA-256 {old or 'none'} → {new or 'known after apply'}"],
        )


def other_code(change: Change) -> bool:
    """Whether a function that is there gets another archive."""
    if change.type != "aws_lambda_function" or change.action not in ("update", "replace"):
        return False
    old, new = _hashes(change)
    return old != new


def _hashes(change: Change) -> tuple[str, str]:
    return str(change.before.get("source_code_hash") or ""), str(change.after.get("source_code_hash") or "")


def _archive(context: Context, wanted: str) -> Path | None:
    """The archive with this hash (SHA-256 in base64, as the provider has it) in one of the folders."""
    for folder in context.archives:
        for file in sorted(folder.rglob("*.zip")):
            if file.stat().st_size <= _LARGEST and _hash(file) == wanted:
                return file
    return None


def _hash(file: Path) -> str:
    return base64.b64encode(hashlib.sha256(file.read_bytes()).digest()).decode()


def _files(before: Path | None, after: Path | None) -> list[str]:
    """What became of each file; of the new archive alone its files."""
    new = _contents(after)
    if before is None:
        return [f"holds {name}" for name in new]
    old = _contents(before)
    told = [f"{name} is new" for name in new if name not in old]
    told += [f"{name} goes" for name in old if name not in new]
    return told + [f"{name} changes" for name, crc in new.items() if name in old and old[name] != crc]


def _contents(archive: Path | None) -> dict[str, int]:
    if archive is None:
        return {}
    try:
        with zipfile.ZipFile(archive) as opened:
            return {info.filename: info.CRC for info in opened.infolist() if not info.is_dir()}
    except (OSError, zipfile.BadZipFile):
        return {}
