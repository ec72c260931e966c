"""Following the folder of articles: what is saved is served a moment later, what is broken never is."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from faq_kb import publishing, synonym_file
from faq_kb.last_good import LastGood
from faq_kb.loading import ArticleFile, problems_between, read_file, source_of
from faq_kb.problems import ArticleError, Problem
from faq_kb.search import KnowledgeBase, shipped_synonyms
from faq_kb.words import Synonyms

log = logging.getLogger(__name__)

# An editor that writes in two steps is done within this.
SETTLE_SECONDS = 0.1

# A publication comes in between now and then, an editor's program writes and writes: the next look will do.
MAX_READINGS = 10

# A question takes Python's lock some ten times, and an index of 10,000 articles is made for seconds.
TURN_SECONDS = 0.0005

_Stamp = tuple[int, int, int, int]


@dataclass(frozen=True)
class _Look:
    """What the folder looks like: where each file's content is and its stamp, and the last publication."""

    files: Mapping[Path, tuple[Path, _Stamp]] = field(default_factory=dict)
    journal: bytes = b""
    synonyms: tuple[Path, _Stamp] | None = None


class KnowledgeFollower:
    """Serves the last good set of a folder and follows its files from ``start()`` to ``stop()``.

    A file that breaks keeps serving as it last was good, over a new start too, while the others go on; ``problems``
    says what is wrong. A file is known by its name: under another one it has never been good.
    The first reading happens here and raises ``ArticleError`` when there is nothing good to serve.
    """

    def __init__(self, folder: Path, check_seconds: float = 0.25, settle_seconds: float = SETTLE_SECONDS) -> None:
        self.folder = Path(folder)
        self.check_seconds = check_seconds
        self.settle_seconds = settle_seconds
        self._seen: _Look | None = None
        self._read: dict[Path, ArticleFile] = {}
        self._good: dict[Path, ArticleFile] = {}
        self._last_good = LastGood(self.folder)
        self._to_keep: dict[str, str] | None = None
        self._problems: list[Problem] = []
        self._doubts: list[Problem] = []
        self._listeners: list[Callable[[KnowledgeBase], None]] = []
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._looking = threading.Lock()
        self._current: KnowledgeBase | None = None
        self.look()
        if self._current is None:
            raise ArticleError(self._problems)

    @property
    def current(self) -> KnowledgeBase:
        """The set in force; hold on to it for the length of one question."""
        if self._current is None:
            raise ArticleError(self._problems)
        return self._current

    @property
    def problems(self) -> list[Problem]:
        """What keeps the files on disk from being served; empty when they are."""
        return list(self._problems)

    @property
    def files(self) -> dict[str, ArticleFile]:
        """The files by category as they were last read, the broken ones too."""
        return {path.stem: file for path, file in self._read.items()}

    def on_change(self, listener: Callable[[KnowledgeBase], None]) -> None:
        """Call ``listener`` with each new set, in the follower's thread."""
        self._listeners.append(listener)

    def start(self) -> None:
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._follow, name="faq-follower", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
            self._thread = None

    def _follow(self) -> None:
        while not self._stop.wait(self.check_seconds):
            try:
                self.look()
            except Exception:
                # Whatever a file does to us, the next look may succeed and the last good set still serves.
                log.exception("Looking at the articles failed", extra={"event": "articles_look_failed"})

    def look(self) -> None:
        """Compare the folder with what is served, and serve what is new and good."""
        with self._looking:
            publishing.finish_abandoned(self.folder)
            self._keep()
            for _ in range(MAX_READINGS):
                look = self._settled()
                if look == self._seen:
                    return
                known = self._seen.files if self._seen else {}
                read = {
                    path: self._read[path] if known.get(path) == place else read_file(path, place[0])
                    for path, place in look.files.items()
                }
                synonyms, doubts = self._read_synonyms(look)
                # What changed while it was read may be half of one publication and half of the next.
                if self._look_at_files() == look:
                    self._seen, self._read = look, read
                    self._serve(synonyms, doubts)
                    return

    def _settled(self) -> _Look:
        """The folder once nobody writes in it."""
        look = self._look_at_files()
        while self._seen is not None and look != self._seen and self._current is not None:
            if self._stop.wait(self.settle_seconds):
                return self._seen
            again = self._look_at_files()
            if again == look:
                break
            look = again
        return look

    def _look_at_files(self) -> _Look:
        journal = publishing.last_journal(self.folder)
        places = publishing.places(self.folder, journal)
        files = {path: (place, seen) for path, place in places.items() if (seen := _stamp(place))}
        words = publishing.place_of(self.folder, journal, synonym_file.NAME)
        stamp = _stamp(words) if words else None
        return _Look(files, journal.raw if journal else b"", (words, stamp) if words and stamp else None)

    def _read_synonyms(self, look: _Look) -> tuple[Synonyms, list[Problem]]:
        """The words that mean the same; broken ones stay as they last were good."""
        if look.synonyms is None:
            return shipped_synonyms(), []
        if self._seen is not None and self._seen.synonyms == look.synonyms and self._current is not None:
            return self._current.synonyms, self._doubts
        try:
            return synonym_file.read_synonyms(self.folder / synonym_file.NAME, look.synonyms[0]), []
        except ArticleError as exc:
            return self._current.synonyms if self._current else self._last_good_synonyms(), list(exc.problems)

    def _last_good_synonyms(self) -> Synonyms:
        place = self._last_good.place_of(synonym_file.NAME)
        try:
            return synonym_file.read_synonyms(self.folder / synonym_file.NAME, place) if place else shipped_synonyms()
        except ArticleError:
            return shipped_synonyms()

    def _serve(self, synonyms: Synonyms, doubts: list[Problem]) -> None:
        self._doubts = doubts
        problems = doubts + [problem for file in self._read.values() for problem in file.problems]
        good = {}
        for path, file in self._read.items():
            kept = file if not file.problems else self._as_it_last_was(path)
            if kept is not None:
                good[path] = kept
        # A file that is there and broken may still be a parent.
        between = problems_between(list(good.values()), [file.category for file in self._read.values()])
        if not self._read:
            problems.append(
                Problem(source_of(self.folder), 0, "", "expected at least one .yml file with articles", "no_files")
            )
        self._tell_problems(problems + between)
        if between or not good:
            if self._current is not None:
                return
            # A start serves what a follower that ran all the while would.
            good = self._last_good.article_files()
            if not good or problems_between(list(good.values()), [file.category for file in self._read.values()]):
                return
        before, self._good = self._good, good
        self._to_keep = {path.name: file.digest for path, file in good.items()}
        if self._seen and self._seen.synonyms and not doubts:
            self._to_keep[synonym_file.NAME] = synonyms.digest
        self._keep()
        known = self._current
        if known is None or _digests(before) != _digests(good) or known.synonyms.digest != synonyms.digest:
            articles = [article for file in good.values() for article in file.articles]
            headings = [file.heading for file in good.values() if file.heading]
            with _giving_way():
                made = KnowledgeBase(articles, headings, before=known, synonyms=synonyms)
            self._put_in_force(made)

    def _as_it_last_was(self, path: Path) -> ArticleFile | None:
        if path in self._good:
            return self._good[path]
        kept = self._last_good.article_file(path)
        if kept is not None:
            sentence = "%s is broken and served as it last was good"
            log.warning(sentence, source_of(path), extra={"event": "last_good_served", "file": path.name})
        return kept

    def _keep(self) -> None:
        """What is in force stays for the next start; tried again at each look while somebody else has the turn."""
        if self._to_keep is not None and self._last_good.keep(self._to_keep):
            self._to_keep = None

    def _put_in_force(self, knowledge: KnowledgeBase) -> None:
        self._current = knowledge
        log.info(
            "Articles are in force",
            extra={"event": "articles_served", "version": knowledge.version, "articles": len(knowledge.articles)},
        )
        for listener in self._listeners:
            listener(knowledge)

    def _tell_problems(self, problems: list[Problem]) -> None:
        for problem in problems:
            if problem not in self._problems:
                log.warning("Articles not served: %s", problem, extra={"event": "articles_refused"})
        self._problems = problems


@contextmanager
def _giving_way() -> Iterator[None]:
    """Whoever asks meanwhile waits half a millisecond at most for each of their turns, where Python gives five."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, TURN_SECONDS))
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _stamp(place: Path) -> _Stamp | None:
    try:
        status = place.stat()
    except FileNotFoundError:
        return None  # renamed away between the listing and the look
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino


def _digests(files: dict[Path, ArticleFile]) -> dict[Path, str]:
    return {path: file.digest for path, file in files.items()}
