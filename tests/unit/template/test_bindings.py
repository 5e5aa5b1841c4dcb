"""The fast import of the AWS bindings, each time in an interpreter of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cdktf_cdktf_provider_aws as aws
import pytest
from jsii._reference_map import _submodule_fqn_map

from sagekeep import bindings

ROOT = Path(__file__).parents[3]
ENABLE = "from sagekeep import bindings; assert bindings.enable()\n"
STACK = "import cdktf, tempfile; stack = cdktf.TerraformStack(cdktf.App(outdir=tempfile.mkdtemp()), 's')\n"


def run(code: str, project: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, (more.pop("first_on_the_path", ""), str(project))))
    environment = {**os.environ, "PYTHONPATH": path, **more}
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def test_one_submodule_is_imported_and_not_all() -> None:
    done = run(
        f"{ENABLE}import sys; from cdktf_cdktf_provider_aws.vpc import Vpc\n"
        "loaded = [m for m in sys.modules if m.startswith('cdktf_cdktf_provider_aws.')]; print(len(loaded))"
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 5
    assert done.stderr == ""


MISSING = {
    "import cdktf_cdktf_provider_aws as aws; aws.no_such_thing": "AttributeError",
    "from cdktf_cdktf_provider_aws import no_such_thing": "ImportError",
    "import cdktf_cdktf_provider_aws.no_such_thing": "ModuleNotFoundError",
    "from cdktf_cdktf_provider_aws.vpc import NoSuchThing": "ImportError",
}


@pytest.mark.parametrize("code", MISSING)
def test_a_name_that_does_not_exist_fails_as_it_always_does(code: str) -> None:
    done = run(f"{ENABLE}{code}")
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"{MISSING[code]}: "), done.stderr
    assert re.search("no_such_thing|NoSuchThing", last)


def test_a_wrong_type_is_still_rejected() -> None:
    done = run(
        f"{ENABLE}{STACK}from cdktf_cdktf_provider_aws.vpc import Vpc\n"
        "try: Vpc(stack, 'v', cidr_block=7)\nexcept TypeError as error: print('refused', error)"
    )
    assert "refused" in done.stdout, done.stderr
    assert "cidr_block" in done.stdout


def test_an_object_of_a_submodule_that_nobody_imported_has_its_type() -> None:
    """The kernel makes the subnet and Python meets it first as a child of the stack."""
    done = run(
        f"{ENABLE}{STACK}"
        "from jsii._kernel.types import CreateRequest; import cdktf_cdktf_provider_aws._jsii, jsii, sys\n"
        "arguments = [stack, 'made', {'$jsii.map': {'vpcId': 'vpc-1'}}]\n"
        "fqn = '@cdktf/provider-aws.subnet.Subnet'\n"
        "jsii.kernel.provider.create(CreateRequest(fqn=fqn, args=arguments, overrides=[], interfaces=[]))\n"
        "assert 'cdktf_cdktf_provider_aws.subnet' not in sys.modules\n"
        "made = stack.node.find_child('made'); print(type(made).__module__, type(made).__name__, made.vpc_id_input)"
    )
    assert done.stdout.split() == ["cdktf_cdktf_provider_aws.subnet", "Subnet", "vpc-1"], done.stderr


def test_every_submodule_is_known_to_jsii_by_its_name_in_javascript() -> None:
    folders = [folder for folder in Path(aws.__path__[0]).iterdir() if folder.is_dir() and folder.name[0] != "_"]
    assert len(folders) > 2000
    for folder in folders:
        text = (folder / "__init__.py").read_text(encoding="utf-8")
        (in_javascript,) = set(re.findall(rf'jsii_type="({bindings.ASSEMBLY}\.[^."]+)\.', text))
        assert _submodule_fqn_map[in_javascript] == f"{bindings.PACKAGE}.{folder.name}"


def test_children_do_not_inherit_the_preload() -> None:
    done = run(f"{ENABLE}import os; print(os.environ.get('NODE_OPTIONS'))", NODE_OPTIONS="--no-warnings")
    assert done.stdout.strip() == "--no-warnings", done.stderr


def test_a_project_in_a_folder_with_spaces_and_quotes_builds_as_elsewhere(tmp_path: Path) -> None:
    project = tmp_path / 'a folder with spaces and "quotes"'
    (project / "sagekeep").mkdir(parents=True)
    for name in ("__init__.py", "bindings.py", "bindings.cjs", "jsii_cache.py"):
        shutil.copy(ROOT / "sagekeep" / name, project / "sagekeep")
    done = run(
        f"{ENABLE}{STACK}assert 'spaces' in bindings.__file__\n"
        "from cdktf_cdktf_provider_aws.vpc import Vpc; Vpc(stack, 'v', cidr_block='10.0.0.0/16')\n"
        "print(cdktf.Testing.synth(stack))",
        project,
    )
    assert '"cidr_block": "10.0.0.0/16"' in done.stdout, done.stderr


def test_late_or_unwanted_it_says_so_and_imports_as_always() -> None:
    late = run("import constructs; from sagekeep import bindings; print(bindings.enable())")
    assert late.stdout.strip() == "False"
    assert "imported before" in late.stderr
    unwanted = run("from sagekeep import bindings; print(bindings.enable())", SAGEKEEP_STOCK_IMPORT="1")
    assert unwanted.stdout.strip() == "False"
    assert "SAGEKEEP_STOCK_IMPORT" in unwanted.stderr


@pytest.mark.parametrize("root", ["class Vpc: ...\n", "def __getattr__(name): ...\nfrom . import vpc\n", ""])
def test_a_package_that_looks_otherwise_is_imported_as_always_with_one_line_that_says_so(
    root: str, tmp_path: Path
) -> None:
    package = tmp_path / bindings.PACKAGE
    package.mkdir()
    (package / "__init__.py").write_text(f"\n{root}SEEN = 'the stock root ran'\n")
    (package / "vpc.py").touch()
    code = f"from sagekeep import bindings; print(bindings.enable())\nimport {bindings.PACKAGE} as aws; print(aws.SEEN)"
    done = run(code, first_on_the_path=str(tmp_path))
    assert done.stdout.splitlines() == ["False", "the stock root ran"], done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "does not look as expected" in done.stderr


def test_the_tested_bindings_are_the_pinned_ones() -> None:
    assert f"cdktf-cdktf-provider-aws=={bindings.TESTED}\n" in (ROOT / "requirements.in").read_text()
