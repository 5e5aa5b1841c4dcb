"""Where a request comes from: the internet, or a set of subnets and security groups of a VPC.

A process that runs inside a VPC reaches the gateway with HTTPS_PROXY=http://<mark>:<secret>@127.0.0.1:<port>; the
mark names its place, the secret proves that the gateway issued it. A client without a mark is the internet.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A position in a VPC: ids as EC2 gives them."""

    vpc_id: str
    subnet_ids: tuple[str, ...]
    group_ids: tuple[str, ...]

    def mark(self) -> str:
        """The place as a proxy user name (letters, digits, dashes, dots, underscores)."""
        return ".".join((self.vpc_id, "_".join(self.subnet_ids), "_".join(self.group_ids)))

    @classmethod
    def parse(cls, mark: str) -> Place:
        """The inverse of mark().

        Raises:
            ValueError: it is no mark.
        """
        vpc_id, subnets, groups = mark.split(".")
        return cls(vpc_id, tuple(filter(None, subnets.split("_"))), tuple(filter(None, groups.split("_"))))


def seal(mark: str, secret: str) -> str:
    """The proxy password of `mark`."""
    return hmac.new(secret.encode(), mark.encode(), hashlib.sha256).hexdigest()[:32]


def proxy_url(port: int, place: Place | None, secret: str) -> str:
    """HTTPS_PROXY for a process at `place` (None: on the internet)."""
    if place is None:
        return f"http://127.0.0.1:{port}"
    mark = place.mark()
    return f"http://{mark}:{seal(mark, secret)}@127.0.0.1:{port}"


def read_authorization(header: str, secret: str) -> Place:
    """The place that a Proxy-Authorization header proves.

    Raises:
        ValueError: not basic authentication, or not issued by this gateway.
    """
    scheme, _, encoded = header.partition(" ")
    try:
        mark, _, password = base64.b64decode(encoded, validate=True).decode("ascii").partition(":")
    except ValueError as error:
        raise ValueError("unreadable proxy credentials") from error
    if scheme.lower() != "basic" or not hmac.compare_digest(password, seal(mark, secret)):
        raise ValueError("proxy credentials that this instance did not issue")
    return Place.parse(mark)
