"""The three customer-managed keys: data, logs, studio."""

from __future__ import annotations

from constructs import Construct

from policies import keys
from sagekeep.settings import Settings
from stacks.base import EstateStack
from stacks.parts.cmk import Cmk

KEYS = (
    ("data", "Objects, volumes and models", keys.data_key),
    ("logs", "Log groups, alerts and functions' environments", keys.logs_key),
    ("studio", "The Studio domain's file system and volumes", keys.studio_key),
)


class KeysStack(EstateStack):
    """One key a kind of secret, each with a policy that says who may use it."""

    NAME = "keys"

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, settings)
        for purpose, description, statements in KEYS:
            key = Cmk(
                self,
                purpose,
                settings=settings,
                purpose=purpose,
                description=description,
                statements=statements(settings),
            )
            self.output(f"{purpose}_key_arn", key.arn, f"Key of {description[0].lower()}{description[1:]}")
