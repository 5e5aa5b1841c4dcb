"""Promises of the seed: learnable, the same every time, and never in anybody's way."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter import Time, Wire, refusal
from clouds import S3Cloud
from data_seed.dataset import FEATURES, csv_text
from data_seed.requests import parse
from data_seed.seeding import MARK, run
from sagekeep_runtime.errors import RequestError

KEY = "raw/data.csv"
KMS = "arn:aws:kms:us-east-1:123456789012:key/1"
EVENT = {
    "action": "seed",
    "bucket": "acme-data",
    "key": KEY,
    "rows": 50,
    "seed": 7,
    "kms_key_arn": KMS,
    "label": "churned",
}


class World:
    def __init__(self) -> None:
        self.cloud = S3Cloud()
        self.wire = Wire("s3", self.cloud)

    def seed(self, action: str = "create", before: dict[str, Any] | None = None, **changes: Any) -> str:
        event = {**EVENT, **changes, "tf": {"action": action, "prev_input": before}}
        return run(parse(event), client=self.wire.client, budget=Time().budget())["status"]


@pytest.fixture
def world() -> World:
    return World()


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_an_empty_folder_gets_rows_under_our_key(world: World) -> None:
    assert world.seed() == "written"
    found = world.cloud.objects[KEY]
    assert len(rows_of(found["body"].decode())) == 50
    assert (found["key"], found["sse"]) == (KMS, "aws:kms")
    assert MARK in found["Metadata"]


@pytest.mark.parametrize("action", ["create", "update"])
def test_seeding_again_writes_nothing(world: World, action: str) -> None:
    world.seed()
    world.wire.calls.clear()
    assert world.seed(action) == "unchanged"
    assert world.wire.writes() == []


def test_its_own_untouched_object_is_renewed_for_another_label(world: World) -> None:
    world.seed()
    assert world.seed("update", before=EVENT, label="left") == "renewed"
    assert "left" in rows_of(world.cloud.objects[KEY]["body"].decode())[0]


@pytest.mark.parametrize("key", [KEY, "raw/mine.csv", "raw/2027/mine.csv"])
@pytest.mark.parametrize("action", ["create", "update", "delete"])
def test_data_of_a_user_is_never_touched(world: World, key: str, action: str) -> None:
    world.cloud.put(key, b"a,b\n1,2\n")
    before = dict(world.cloud.objects)
    assert world.seed(action) == "kept"
    assert world.cloud.objects == before


def test_our_object_stays_beside_a_users_and_is_not_renewed(world: World) -> None:
    world.seed()
    world.cloud.put("raw/mine.csv", b"a\n1\n")
    assert world.seed("update", label="left") == "kept"
    assert world.seed("delete") == "deleted"
    assert list(world.cloud.objects) == ["raw/mine.csv"]


def test_an_edited_object_is_kept_though_it_still_carries_our_mark(world: World) -> None:
    world.seed()
    world.cloud.put(KEY, b"edited", world.cloud.objects[KEY]["Metadata"])
    assert world.seed("update", label="left") == "kept"
    assert world.seed("delete") == "kept"
    assert world.cloud.objects[KEY]["body"] == b"edited"


def test_an_upload_in_the_same_moment_wins(world: World) -> None:
    world.wire.faults["PutObject"] = [lambda: world.cloud.put(KEY, b"theirs")]
    assert world.seed() == "kept"
    assert world.cloud.objects[KEY]["body"] == b"theirs"


def test_an_edit_in_the_same_moment_as_a_renewal_wins(world: World) -> None:
    world.seed()
    world.wire.faults["PutObject"] = [lambda: world.cloud.put(KEY, b"theirs")]
    assert world.seed("update", label="left") == "kept"


def test_a_folder_marker_of_the_console_is_not_data(world: World) -> None:
    world.cloud.put("raw/", b"")
    assert world.seed() == "written"


def test_delete_removes_only_what_was_written_and_can_be_repeated(world: World) -> None:
    world.seed()
    assert world.seed("delete") == "deleted"
    assert world.cloud.objects == {}
    assert world.seed("delete") == "kept"


def test_a_changed_key_moves_the_object(world: World) -> None:
    world.seed()
    assert world.seed("update", before=EVENT, key="raw/other.csv") == "written"
    assert list(world.cloud.objects) == ["raw/other.csv"]


def test_an_archived_object_cannot_be_known_as_ours_and_stays(world: World) -> None:
    world.seed()
    world.wire.faults["GetObject"] = [refusal("InvalidObjectState", "archived")]
    assert world.seed("delete") == "kept"


def test_rights_that_have_not_spread_are_waited_for(world: World) -> None:
    world.wire.faults["PutObject"] = [refusal("AccessDenied", "kms:GenerateDataKey")]
    assert world.seed() == "written"


@settings(max_examples=20, deadline=None)
@given(st.integers(20, 200), st.integers(0, 2**32 - 1), st.sampled_from(("label", "churned", "plan", "age")))
def test_the_table_is_a_pure_function_with_named_columns_and_both_classes(rows: int, seed: int, label: str) -> None:
    text = csv_text(rows=rows, seed=seed, label=label)
    assert text == csv_text(rows=rows, seed=seed, label=label)
    table = rows_of(text)
    assert len(table) == rows
    assert list(table[0]) == [*(name for name in FEATURES if name != label), label]
    assert {row[label] for row in table} == {"0", "1"}


def test_another_seed_gives_another_table() -> None:
    assert csv_text(rows=50, seed=1, label="y") != csv_text(rows=50, seed=2, label="y")


def test_the_bytes_are_the_same_on_every_machine() -> None:
    assert csv_text(rows=20, seed=7, label="churned").splitlines()[:3] == [
        "age,tenure_months,monthly_charge,data_usage_gb,support_calls,late_payments,plan,region,contract,churned",
        "38,3,76.84,1.2,9,0,basic,north,yearly,1",
        "77,32,52.68,57.9,1,4,basic,east,yearly,0",
    ]


def test_the_classes_are_balanced_enough_and_learnable() -> None:
    table = rows_of(csv_text(rows=4000, seed=7, label="y"))
    positive = sum(row["y"] == "1" for row in table) / len(table)
    assert 0.25 < positive < 0.75
    assert accuracy(table) > max(positive, 1 - positive) + 0.15


def accuracy(table: list[dict[str, str]]) -> float:
    """Held-out accuracy of plain naive Bayes over quartiles: far weaker than what the pipeline trains."""
    numeric = [name for name in FEATURES if table[0][name].replace(".", "").isdigit()]
    cuts = {name: sorted(float(row[name]) for row in table)[:: len(table) // 4][1:4] for name in numeric}

    def bin_of(row: dict[str, str], name: str) -> Any:
        return sum(float(row[name]) > cut for cut in cuts[name]) if name in cuts else row[name]

    half = len(table) // 2
    seen: dict[Any, int] = {}
    for row in table[:half]:
        for name in FEATURES:
            at = (row["y"], name, bin_of(row, name))
            seen[at] = seen.get(at, 1) + 1
        seen[row["y"]] = seen.get(row["y"], 0) + 1

    def score(row: dict[str, str], label: str) -> float:
        product = float(seen[label])
        for name in FEATURES:
            product *= seen.get((label, name, bin_of(row, name)), 1) / seen[label]
        return product

    right = sum((score(row, "1") > score(row, "0")) == (row["y"] == "1") for row in table[half:])
    return right / len(table[half:])


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"rows": 5}, "rows: must be from 20"),
        ({"key": "data.csv"}, "key: must be a key in a folder"),
        ({"label": 'a"b'}, "label: must be a column name"),
        ({"seed": True}, "seed: must be a whole number"),
        ({"extra": 1}, "extra: is not known"),
    ],
)
def test_events_that_break_the_contract_are_refused(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(RequestError, match=named):
        parse({**EVENT, **changes, "tf": {"action": "create", "prev_input": None}})
