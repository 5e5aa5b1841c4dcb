"""Alerts, read off the synthesized Terraform: who hears of what, and that nothing else gets in between."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sagekeep.settings import Settings, load
from stacks.parts.alert_rules import run_failed, step_failed
from synths import ROOT, Synth

NAME = "ml-pipeline-example-classification"
TOPIC = "arn:aws:sns:us-east-1:123456789012:acme-ml-pipeline-alerts"


def of_pipeline(synth: Synth, *kinds: str) -> list[tuple[str, dict[str, Any]]]:
    return [(address, body) for address, body in synth.resources(*kinds) if address.startswith("pipeline: ")]


def statements(synth: Synth, stack: str, document: str) -> dict[str, Any]:
    found = synth.stacks[stack]["data"]["aws_iam_policy_document"][document]["statement"]
    return {statement["sid"]: statement for statement in found}


def conditions(statement: dict[str, Any]) -> dict[str, tuple[str, list[str]]]:
    return {c["variable"]: (c["test"], c["values"]) for c in statement.get("condition", [])}


def test_one_rule_hears_of_failed_steps_and_one_of_failed_runs_of_this_pipeline_only(synthesized: Synth) -> None:
    patterns = [json.loads(rule["event_pattern"]) for _, rule in of_pipeline(synthesized, "aws_cloudwatch_event_rule")]
    statuses = {}
    for pattern in patterns:
        detail = pattern["detail"]
        (arn,) = detail.pop("pipelineArn")
        assert arn.startswith(f"arn:aws:sagemaker:us-east-1:{synthesized.account_id}:pipeline/ml-pipeline-example-")
        statuses |= detail
    assert len(patterns) == 2
    assert statuses == {
        "currentPipelineExecutionStatus": ["Failed"],
        "currentStepStatus": ["Failed"],
        "failureReason": [{"exists": True}],
    }


def test_every_rule_keeps_and_reports_what_cannot_be_delivered(synthesized: Synth) -> None:
    rules = {body["name"] for _, body in of_pipeline(synthesized, "aws_cloudwatch_event_rule")}
    targets = of_pipeline(synthesized, "aws_cloudwatch_event_target")
    alarms = [body for _, body in of_pipeline(synthesized, "aws_cloudwatch_metric_alarm")]
    assert len(targets) == len(alarms) == len(rules) == 2
    for address, target in targets:
        assert "alerts_undelivered" in target["dead_letter_config"]["arn"], address
        assert target["retry_policy"]["maximum_retry_attempts"] > 0, address
    assert {alarm["metric_name"] for alarm in alarms} == {"FailedInvocations"}
    assert len({alarm["dimensions"]["RuleName"] for alarm in alarms}) == 2
    senders = statements(synthesized, "pipeline", "alerts_undelivered_statements")["LetTheRulesKeepDeadLetters"]
    start = f"arn:aws:events:us-east-1:{synthesized.account_id}:rule/"
    assert conditions(senders)["aws:SourceArn"] == ("ArnEquals", [f"{start}{name}" for name in sorted(rules)[::-1]])


def test_topic_and_queues_are_under_our_key(synthesized: Synth) -> None:
    kept = list(synthesized.resources("aws_sns_topic", "aws_sqs_queue"))
    assert len(kept) >= 2
    for address, body in kept:
        assert "logs_key_arn" in body["kms_master_key_id"], address


def test_a_queue_is_subscribed_raw_and_keeps_messages_two_weeks(poc: Synth) -> None:
    queues = {body["name"]: body for _, body in poc.resources("aws_sqs_queue")}
    assert queues["acme-ml-pipeline-alerts"]["message_retention_seconds"] == 14 * 24 * 3600
    ((_, subscription),) = of_pipeline(poc, "aws_sns_topic_subscription")
    assert (subscription["protocol"], subscription["raw_message_delivery"]) == ("sqs", True)
    assert {"alerts_queue_url", "alerts_queue_arn"} <= set(poc.stacks["pipeline"]["output"])


def test_only_our_topic_may_send_to_the_queue_and_use_the_key_for_it(poc: Synth) -> None:
    queue = statements(poc, "pipeline", "alerts_queue_statements")
    closed = {"DenyOtherAccounts", "DenyServicesThatActForOthers", "DenyPlainHttp"}
    assert set(queue) == {"LetTheTopicDeliver", "DenyOtherSenders", *closed}
    assert queue["LetTheTopicDeliver"]["principals"] == [{"type": "Service", "identifiers": ["sns.amazonaws.com"]}]
    assert conditions(queue["LetTheTopicDeliver"]) == {"aws:SourceArn": ("ArnEquals", [TOPIC])}
    assert conditions(queue["DenyOtherSenders"]) == {"aws:SourceArn": ("ArnNotEqualsIfExists", [TOPIC])}
    key = statements(poc, "keys", "logs_policy")["DeliverToTheAlertsQueue"]
    assert key["principals"] == [{"type": "Service", "identifiers": ["sns.amazonaws.com"]}]
    assert conditions(key) == {"aws:SourceArn": ("ArnEquals", [TOPIC])}


def test_without_the_setting_there_is_no_queue_and_sns_may_not_use_the_key(prod: Synth) -> None:
    assert [body["name"] for _, body in of_pipeline(prod, "aws_sqs_queue")] == ["acme-ml-prod-undelivered-alerts"]
    assert [body["protocol"] for _, body in of_pipeline(prod, "aws_sns_topic_subscription")] == ["email"]
    assert "DeliverToTheAlertsQueue" not in statements(prod, "keys", "logs_policy")
    assert not [name for name in prod.stacks["pipeline"]["output"] if "queue" in name]


@pytest.fixture
def settings() -> Settings:
    return load(ROOT / "environments" / "poc.toml")


@pytest.mark.parametrize("rule", [step_failed, run_failed])
def test_whatever_the_event_says_the_message_is_valid_json(settings: Settings, rule: Any) -> None:
    made, awkward = rule(settings), 'line 1\nsaid "no" \\ {x} <step> & more'
    text = made.template
    for name in made.reads:
        # A placeholder within quotes would be filled in without escapes (EventBridge user guide, input transformation).
        assert f'"<{name}>"' not in text
        text = text.replace(f": <{name}>", f": {json.dumps(awkward)}")
    assert json.loads(text) == {**made.says, **dict.fromkeys(made.reads, awkward)}
    assert made.says["pipeline"] == NAME


CONSOLES = {
    "us-east-1": "https://console.aws.amazon.com/sagemaker/home?region=us-east-1#",
    "us-gov-west-1": "https://console.amazonaws-us-gov.com/sagemaker/home?region=us-gov-west-1#",
    "us-iso-east-1": "",
}


@pytest.mark.parametrize("region", CONSOLES)
def test_the_link_leads_to_the_console_of_the_region_where_it_has_a_public_one(settings: Settings, region: str) -> None:
    link = step_failed(settings.model_copy(update={"region": region})).says.get("console", "")
    assert link.startswith(CONSOLES[region])
    assert bool(link) is bool(CONSOLES[region])
