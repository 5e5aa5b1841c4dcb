"""Writes, renews and removes the seeded object; whatever is not exactly what was written is left alone."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from data_seed.dataset import csv_text
from data_seed.requests import Place, SeedRequest
from sagekeep_runtime.errors import code_of, is_missing
from sagekeep_runtime.retry import Budget

log = logging.getLogger(__name__)

# User metadata that holds the SHA-256 of what was written. An object without it, or with other
# contents, is somebody else's.
MARK = "sagekeep-seed"
_CHUNK_BYTES = 1 << 20
# PutObject with If-Match or If-None-Match lost against another writer:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
_LOST_RACE = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412"})


@dataclass(frozen=True)
class Ours:
    """The seeded object as it lies there, unchanged since it was written."""

    sha256: str
    etag: str


def run(request: SeedRequest, *, client: Any, budget: Budget) -> dict[str, Any]:
    """Does what Terraform is doing: seeds on create and update, removes on delete."""
    if request.terraform == "delete":
        removed = _remove(request.place, client, budget)
        return _answer("deleted" if removed else "kept", request.place)
    if request.before is not None:
        _remove(request.before, client, budget)
    return _seed(request, client, budget)


def _seed(request: SeedRequest, client: Any, budget: Budget) -> dict[str, Any]:
    """Writes once into an empty folder; renews only its own object, and only for other rows, seed or label."""
    others = _objects_beside(request.place, client, budget)
    ours = _find_ours(request.place, client, budget) if request.place.key in others else None
    if others and (ours is None or len(others) > 1):
        return _answer("kept", request.place)
    body = csv_text(rows=request.rows, seed=request.seed, label=request.label).encode()
    digest = hashlib.sha256(body).hexdigest()
    if ours is not None and ours.sha256 == digest:
        return _answer("unchanged", request.place)
    condition = {"IfNoneMatch": "*"} if ours is None else {"IfMatch": ours.etag}
    try:
        budget.settle(
            client.put_object,
            Bucket=request.place.bucket,
            Key=request.place.key,
            Body=body,
            ContentType="text/csv",
            Metadata={MARK: digest},
            ServerSideEncryption="aws:kms",
            SSEKMSKeyId=request.kms_key_arn,
            **condition,
        )
    except ClientError as error:
        if code_of(error) in _LOST_RACE:
            return _answer("kept", request.place)
        raise
    return _answer("written" if ours is None else "renewed", request.place)


def _objects_beside(place: Place, client: Any, budget: Budget) -> list[str]:
    """Up to three keys in the object's folder, without the empty markers that the console makes."""
    folder = place.key.rsplit("/", 1)[0] + "/"

    def read() -> list[str]:
        found: list[str] = []
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=folder):
            found += [item["Key"] for item in page.get("Contents", []) if not _is_marker(item)]
            if len(found) > 2:
                break
        return found

    keys: list[str] = budget.settle(read)
    return keys


def _is_marker(item: dict[str, Any]) -> bool:
    return str(item["Key"]).endswith("/") and item.get("Size") == 0


def _find_ours(place: Place, client: Any, budget: Budget) -> Ours | None:
    """The object if it is the one that was written here and nobody has changed it since.

    The contents are hashed: under a KMS key an ETag says nothing about them, and a copy keeps metadata.
    """
    try:
        answer = budget.settle(client.get_object, Bucket=place.bucket, Key=place.key)
    except ClientError as error:
        # Somebody has archived it: what cannot be read cannot be known as ours.
        if is_missing(error) or code_of(error) == "InvalidObjectState":
            return None
        raise
    mark = answer.get("Metadata", {}).get(MARK)
    if mark is None:
        answer["Body"].close()
        return None
    digest = hashlib.sha256()
    for chunk in answer["Body"].iter_chunks(_CHUNK_BYTES):
        digest.update(chunk)
    return Ours(sha256=mark, etag=answer["ETag"]) if digest.hexdigest() == mark else None


def _remove(place: Place, client: Any, budget: Budget) -> bool:
    """Deletes the object if it is ours; whether it did, or there was nothing."""
    if _find_ours(place, client, budget) is not None:
        budget.settle(client.delete_object, Bucket=place.bucket, Key=place.key)
        log.info("deleted", extra={"bucket": place.bucket, "key": place.key})
        return True
    return False


def _answer(status: str, place: Place) -> dict[str, Any]:
    log.info("seed", extra={"status": status, "bucket": place.bucket, "key": place.key})
    return {"status": status, "bucket": place.bucket, "key": place.key}
