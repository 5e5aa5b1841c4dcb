"""The three customer-managed keys: data, logs, studio; each of them may be brought."""

from __future__ import annotations

from constructs import Construct

from policies import keys
from sagekeep import names
from sagekeep.settings import Settings
from stacks.base import EstateStack
from stacks.parts.brought import known
from stacks.parts.brought_key import BroughtKey
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
        brings_all = all(names.brought_key(settings, purpose) for purpose, _, _ in KEYS)
        s = self.settings = known(self, settings, *([] if brings_all else ["roles", "topic"]))
        for purpose, description, statements in KEYS:
            brought = names.brought_key(s, purpose)
            key = (
                BroughtKey(self, purpose, settings=s, key=f"existing.keys.{purpose}", reference=brought)
                if brought
                else Cmk(
                    self,
                    purpose,
                    settings=s,
                    purpose=purpose,
                    description=description,
                    statements=statements(s),
                )
            )
            self.output(f"{purpose}_key_arn", key.arn, f"Key of {description[0].lower()}{description[1:]}")
