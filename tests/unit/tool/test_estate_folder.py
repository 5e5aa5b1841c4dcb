"""An export replaces an export, and nothing else; what is there stays whole whatever happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from sagekeep.errors import OperationError, UsageError
from sagekeep.estate import folder

FILES = {"main.tf.json": b"{}\n", "keys/main.tf.json": b"{}\n"}


def contents(target: Path) -> dict[str, bytes]:
    return {
        file.relative_to(target).as_posix(): file.read_bytes()
        for file in sorted(target.rglob("*"))
        if file.is_file() and file.name != folder.MARKER
    }


def test_a_new_folder_and_an_empty_one_are_filled(tmp_path: Path) -> None:
    for name in ("new/deep", "empty"):
        target = tmp_path / name
        if name == "empty":
            target.mkdir()
        folder.write(target, FILES, "poc")
        assert contents(target) == FILES


def test_an_export_replaces_an_earlier_one_whole(tmp_path: Path) -> None:
    target = tmp_path / "modules"
    folder.write(target, FILES, "poc")
    folder.write(target, {"main.tf.json": b"[]\n"}, "poc")
    assert contents(target) == {"main.tf.json": b"[]\n"}
    assert [path.name for path in tmp_path.iterdir()] == ["modules"]


def test_the_same_files_give_the_same_marker(tmp_path: Path) -> None:
    folder.write(tmp_path / "one", FILES, "poc")
    folder.write(tmp_path / "two", dict(reversed(FILES.items())), "poc")
    assert (tmp_path / "one" / folder.MARKER).read_bytes() == (tmp_path / "two" / folder.MARKER).read_bytes()


def test_files_of_somebody_else_are_not_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "modules"
    folder.write(target, FILES, "poc")
    (target / "keys" / "mine.tf").write_text("mine")
    with pytest.raises(UsageError, match=r"holds other files: keys/mine\.tf"):
        folder.write(target, FILES, "poc")
    assert (target / "keys" / "mine.tf").read_text() == "mine"


def test_a_folder_without_marker_is_not_taken_for_an_export(tmp_path: Path) -> None:
    (tmp_path / "main.tf.json").write_bytes(b"{}\n")
    with pytest.raises(UsageError, match=r"holds other files: main\.tf\.json"):
        folder.write(tmp_path, FILES, "poc")


@pytest.mark.parametrize("marker", ["", "[]", "{}", '{"environment": "poc", "files": 1}'])
def test_a_marker_that_says_nothing_marks_nothing(tmp_path: Path, marker: str) -> None:
    (tmp_path / "main.tf.json").write_bytes(b"{}\n")
    (tmp_path / folder.MARKER).write_text(marker)
    with pytest.raises(UsageError, match="holds other files"):
        folder.write(tmp_path, FILES, "poc")


def test_an_edited_file_is_not_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "modules"
    folder.write(target, FILES, "poc")
    (target / "main.tf.json").write_text("edited")
    with pytest.raises(UsageError, match=r"was edited: main\.tf\.json"):
        folder.write(target, FILES, "poc")


def test_modules_of_another_environment_are_not_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "modules"
    folder.write(target, FILES, "poc")
    with pytest.raises(UsageError, match="holds the modules of poc, not of prod"):
        folder.write(target, FILES, "prod")


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "modules").touch()
    with pytest.raises(UsageError, match="is a file"):
        folder.write(tmp_path / "modules", FILES, "poc")


def test_a_path_that_cannot_be_is_refused_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OperationError, match="cannot be written"):
        folder.write(tmp_path / "file" / "modules", FILES, "poc")


def test_where_writing_fails_the_earlier_export_is_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "modules"
    folder.write(target, FILES, "poc")
    with pytest.raises(OperationError, match="cannot be written"):
        folder.write(target, {"a": b"", "a/b": b""}, "poc")  # a file cannot be a folder as well
    assert contents(target) == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["modules"]
