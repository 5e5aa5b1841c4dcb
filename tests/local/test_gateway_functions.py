"""A function's key is for its variables: without them Lambda forgets it, and who may not decrypt sees none."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sagekeep.local.instance import Instance
from tests.local.gateway_cloud import Cloud, allow, drop_role, make_role
from tests.local.small_root import applied

VARIABLES = {"Variables": {"LOG_LEVEL": "INFO"}}


@pytest.fixture
def role(admin: Cloud) -> Iterator[str]:
    yield make_role(admin, "keyed", "lambda.amazonaws.com", allow("kms:Decrypt"))
    drop_role(admin, "keyed")


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("app.py", "def handler(event, _context):\n    return 1\n")
    return out.getvalue()


@pytest.fixture
def functions(admin: Cloud, role: str, key: str) -> Iterator[Any]:
    client = admin("lambda")
    for name, more in (("with-variables", {"Environment": VARIABLES}), ("without-variables", {})):
        client.create_function(
            FunctionName=name, Runtime="python3.12", Role=role, Handler="app.handler", KMSKeyArn=key,
            Code={"ZipFile": archive()}, **more,
        )  # fmt: skip
        client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.2})
    yield client
    for name in ("with-variables", "without-variables"):
        client.delete_function(FunctionName=name)


def key_of(functions: Any, name: str) -> str:
    return str(functions.get_function(FunctionName=name)["Configuration"].get("KMSKeyArn", ""))


def test_a_function_without_variables_has_no_key(functions: Any, key: str) -> None:
    assert key_of(functions, "with-variables") == key
    assert key_of(functions, "without-variables") == ""
    functions.update_function_configuration(FunctionName="without-variables", KMSKeyArn=key)
    assert key_of(functions, "without-variables") == ""
    functions.update_function_configuration(FunctionName="without-variables", KMSKeyArn=key, Environment=VARIABLES)
    assert key_of(functions, "without-variables") == key
    functions.update_function_configuration(FunctionName="without-variables", Environment={"Variables": {}})
    assert key_of(functions, "without-variables") == ""


def test_who_may_not_decrypt_with_the_key_is_told_so_in_the_place_of_the_variables(functions: Any, become: Any) -> None:
    assert functions.get_function(FunctionName="with-variables")["Configuration"]["Environment"] == VARIABLES
    for statements, shown in ((["lambda:GetFunction"], False), (["lambda:GetFunction", "kms:Decrypt"], True)):
        found = become(allow(*statements))("lambda").get_function(FunctionName="with-variables")
        environment = found["Configuration"]["Environment"]
        assert (environment == VARIABLES) is shown
        assert shown or environment["Error"]["ErrorCode"] == "AccessDeniedException"


FUNCTION = """
resource "aws_lambda_function" "keyed" {{
  function_name = "planned-twice"
  role          = "{role}"
  runtime       = "python3.12"
  handler       = "app.handler"
  filename      = "app.zip"
  kms_key_arn   = "{key}"
{environment}
}}
"""
ENVIRONMENT = """
  environment {
    variables = { LOG_LEVEL = "INFO" }
  }
"""


@pytest.mark.parametrize("environment", ["", ENVIRONMENT])
def test_a_second_plan_is_clean_only_where_a_function_with_a_key_has_a_variable(
    running: Instance, role: str, key: str, tmp_path: Path, environment: str
) -> None:
    (tmp_path / "app.zip").write_bytes(archive())
    with applied(tmp_path, running, FUNCTION.format(role=role, key=key, environment=environment)) as root:
        assert root.plan_differs() is (not environment)
