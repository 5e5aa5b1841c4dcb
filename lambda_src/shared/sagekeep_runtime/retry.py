"""Patience within a function's time: rights that are still spreading, and work that AWS finishes later."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from sagekeep_runtime.errors import DENIED_CODES, OutOfTime, code_of, text_of

log = logging.getLogger(__name__)

# Kept back so that the function can still say what happened.
RESERVE_SECONDS = 5.0
# IAM is eventually consistent: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html
SETTLE_SECONDS = 90.0

_UNSETTLED_TEXTS = ("cannot be assumed", "could not assume role", "unable to assume", "not authorized to assume")
_PAUSES = (1.0, 2.0, 4.0, 8.0)


class Context(Protocol):
    """The part of Lambda's context object that is used here."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation."""


@dataclass(frozen=True)
class Clock:
    """Time as two functions, so that a test can pass hours in no time."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def is_unsettled(error: ClientError) -> bool:
    """Whether the refusal may only mean that a role or policy has not spread yet."""
    text = text_of(error).lower()
    return code_of(error) in DENIED_CODES or any(part in text for part in _UNSETTLED_TEXTS)


class Budget:
    """The seconds that one invocation may still spend."""

    def __init__(self, seconds: float, clock: Clock | None = None) -> None:
        self._clock = clock or Clock()
        self._end = self._clock.now() + seconds

    @classmethod
    def of(cls, context: Context, clock: Clock | None = None) -> Budget:
        """The time that Lambda leaves this invocation, less a reserve for the answer."""
        return cls(context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS, clock)

    def remaining(self) -> float:
        """Seconds left; negative once they are used up."""
        return self._end - self._clock.now()

    def settle(self, call: Callable[..., Any], /, **parameters: Any) -> Any:
        """Calls AWS, repeating a refusal for up to 90 s in case rights are still spreading.

        Raises the last refusal when it stays, and any other error at once.
        """
        give_up = self._clock.now() + SETTLE_SECONDS
        attempt = 0
        while True:
            try:
                return call(**parameters)
            except ClientError as error:
                pause = _PAUSES[min(attempt, len(_PAUSES) - 1)]
                left = min(give_up - self._clock.now(), self.remaining())
                if not is_unsettled(error) or pause > left:
                    raise
                log.info(
                    "refused, trying again",
                    extra={"operation": error.operation_name, "code": code_of(error), "pause_seconds": pause},
                )
                self._clock.sleep(pause)
                attempt += 1

    def wait(self, pending: Callable[[], str], *, every: float = 5.0) -> None:
        """Polls until `pending` answers with an empty text.

        Raises OutOfTime with the last answer when the seconds are used up.
        """
        while left := pending():
            if self.remaining() < every:
                raise OutOfTime(
                    f"{left}, and the function's time is over. Nothing is lost: "
                    "run the same terraform command again, it goes on from here."
                )
            log.info("waiting", extra={"pending": left, "remaining_seconds": round(self.remaining())})
            self._clock.sleep(every)
