"""What doctor says of the environments that jobs and models run in."""

from __future__ import annotations

from pathlib import Path

from sagekeep.doctor import Finding, examine, healthy

SKLEARN = {"scikit_learn": "1.9.0", "pandas": "2.2.3"}
AUTOGLUON = {"autogluon_tabular": "1.5.0", "pandas": "2.3.3"}


def install(environment: Path, packages: dict[str, str]) -> None:
    """What pip leaves beside a package."""
    for name, version in packages.items():
        folder = environment / "lib" / "python3.12" / "site-packages" / f"{name}-{version}.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def environments(root: Path) -> Finding:
    (found,) = (finding for finding in examine(root, {"PATH": "", "HOME": str(root)}) if finding.name == "environments")
    return found


def test_installed_environments_are_told_with_what_they_hold(tmp_path: Path) -> None:
    install(tmp_path / ".venv-sklearn", SKLEARN)
    install(tmp_path / ".venv-ml", AUTOGLUON)
    found = environments(tmp_path)
    assert found.status == "ok"
    assert ".venv-sklearn: scikit-learn 1.9.0, pandas 2.2.3" in found.detail
    assert ".venv-ml: autogluon.tabular 1.5.0, pandas 2.3.3" in found.detail


def test_an_environment_that_is_absent_or_half_installed_is_named_with_the_command_that_makes_it(
    tmp_path: Path,
) -> None:
    install(tmp_path / ".venv-ml", {"pandas": "2.3.3"})
    found = environments(tmp_path)
    assert found.status == "optional"
    assert found.detail == "not installed: .venv-sklearn, .venv-ml"
    assert "make setup-ml" in found.mend


def test_absent_environments_stop_the_local_aws_and_nothing_else(tmp_path: Path) -> None:
    fault = environments(tmp_path)
    assert healthy([fault])
    assert not healthy([fault], local=True)
