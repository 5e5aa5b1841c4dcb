"""Archives for Lambda whose bytes depend on names and contents only: not on time, folder, umask or zlib."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
_UNIX, _MODE = 3, 0o100644 << 16


def files_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every source file below a folder: its POSIX path from there, and its bytes; sorted, without caches."""
    for file in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        if file.is_file() and "__pycache__" not in file.parts and not file.name.startswith("."):
            yield file.relative_to(folder).as_posix(), file.read_bytes()


def pack(*folders: Path) -> bytes:
    """The Python packages and other files in the folders as one zip. Stored, so no zlib version is in the bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(file for folder in folders for file in files_of(folder)):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system, entry.external_attr = _UNIX, _MODE
            archive.writestr(entry, content)
    return out.getvalue()


def content_hash(content: bytes) -> str:
    """A short name for some bytes."""
    return hashlib.sha256(content).hexdigest()[:16]


def tree_hash(folder: Path) -> str:
    """A short name for a folder's files: their names and contents."""
    digest = hashlib.sha256()
    for name, content in files_of(folder):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]
