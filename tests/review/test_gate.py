"""The gate: what passes, what does not, and for whom."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sagekeep.errors import UsageError
from sagekeep.review import gate_rules
from sagekeep.review.gate import Decision, decide
from sagekeep.review.gate_rules import Verdict
from sagekeep.review.model import Risk
from sagekeep.review.review import review
from tests.review.built import Json, change, plan

NOW = datetime(2026, 12, 24, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[2]

OF_EACH: dict[Risk, Json] = {
    Risk.DATA_LOSS: change("aws_sqs_queue", {"name": "q"}, None),
    Risk.OUTAGE: change("aws_ecs_service", {"name": "s"}, None),
    Risk.WIDER: change("aws_internet_gateway", None, {}),
    Risk.WEAKER: change("aws_flow_log", {"id": "f"}, None),
    Risk.REPLACEMENT: change("aws_ecs_service", {"name": "s"}, {"name": "t"}, replace=True),
    Risk.COST: change("aws_lb", None, {"name": "l"}),
    Risk.NARROWER: change("aws_lambda_permission", {"function_name": "f"}, None),
    Risk.HARMLESS: change("aws_sqs_queue", None, {"name": "q"}),
}


def decided(*changes: Json, env: str = "poc", rules: str = "", folder: Path | None = None, **more: object) -> Decision:
    """The gate's decision on one plan, with the default rules and a file's."""
    file = None
    if rules:
        assert folder is not None
        file = folder / "review.toml"
        file.write_text(rules)
    return decide(review([plan(*changes, **more)]), gate_rules.load(file), env, NOW)


LEVELS = {
    "poc": "fail warn fail warn warn allow allow allow",
    "staging": "fail fail fail warn warn allow allow allow",
    "": "fail fail fail warn warn allow allow allow",
    "prod": "fail fail fail fail fail warn warn allow",
    "prod-eu": "fail fail fail fail fail warn warn allow",
}


@pytest.mark.parametrize("env", LEVELS)
def test_without_a_file_each_risk_has_a_verdict_and_prod_is_stricter(env: str) -> None:
    verdicts = [decided(OF_EACH[risk], env=env).findings[0].verdict for risk in Risk]
    assert " ".join(verdicts) == LEVELS[env]


def test_what_only_warns_passes() -> None:
    assert decided(OF_EACH[Risk.OUTAGE]).passes
    assert not decided(OF_EACH[Risk.OUTAGE], env="prod").passes


def test_prod_destroys_nothing_by_itself() -> None:
    gone = change("null_resource", {"id": "1"}, None)
    assert decided(gone).passes
    assert decided(gone, env="prod").failures == ("1 resources are destroyed or made anew; 0 may be",)


def test_the_number_of_destroys_is_a_rule_for_each_environment(tmp_path: Path) -> None:
    rules = "max_destroys = 5\n[environments.poc]\nmax_destroys = 1\n"
    gone = [change("null_resource", {"id": "1"}, None, name=name) for name in ("a", "b")]
    assert not decided(*gone, rules=rules, folder=tmp_path).passes
    assert decided(*gone, rules=rules, folder=tmp_path, env="dev").passes


RULES = (
    ('[risk]\n"data loss" = "allow"', "allow"),
    ('[environments.poc.risk]\n"data loss" = "warn"', "warn"),
    ('[environments."p?c".risk]\n"data loss" = "warn"', "warn"),
    ('[environments.dev.risk]\n"data loss" = "warn"', "fail"),
    ('[[rule]]\nverdict = "allow"\ntype = "aws_sqs_queue"', "allow"),
    ('[[rule]]\nverdict = "allow"\naddress = "aws_sqs_*"\nstack = "s"\nenvironments = ["po*"]', "allow"),
    ('[[rule]]\nverdict = "allow"\nstack = "other"', "fail"),
    ('[[rule]]\nverdict = "allow"\nrisk = "outage"', "fail"),
    ('[[rule]]\nverdict = "allow"\nrisk = "data loss"\nseverity = "high"', "allow"),
    ('[[rule]]\nverdict = "allow"\nrule = "data-destroyed"\n[[rule]]\nverdict = "warn"\nrule = "data-*"', "warn"),
    ('[[exception]]\naddress = "aws_sqs_queue.it"\nreason = "it is empty since June"\nuntil = 2026-12-24', "allow"),
    ('[[exception]]\naddress = "aws_sqs_queue.it"\nreason = "it is empty since June"\nuntil = 2026-12-23', "fail"),
    ('[[exception]]\naddress = "aws_sqs_queue.other"\nreason = "it is empty since June"\nuntil = 2027-01-01', "fail"),
)


@pytest.mark.parametrize(("rules", "verdict"), RULES)
def test_a_file_says_otherwise(rules: str, verdict: str, tmp_path: Path) -> None:
    decision = decided(OF_EACH[Risk.DATA_LOSS], rules=rules, folder=tmp_path)
    assert [one.verdict for one in decision.findings] == [Verdict(verdict)]
    assert decision.passes == (verdict != "fail")


def test_an_address_with_an_index_is_taken_as_it_is(tmp_path: Path) -> None:
    gone = change("aws_sqs_queue", {"name": "q"}, None) | {"address": "aws_sqs_queue.it[1]"}
    rules = '[[exception]]\naddress = "aws_sqs_queue.it[1]"\nreason = "it is empty since June"\nuntil = 2027-01-01'
    assert decided(gone, rules=rules, folder=tmp_path).passes
    assert not decided(gone, rules=rules.replace("[1]", "[2]"), folder=tmp_path).passes


def test_an_exception_that_has_ended_is_told(tmp_path: Path) -> None:
    rules = '[[exception]]\naddress = "aws_sqs_queue.it"\nreason = "it is empty since June"\nuntil = 2026-12-23'
    (note,) = decided(OF_EACH[Risk.DATA_LOSS], rules=rules, folder=tmp_path).notes
    assert note == "the exception for aws_sqs_queue.it ended on 2026-12-23: it is empty since June"


FREEZE = '[[freeze]]\nbegins = {begins}\nends = {ends}\nreason = "holidays"\nenvironments = ["prod*"]'
DURING = FREEZE.format(begins="2026-12-20T00:00:00Z", ends="2027-01-04T08:00:00+01:00")
AFTER = FREEZE.format(begins="2026-12-20T00:00:00Z", ends="2026-12-24T12:00:00Z")


def test_in_a_freeze_nothing_passes_but_nothing(tmp_path: Path) -> None:
    harmless = OF_EACH[Risk.HARMLESS]
    assert not decided(harmless, env="prod", rules=DURING, folder=tmp_path).passes
    assert decided(harmless, env="poc", rules=DURING, folder=tmp_path).passes
    assert decided(harmless, env="prod", rules=AFTER, folder=tmp_path).passes
    assert decided(env="prod", rules=DURING, folder=tmp_path).passes


def test_a_plan_that_an_error_cut_short_does_not_pass() -> None:
    assert decided(errored=True).failures == ("s: the plan was cut short by an error",)


BROKEN = (
    ("risk = 1", "risk"),
    ('[risk]\n"datenverlust" = "fail"', "datenverlust"),
    ('[risk]\n"data loss" = "perhaps"', "perhaps"),
    ("max_destroys = -1", "max_destroys"),
    ("[[rule]]\n", "verdict"),
    ('[[rule]]\nverdict = "allow"\nadress = "x"', "adress"),
    ('[[exception]]\naddress = "a"\nuntil = 2027-01-01', "reason"),
    ('[[exception]]\naddress = "a"\nreason = "WHY"\nuntil = 2027-01-01', "reason"),
    ('[[freeze]]\nbegins = 2026-12-20T00:00:00\nends = 2027-01-01T00:00:00Z\nreason = "holidays"', "begins"),
    (
        '[[freeze]]\nbegins = 2027-12-20T00:00:00Z\nends = 2027-01-01T00:00:00Z\nreason = "holidays"',
        "ends must be after",
    ),
    ("not toml", "cannot be read"),
)


@pytest.mark.parametrize(("rules", "said"), BROKEN)
def test_a_faulty_file_is_refused_with_the_key(rules: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        decided(rules=rules, folder=tmp_path)
    assert said in caught.value.message
    assert "review.toml" in caught.value.message
    assert caught.value.exit_code == 2


def test_the_file_that_comes_with_the_template_is_good() -> None:
    assert gate_rules.load(ROOT / "environments" / "review.toml")


def test_every_example_in_that_file_is_good(tmp_path: Path) -> None:
    text = (ROOT / "environments" / "review.toml").read_text()
    examples = "\n".join(line[2:] for line in text.splitlines()[3:] if line.startswith("# "))
    (tmp_path / "review.toml").write_text(examples)
    told = gate_rules.load(tmp_path / "review.toml")[1]
    assert (len(told.rule), len(told.exception), len(told.freeze), len(told.environments)) == (1, 1, 1, 1)
