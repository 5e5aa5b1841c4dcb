"""Refuses to plan or deploy where something brought lacks what the environment needs, before terraform starts."""

from __future__ import annotations

from collections.abc import Mapping

from sagekeep.errors import UsageError
from sagekeep.estate.check import faults_of, told
from sagekeep.estate.checks import CHECKS
from sagekeep.estate.clients import Clients
from sagekeep.estate.fault import Fault
from sagekeep.settings import Settings
from sagekeep.synthesis import Synthesis


def settings_of(synthesis: Synthesis) -> Settings | None:
    """The settings as main.py understood them, or None where nothing is brought."""
    if "existing" not in synthesis.settings:
        return None
    # Their rules were asked when main.py read them; what they say of a default holds for the file only.
    settings = Settings.model_validate({**synthesis.settings, "environment": synthesis.environment})
    return settings if settings.existing.anything else None


def examine(synthesis: Synthesis, environ: Mapping[str, str]) -> list[Fault]:
    """Every fault of what is brought; none where nothing is.

    Raises:
        OperationError: AWS refuses a call or does not answer.
    """
    settings = settings_of(synthesis)
    if settings is None:
        return []
    return faults_of(CHECKS, Clients(synthesis, settings, environ), settings)


def refuse(synthesis: Synthesis, environ: Mapping[str, str]) -> None:
    """Raises UsageError that tells every fault, ready to paste; else returns."""
    faults = examine(synthesis, environ)
    if faults:
        count = f"{len(faults)} thing{'s' * (len(faults) != 1)} to mend before this can be planned"
        hint = f"nothing was changed; {synthesis.command('estate', 'check')} looks again"
        raise UsageError(f"what is brought is not as it must be: {count}\n{told(faults)}", hint=hint)
