"""Detection, read off the synthesized Terraform; what each rule hears of is in tests/local/test_detection_rules.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sagekeep.settings import Settings, load, parse
from stacks.app import synthesize
from stacks.parts.detection_table import WATCHES
from synths import ROOT, Synth

TOPIC = "${aws_sns_topic.security_topic.arn}"


def resources(synth: Synth, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = synth.stacks["detection"]["resource"][kind]
    return found


def test_every_row_is_a_rule_whose_message_reaches_the_topic_or_a_dead_letter_queue(synthesized: Synth) -> None:
    rules = resources(synthesized, "aws_cloudwatch_event_rule")
    targets = resources(synthesized, "aws_cloudwatch_event_target")
    for name in [watch.name.replace("-", "_") for watch in WATCHES] + ["root_use"]:
        assert rules[f"security_{name}_rule"]["description"]
        target = targets[f"security_{name}_target"]
        assert target["arn"] == TOPIC
        assert "security_undelivered" in target["dead_letter_config"]["arn"]
    assert len(rules) == len(targets) == len(WATCHES) + 2


def test_what_is_not_delivered_is_an_alarm(synthesized: Synth) -> None:
    alarms = resources(synthesized, "aws_cloudwatch_metric_alarm").values()
    watched = {alarm["dimensions"]["RuleName"] for alarm in alarms if alarm["metric_name"] == "FailedInvocations"}
    assert len(watched) == len(resources(synthesized, "aws_cloudwatch_event_rule"))
    assert all(alarm["alarm_actions"] == [TOPIC] for alarm in alarms)


def test_denied_calls_are_kept_under_our_key_and_counted(synthesized: Synth) -> None:
    (group,) = resources(synthesized, "aws_cloudwatch_log_group").values()
    (counted,) = resources(synthesized, "aws_cloudwatch_log_metric_filter").values()
    alarm = resources(synthesized, "aws_cloudwatch_metric_alarm")["denied_alarm"]
    assert "logs_key_arn" in group["kms_key_id"]
    assert group["retention_in_days"] >= 365
    assert counted["pattern"] == ""
    made = counted["metric_transformation"]
    assert (made["namespace"], made["name"]) == (alarm["namespace"], alarm["metric_name"])
    assert (alarm["threshold"], alarm["period"], alarm["statistic"]) == (10, 300, "Sum")


def test_only_the_rule_of_denied_calls_may_write_to_the_group(synthesized: Synth) -> None:
    documents = synthesized.stacks["detection"]["data"]["aws_iam_policy_document"]
    stream, write = documents["denied_statements"]["statement"]
    rule = resources(synthesized, "aws_cloudwatch_event_rule")["denied_rule"]["name"]
    (condition,) = write["condition"]
    assert condition["variable"] == "aws:SourceArn"
    assert condition["values"] == [f"arn:aws:events:us-east-1:{synthesized.account_id}:rule/{rule}"]
    prefix = resources(synthesized, "aws_cloudwatch_log_group")["denied_group"]["name"]
    assert all(f":log-group:{prefix}:" in arn for s in (stream, write) for arn in s["resources"])


def test_the_dead_letters_are_of_detections_rules_only(synthesized: Synth) -> None:
    documents = synthesized.stacks["detection"]["data"]["aws_iam_policy_document"]
    letters = documents["security_undelivered_statements"]["statement"][0]
    rules = resources(synthesized, "aws_cloudwatch_event_rule")
    named = {arn.rpartition("/")[2] for arn in letters["condition"][0]["values"]}
    assert named == {rule["name"] for name, rule in rules.items() if name != "denied_rule"}


def emails(folder: Path, settings: Settings) -> dict[str, list[str]]:
    synthesize(settings, folder / "out")
    files = {path.parent.name: json.loads(path.read_text()) for path in folder.rglob("cdk.tf.json")}
    found = {stack: made["resource"].get("aws_sns_topic_subscription", {}) for stack, made in files.items()}
    return {
        stack: [body["endpoint"] for body in bodies.values() if body["protocol"] == "email"]
        for stack, bodies in found.items()
    }


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    settings = load(ROOT / "environments" / "prod.toml")
    return {**settings.model_dump(mode="json", exclude={"environment"}), "state": {"backend": "local"}}


def test_off_there_is_no_such_stack(tmp_path: Path, document: dict[str, Any]) -> None:
    off = parse({**document, "detection": {"enabled": False}}, environment="test")
    assert "detection" not in emails(tmp_path, off)


def test_it_may_have_addresses_of_its_own_and_another_region_has_no_rule_about_roles(
    tmp_path: Path, document: dict[str, Any]
) -> None:
    away = {
        **document,
        "region": "eu-west-1",
        "network": {"zones": 2},
        "detection": {"emails": ["soc@example.com"], "denied_calls": 3},
    }
    told = emails(tmp_path, parse(away, environment="test"))
    assert (told["detection"], told["pipeline"]) == (["soc@example.com"], ["ml-alerts@example.com"])
    written = json.loads((tmp_path / "out" / "stacks" / "detection" / "cdk.tf.json").read_text())
    rules = written["resource"]["aws_cloudwatch_event_rule"]
    assert "security_keys_rule" in rules
    assert "security_role_policies_rule" not in rules
    assert written["resource"]["aws_cloudwatch_metric_alarm"]["denied_alarm"]["threshold"] == 3
    # The state lies in no bucket: no row names one, and no other stack is read for its key.
    assert "state" not in written["data"]["terraform_remote_state"]
    assert "-state-" not in rules["security_buckets_rule"]["event_pattern"]


def test_the_alerts_of_the_pipeline_are_detections_too_where_it_has_no_addresses_of_its_own(prod: Synth) -> None:
    told = prod.stacks["detection"]["resource"]["aws_sns_topic_subscription"]
    assert [body["endpoint"] for body in told.values()] == ["ml-alerts@example.com"]
