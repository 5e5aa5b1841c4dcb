"""Logs of jobs and endpoints in CloudWatch Logs, written with the role's permissions: without them there are none.

https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html (groups and streams),
https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html (what the role needs).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

from ministack.services import cloudwatch_logs

from sagekeep.local import delegates
from sagekeep.local.jobs.outside import SESSION

log = logging.getLogger("sagekeep.jobs")


class CloudWatch:
    """Takes lines from any thread; ministack's own thread, which runs `loop`, writes them in their order."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._told: set[tuple[str, str]] = set()

    def write(self, role_arn: str, group: str, stream: str, lines: Sequence[str]) -> None:
        """Add lines, with the time of now, to a stream that is made when it is needed."""
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line} for line in lines]
        self._loop.call_soon_threadsafe(self._put, role_arn, group, stream, events)

    def _put(self, role_arn: str, group: str, stream: str, events: list[dict[str, object]]) -> None:
        found = cloudwatch_logs._log_groups.get(group)
        steps = [
            (found is None, "CreateLogGroup", cloudwatch_logs._create_log_group),
            (found is None or stream not in found["streams"], "CreateLogStream", cloudwatch_logs._create_log_stream),
            (True, "PutLogEvents", cloudwatch_logs._put_log_events),
        ]
        resource = cloudwatch_logs._make_group_arn(group).removesuffix(":*") + f":log-stream:{stream}"
        for needed, action, call in steps:
            if not needed:
                continue
            if not delegates.role_may(role_arn, SESSION, f"logs:{action}", resource):
                self._tell(role_arn, group, action)
                return
            call({"logGroupName": group, "logStreamName": stream, "logEvents": events})

    def _tell(self, role_arn: str, group: str, action: str) -> None:
        if (role_arn, group) not in self._told:
            self._told.add((role_arn, group))
            log.warning("no logs in %s: %s has no permission for logs:%s", group, role_arn, action)
