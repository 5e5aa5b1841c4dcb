"""Where terraform gets its providers: a filesystem mirror where the machine has one, else the registry."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sagekeep.errors import UsageError

MIRROR_VARIABLE = "SAGEKEEP_PROVIDER_MIRROR"
NO_MIRROR = "none"
PROVIDER = Path("hashicorp/aws")
# Folders below which administrators put software; a mirror is <prefix>/<anything>/<registry host>/hashicorp/aws.
SYSTEM_PREFIXES = (Path("/opt"), Path("/usr/local"), Path("/usr/local/share"), Path("/usr/share"))
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class ProviderSource:
    """How terraform is told where providers come from.

    Attributes:
        mirror: the mirror's root (it holds `<registry host>/hashicorp/aws`), or None for the registry.
        config: CLI configuration to set as TF_CLI_CONFIG_FILE, or None for terraform's own choice.
        variables: environment of every terraform process.
        reason: one line for `sagekeep doctor`.
    """

    mirror: Path | None
    config: Path | None
    variables: Mapping[str, str]
    reason: str


def provider_source(root: Path, environ: Mapping[str, str] | None = None) -> ProviderSource:
    """Decides on the source and writes the CLI configuration that it needs below `<root>/.sagekeep`.

    A configuration of the user's that says where providers come from is never overruled.

    Raises:
        UsageError: SAGEKEEP_PROVIDER_MIRROR names a folder that is no mirror.
    """
    env = os.environ if environ is None else environ
    own = _own_configuration(env)
    text = own.read_text(encoding="utf-8") if own else ""
    variables = {} if "plugin_cache_dir" in text else _plugin_cache(root, env)
    if "provider_installation" in text:
        return ProviderSource(None, own, variables, f"{own} says where providers come from")
    mirror = find_mirror(env, root)
    if mirror is None:
        return ProviderSource(None, own, variables, "terraform downloads it from its registry")
    config = root / ".sagekeep" / "terraform.rc"
    _write(config, text + _installation(mirror))
    return ProviderSource(mirror, config, variables, f"filesystem mirror {mirror}")


def find_mirror(environ: Mapping[str, str], root: Path) -> Path | None:
    """The first mirror that holds the AWS provider for this platform: variable, implied folders, system prefixes.

    Raises:
        UsageError: the variable names a folder that is no mirror.
    """
    named = environ.get(MIRROR_VARIABLE, "")
    if named == NO_MIRROR:
        return None
    if named:
        if not _is_mirror(Path(named)):
            rule = f"a mirror holds <registry host>/{PROVIDER}/<version>/{target_platform()}"
            raise UsageError(f"{MIRROR_VARIABLE}: {named} is no mirror for this machine", hint=rule)
        return Path(named).resolve()
    return next((folder for folder in _candidates(environ, root) if _is_mirror(folder)), None)


def target_platform() -> str:
    """This machine in Terraform's words, for example `linux_amd64`."""
    machine = platform.machine().lower()
    return f"{sys.platform}_{_ARCHITECTURES.get(machine, machine)}"


def _candidates(environ: Mapping[str, str], root: Path) -> Iterator[Path]:
    """https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories"""
    home = Path(environ.get("HOME", "~")).expanduser()
    yield root / "terraform.d" / "plugins"
    yield home / ".terraform.d" / "plugins"
    if sys.platform == "darwin":
        yield home / "Library/Application Support/io.terraform/plugins"
        yield Path("/Library/Application Support/io.terraform/plugins")
    yield Path(environ.get("XDG_DATA_HOME") or home / ".local/share") / "terraform/plugins"
    for shared in (environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":"):
        yield Path(shared) / "terraform/plugins"
    for prefix in SYSTEM_PREFIXES:
        yield prefix
        try:
            yield from sorted(entry for entry in prefix.iterdir() if entry.is_dir())
        except OSError:
            continue


def _is_mirror(folder: Path) -> bool:
    wanted = target_platform()
    try:
        for provider in folder.glob(f"*/{PROVIDER}"):
            if any(provider.glob(f"*/{wanted}")) or any(provider.glob(f"*_{wanted}.zip")):
                return True
    except OSError:
        return False
    return False


def _installation(mirror: Path) -> str:
    """The AWS provider from the mirror only; whatever else a stack needs, from where it always comes."""
    names = [f"{found.parent.parent.name}/{PROVIDER}" for found in sorted(mirror.glob(f"*/{PROVIDER}"))]
    listed = ", ".join(f'"{name}"' for name in names)
    path = str(mirror).replace("\\", "/")
    return (
        "\nprovider_installation {\n"
        f'  filesystem_mirror {{\n    path    = "{path}"\n    include = [{listed}]\n  }}\n'
        f"  direct {{\n    exclude = [{listed}]\n  }}\n}}\n"
    )


def _own_configuration(env: Mapping[str, str]) -> Path | None:
    named = env.get("TF_CLI_CONFIG_FILE", "")
    home = Path(env.get("HOME", "~")).expanduser()
    for candidate in ([Path(named)] if named else []) + [home / ".terraformrc"]:
        if candidate.is_file():
            return candidate.resolve()
    return None


def _plugin_cache(root: Path, env: Mapping[str, str]) -> dict[str, str]:
    """The provider unpacks to 675 MB: one copy serves all stacks."""
    folder = Path(env.get("TF_PLUGIN_CACHE_DIR") or root / ".sagekeep" / "plugin-cache")
    folder.mkdir(parents=True, exist_ok=True)
    return {"TF_PLUGIN_CACHE_DIR": str(folder)}


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        partial = file.with_suffix(f".{os.getpid()}")
        partial.write_text(text, encoding="utf-8")
        partial.replace(file)
