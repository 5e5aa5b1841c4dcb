"""`python -m sagekeep.local.server --home DIR --account ID --region NAME [--deploy-role ARN]`: one embedded AWS.

Runs until SIGTERM or SIGINT. Holds DIR/lock while it lives and writes DIR/instance.json once it answers.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import json
import logging
import os
import secrets
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

log = logging.getLogger("sagekeep.server")
_THREADS = 64  # Lambda invocations wait in threads


def main(argv: list[str] | None = None) -> int:
    """Serve; the exit code."""
    parser = argparse.ArgumentParser(prog="sagekeep.local.server", description=__doc__)
    parser.add_argument("--home", required=True, type=Path)
    parser.add_argument("--account", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--deploy-role")
    options = parser.parse_args(argv)
    home: Path = options.home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    lock = hold(home / "lock")
    if lock is None:
        sys.stderr.write(f"another local AWS serves {home}\n")
        return 1
    _settle(home, options.account, options.region)
    asyncio.run(_serve(home, options))
    return 0


def hold(path: Path) -> IO[str] | None:
    """The locked file, or None while another process holds it; the kernel frees it with its process."""
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def _settle(home: Path, account_id: str, region: str) -> None:
    """The process environment that ministack reads when it is imported."""
    scratch = home / "tmp"
    scratch.mkdir(exist_ok=True)
    (home / "aws-config").write_text("")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": "ROOT" + secrets.token_hex(8).upper(),
        "AWS_SECRET_ACCESS_KEY": secrets.token_urlsafe(30),
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "BIND_HOST": "127.0.0.1",
        "DOCKER_HOST": f"unix://{scratch}/none.sock",
        "LOG_LEVEL": "WARNING",
        "MINISTACK_ACCOUNT_ID": account_id,
        "MINISTACK_HOST": "amazonaws.com.invalid",
        "MINISTACK_REGION": region,
        "TMPDIR": str(scratch),
    }


async def _serve(home: Path, options: argparse.Namespace) -> None:
    # ministack reads the environment when it is imported, hence after _settle().
    from sagekeep.local import assembly  # noqa: PLC0415

    # Its one warning, about a half-closed TLS connection, is how every HTTP client says goodbye.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(_THREADS, thread_name_prefix="worker"))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    facts = await assembly.start(home, options.account, options.region, options.deploy_role, stop.set)
    _publish(home / "instance.json", {"pid": os.getpid(), "started": time.time(), **facts})
    await stop.wait()
    (home / "instance.json").unlink(missing_ok=True)
    logging.shutdown()
    # Neither open connections nor threads that wait for Lambda may hold a stopped server back.
    os._exit(0)


def _publish(path: Path, facts: dict[str, Any]) -> None:
    """Write the file whole and private: a reader sees all of it or nothing."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(facts, indent=2))
    draft.replace(path)


if __name__ == "__main__":
    sys.exit(main())
