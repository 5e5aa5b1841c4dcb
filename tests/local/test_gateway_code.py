"""A function's code is had from the address that GetFunction gives, and from no other."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import pytest
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from sagekeep.local.instance import Instance
from tests.local.gateway_cloud import Cloud, document

TRUST = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}})


@pytest.fixture(scope="module")
def archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        opened.writestr("a.py", "def handler(event, context): ...\n")
    return packed.getvalue()


@pytest.fixture(scope="module")
def address(admin: Cloud, archive: bytes) -> Iterator[str]:
    role = admin("iam").create_role(RoleName="coded", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    functions = admin("lambda")
    made = {"FunctionName": "coded", "Runtime": "python3.12", "Role": role, "Handler": "a.handler"}
    functions.create_function(**made, Code={"ZipFile": archive})
    yield functions.get_function(FunctionName="coded")["Code"]["Location"]
    functions.delete_function(FunctionName="coded")
    admin("iam").delete_role(RoleName="coded")


def get(running: Instance, address: str) -> tuple[int, bytes]:
    variables = running.variables()
    session = URLLib3Session(verify=variables["AWS_CA_BUNDLE"], proxies={"https": variables["HTTPS_PROXY"]})
    answer = session.send(AWSRequest("GET", address).prepare())
    return answer.status_code, answer.content


def test_the_archive_is_the_one_that_was_uploaded(running: Instance, address: str, archive: bytes) -> None:
    assert address.startswith("https://awslambda-")
    assert get(running, address) == (200, archive)


def test_without_the_token_or_with_another_functions_nothing_is_had(running: Instance, address: str) -> None:
    assert get(running, address.partition("?")[0])[0] == 403
    assert get(running, f"{address}x")[0] == 403
    assert get(running, address.replace("/coded?", "/another?"))[0] == 403
