"""A Chromium without a window: the npm package's, which `make setup-dev` brings, or one that the machine has."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

_UNPACKED = Path(__file__).parents[1] / "npm" / "node_modules" / "chromium"
_INSTALLED = ("chromium", "chromium-browser", "google-chrome")  # for machines that the package is not made for
_FLAGS = (
    "--disable-gpu",
    # Without these Chromium asks Google for updates and lists, which is not a page's doing.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-zygote",
)
MISSING = "needs a Chromium: make setup-dev brings one for Linux on x86_64; elsewhere install Chromium or Chrome"


def executable() -> str:
    """Path of a Chromium; empty where there is none."""
    if (_UNPACKED / "chromium").is_file():
        return str(_UNPACKED / "chromium")
    return next((found for name in _INSTALLED if (found := shutil.which(name))), "")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with an empty profile of its own; ended at the end. Raises RuntimeError where there is none."""
    path = executable()
    if not path:
        raise RuntimeError(MISSING)
    env: dict[str, str | float | bool] = dict(os.environ)
    if Path(path).is_relative_to(_UNPACKED):
        env |= {"LD_LIBRARY_PATH": str(_UNPACKED / "al2023" / "lib"), "FONTCONFIG_FILE": str(_UNPACKED / "fonts.conf")}
    # Chromium's sandbox refuses root.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, env=env, args=list(_FLAGS), chromium_sandbox=os.geteuid() != 0
        )
        try:
            yield browser
        finally:
            browser.close()
