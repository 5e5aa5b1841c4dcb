"""Environments that bring things of others (brought.toml), each synthesized once."""

from __future__ import annotations

import copy
import tempfile
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from proofs import ROOT, Break
from sagekeep.controls.evidence import Outcome, outcomes
from sagekeep.controls.view import View
from sagekeep.prove.proof import Proof, prove
from sagekeep.prove.reading import read
from sagekeep.prove.terraform import Terraform
from sagekeep.settings import parse
from sagekeep.synthesis import Synthesis, load

VARIANTS: Mapping[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []


@cache
def synthesized(name: str) -> Synthesis:
    """What the synth of a variant wrote; it goes with the process."""
    from stacks.app import synthesize

    raw = tomllib.loads((ROOT / "environments" / "poc.toml").read_text(encoding="utf-8"))
    variant = copy.deepcopy(VARIANTS[name])
    for key in variant.pop("without", ()):
        section, _, inner = key.partition(".")
        del raw[section][inner]
    if "subnets" in variant["existing"]:
        del raw["network"]["cidr"]
    for section, body in variant.items():
        raw[section] = {**raw.get(section, {}), **body}
    folder = tempfile.TemporaryDirectory()
    _FOLDERS.append(folder)
    synthesize(parse(raw, environment="brought"), Path(folder.name) / "out")
    return load(ROOT, "brought", Path(folder.name) / "out")


@cache
def view(name: str) -> View:
    """A variant as checks of controls see it."""
    return View.of(synthesized(name))


@cache
def proof(name: str) -> Proof:
    """Its proof."""
    return prove(view(name).estate)


@cache
def controls(name: str) -> Mapping[str, Outcome]:
    """Its controls by id."""
    return {outcome.control.id: outcome for outcome in outcomes(view(name))}


def told(found: Proof, results: Mapping[str, Outcome]) -> set[str]:
    """Keys of the settings of which a proof or a control says that others decide."""
    keys = {key for row in found.unproved() for key in row.keys}
    return keys | {key for outcome in results.values() for key in outcome.brought}


def broken(name: str, change: Break) -> Proof:
    """The proof of a copy of a variant's Terraform that `change` has broken."""
    found = synthesized(name)
    documents = copy.deepcopy({stack: written.document() for stack, written in found.stacks.items()})
    change(documents)
    return prove(read(Terraform(documents, found.settings, found.model["required"])))
