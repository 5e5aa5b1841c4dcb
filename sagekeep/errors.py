"""Errors that a person sees.

ToolkitError
├── SettingsError     one or more settings break a rule (exit code 2)
├── UsageError        the command line asks for something that cannot be (exit code 2)
└── OperationError    terraform, AWS or the machine refused (exit code 1)
    └── PolicyError   an IAM policy says what IAM would refuse
"""

from __future__ import annotations


class ToolkitError(Exception):
    """An error with a message for its reader; `hint` says what to do about it."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class UsageError(ToolkitError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class OperationError(ToolkitError):
    """Terraform, AWS or the machine refused."""
