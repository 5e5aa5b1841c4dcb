"""The code that functions have now, so that a review can name the files that change.

Terraform reads functions by GetFunction, too, whose answer holds an address of the archive for ten minutes:
https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html. So whoever may plan may read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.httpsession import URLLib3Session

from sagekeep import aws
from sagekeep.errors import ToolkitError
from sagekeep.review.model import Change, Plan
from sagekeep.review.rules.functions import other_code

_SECONDS = 30


def fetch(plans: Iterable[Plan], region: str, variables: Mapping[str, str], folder: Path) -> tuple[str, ...]:
    """Writes the archives of functions whose code changes into a folder.

    Returns:
        What is to be told of those that could not be had.
    """
    changes = [change for plan in plans for change in plan.changes if other_code(change)]
    return tuple(_fetched(changes, region, variables, folder))


def _fetched(changes: list[Change], region: str, variables: Mapping[str, str], folder: Path) -> Iterator[str]:
    for number, change in enumerate(changes):
        name = str(change.before.get("function_name") or "")
        try:
            found = aws.client("lambda", region, variables).get_function(FunctionName=name)
            archive = _download(str(found["Code"].get("Location", "")), variables)
        except (BotoCoreError, ClientError, ToolkitError) as error:
            yield f"{change.where}: its code as it is could not be read, so changed files are not named: {error}"
        else:
            folder.mkdir(exist_ok=True)
            (folder / f"{number}.zip").write_bytes(archive)


def _download(address: str, variables: Mapping[str, str]) -> bytes:
    if not address.startswith("https://"):
        raise HTTPClientError(error="AWS gave no address of the archive")
    proxy = variables.get("HTTPS_PROXY") or variables.get("https_proxy")
    session = URLLib3Session(
        verify=variables.get("AWS_CA_BUNDLE") or True, proxies={"https": proxy} if proxy else None, timeout=_SECONDS
    )
    answer: Any = session.send(AWSRequest("GET", address).prepare())
    if answer.status_code != 200:
        raise HTTPClientError(error=f"the archive's address answers {answer.status_code}")
    return bytes(answer.content)
