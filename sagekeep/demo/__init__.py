"""`sagekeep demo`: the whole life of an environment on an embedded AWS of its own, phase by phase."""

from sagekeep.demo.rehearsal import Rehearsal, run

__all__ = ["Rehearsal", "run"]
