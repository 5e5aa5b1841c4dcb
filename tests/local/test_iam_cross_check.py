"""One thousand generated requests, judged by the tool's evaluator and by the embedded AWS: the same verdicts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sagekeep.iam import (
    Caller,
    Condition,
    Layers,
    Policy,
    Request,
    Verdict,
    conditions,
    decide,
    evaluate,
    operators,
    parse,
    patterns,
    principals,
    request,
)
from sagekeep.iam.operators import OPERATORS
from tests.local.iam_cases import Case, caller_arn, cases, person_of, trust_cases
from tests.local.iam_vocabulary import ACCOUNT

ROOT = Path(__file__).parents[2]
COUNT, TRUSTS, SEED = 1_000, 300, 5


def policy(document: Mapping[str, Any] | None, layer: str) -> Policy | None:
    return parse(document, layer) if document else None


def decided(case: Case) -> Verdict:
    who = case["caller"]
    account = ACCOUNT if person_of(who) else ""
    caller = Caller(caller_arn(who), account, who["kind"], who.get("session", ""))
    context = {key: tuple(values) for key, values in case["context"].items()}
    asked = Request(caller, case["action"], case["resource"], case["owner"], context)
    return decide(
        asked,
        Layers(
            identity=tuple(parse(document, "identity") for document in case["identity"]),
            boundary=policy(case["boundary"], "boundary"),
            session=policy(case["session"], "session"),
            resource=policy(case["resource_policy"], "resource"),
            endpoint=policy(case["endpoint"], "endpoint"),
        ),
    )


def judged(made: list[Case], *options: str) -> list[list[str]]:
    """The embedded AWS's decisions, each with the Sid of the statement that made it."""
    command = [sys.executable, "-m", "tests.local.iam_judge", *options]
    tried = subprocess.run(command, cwd=ROOT, input=json.dumps(made), capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    found: list[list[str]] = json.loads(tried.stdout)
    return found


def said(verdict: Verdict) -> str:
    if verdict.allowed:
        return "Allow"
    return "Deny" if verdict.explicit else "ImplicitDeny"


def differences(made: list[Case], ours: list[Verdict], theirs: list[list[str]]) -> list[str]:
    """Where decision or denying statement differ; of services and trust the embedded AWS says only whether it may."""
    found = []
    for number, (case, our, (decision, sid)) in enumerate(zip(made, ours, theirs, strict=True)):
        if case["caller"]["kind"] == "service" or case["service"] == "sts":
            same = our.allowed == (decision == "Allow")
        else:
            same = said(our) == decision and (decision != "Deny" or our.sid == sid)
        if not same:
            ours_is = f"{said(our)} {our.layer} {our.sid!r}"
            found.append(f"case {number}: {ours_is} here, {decision} {sid!r} there\n{json.dumps(case)}")
    return found


@pytest.fixture(scope="module")
def made() -> list[Case]:
    return cases(COUNT, SEED)


@pytest.fixture(scope="module")
def ours(made: list[Case]) -> list[Verdict]:
    return [decided(case) for case in made]


@pytest.fixture(scope="module")
def theirs(made: list[Case]) -> list[list[str]]:
    return judged(made)


def test_both_evaluators_say_the_same_of_each_request(
    made: list[Case], ours: list[Verdict], theirs: list[list[str]]
) -> None:
    assert len(ours) == len(theirs) == COUNT
    different = differences(made, ours, theirs)
    assert not different, f"{len(different)} differ\n" + "\n".join(different[:3])


def test_both_read_trust_policies_alike() -> None:
    made = trust_cases(TRUSTS, SEED)
    ours = [decided(case) for case in made]
    assert TRUSTS * 0.25 < sum(verdict.allowed for verdict in ours) < TRUSTS * 0.75
    assert differences(made, ours, judged(made)) == []


def test_every_verdict_is_well_represented(ours: list[Verdict]) -> None:
    decisions = Counter(said(verdict) for verdict in ours)
    assert min(decisions[name] for name in ("Allow", "Deny", "ImplicitDeny")) > COUNT * 0.25, decisions
    layers = Counter((verdict.layer, verdict.explicit) for verdict in ours if not verdict.allowed)
    where = [(layer, how) for layer in ("identity", "boundary", "resource", "endpoint") for how in (True, False)]
    assert min(layers[one] for one in where) > COUNT * 0.01, layers
    assert layers["session", True]
    assert layers["session", False]
    assert sum(verdict.allowed and verdict.layer == "resource" for verdict in ours) > COUNT * 0.05


def test_everything_that_a_policy_may_say_is_asked(made: list[Case]) -> None:
    texts = [json.dumps(case) for case in made]
    names = [f"{name}{suffix}" for name in OPERATORS if name != "Null" for suffix in ("", "IfExists")]
    written = [f'{name}": ' for name in (*names, "Null", "NotAction", "NotResource", "NotPrincipal")]
    sets = [f"{quantifier}:{kind}" for quantifier in ("ForAllValues", "ForAnyValue") for kind in ("StringNot", "Arn")]
    for part in (*written, *sets, "${aws:username}", "${*}", "${?}", "${$}", ", 'in'}"):
        assert sum(part in text for text in texts) >= 5, part


def test_the_embedded_aws_as_it_comes_is_caught(made: list[Case], ours: list[Verdict]) -> None:
    assert len(differences(made, ours, judged(made, "plain"))) > COUNT * 0.05


def _blind(*_arguments: Any, **_options: Any) -> None:
    return None


def _whole(text: str, pattern: str, value_of: patterns.ValueOf) -> bool:
    return patterns.like(text, pattern, value_of)


_resource, _named, _fits = patterns._resource, principals._named, conditions._fits


def _one_line(pattern: tuple[patterns.Token, ...]) -> re.Pattern[str]:
    return re.compile(_resource(pattern).pattern)


def _by_account(principal: tuple[str, str], caller: Caller) -> principals.Naming:
    return principals.Naming.ACCOUNT if _named(principal, caller) else principals.Naming.NOT


def _never_negated(value: str, condition: Condition, compared: operators.Operator, facts: conditions.Facts) -> bool:
    return _fits(value, condition, replace(compared, negated=False), facts)


# A fault put into our evaluator, each of which the comparison must show.
FAULTS: dict[str, tuple[Any, str, Any]] = {
    "variables have no values": (conditions, "value_of", _blind),
    "defaults are forgotten": (patterns, "_DEFAULTED", re.compile("never")),
    "resources match as strings": (patterns, "resource", _whole),
    "lines end a match": (patterns, "_resource", _one_line),
    "an absent key never matches": (conditions, "_absent", lambda _written: False),
    "an absent key always matches": (conditions, "_absent", lambda _written: True),
    "everybody is only the account": (principals, "_named", _by_account),
    "NotPrincipal leaves nobody out": (principals, "_excepted", lambda _listed, _caller: False),
    "NotPrincipal leaves all out": (principals, "_excepted", lambda _listed, _caller: True),
    "accounts have no name": (principals, "_is_account", lambda _identifier, _caller: False),
    "limits do not limit": (evaluate._Asked, "_limits", lambda _self: ()),
    "endpoints do not limit": (evaluate._Asked, "within", lambda _self, _layer: ()),
    "nothing is denied": (evaluate._Asked, "denied", lambda _self: None),
    "key policies need not allow": (evaluate, "_MUST_ALLOW", ("sts:",)),
    "other accounts need not allow": (Request, "same_account", True),
    "negations are forgotten": (conditions, "_fits", _never_negated),
    "keys of the caller are missing": (request, "_of_caller", lambda _caller: {}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_ours_is_caught(
    fault: str, made: list[Case], theirs: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    place, name, wrong = FAULTS[fault]
    monkeypatch.setattr(place, name, wrong)
    assert differences(made, [decided(case) for case in made], theirs)
