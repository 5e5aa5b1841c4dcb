"""The endpoint that the pipeline serves the model on: its state, and predictions for rows of a CSV file.

Errors and limits: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sagekeep.console import harmless
from sagekeep.errors import OperationError, UsageError
from sagekeep.runs.evaluation import Answer
from sagekeep.runs.refusals import told
from sagekeep.runs.target import Target

LARGEST_BODY = 5_000_000  # bytes; AWS takes 6 MiB, and answers with as much
MOST_ROWS = 500  # in one request: a request has 60 seconds
JSON = "application/json"
CSV_WITH_HEADER = "text/csv; header=present"


def describe(target: Target) -> dict[str, str] | None:
    """Name, status, configuration and failure reason of the endpoint; None where there is none yet.

    Raises:
        OperationError: AWS refuses or does not answer.
    """
    sagemaker = target.client("sagemaker")
    with told("the endpoints cannot be listed"):
        listed = sagemaker.list_endpoints(NameContains=target.endpoint, MaxResults=100)["Endpoints"]
        if target.endpoint not in [item["EndpointName"] for item in listed]:
            return None
        found = sagemaker.describe_endpoint(EndpointName=target.endpoint)
    return {
        "endpoint": found["EndpointName"],
        "status": found["EndpointStatus"],
        "configuration": found.get("EndpointConfigName", ""),
        "reason": found.get("FailureReason", ""),
    }


def batches(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[tuple[int, bytes]]:
    """(number of rows, CSV with the header) for each request, as many rows in one as it takes.

    Raises:
        UsageError: a row alone is too long.
    """
    head = _line(header)
    body, count = head, 0
    for number, row in enumerate(rows, start=1):
        line = _line(row)
        if len(head) + len(line) > LARGEST_BODY:
            raise UsageError(f"row {number} is over {LARGEST_BODY} bytes long, more than an endpoint takes")
        if count == MOST_ROWS or len(body) + len(line) > LARGEST_BODY:
            yield count, body
            body, count = head, 0
        body, count = body + line, count + 1
    if count:
        yield count, body


def invoke(client: Any, target: Target, body: bytes, accept: str) -> bytes:
    """The endpoint's answer to CSV with a header.

    Raises:
        OperationError: there is no endpoint, the model refuses the rows, or AWS does not answer.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415 - half a second

    run_first = f"it is made by the first run: {target.command('run')}"
    with told(f"endpoint {target.endpoint}", {"ValidationError": run_first}):
        try:
            answer = client.invoke_endpoint(
                EndpointName=target.endpoint, Body=body, ContentType=CSV_WITH_HEADER, Accept=accept
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ModelError":
                raise
            said = _detail(str(error.response.get("OriginalMessage", "")).strip()) or str(error)
            look = target.command("logs", "--step", "Endpoint")
            # The container's answer may go on with a traceback of its own.
            raise OperationError(
                f"the model refuses: {harmless(said.splitlines()[0])}", hint=f"its log: {look}"
            ) from None
        content: bytes = answer["Body"].read()
        return content


def ask(target: Target, header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[Answer]:
    """An answer for each row.

    Raises:
        UsageError: a row is too long.
        OperationError: see `invoke`; also where the answer is not the one that the serving script gives.
    """
    client = target.client("sagemaker-runtime")
    return [
        answer
        for count, body in batches(header, rows)
        for answer in _answers(invoke(client, target, body, JSON), count, target)
    ]


def _detail(said: str) -> str:
    """A refusal's text: the images from AutoGluon 1.6 on put it into JSON."""
    try:
        return str(json.loads(said)["detail"])
    except (ValueError, KeyError, TypeError):
        return said


def _answers(body: bytes, count: int, target: Target) -> list[Answer]:
    try:
        document = json.loads(body)
        predictions = document["predictions"]
        probabilities = document.get("probabilities", [{}] * count)
        answers = [Answer(said, chances) for said, chances in zip(predictions, probabilities, strict=True)]
    except (ValueError, KeyError, TypeError, AttributeError):
        answers = []
    if len(answers) != count:
        raise OperationError(
            f"endpoint {target.endpoint} does not answer with one prediction a row: {body[:200]!r}",
            hint='its serving script should answer {"predictions": [...], "probabilities": [...]}',
        )
    return answers


def _line(fields: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(fields)  # only what ends a line is put in quotes
    return out.getvalue().encode()
