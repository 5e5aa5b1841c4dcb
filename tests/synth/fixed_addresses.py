"""The Terraform addresses that a release fixes: `addresses/<environment>.txt`, one `<stack>: <address>` a line.

`make addresses` runs this file. It writes what is new, and refuses while an address is gone without a row in
`stacks/moves.py`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sagekeep import bindings
from sagekeep.settings import load
from stacks.moves import MOVES, Move

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FOLDER = HERE / "addresses"
ENVIRONMENTS = {
    "poc": ROOT / "environments" / "poc.toml",
    "prod": ROOT / "environments" / "prod.toml",
    "all-options": HERE / "all-options.toml",
    "sso": ROOT / "examples" / "sso" / "sso.toml",
}


def addresses(stacks: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """`<stack>: <address>` of every resource and output; data sources are nowhere in a state that counts."""
    return {f"{stack}: {address}" for stack, document in stacks.items() for address in _of(document)}


def _of(document: Mapping[str, Any]) -> Iterator[str]:
    for kind, bodies in document.get("resource", {}).items():
        yield from (f"{kind}.{name}" for name in bodies)
    yield from (f"output.{name}" for name in document.get("output", {}))


def fixed(environment: str) -> set[str]:
    """The addresses of the release."""
    return set((FOLDER / f"{environment}.txt").read_text(encoding="utf-8").splitlines())


def lost(before: set[str], after: set[str], moves: Sequence[Move] = MOVES) -> list[str]:
    """Addresses that are gone, and neither moved to one that is there nor given up."""
    new = {f"{move.stack}: {move.old}": f"{move.stack}: {move.new}" for move in moves if move.new}
    given_up = {f"{move.stack}: {move.old}" for move in moves if not move.new}
    return sorted(old for old in before - after if old not in given_up and _followed(old, new) not in after)


def _followed(address: str, new: Mapping[str, str]) -> str:
    """Where an address is now: moves of several releases follow each other."""
    for _ in range(len(new)):
        address = new.get(address, address)
    return address


def main() -> int:
    """Write the files anew. Exit code 1, and nothing written, where an address is lost."""
    bindings.enable()
    from stacks.app import synthesize

    found: dict[str, set[str]] = {}
    gone: list[str] = []
    for environment, file in ENVIRONMENTS.items():
        with TemporaryDirectory() as folder:
            synthesize(load(file), Path(folder) / "out")
            written = sorted((Path(folder) / "out" / "stacks").iterdir())
            stacks = {path.name: json.loads((path / "cdk.tf.json").read_text(encoding="utf-8")) for path in written}
        found[environment] = addresses(stacks)
        before = fixed(environment) if (FOLDER / f"{environment}.txt").is_file() else set()
        gone += [f"{environment}: {address}" for address in lost(before, found[environment])]
    if gone:
        sys.stderr.write("gone without a row in stacks/moves.py:\n" + "".join(f"  {line}\n" for line in gone))
        return 1
    for environment, lines in found.items():
        text = "".join(f"{line}\n" for line in sorted(lines))
        (FOLDER / f"{environment}.txt").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
