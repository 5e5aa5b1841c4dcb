"""Properties of what is written: reproducible, self-contained, free of the machine it was made on."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from sagekeep.errors import UsageError
from sagekeep.settings import load
from stacks.app import synthesize
from synths import ROOT, Synth, copy_of_the_project, differences, run_main


def test_two_folders_two_umasks_two_times_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = copy_of_the_project(tmp_path / "one"), copy_of_the_project(tmp_path / "a folder with spaces")
    for file in second.rglob("*"):
        os.utime(file, (1_000_000_000, 1_000_000_000))
        file.chmod(0o700)
    done = [
        run_main(first, umask=0o022, PYTHONHASHSEED="1"),
        run_main(second, umask=0o077, PYTHONHASHSEED="2", TZ="Asia/Tokyo"),
    ]
    assert [run.returncode for run in done] == [0, 0], done[0].stderr + done[1].stderr
    assert (first / "out" / "manifest.json").is_file()
    assert differences(first / "out", second / "out") == []


def test_faulty_settings_exit_with_2_name_every_fault_and_write_nothing(tmp_path: Path) -> None:
    settings = tmp_path / "broken.toml"
    text = (ROOT / "environments" / "poc.toml").read_text()
    settings.write_text(text.replace('"acme-ml"', '"Acme_ML"').replace("10.40.0.0/16", "10.40.0.0/27"))
    out = tmp_path / "out"
    done = run_main(ROOT, SAGEKEEP_ENV=str(settings), SAGEKEEP_OUT=str(out))
    assert done.returncode == 2
    assert "prefix: " in done.stderr
    assert "network.cidr: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()


def test_an_output_folder_never_changes_its_environment(poc: Synth) -> None:
    with pytest.raises(UsageError, match="holds the environment poc, not prod"):
        synthesize(load(ROOT / "environments" / "prod.toml"), poc.out)


def test_a_stack_that_is_no_longer_built_loses_its_folder(tmp_path: Path) -> None:
    local = tmp_path / "first.toml"
    text = (ROOT / "environments" / "poc.toml").read_text()
    local.write_text(text)
    synthesize(load(local), tmp_path / "out")
    local.write_text(text.replace('backend = "s3"', 'backend = "local"'))
    synthesize(load(local), tmp_path / "out")
    folders = {folder.name for folder in (tmp_path / "out" / "stacks").iterdir()}
    assert folders == {"keys", "network", "storage", "studio", "pipeline", "detection"}


def test_no_path_of_the_machine_is_written(synthesized: Synth) -> None:
    for file in synthesized.out.rglob("*.json"):
        assert str(ROOT) not in file.read_text()


def test_the_model_names_every_resource_and_the_reason_of_every_star(synthesized: Synth) -> None:
    model = json.loads((synthesized.out / "model.json").read_text())
    for stack, document in synthesized.stacks.items():
        named = {resource["address"] for resource in model["stacks"][stack]["resources"]}
        wanted = {
            f"{kind}.{name}"
            for kind, bodies in document["resource"].items()
            for name in bodies
            if kind != "terraform_data"
        }
        assert wanted <= named
        for address, statements in model["stacks"][stack]["policies"].items():
            for statement in statements:
                if statement["effect"] == "Allow" and "*" in statement.get("resources", []):
                    assert statement["why"], (address, statement["sid"])


def test_the_template_never_mentions_the_embedded_aws() -> None:
    for folder in ("stacks", "policies", "lambda_src", "ml_src"):
        for file in (ROOT / folder).rglob("*.py"):
            text = file.read_text().lower()
            assert "sagekeep.local" not in text, file
            assert "ministack" not in text, file
            assert "embedded aws" not in text, file


def test_the_tool_imports_nothing_of_the_template() -> None:
    for file in (ROOT / "sagekeep").rglob("*.py"):
        found = re.search(r"^\s*(from|import) (stacks|policies)\b", file.read_text(), re.MULTILINE)
        assert found is None, file
