"""The fast import of the AWS bindings, each time in an interpreter of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def run(code: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **more}
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_one_submodule_is_imported_and_not_all() -> None:
    done = run(
        "from sagekeep import bindings; assert bindings.enable(); import sys; "
        "from cdktf_cdktf_provider_aws.vpc import Vpc; "
        "loaded = [m for m in sys.modules if m.startswith('cdktf_cdktf_provider_aws.')]; print(len(loaded))"
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 5


def test_a_submodule_that_does_not_exist_is_an_attribute_error() -> None:
    done = run(
        "from sagekeep import bindings; bindings.enable(); import cdktf_cdktf_provider_aws as aws\n"
        "try: aws.no_such_thing\nexcept AttributeError as error: print(error)"
    )
    assert "no_such_thing" in done.stdout, done.stderr


def test_a_wrong_type_is_still_rejected() -> None:
    done = run(
        "from sagekeep import bindings; bindings.enable(); import cdktf, tempfile\n"
        "from cdktf_cdktf_provider_aws.vpc import Vpc\n"
        "stack = cdktf.TerraformStack(cdktf.App(outdir=tempfile.mkdtemp()), 's')\n"
        "try: Vpc(stack, 'v', cidr_block=7)\nexcept TypeError as error: print('refused', error)"
    )
    assert "refused" in done.stdout, done.stderr


def test_children_do_not_inherit_the_preload() -> None:
    done = run(
        "from sagekeep import bindings; bindings.enable(); import os; print(os.environ.get('NODE_OPTIONS'))",
        NODE_OPTIONS="--no-warnings",
    )
    assert done.stdout.strip() == "--no-warnings", done.stderr


def test_late_or_unwanted_it_says_so_and_imports_as_always() -> None:
    late = run("import constructs; from sagekeep import bindings; print(bindings.enable())")
    assert late.stdout.strip() == "False"
    assert "imported before" in late.stderr
    unwanted = run("from sagekeep import bindings; print(bindings.enable())", SAGEKEEP_STOCK_IMPORT="1")
    assert unwanted.stdout.strip() == "False"
    assert "SAGEKEEP_STOCK_IMPORT" in unwanted.stderr
