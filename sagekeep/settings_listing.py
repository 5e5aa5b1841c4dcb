"""What `sagekeep settings list` says of a file: each environment, how its names begin, and where its state lies."""

from __future__ import annotations

from pathlib import Path

from sagekeep import names
from sagekeep.settings import Settings, environment_file, load
from sagekeep.settings_files import SEPARATOR
from sagekeep.settings_table import is_table, load_all


def rows(file: Path) -> list[dict[str, str]]:
    """One row an environment.

    Raises:
        UsageError: there is no such file.
        SettingsError: an environment has faults, or claims what another one has.
    """
    path = environment_file(str(file))
    if not is_table(path):
        return [_row(str(path), load(path))]
    return [_row(f"{path}{SEPARATOR}{name}", settings) for name, settings in load_all(path).items()]


def _row(env: str, s: Settings) -> dict[str, str]:
    key = names.state_key(s, "*")
    state = f"s3://{names.bucket(s, 'state')}/{key}" if s.state.backend == "s3" else "local"
    return {
        "env": env,
        "names": names.name(s, "*"),
        "account_id": s.account_id,
        "region": s.region,
        "state": state,
    }
