"""The control host of a gateway: what clients of this instance ask for that AWS has no name for.

POST https://control.sagekeep.api.aws/<verb> with the instance's secret in X-SageKeep-Secret and a JSON body.
"""

from __future__ import annotations

import hmac
import http.client
import json
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sagekeep.errors import OperationError

HOST = "control.sagekeep.api.aws"
SECRET_HEADER = "x-sagekeep-secret"  # noqa: S105 - its name, not its value
_SECONDS = 30

Verb = Callable[[dict[str, Any]], dict[str, Any]]


def answer(verbs: Mapping[str, Verb], secret: str, path: str, given: str, body: bytes) -> tuple[int, dict[str, Any]]:
    """The status and document of one control request (server side)."""
    if not hmac.compare_digest(given.encode(), secret.encode()):
        return 403, {"message": "the control host needs the secret of instance.json"}
    verb = verbs.get(path.strip("/"))
    if verb is None:
        return 404, {"message": f"no such verb: {path}; there are {', '.join(sorted(verbs))}"}
    try:
        return 200, verb(json.loads(body or b"{}"))
    except Exception as error:  # noqa: BLE001 - whatever a verb raises is told to the caller, who is the operator
        return 400, {"message": str(error)}


def ask(port: int, bundle: Path, secret: str, verb: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """One control request (client side).

    Raises:
        OperationError: the gateway refused it.
        OSError: nothing answers on the port.
    """
    connection = http.client.HTTPSConnection(
        "127.0.0.1", port, context=ssl.create_default_context(cafile=str(bundle)), timeout=_SECONDS
    )
    connection.set_tunnel(HOST, 443)
    try:
        connection.request("POST", f"/{verb}", json.dumps(dict(body)), {SECRET_HEADER: secret})
        response = connection.getresponse()
        document: dict[str, Any] = json.loads(response.read())
    finally:
        connection.close()
    if response.status != 200:
        raise OperationError(f"the local AWS refused {verb!r}: {document.get('message', response.status)}")
    return document
