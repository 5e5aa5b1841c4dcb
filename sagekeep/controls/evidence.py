"""Evidence: control -> Terraform address and construct -> test -> result, of one environment as it is synthesized."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sagekeep.controls.matrix import Control, controls
from sagekeep.controls.view import EVERYWHERE, Fact, View
from sagekeep.prove.proof import Proof
from sagekeep.prove.rows import holds
from sagekeep.scan.register import Entry
from sagekeep.synthesis import Synthesis

TEST = "tests/controls/test_controls.py::test_control"
MET, BROKEN, UNUSED, BROUGHT = "met", "broken", "not used", "brought"


@dataclass(frozen=True)
class Outcome:
    """A control of one environment.

    Attributes:
        result: MET, BROKEN, UNUSED (an option that is off), BROUGHT (others have made a part of what it is about, and
            nothing of ours breaks it), "scan" (`sagekeep scan` proves it), or the control's status where nothing of
            ours proves it.
        brought: keys of the settings that name what others have made.
    """

    control: Control
    result: str
    facts: tuple[Fact, ...] = ()
    brought: tuple[str, ...] = ()

    @property
    def faults(self) -> list[Fact]:
        """What is wrong."""
        return [fact for fact in self.facts if fact.fault]


def outcomes(view: View) -> Iterator[Outcome]:
    """Every control, in the matrix's order."""
    for control in controls():
        yield outcome(control, view)


def outcome(control: Control, view: View) -> Outcome:
    """One control. A `must` that finds nothing to look at is broken, unless that is brought: nothing proves it."""
    if control.check is None:
        return Outcome(control, "scan" if control.proof == "lint" else control.status)
    facts, theirs = tuple(control.check(view)), tuple(_brought(control, view))
    if any(fact.fault for fact in facts):
        return Outcome(control, BROKEN, facts, theirs)
    if theirs:
        return Outcome(control, BROUGHT, facts, theirs)
    if not facts and control.status == "must":
        return Outcome(control, BROKEN, (Fact(EVERYWHERE, "nothing to look at was found"),))
    return Outcome(control, MET if facts else UNUSED, facts)


def _brought(control: Control, view: View) -> Iterator[str]:
    """Keys of what is brought that the control is about: `KEY`, or `KEY when CONDITION`, in the matrix."""
    for text in control.brought:
        start, _, condition = text.partition(" when ")
        if not condition or holds(condition, view.settings):
            yield from (key for key in view.estate.brought if key == start or key.startswith(f"{start}."))


@dataclass(frozen=True)
class Evidence:
    """Everything that is known of an environment from its files."""

    view: View
    outcomes: Sequence[Outcome]
    proof: Proof
    exceptions: Sequence[Entry]

    @property
    def broken(self) -> list[Outcome]:
        """Controls that do not hold."""
        return [outcome for outcome in self.outcomes if outcome.result == BROKEN]

    def document(self) -> dict[str, Any]:
        """For a machine."""
        environment, paths = self.view.synthesis.environment, _paths(self.view)
        proof = self.proof.document()
        return {
            "environment": environment,
            "account_id": self.view.estate.account,
            "region": self.view.terraform.known["region"],
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "terraform_sha256": fingerprint(self.view.synthesis),
            "controls": [_control(outcome, paths, environment) for outcome in self.outcomes],
            "calls": proof["calls"],
            "attempts": proof["attempts"],
            "brought": proof["brought"],
            "findings": proof["findings"],
            "exceptions": [entry.model_dump(mode="json") for entry in self.exceptions],
        }


def fingerprint(synthesis: Synthesis) -> str:
    """SHA-256 over the files of all stacks, so that evidence says of which Terraform it speaks."""
    digest = hashlib.sha256()
    for name, stack in sorted(synthesis.stacks.items()):
        digest.update(name.encode() + b"\0" + (stack.folder / "cdk.tf.json").read_bytes() + b"\0")
    return digest.hexdigest()


def _paths(view: View) -> Mapping[str, str]:
    """Construct path by `stack: type.name`."""
    return {
        f"{stack}: {resource['address']}": resource["path"]
        for stack, written in view.synthesis.model["stacks"].items()
        for resource in written["resources"]
    }


def _control(outcome: Outcome, paths: Mapping[str, str], environment: str) -> dict[str, Any]:
    control = outcome.control
    addresses = dict.fromkeys(fact.address for fact in outcome.facts)
    return {
        "id": control.id,
        "section": control.section,
        "promise": control.promise,
        "published": control.published,
        "status": control.status,
        "note": control.note,
        "proof": control.proof,
        "result": outcome.result,
        "brought": list(outcome.brought),
        "test": f"{TEST}[{control.name}-{environment}]" if control.check else "",
        "where": [{"address": a, "construct": paths.get(a.partition("#")[0], "")} for a in addresses],
        "faults": [{"address": fact.address, "fault": fact.fault} for fact in outcome.faults],
    }
