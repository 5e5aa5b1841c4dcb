"""A folder of generated files, written whole or not at all; it replaces only what an earlier export wrote."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from sagekeep.errors import OperationError, UsageError

MARKER = ".sagekeep-export.json"


def write(folder: Path, files: Mapping[str, bytes], environment: str) -> None:
    """The files below `folder`, and a marker that says what they are.

    Raises:
        UsageError: the folder holds something else: files of somebody else's, edited ones, another environment's.
        OperationError: the disk refuses.
    """
    target = folder.resolve()
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    marker = (json.dumps({"environment": environment, "files": digests}, indent=2) + "\n").encode()
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        _require_replaceable(target, environment)
        _fill(partial, {**files, MARKER: marker})
        _replace(target, partial)
    except OSError as error:
        raise OperationError(f"{folder} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _replace(target: Path, filled: Path) -> None:
    """Two renames; where the second one fails, the first is taken back."""
    if not target.exists():
        filled.rename(target)
        return
    old = filled.with_name(f"{filled.name}.old")
    target.rename(old)
    try:
        filled.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old)


def _require_replaceable(target: Path, environment: str) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise UsageError(f"{target} is a file, not a folder", hint="name a folder that does not exist yet")
    found = dict(_files(target))
    if not found:
        return
    known, exported = _marked(target)
    hint = f"{target} holds more than an export: name another folder, or move these files away"
    if strange := sorted(set(found) - set(known) - {MARKER}):
        raise UsageError(f"{target} holds other files: {_few(strange)}", hint=hint)
    if exported != environment:
        hint = f"name another folder, or delete {target} first"
        raise UsageError(f"{target} holds the modules of {exported}, not of {environment}", hint=hint)
    edited = sorted(
        n for n, f in found.items() if n != MARKER and hashlib.sha256(f.read_bytes()).hexdigest() != known[n]
    )
    if edited:
        hint = "an export would undo that: change the settings instead, and delete what was edited"
        raise UsageError(f"{target} was edited: {_few(edited)}", hint=hint)


def _marked(target: Path) -> tuple[dict[str, str], str]:
    """Digests by name and the environment of an earlier export; nothing where there was none."""
    try:
        marker = json.loads((target / MARKER).read_text(encoding="utf-8"))
        return dict(marker["files"]), str(marker["environment"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}, ""


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Everything in the folder that is not a folder: its path from there."""
    for parent, _, names in os.walk(folder):
        for name in names:
            file = Path(parent) / name
            yield file.relative_to(folder).as_posix(), file


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
