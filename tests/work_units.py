"""How a run is shared between workers: what a worker takes as a whole, and in which order it is handed out."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).resolve().parent.parent
# These start real processes, once for the folder.
WHOLE_FOLDERS = ("browser", "processes")
# The long ones first, so that no worker is left with one at the end. While one trains the bot's model, another has
# something to do that needs none. What measures and kills processes runs beside the tests of single functions.
ORDER = ("bot", "project", "shop", "browser", "faq_kb", "processes")


class Units(LoadScopeScheduling):
    """A file goes to one worker as a whole; so do all files that talk to the trained bot, and some folders."""

    def __init__(self, config: pytest.Config, log: object) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)  # type: ignore[arg-type]

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid.split("::", 1)[0])


@cache
def unit_of(file: str) -> str:
    """The unit of a test file, named by its path from the root."""
    folder = _folder(file)
    if folder in WHOLE_FOLDERS:
        return folder
    return "bot" if folder == "bot" and "mark.bot" in (ROOT / file).read_text(encoding="utf-8") else file


def rank(file: str) -> tuple[int, str]:
    """Where the file stands in the order; files of one unit stand together."""
    unit, folder = unit_of(file), _folder(file)
    known = unit if unit in ORDER else folder if folder != "bot" else "faq_kb"
    place = ORDER.index(known) if known in ORDER else len(ORDER)
    return place, folder


def _folder(file: str) -> str:
    parts = Path(file).parts
    return parts[1] if len(parts) > 2 else ""
