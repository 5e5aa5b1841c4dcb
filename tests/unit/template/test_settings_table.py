"""Many environments in one file: laid over defaults, found by name, and apart from each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from sagekeep import names
from sagekeep.claims import claims, shared
from sagekeep.errors import UsageError
from sagekeep.settings import Settings, environment_file, load
from sagekeep.settings_faults import SettingsError
from sagekeep.settings_files import absolute, environment_name
from sagekeep.settings_table import load_all
from tests.generated import environments

DEFAULTS = """
[defaults]
prefix = "acme"
account_id = "123456789012"
region = "us-east-1"
name_pattern = "{prefix}-{environment}-{purpose}"
[defaults.tags]
Project = "ML"
[defaults.pipeline]
job_log_groups = "account"
"""


def table(folder: Path, *environments_: str) -> Path:
    file = folder / "teams.toml"
    file.write_text("\n".join([DEFAULTS, *environments_]), encoding="utf-8")
    return file


ONE = '[environment.one]\npipeline.name = "one"\ntags = { Owner = "a" }\n'
TWO = '[environment.two]\npipeline.name = "two"\nregion = "eu-west-1"\n'


def test_an_environment_is_its_table_laid_over_the_defaults(tmp_path: Path) -> None:
    file = table(tmp_path, ONE, TWO)
    one, two = load(Path(f"{file}#one")), load(Path(f"{file}#two"))
    assert (one.environment, one.tags, one.region) == ("one", {"Project": "ML", "Owner": "a"}, "us-east-1")
    assert (two.environment, two.tags, two.region) == ("two", {"Project": "ML"}, "eu-west-1")
    assert one.pipeline.job_log_groups == "account"
    assert list(load_all(file)) == ["one", "two"]


def test_an_environment_of_a_table_is_named_by_file_and_name(tmp_path: Path) -> None:
    file = table(tmp_path, ONE)
    assert environment_file(f"{file}#one") == Path(f"{file}#one")
    assert environment_name(f"{file}#one") == "one"
    assert absolute("teams.toml#one") == f"{Path.cwd()}/teams.toml#one"
    with pytest.raises(UsageError, match="there is no settings file"):
        environment_file(f"{tmp_path}/other.toml#one")
    with pytest.raises(UsageError, match="it has: one"):
        load(Path(f"{file}#three"))
    with pytest.raises(UsageError, match="say which"):
        load(file)


@pytest.mark.parametrize(
    ("written", "key", "words"),
    [
        ('[environment.two]\npipeline.name = "one"\n', "pipeline.name", "which the environment (one|two) has too"),
        ('[environment.two]\npipeline.name = "two"\nname_pattern = "{prefix}-one-{purpose}"\n', "prefix", "bucket"),
        ('[environment.two]\npipeline.name = "two"\nremovl = "destroy"\n', "removl", "did you mean"),
        ('[environment.Two]\npipeline.name = "two"\n', "environment.Two", "lower-case"),
        ('[default]\nregion = "eu-west-1"\n', "default", "known here: defaults, environment"),
    ],
)
def test_what_is_wrong_with_a_table_is_told_by_setting(tmp_path: Path, written: str, key: str, words: str) -> None:
    file = table(tmp_path, ONE, written)
    for what in (f"{file}#two", str(file)):
        with pytest.raises(SettingsError, match=words) as caught:
            load_all(file) if what == str(file) else load(Path(what))
        assert any(fault.key.endswith(key) for fault in caught.value.faults)


def test_a_fault_of_one_environment_is_no_others(tmp_path: Path) -> None:
    assert load(Path(f"{table(tmp_path, ONE, TWO, '[environment.three]')}#one")).environment == "one"


def test_an_account_has_the_groups_of_jobs_once(tmp_path: Path) -> None:
    own = 'pipeline.job_log_groups = "own"\n'
    file = table(tmp_path, ONE + own, '[environment.two]\npipeline.name = "two"\n' + own)
    with pytest.raises(SettingsError, match=r"pipeline\.job_log_groups: leads to the log group /aws/sagemaker"):
        load(Path(f"{file}#two"))


@settings(max_examples=200)
@given(one=environments(), other=environments())
def test_environments_of_one_account_share_nothing_whose_names_begin_otherwise(one: Settings, other: Settings) -> None:
    """What is left to share is what the settings name themselves, and each is told."""
    beside = other.model_copy(update={"environment": "beside", "account_id": one.account_id, "region": one.region})
    found = {claim.key for claim, _ in shared(one, [beside])}
    chosen = {"pipeline.name", "pipeline.job_log_groups", "network.block_public_access", "studio.users"}
    if names.stem(one) == names.stem(beside):
        assert "prefix" in found
    else:
        assert found <= chosen
    assert {names.state_key(one, "keys")} != {names.state_key(beside, "keys")}


@settings(max_examples=200)
@given(s=environments())
def test_an_environment_claims_no_name_twice_and_shares_all_with_itself(s: Settings) -> None:
    made = [(claim.what, claim.where, claim.name) for claim in claims(s)]
    assert len(set(made)) == len(made)
    assert len(list(shared(s, [s]))) == len(made)
