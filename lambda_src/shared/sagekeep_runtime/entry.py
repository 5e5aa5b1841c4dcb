"""What surrounds each handler: logs, and errors worded for the person who reads Terraform's output."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sagekeep_runtime.errors import FunctionError, explain
from sagekeep_runtime.logs import configure
from sagekeep_runtime.retry import Context

Handler = Callable[[dict[str, Any], Context], dict[str, Any]]

log = logging.getLogger(__name__)


def entry(handler: Handler) -> Handler:
    """Wraps a handler: AWS's refusals become a FunctionError with one readable line."""

    @functools.wraps(handler)
    def wrapped(event: dict[str, Any], context: Context) -> dict[str, Any]:
        configure()
        try:
            return handler(event, context)
        except FunctionError as error:
            log.error("failed", extra={"reason": str(error)})  # noqa: TRY400 - the reason says it all
            raise
        except (ClientError, BotoCoreError) as error:
            log.exception("refused by AWS")
            raise FunctionError(explain(error)) from error

    return wrapped
