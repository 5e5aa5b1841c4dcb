"""What the runner needs of the account around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SESSION = "SageMaker"  # the session name that SageMaker takes with a role


@dataclass(frozen=True)
class Outside:
    """The account, as functions that return at once.

    Attributes:
        ca_bundle: file with the certificates that AWS's host names answer with.
        open_session: (role ARN, session name) -> credentials under their environment variables' names; LookupError when
            there is no such role.
        proxy_url: (subnet ids, group ids) -> HTTPS_PROXY of that place, or of the internet when both are empty;
            LookupError when there is no such subnet.
        log: (role ARN, group, stream, lines); called from any thread.
    """

    region: str
    ca_bundle: Path
    open_session: Callable[[str, str], Mapping[str, str]]
    proxy_url: Callable[[Sequence[str], Sequence[str]], str]
    log: Callable[[str, str, str, Sequence[str]], None]


@dataclass(frozen=True)
class Limits:
    """Times in seconds, and how scripts are kept apart.

    Attributes:
        stop: between SIGTERM and SIGKILL (120 on AWS).
        ping: for a new server's first answer where the endpoint configuration has no time for it (480 on AWS).
        answer: for an invocation (60 on AWS).
        hidden: folders that scripts must not see, where there are namespaces.
        namespaces: whether to use them; None: where they work.
    """

    stop: float = 10.0
    ping: float = 120.0
    answer: float = 60.0
    hidden: tuple[Path, ...] = ()
    namespaces: bool | None = None
