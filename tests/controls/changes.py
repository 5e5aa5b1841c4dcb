"""Kinds of changes of synthesized Terraform, of which mutations are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from views import Copy

Change = Callable[[Copy], None]


@dataclass(frozen=True)
class Mutation:
    """A change, and the controls that it breaks: these and no others.

    Attributes:
        breaks: their ids; two where the change truly breaks two promises.
    """

    name: str
    breaks: tuple[str, ...]
    change: Change


def drop(stack: str, kind: str, name: str) -> Change:
    """Without a resource."""
    return lambda copy: copy.drop(stack, kind, name)


def add(stack: str, kind: str, name: str, /, **body: object) -> Change:
    """With a resource more."""
    return lambda copy: copy.add(stack, kind, name, **body)


def put(stack: str, kind: str, name: str, /, **arguments: object) -> Change:
    """With other arguments; None takes one away."""

    def change(copy: Copy) -> None:
        body = copy.body(stack, kind, name)
        for argument, value in arguments.items():
            assert body.get(argument) != value
            if value is None:
                del body[argument]
            else:
                body[argument] = value

    return change


def without(stack: str, document: str, sid: str) -> Change:
    """Without a statement."""
    return lambda copy: copy.drop_statement(stack, document, sid)


def unconditioned(stack: str, document: str, sid: str, variable: str) -> Change:
    """Without the conditions on a key."""
    return lambda copy: copy.drop_condition(stack, document, sid, variable)


def with_statement(stack: str, document: str, **statement: object) -> Change:
    """With a statement more."""
    return lambda copy: copy.statements(stack, document).append({"sid": "Added", "effect": "Allow", **statement})


def in_code(old: str, new: str) -> Change:
    """With other code of the pipeline's steps, as a person might mend it."""

    def change(copy: Copy) -> None:
        with copy.archive("pipeline", "pipeline_manager_function") as folder:
            file = folder / "pipeline_manager" / "steps.py"
            text = file.read_text()
            assert text.count(old) == 1
            file.write_text(text.replace(old, new))

    return change


def configured(**values: object) -> Change:
    """With another configuration of the pipeline."""
    return lambda copy: copy.body("pipeline", "terraform_data", "pipeline_configuration")["input"].update(values)


def local_state(copy: Copy) -> None:
    """Without the lock file of one stack's state."""
    del copy.documents["storage"]["terraform"]["backend"]["s3"]["use_lockfile"]


def star_without_reason(copy: Copy) -> None:
    """A statement whose reason somebody deleted."""
    policies = copy.model["stacks"]["pipeline"]["policies"]
    (login,) = [
        s for s in policies["data.aws_iam_policy_document.job_access_policy_statements"] if s["sid"] == "LogIntoEcr"
    ]
    login["why"] = ""
