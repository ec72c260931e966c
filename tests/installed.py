"""What tests need beside Python, and the rule that CI skips nothing: where each is looked for."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

# Each window of the desktop's Chromium has pages of its own behind the field for addresses, which no test types into;
# they were half of what a page cost. A list replaces Playwright's, so what that leaves out stands here too.
_WITHOUT = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "TcpPortRandomizationWin",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
)
CHROMIUM_ARGUMENTS = ("--no-sandbox", "--disable-gpu", f"--disable-features={','.join(_WITHOUT)}")


def missing(what: str) -> NoReturn:
    """At home a test that needs it is skipped and says so: nobody has to install everything for one change.

    With CI=true the same is a failure, so that the machine that decides skips nothing.
    """
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and CI skips nothing")
    pytest.skip(f"{what} is missing")


def chromium() -> str:
    """The browser that Playwright drives."""
    return _first("chromium", "chromium-browser", "google-chrome") or missing("Chromium (Debian's chromium)")


def dovecot() -> str:
    """The IMAP server. Debian keeps it where only root looks."""
    return _first("dovecot", "/usr/sbin/dovecot") or missing("dovecot (Debian's dovecot-imapd)")


def _first(*names: str) -> str | None:
    return next((found for name in names if (found := shutil.which(name))), None)
