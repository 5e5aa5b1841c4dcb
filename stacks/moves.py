"""Addresses that changed since a release: Terraform moves what is deployed instead of making it anew.

`tests/synth/addresses/` fixes every address. Whoever renames a construct writes a row here; `make addresses` then
accepts the new address. A row stays as long as an environment may exist that was deployed before it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Move:
    """A resource of one stack under another address.

    Attributes:
        old, new: addresses such as `aws_kms_key.data_key`; `new` is empty where the resource is given up on purpose.
        why: for the reader of the plan; given up: what becomes of what was deployed.
    """

    stack: str
    old: str
    new: str
    why: str

    @property
    def is_followed(self) -> bool:
        """Whether Terraform can move it: neither what is given up, nor an output."""
        return bool(self.new) and not self.old.startswith("output.")


MOVES: tuple[Move, ...] = ()


def moved_blocks(stack: str, moves: tuple[Move, ...] = MOVES) -> list[dict[str, str]]:
    """Terraform's `moved` blocks of a stack, https://developer.hashicorp.com/terraform/language/moved."""
    return [{"from": move.old, "to": move.new} for move in moves if move.stack == stack and move.is_followed]
