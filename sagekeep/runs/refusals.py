"""What AWS refuses, in words that say what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sagekeep.errors import OperationError

LOG_IN = "log in again (`aws sso login`, or however you do)"
DENIED = "these credentials may not do that: use a role that may"
HINTS: Mapping[str, str] = {
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId"), LOG_IN),
    **dict.fromkeys(("RequestExpired", "SignatureDoesNotMatch", "UnrecognizedClientException"), LOG_IN),
    **dict.fromkeys(("AccessDenied", "AccessDeniedException", "403"), DENIED),
    **dict.fromkeys(("ThrottlingException", "TooManyRequestsException"), "AWS is busy: try again in a minute"),
}


@contextmanager
def told(doing: str, hints: Mapping[str, str] | None = None) -> Iterator[None]:
    """Within the block AWS's errors become ours: "<doing>: <AWS's message>", and a hint by the error's code.

    Raises:
        OperationError: AWS refused or does not answer.
    """
    from botocore import exceptions as botocore  # noqa: PLC0415 - half a second

    try:
        yield
    except botocore.ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        raise OperationError(f"{doing}: {message or code}", hint={**HINTS, **(hints or {})}.get(code, "")) from error
    except (botocore.CredentialRetrievalError, botocore.NoCredentialsError, botocore.SSOError) as error:
        raise OperationError(f"{doing}: {error}", hint=LOG_IN) from error
    except botocore.BotoCoreError as error:
        raise OperationError(f"{doing}: AWS cannot be reached: {error}", hint="try again") from error
