"""Structured logs: one JSON object a line, facts as fields, never an event's body."""

from __future__ import annotations

import json
import logging
import os

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "aws_request_id", "taskName"}
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class JsonFormatter(logging.Formatter):
    """Renders a record with its `extra` fields as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; fields that JSON cannot hold become text."""
        line = {
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "aws_request_id", ""),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, sort_keys=True)


def configure() -> None:
    """Sets the root logger up once per sandbox.

    With the function's log format set to JSON, Lambda's own handler renders `extra` fields itself
    (https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html): it is left alone.
    """
    root = logging.getLogger()
    wanted = os.environ.get("LOG_LEVEL", "INFO").upper()
    root.setLevel(wanted if wanted in LEVELS else "INFO")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT") != "JSON":
        if not root.handlers:
            root.addHandler(logging.StreamHandler())
        for handler in root.handlers:
            handler.setFormatter(JsonFormatter())
    if wanted not in LEVELS:
        root.warning("LOG_LEVEL is none of %s: INFO is taken", ", ".join(LEVELS), extra={"log_level": wanted})
