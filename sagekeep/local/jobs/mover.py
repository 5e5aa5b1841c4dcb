"""The mover: brings objects of S3 into a job's folder and files back, as the job's role, from the job's place.

Facts: what S3Prefix means (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html), that
symbolic links are not followed on upload (https://docs.aws.amazon.com/sagemaker/latest/dg/byoc-input-and-output.html).
Output without a key of its own is encrypted as the bucket says; AWS would take the account's aws/s3 key, which the
embedded AWS does not have.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ProxyConnectionError

from sagekeep.local.jobs.failures import JobFailed, nothing_found
from sagekeep.local.jobs.specification import Specification

_CHUNK = 1024 * 1024
_DOWNLOAD = "Data download failed:"
_UPLOAD = "Artifact upload failed:"


class Mover:
    """Moves files for one piece of work; `check` is called before each download and may raise to end it."""

    def __init__(self, spec: Specification, check: Callable[[], None]) -> None:
        self._region, self._role, self._check = spec.region, spec.role, check
        session = botocore.session.Session()
        self._s3: Any = session.create_client(
            "s3",
            region_name=spec.region,
            verify=spec.ca_bundle,
            aws_access_key_id=spec.credentials["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=spec.credentials["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=spec.credentials["AWS_SESSION_TOKEN"],
            config=Config(
                proxies={"https": spec.proxy},
                # Throttles and short outages are SageMaker's business, not the job's.
                retries={"mode": "standard", "total_max_attempts": 4},
            ),
        )

    def download(self, url: str, target: Path) -> None:
        """Every object whose key begins with the URL's key, into `target`.

        Below "a/" and "a" names are relative to the folder a; an object's own URL gives a file of its name; any other
        beginning of keys ("a/da") gives names relative to the folder that it ends in.

        Raises:
            JobFailed: no object, or S3 refuses.
        """
        bucket, prefix = parse(url)
        found = False
        target.mkdir(parents=True, exist_ok=True)
        for key in self._keys(url, bucket, prefix):
            self._check()
            self._get(bucket, key, _inside(target, _name(key, prefix)))
            found = True
        if not found:
            raise JobFailed(nothing_found(url, bucket, self._region, self._role))

    def fetch(self, url: str, file: Path) -> None:
        """One object, by its whole key."""
        self._get(*parse(url), file)

    def upload(self, folder: Path, url: str, key: str | None) -> None:
        """All files of a folder, below the URL; encrypted with the KMS key, or as the bucket says when none is named.

        Raises:
            JobFailed: S3 refuses.
        """
        for path in files(folder):
            self.put(path, f"{url.rstrip('/')}/{path.relative_to(folder).as_posix()}", key)

    def put(self, path: Path, url: str, key: str | None) -> None:
        """One file as one object."""
        bucket, name = parse(url)
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key} if key else {}
        with _told(f"{_UPLOAD}Unable to upload object {url}"), path.open("rb") as body:
            self._s3.put_object(Bucket=bucket, Key=name, Body=body, **encryption)

    def _keys(self, url: str, bucket: str, prefix: str) -> Iterator[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        with _told(f"{_DOWNLOAD}Unable to list objects under {url}"):
            for page in pages:
                # Consoles mark folders with empty objects whose keys end in a slash.
                yield from (item["Key"] for item in page.get("Contents", ()) if not item["Key"].endswith("/"))

    def _get(self, bucket: str, key: str, file: Path) -> None:
        with _told(f"{_DOWNLOAD}Unable to download object s3://{bucket}/{key}"):
            body = self._s3.get_object(Bucket=bucket, Key=key)["Body"]
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("wb") as out:
                shutil.copyfileobj(body, out, _CHUNK)


def parse(url: str) -> tuple[str, str]:
    """Bucket and key of an s3:// URL.

    Raises:
        JobFailed: it is none.
    """
    scheme, _, rest = url.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise JobFailed(f"ClientError: {url!r} is no S3 URL")
    return bucket, key


def files(folder: Path) -> Iterator[Path]:
    """The regular files below a folder, sorted; links are neither followed nor named."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        paths = (Path(place, name) for name in sorted(names))
        yield from (path for path in paths if path.is_file() and not path.is_symlink())


def _name(key: str, prefix: str) -> str:
    if key == prefix:
        return key.rpartition("/")[2]
    rest = key.removeprefix(prefix)
    if not prefix or prefix.endswith("/"):
        return rest
    return rest[1:] if rest.startswith("/") else key[prefix.rfind("/") + 1 :]


def _inside(target: Path, name: str) -> Path:
    path = Path(os.path.normpath(target / name))
    if target not in path.parents:
        raise JobFailed(f"ClientError: {_DOWNLOAD}the key's name {name!r} leads out of its folder")
    return path


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Tell errors of S3, of the way to it and of the file system as SageMaker does."""
    try:
        yield
    except ClientError as error:
        told = error.response["Error"]
        raise JobFailed(f"ClientError: {what} ({told['Code']}: {told['Message']})") from error
    except ProxyConnectionError as error:
        why = "S3 cannot be reached from the subnets and security groups of the request"
        raise JobFailed(f"ClientError: {what} ({why})") from error
    except (BotoCoreError, OSError) as error:
        raise JobFailed(f"ClientError: {what} ({error})") from error
