"""Data that cannot be used is refused before anything is computed, in one line that says where to look."""

from __future__ import annotations

import csv
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

GOOD = b"a,b,label\n1,2,x\n3,4,y\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "data.csv: the file is empty", id="empty"),
        pytest.param(b"\n\n", "data.csv: the file is empty", id="blank lines only"),
        pytest.param(b"a,label\n", "'data.csv': a header, but no rows", id="no rows"),
        pytest.param(b"a,b\n1,2\n", "data.csv: no label column 'label'; its columns are 'a', 'b'", id="no label"),
        pytest.param(
            b"a;label\n1;x\n",
            "data.csv: no label column 'label'; its columns are 'a;label'; its columns seem to be separated by ';': "
            "use commas",
            id="semicolons",
        ),
        pytest.param(
            b"label\nx\n",
            "data.csv: no column beside the label 'label', so there is nothing to predict it from",
            id="label only",
        ),
        pytest.param(
            b"a,label\n1,x\n2,y,9\n", "data.csv, line 3: 3 fields, but the header has 2", id="ragged: too many"
        ),
        pytest.param(
            b'a,label\n"1\n1",x\n2\n', "data.csv, line 4: 1 fields, but the header has 2", id="ragged: too few"
        ),
        pytest.param(b"a,label,a\n1,x,1\n", "data.csv: the header names a column twice: 'a'", id="duplicate column"),
        pytest.param(
            b",a,label\n0,1,x\n",
            "data.csv: column 1 has no name; if it is a row index, save the file without it",
            id="nameless column",
        ),
        pytest.param(
            b"a,label\n1,x\n2,caf\xe9\n",
            "data.csv, line 3: byte 17 (0xe9) is not UTF-8; save the file as UTF-8",
            id="latin-1",
        ),
        pytest.param(
            "a,label\n1,x\n".encode("utf-16"),
            "data.csv, line 1: byte 0 (0xff) is not UTF-8; save the file as UTF-8",
            id="utf-16",
        ),
        pytest.param(b"a,label\n1,x\0\n", "data.csv, line 2: a NUL character; this is not a text file", id="binary"),
        pytest.param(
            b'a,label\n1,x\n"2,y\n3,z\n',
            "data.csv, record starting on line 3: a quotation mark is opened and never closed",
            id="open quote",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(
    checks: ModuleType, tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "data.csv").write_bytes(content)
    with pytest.raises(checks.DataError) as raised:
        checks.check_folder(tmp_path, "label")
    assert str(raised.value) == message


def test_a_folder_without_csv_says_what_it_holds(checks: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(checks.DataError, match="the folder is empty"):
        checks.check_folder(tmp_path, "label")
    (tmp_path / "data.xlsx").write_bytes(b"PK")
    with pytest.raises(checks.DataError, match=r"found only 'data\.xlsx'"):
        checks.check_folder(tmp_path, "label")


def test_files_of_one_header_pass_in_any_column_order_and_others_name_the_difference(
    checks: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "one.csv").write_bytes(GOOD)
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "two.CSV").write_bytes(b"label,b,a\nx,2,1\n")
    assert [source.rows for source in checks.check_folder(tmp_path, "label")] == [1, 2]
    (tmp_path / "zero.csv").write_bytes(b"a,c,label\n1,2,x\n")
    with pytest.raises(checks.DataError, match=r"^zero\.csv: .* not the one of two\.CSV; not in both: 'b', 'c'$"):
        checks.check_folder(tmp_path, "label")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xef\xbb\xbf" + GOOD, id="byte order mark"),
        pytest.param(GOOD.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(b"a, b , label\n1, 2, x\n3, 4, y\n", id="spaces around names"),
        pytest.param(GOOD.rstrip(b"\n"), id="no last newline"),
    ],
)
def test_usual_kinds_of_csv_are_accepted(checks: ModuleType, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.csv").write_bytes(content)
    (source,) = checks.check_folder(tmp_path, "label")
    assert (source.columns, source.rows) == (("a", "b", "label"), 2)


def test_a_long_list_of_columns_is_cut(checks: ModuleType) -> None:
    assert checks.listing(str(number) for number in range(30)).endswith("'19' and 10 more")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(rows=st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=2, max_size=2)))
def test_whatever_a_csv_writer_quotes_is_counted_right(
    checks: ModuleType, tmp_path: Path, rows: list[list[str]]
) -> None:
    with (tmp_path / "data.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["a", "label"], ["first", "x"], *rows])
    (source,) = checks.check_folder(tmp_path, "label")
    assert source.rows == len(rows) + 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(content=st.binary(max_size=200))
def test_any_bytes_either_pass_or_end_in_one_message(checks: ModuleType, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.csv").write_bytes(b"a,label\n" + content)
    try:
        (source,) = checks.check_folder(tmp_path, "label")
    except checks.DataError as error:
        assert "data.csv" in str(error)  # noqa: PT017 - either end is fine, and each must keep its own promise
    else:
        assert source.rows > 0
