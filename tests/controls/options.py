"""Environments with an option of options.toml, with all of them, or with none; each synthesized once."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from proofs import ROOT, estate_from
from sagekeep.prove.proof import Proof, prove
from sagekeep.settings import Settings, parse
from sagekeep.synthesis import Synthesis, load

FILE = Path(__file__).with_suffix(".toml")
DOCUMENT = tomllib.loads(FILE.read_text())
ALL = "all"
ALONE = tuple(DOCUMENT["alone"])
_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []


def settings(option: str, environment: str = "poc") -> Settings:
    """An environment of the repository with an option, or with all that go together."""
    raw = tomllib.loads((ROOT / "environments" / f"{environment}.toml").read_text())
    for name in DOCUMENT["together"]["options"] if option == ALL else [option]:
        raw = _over(raw, _of_account(DOCUMENT["alone"][name], raw["account_id"]))
    return parse(raw, environment="options")


def _over(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    def merged(key: str, value: Any) -> Any:
        return _over(base.get(key, {}), value) if isinstance(value, Mapping) else value

    return {**base, **{key: merged(key, value) for key, value in change.items()}}


def _of_account(value: Any, account: str) -> Any:
    """The account's id in the place of ACCOUNT."""
    if isinstance(value, Mapping):
        return {key: _of_account(inner, account) for key, inner in value.items()}
    if isinstance(value, list):
        return [_of_account(inner, account) for inner in value]
    return value.replace("ACCOUNT", account) if isinstance(value, str) else value


@cache
def synthesized(option: str, environment: str = "poc") -> Synthesis:
    """What the synth of those settings wrote; it goes with the process."""
    from stacks.app import synthesize

    folder = tempfile.TemporaryDirectory()
    _FOLDERS.append(folder)
    synthesize(settings(option, environment), Path(folder.name) / "out")
    return load(ROOT, "options", Path(folder.name) / "out")


@cache
def proof(option: str, environment: str = "poc") -> Proof:
    """The proof of those settings."""
    return prove(estate_from(synthesized(option, environment)))
