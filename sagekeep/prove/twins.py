"""The twin of a denial: the same situation without what stopped it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sagekeep.iam.document import Policy
from sagekeep.iam.evaluate import Layers
from sagekeep.prove.network import Way
from sagekeep.prove.situation import GRANTED, Barrier, Situation, opened

MOST_BARRIERS = 20


class NeverSucceeds(Exception):
    """An attempt that fails whatever is taken away: a fault of its row."""


def without(situation: Situation, barrier: Barrier) -> Situation:
    """The situation without one barrier.

    A denying statement is removed; where no statement allows, one that allows everything is added to that layer; what
    blocks the network is taken for open.
    """
    if barrier.layer == "network":
        return replace(situation, way=replace(situation.way or Way(None), blocked=""))
    layers = situation.layers
    if barrier.origin:
        return replace(situation, layers=remove(layers, barrier.origin, barrier.sid, "Deny"))
    if barrier.layer == "identity":
        return replace(situation, layers=replace(layers, identity=(*layers.identity, GRANTED)))
    wider: dict[str, Any] = {barrier.layer: opened(getattr(layers, barrier.layer), situation.request.caller)}
    return replace(situation, layers=replace(layers, **wider))


def peel(situation: Situation) -> list[Barrier]:
    """Every barrier, in the order in which they stop the attempt as one after the other is taken away.

    Raises:
        NeverSucceeds: it still fails where nothing is left to take away.
    """
    return _peel(situation)[0]


def freed(situation: Situation) -> Situation:
    """The situation without any of its barriers. Raises NeverSucceeds as `peel`."""
    return _peel(situation)[1]


def _peel(situation: Situation) -> tuple[list[Barrier], Situation]:
    found: list[Barrier] = []
    while (barrier := situation.barrier()) is not None:
        if barrier in found or len(found) == MOST_BARRIERS:
            raise NeverSucceeds(f"{barrier.text} stops it even where it is taken away")
        found.append(barrier)
        situation = without(situation, barrier)
    return found, situation


def remove(layers: Layers, origin: str, sid: str, effect: str) -> Layers:
    """Layers whose policies lack one statement."""

    def edit(policy: Policy) -> Policy:
        if policy.origin != origin:
            return policy
        left = tuple(s for s in policy.statements if (s.sid, s.effect) != (sid, effect))
        return replace(policy, statements=left)

    return _each(layers, edit)


def _each(layers: Layers, edit: Callable[[Policy], Policy]) -> Layers:
    return Layers(
        identity=tuple(edit(policy) for policy in layers.identity),
        boundary=layers.boundary and edit(layers.boundary),
        session=layers.session and edit(layers.session),
        resource=layers.resource and edit(layers.resource),
        endpoint=layers.endpoint and edit(layers.endpoint),
    )
