"""How an environment is named on the command line: `poc`, `some/where/poc.toml`, or `teams.toml#team-a` of a table."""

from __future__ import annotations

from pathlib import Path

SEPARATOR = "#"


def is_file(env: str) -> bool:
    """Whether it names a file, and not an environment of environments/."""
    return env.endswith(".toml") or f".toml{SEPARATOR}" in env


def split(env: str) -> tuple[str, str]:
    """The file, and the name in its table; "" where the file is one environment's."""
    file, _, name = env.partition(f".toml{SEPARATOR}")
    return (f"{file}.toml", name) if name else (env, "")


def environment_name(env: str) -> str:
    """`poc` for both `poc` and `some/where/poc.toml`, `team-a` for `teams.toml#team-a`."""
    file, name = split(env)
    return name or (Path(file).stem if is_file(file) else file)


def absolute(env: str) -> str:
    """The same environment for whoever works in another folder."""
    if not is_file(env):
        return env
    file, name = split(env)
    return f"{Path(file).resolve()}{SEPARATOR if name else ''}{name}"
