"""Where the provider comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from sagekeep import mirror
from sagekeep.errors import UsageError

HOST = "registry.example"


def make_mirror(folder: Path, version: str = "5.100.0") -> Path:
    (folder / HOST / "hashicorp/aws" / version / mirror.target_platform()).mkdir(parents=True)
    return folder


@pytest.fixture(autouse=True)
def no_system_mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine holds must not decide the test."""
    monkeypatch.setattr(mirror, "SYSTEM_PREFIXES", (tmp_path / "system",))


def env(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(tmp_path / "home"), "XDG_DATA_DIRS": str(tmp_path / "xdg"), **more}


def test_without_a_mirror_terraform_downloads_into_a_cache_that_all_stacks_share(tmp_path: Path) -> None:
    source = mirror.provider_source(tmp_path, env(tmp_path))
    assert (source.mirror, source.config) == (None, None)
    assert source.variables["TF_PLUGIN_CACHE_DIR"] == str(tmp_path / ".sagekeep" / "plugin-cache")


def test_a_mirror_below_a_system_prefix_is_found_and_used_for_the_aws_provider_only(tmp_path: Path) -> None:
    found = make_mirror(tmp_path / "system" / "plugins")
    source = mirror.provider_source(tmp_path, env(tmp_path))
    assert source.mirror == found
    assert source.config is not None
    text = source.config.read_text()
    assert f'path    = "{found}"' in text
    assert f'include = ["{HOST}/hashicorp/aws"]' in text
    assert f'exclude = ["{HOST}/hashicorp/aws"]' in text


@pytest.mark.parametrize("folder", ["home/.terraform.d/plugins", "home/.local/share/terraform/plugins"])
def test_an_implied_mirror_is_found(tmp_path: Path, folder: str) -> None:
    assert mirror.find_mirror(env(tmp_path), tmp_path) is None
    assert mirror.find_mirror(env(tmp_path), tmp_path) != make_mirror(tmp_path / folder)
    assert mirror.find_mirror(env(tmp_path), tmp_path) == tmp_path / folder


def test_a_mirror_for_another_platform_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "system/plugins" / HOST / "hashicorp/aws/5.100.0/plan9_mips").mkdir(parents=True)
    assert mirror.find_mirror(env(tmp_path), tmp_path) is None


def test_a_packed_mirror_counts(tmp_path: Path) -> None:
    folder = tmp_path / "system/plugins" / HOST / "hashicorp/aws"
    folder.mkdir(parents=True)
    (folder / f"terraform-provider-aws_5.100.0_{mirror.target_platform()}.zip").touch()
    assert mirror.find_mirror(env(tmp_path), tmp_path) == tmp_path / "system/plugins"


def test_the_variable_comes_first_and_none_switches_mirrors_off(tmp_path: Path) -> None:
    make_mirror(tmp_path / "system/plugins")
    named = make_mirror(tmp_path / "named")
    assert mirror.find_mirror(env(tmp_path, SAGEKEEP_PROVIDER_MIRROR=str(named)), tmp_path) == named
    assert mirror.find_mirror(env(tmp_path, SAGEKEEP_PROVIDER_MIRROR="none"), tmp_path) is None


def test_a_variable_that_names_no_mirror_is_an_error_that_says_what_one_is(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        mirror.find_mirror(env(tmp_path, SAGEKEEP_PROVIDER_MIRROR=str(tmp_path)), tmp_path)
    assert mirror.target_platform() in caught.value.hint


def test_a_users_own_word_on_providers_is_never_overruled(tmp_path: Path) -> None:
    make_mirror(tmp_path / "system/plugins")
    own = tmp_path / "own.rc"
    own.write_text("provider_installation {\n  direct {}\n}\n")
    source = mirror.provider_source(tmp_path, env(tmp_path, TF_CLI_CONFIG_FILE=str(own)))
    assert (source.mirror, source.config) == (None, own)


def test_a_users_other_settings_are_kept_beside_the_mirror(tmp_path: Path) -> None:
    make_mirror(tmp_path / "system/plugins")
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.terraformrc").write_text('plugin_cache_dir = "/somewhere"\n')
    source = mirror.provider_source(tmp_path, env(tmp_path, TF_CLI_CONFIG_FILE=str(tmp_path / "absent")))
    assert source.config is not None
    assert source.config.read_text().startswith('plugin_cache_dir = "/somewhere"\n')
    assert "TF_PLUGIN_CACHE_DIR" not in source.variables
