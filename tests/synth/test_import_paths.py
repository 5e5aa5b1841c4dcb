"""main.py whichever way the bindings are imported: the same bytes, and a line about every way but the usual one."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from synths import ROOT, Synth, differences, run_main


@pytest.mark.parametrize("environment", ["poc", "prod"])
def test_fast_and_stock_import_write_the_same_bytes(environment: str, tmp_path: Path) -> None:
    """Each in a process of its own, as operators run them."""
    fast = run_main(ROOT, SAGEKEEP_ENV=environment, SAGEKEEP_OUT=str(tmp_path / "fast"))
    stock = run_main(ROOT, SAGEKEEP_ENV=environment, SAGEKEEP_OUT=str(tmp_path / "stock"), SAGEKEEP_STOCK_IMPORT="1")
    assert (fast.returncode, stock.returncode) == (0, 0), fast.stderr + stock.stderr
    assert "stock import" not in fast.stderr
    assert "stock import of the AWS bindings, which is slow: SAGEKEEP_STOCK_IMPORT is set" in stock.stderr
    assert (tmp_path / "fast" / "manifest.json").is_file()
    assert differences(tmp_path / "fast", tmp_path / "stock") == []


def test_earlier_synths_of_a_process_leave_no_trace_in_what_it_writes(prod: Synth, poc: Synth, tmp_path: Path) -> None:
    for synth, environment in ((prod, "prod"), (poc, "poc")):
        alone = tmp_path / environment
        assert run_main(ROOT, SAGEKEEP_ENV=environment, SAGEKEEP_OUT=str(alone)).returncode == 0
        assert differences(synth.out, alone) == []


def test_two_interpreters_at_once_may_both_find_nothing_unpacked(poc: Synth, tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")

    def run(number: int) -> subprocess.CompletedProcess[str]:
        return run_main(ROOT, SAGEKEEP_OUT=str(tmp_path / f"out-{number}"), JSII_RUNTIME_PACKAGE_CACHE_ROOT=cache)

    with ThreadPoolExecutor() as pool:
        both = list(pool.map(run, (1, 2)))
    for number, done in enumerate(both, start=1):
        assert done.returncode == 0, done.stderr
        assert differences(poc.out, tmp_path / f"out-{number}") == []
    assert any("unpacking the AWS bindings" in done.stderr for done in both)
    assert run(3).stderr == ""  # once on a machine


@pytest.mark.slow
def test_with_other_bindings_it_says_so_and_writes_the_same_terraform(poc: Synth, tmp_path: Path) -> None:
    """20.1.0 is made from the schema of provider 5.100.0, the tested one is from 6.25.0."""
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    (packages,) = environment.glob("lib/python3*/site-packages")
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"))  # all else as it is here
    pip = [environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--compile"]
    subprocess.run([*pip, "cdktf-cdktf-provider-aws==20.1.0"], check=True)
    for stock, said in (("", "fast import of the AWS bindings 20.1.0"), ("1", "stock import of the AWS bindings")):
        out = tmp_path / f"out{stock}"
        python = str(environment / "bin" / "python")
        done = run_main(ROOT, python=python, SAGEKEEP_OUT=str(out), SAGEKEEP_STOCK_IMPORT=stock)
        assert done.returncode == 0, done.stderr
        assert said in done.stderr
        assert differences(poc.out, out) == []
