"""What is seen of a CSV file before it is uploaded."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagekeep.errors import UsageError
from sagekeep.runs import data, endpoint
from sagekeep.runs.heldout import Table


def file(folder: Path, content: bytes, name: str = "rows.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        b"age,label\n1,2\n",
        b"\xef\xbb\xbflabel,age\r\n1,2\r\n",
        b'"a, b", label \n1,2\n',
        b'label\n1\n"ragged\xff',  # the rest of the file is the preprocess step's business
        b'"a\nb",label\n1,2\n',
    ],
)
def test_a_file_whose_first_line_has_the_label_passes(tmp_path: Path, content: bytes) -> None:
    data.check(file(tmp_path, content), "label")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "rows.csv is empty"),
        (b"age,lab\xe9l\n1,2\n", "byte 7 of the first line is not UTF-8"),
        (b"\x00\x01\x02\n", "NUL character"),
        (b"age;label\n1;2\n", "separated by ';'"),
        (b"x" * (2 << 20), "over 1 MiB long"),
    ],
)
def test_what_is_no_csv_file_is_refused_with_the_reason(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        data.check(file(tmp_path, content), "label")
    assert told in caught.value.message
    assert caught.value.exit_code == 2


def test_a_missing_label_is_told_with_names_like_it_or_with_all(tmp_path: Path) -> None:
    path = file(tmp_path, b"age,Diagnosis,size\n1,2,3\n")
    with pytest.raises(UsageError) as caught:
        data.check(path, "diagnosys")
    assert caught.value.hint == "did you mean Diagnosis?"
    with pytest.raises(UsageError) as caught:
        data.check(path, "label")
    assert "age, Diagnosis, size" in caught.value.hint
    wide = file(tmp_path, ",".join(f"x{n}" for n in range(100)).encode(), "wide.csv")
    with pytest.raises(UsageError, match="no column") as caught:
        data.check(wide, "label")
    assert "and 80 more" in caught.value.hint


def test_what_is_not_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        data.check(tmp_path / "nowhere.csv", "label")
    with pytest.raises(UsageError, match="is not a file"):
        data.check(tmp_path, "label")
    with pytest.raises(UsageError, match=r"not called \.csv"):
        data.check(file(tmp_path, b"label\n1\n", "rows.xlsx"), "label")


def test_the_same_data_has_the_same_prefix_and_other_data_another(tmp_path: Path) -> None:
    first, copy = file(tmp_path, b"label\n1\n"), file(tmp_path, b"label\n1\n", "copy.csv")
    assert data.prefix_of(first) == data.prefix_of(copy)
    assert data.prefix_of(file(tmp_path, b"label\n2\n")) != data.prefix_of(copy)
    assert data.prefix_of(copy).startswith("raw/")


ROWS = st.lists(st.lists(st.text(max_size=8), min_size=2, max_size=2), max_size=1200)


@given(ROWS)
def test_batches_hold_every_row_once_in_order_each_with_the_header(rows: list[list[str]]) -> None:
    made = list(endpoint.batches(["a", "b"], rows))
    read = [list(csv.reader(io.StringIO(body.decode(), newline=""))) for _, body in made]
    assert all(records[0] == ["a", "b"] for records in read)
    assert [row for records in read for row in records[1:]] == rows
    assert [count for count, _ in made] == [len(records) - 1 for records in read]
    assert all(0 < count <= endpoint.MOST_ROWS for count, _ in made)


def test_batches_stay_below_what_an_endpoint_takes_and_a_longer_row_is_named() -> None:
    rows = [["x" * 1_500_000]] * 7
    made = list(endpoint.batches(["a"], rows))
    assert max(len(body) for _, body in made) <= endpoint.LARGEST_BODY
    assert sum(count for count, _ in made) == 7
    with pytest.raises(UsageError, match="row 2 is over"):
        list(endpoint.batches(["a"], [["x"], ["x" * 5_000_001]]))


def test_rows_are_the_same_whatever_the_order_of_columns() -> None:
    one, other = Table.parse("a,b\n1,2\n3,4\n"), Table.parse("b,a\n2,1\n5,6\n")
    assert len(one.digests() & other.digests()) == 1
    with pytest.raises(ValueError, match="not a table"):
        Table.parse("a,b\n1\n")
