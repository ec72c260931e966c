"""The files of a folder as they were last in force, on disk: a start finds them, however broken the files are by then.

They lie in ``.publish/last-good/``. Every process that follows the folder keeps them, taking turns with the publishers.
A copy is read only where the file itself is broken.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from faq_kb import publishing
from faq_kb.loading import ArticleFile, article_paths, problems_between, read_file
from faq_kb.problems import ArticleError, Problem
from faq_kb.publishing import LAST_GOOD, WORK_FOLDER, Journal, PublisherBusy

log = logging.getLogger(__name__)

# A publisher is done within this, or the next look comes to it.
WAIT_SECONDS = 0.5


def not_served(folder: Path) -> list[Problem]:
    """What keeps the files from being served as they stand; raises ``ArticleError`` where a start has none."""
    files = [read_file(path) for path in article_paths(folder)]
    problems = [problem for file in files for problem in file.problems]
    good = [file for file in files if not file.problems]
    between = problems_between(good, [file.category for file in files])
    if (between or not good) and not LastGood(folder).article_files():
        nothing = Problem(str(folder), 0, "", "expected at least one .yml file with articles", "no_files")
        raise ArticleError(problems + between or [nothing])
    return problems + between


class LastGood:
    """The copies of one folder, as one of its followers sees them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._place = folder / WORK_FOLDER / LAST_GOOD
        self._is_told = False

    def place_of(self, name: str) -> Path | None:
        """Where the copy of a file lies; None when there is none."""
        place = self._place / name
        return place if place.is_file() else None

    def article_file(self, path: Path) -> ArticleFile | None:
        """An article file as it last was good; None where nobody knows."""
        place = self.place_of(path.name)
        file = read_file(path, place) if place else None
        return file if file and not file.problems else None

    def article_files(self) -> dict[Path, ArticleFile]:
        """All of them."""
        paths = [self._folder / copy.name for copy in article_paths(self._place)]
        return {path: file for path in paths if (file := self.article_file(path))}

    def keep(self, good: Mapping[str, str]) -> bool:
        """Let the copies be these files, given by name as the digests in force. False when somebody else has the turn
        for long: try again."""
        try:
            with publishing.taking_turns(self._folder, WAIT_SECONDS):
                self._place.mkdir(exist_ok=True)
                journal = publishing.last_journal(self._folder)
                for name, digest in good.items():
                    self._keep(name, digest, journal)
                for copy in self._place.iterdir():
                    if copy.name not in good and publishing.place_of(self._folder, journal, copy.name) is None:
                        copy.unlink()
        except PublisherBusy:
            return False
        except OSError as exc:
            if not self._is_told:
                sentence = "The articles cannot be kept for a start with a broken file: %s"
                log.warning(sentence, exc.strerror, extra={"event": "last_good_not_kept"})
            self._is_told = True
        return True

    def _keep(self, name: str, digest: str, journal: Journal | None) -> None:
        if publishing.digest_of(self._place / name) == digest:
            return
        place = publishing.place_of(self._folder, journal, name)
        content = place.read_bytes() if place else b""
        # What another process has seen since is not written over with what this one saw.
        if publishing.digest_of_bytes(content) == digest:
            publishing.write_whole(self._place / name, content)
