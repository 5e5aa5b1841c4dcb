"""The code of a function behind the address that GetFunction gives: whoever has it may download, for ten minutes.

https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html
"""

from __future__ import annotations

import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping

from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc

_SECONDS = 600
_MOST = 1000  # addresses that are kept
_HOST = re.compile(r"awslambda-[a-z0-9-]+-tasks\.s3\.[a-z0-9.-]+")

# Token -> account, region, function, and until when.
_given: OrderedDict[str, tuple[str, str, str, float]] = OrderedDict()


def apply() -> None:
    """Let GetFunction give addresses of this module's."""
    lambda_svc._presigned_code_url = _address


def _address(function: str) -> str:
    region, account, token = get_region(), get_account_id(), secrets.token_urlsafe(32)
    _given[token] = (account, region, function, time.monotonic() + _SECONDS)
    while len(_given) > _MOST:
        _given.popitem(last=False)
    host = f"awslambda-{region}-tasks.s3.{region}.amazonaws.com"
    return f"https://{host}/snapshots/{account}/{function}?X-Amz-Expires={_SECONDS}&X-Amz-Signature={token}"


def is_download(host: str) -> bool:
    """Whether functions' code lies at a host."""
    return _HOST.fullmatch(host) is not None


def serve(path: str, query: Mapping[str, list[str]]) -> tuple[int, Mapping[str, str], bytes]:
    """The archive, or 403 without a token that holds for it."""
    token = (query.get("X-Amz-Signature") or [""])[0]
    account, region, function, until = _given.get(token, ("", "", "", 0.0))
    if not function or path != f"/snapshots/{account}/{function}" or time.monotonic() > until:
        return 403, {"content-type": "application/xml"}, b"<Error><Code>AccessDenied</Code></Error>"
    status, headers, body = lambda_svc.serve_function_code(function, account_id=account, region=region)
    return status, headers, body
