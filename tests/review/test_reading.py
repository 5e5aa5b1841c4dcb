"""Plans as they are read: what is refused, and what is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagekeep.review import reading
from sagekeep.review.model import PlanError, unindexed
from tests.review import built, corpus


def refusal(content: bytes, folder: Path) -> PlanError:
    """The error about a file with this content."""
    file = folder / "plan.json"
    file.write_bytes(content)
    with pytest.raises(PlanError) as caught:
        reading.read(file)
    assert str(file) in caught.value.message
    assert caught.value.exit_code == 2
    return caught.value


WRONG = (
    (b"", "is empty"),
    (b"   \n", "is empty"),
    (b"PK\x03\x04\x14\x00\x08", "is a binary plan file"),
    (b"\x80\x81\x82\x83", "is not text"),
    (b"Error: no such file", "does not begin with an object"),
    (b"[]", "does not begin with an object"),
    (b"{}", "it has no format_version"),
    (b'{"format_version": "2.0", "resource_changes": []}', "the plan's format is 2.0; this tool reads 1.x"),
    (b'{"format_version": 1}', "the plan's format is 1"),
    (b'{"format_version": "1.0", "values": {}}', "a state or a schema, not a plan"),
    (b'{"format_version": "1.2", "resource_changes": [{"address": "a.b"', "ends in the middle"),
    (b'{"format_version": "1.2", "resource_changes": "x"}', "is not built as a plan"),
    (b'{"format_version": "1.2", "resource_changes": [{"address": "a.b"}]}', "is not built as a plan"),
    (b'{"format_version": "1.2", "resource_changes": [1]}', "is not built as a plan"),
    (b'{"format_version": "1.2", "resource_changes": [], "configuration": "x"}', "is not built as a plan"),
    (b'{"format_version": "1.2", "resource_changes": [], "checks": [null]}', "is not built as a plan"),
    (b'{"format_version": "1.2", "resource_changes": [], "output_changes": {"o": null}}', "is not built as a plan"),
    (b'{"format_version": "1.2" "x"}', "is not JSON: Expecting ',' in line 1, column 26"),
)


@pytest.mark.parametrize(("content", "said"), WRONG)
def test_what_is_no_plan_is_refused_with_the_reason(content: bytes, said: str, tmp_path: Path) -> None:
    assert said in refusal(content, tmp_path).message


def test_a_binary_plan_is_told_which_command_prints_it(tmp_path: Path) -> None:
    assert "terraform show -json" in refusal(b"PK\x03\x04", tmp_path).hint


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"none\.json: cannot be read: No such file"):
        reading.read(tmp_path / "none.json")


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=1))
def test_a_plan_cut_off_anywhere_is_refused(cut: int) -> None:
    whole = json.dumps(built.document(built.change("aws_sqs_queue", None, {"name": "é", "n": 1.5, "t": [True, None]})))
    with pytest.raises(PlanError):
        reading.parse(whole[: cut % len(whole)], Path("plan.json"))


def test_an_error_never_shows_what_stands_in_the_file(tmp_path: Path) -> None:
    error = refusal(b'{"format_version": "1.2", "variables": {"p": {"value": "planted-secret" oops', tmp_path)
    assert "planted" not in str(error)


def test_utf_16_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    text = json.dumps(built.document(built.change("aws_sqs_queue", None, {"name": "q"})))
    for encoding in ("utf-16", "utf-8-sig", "utf-8"):
        (tmp_path / "plan.json").write_bytes(text.encode(encoding))
        assert [c.address for c in reading.read(tmp_path / "plan.json").changes] == ["aws_sqs_queue.it"]


def test_sections_may_come_in_any_order_and_unknown_ones_are_passed_over() -> None:
    content = built.document(built.change("aws_sqs_queue", None, {"name": "q"}), new_section=[{"a": [1, {"b": None}]}])
    turned = dict(reversed(content.items()))
    assert reading.parse(json.dumps(turned, indent=1), Path("s.json")).changes[0].after == {"name": "q"}


def test_stack_and_environment_come_from_the_default_tags() -> None:
    (read,) = corpus.plans("studio-key")
    assert (read.stack, read.environment, read.terraform) == ("studio", "estate", "1.11.4")


@pytest.mark.parametrize(
    ("file", "stack"),
    [("network.json", "network"), ("network.plan.json", "network"), ("/a/network/plan.json", "network")],
)
def test_without_tags_the_files_name_is_the_stacks(file: str, stack: str) -> None:
    assert reading.parse(json.dumps(built.document()), Path(file)).stack == stack


def test_opentofu_s_plans_are_read_alike() -> None:
    content = built.document(built.change("aws_sqs_queue", None, {"name": "q"}), format_version="1.2", encrypted=False)
    assert reading.parse(json.dumps(content), Path("s.json")).changes[0].action == "create"


def test_what_terraform_defers_makes_the_plan_provisional() -> None:
    later = built.change("aws_kms_key", {"enable_key_rotation": True}, None)
    deferred = [{"reason": "provider_config_unknown", "resource_change": later}]
    assert built.plan(deferred_changes=deferred, complete=False).provisional == (
        "made without what Terraform defers: aws_kms_key.it"
    )


def test_a_plan_of_a_part_is_provisional_and_one_of_all_is_not() -> None:
    assert built.plan(complete=False).provisional == "made for a part of the resources only (-target)"
    assert built.plan(complete=True).provisional == ""
    assert built.plan(complete=False, errored=True).provisional == ""


def test_an_object_that_an_earlier_apply_left_over_is_told_beside_the_one_that_stays() -> None:
    left = built.change("aws_sqs_queue", {"name": "q"}, None) | {"deposed": "5f3a"}
    kept = built.change("aws_sqs_queue", {"name": "q"}, {"name": "q", "delay_seconds": 1})
    assert set(built.plan(kept, left).wanted) == {"aws_sqs_queue.it", "aws_sqs_queue.it (deposed 5f3a)"}


@pytest.mark.parametrize("key", ['"x]y"', '"x[y"', '"x\\"]z"', '"a.b"', "0", '"é"'])
def test_an_address_without_its_index_is_found_whatever_the_index_holds(key: str) -> None:
    assert unindexed(f"module.a[{key}].b.c[{key}]") == "module.a.b.c"
