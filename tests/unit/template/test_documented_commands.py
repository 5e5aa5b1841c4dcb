"""Commands of the AWS CLI in the documentation: they exist, with their options and with all that is required."""

from __future__ import annotations

import re
from pathlib import Path

import botocore.session
import pytest

DOCS = Path(__file__).parents[3] / "docs"
COMMAND = re.compile(r"\baws ([a-z0-9-]+) ([a-z0-9-]+)([^\n|;`]*)")
NESTED = re.compile(r"\$\(([^()]*)\)")
OF_THE_CLI = {"query", "output", "cli-binary-format", "max-items"}
WITHOUT_OPERATION = {("logs", "tail"), ("ecr", "get-login-password")}  # commands that the CLI adds


def commands(file: Path) -> list[tuple[str, str, set[str]]]:
    """Service, command and options of every command in a document."""
    text = file.read_text(encoding="utf-8").replace("\\\n", " ")
    text = "\n".join([NESTED.sub("VALUE", text), *NESTED.findall(text)])
    found = (match.groups() for match in COMMAND.finditer(text))
    return [(service, name, set(re.findall(r"\s--([a-z0-9-]+)", rest))) for service, name, rest in found]


@pytest.mark.parametrize("document", ["first-deploy.md", "pipeline.md"])
def test_every_documented_command_of_the_aws_cli_exists_with_its_options(document: str) -> None:
    session = botocore.session.get_session()
    found = commands(DOCS / document)
    assert found
    for service, name, options in found:
        if (service, name) in WITHOUT_OPERATION:
            continue
        model = session.get_service_model(service)
        operations = {operation.lower(): operation for operation in model.operation_names}
        assert name.replace("-", "") in operations, f"aws {service} {name}"
        shape = model.operation_model(operations[name.replace("-", "")]).input_shape
        members = {member.lower(): member for member in (shape.members if shape else {})}
        given = {option.replace("-", "") for option in options - OF_THE_CLI}
        assert given <= set(members), f"aws {service} {name}: {given - set(members)}"
        # The CLI makes up idempotency tokens.
        needed = {
            m
            for m in (shape.required_members if shape else [])
            if not shape.members[m].metadata.get("idempotencyToken")
        }
        assert {member.lower() for member in needed} <= given, f"aws {service} {name}"
