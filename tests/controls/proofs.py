"""The environments of this repository, proved; and copies of their Terraform to break by hand."""

from __future__ import annotations

import copy
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from sagekeep.prove.estate import Estate
from sagekeep.prove.proof import Proof, prove
from sagekeep.prove.reading import read
from sagekeep.prove.terraform import Terraform
from sagekeep.synthesis import Synthesis, load

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests" / "synth"))  # for synths
Documents = dict[str, dict[str, Any]]
Break = Callable[[Documents], object]


@cache
def synthesized(environment: str) -> Synthesis:
    """One synth for each environment and test session; it goes with the process."""
    from synths import synth

    folder = tempfile.TemporaryDirectory()
    _FOLDERS.append(folder)
    out = Path(folder.name) / "out"
    synth(environment, out)
    return load(ROOT, environment, out)


_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []


@cache
def estate(environment: str) -> Estate:
    """The estate as it is."""
    return estate_from(synthesized(environment))


def estate_from(synthesis: Synthesis) -> Estate:
    """The estate of what a synth wrote."""
    return read(Terraform.of(synthesis))


@cache
def proof(environment: str) -> Proof:
    """The proof of the estate as it is."""
    return prove(estate(environment))


def broken(environment: str, change: Break) -> Proof:
    """The proof of a copy of an environment's Terraform that `change` has broken."""
    found = synthesized(environment)
    documents = copy.deepcopy({name: stack.document() for name, stack in found.stacks.items()})
    change(documents)
    return prove(read(Terraform(documents, found.settings)))


def statement(documents: Documents, address: str, sid: str) -> dict[str, Any]:
    """The block of a statement in a copy, to be changed in place."""
    stack, _, path = address.partition(": ")
    blocks = documents[stack]["data"]["aws_iam_policy_document"][path.rpartition(".")[2]]["statement"]
    found: dict[str, Any] = next(block for block in blocks if block["sid"] == sid)
    return found
