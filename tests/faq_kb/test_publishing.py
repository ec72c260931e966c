"""Publishing: all files or none, for every reader, whatever dies; and the last good files are what is served."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from rounds import rounds

from faq_kb import KnowledgeFollower, publishing
from faq_kb.publishing import FilesChanged, PublisherBusy, digest_of, publish, published_files

NAMES = ("delivery.yml", "returns.yml", "payment.yml")


def article_file(stem: str, word: str) -> bytes:
    return (
        f"category: {{en: {stem}}}\narticles:\n"
        f"  - id: {stem}-one\n    question: {{en: What of {stem}?}}\n    answer: {{en: {word}}}\n"
    ).encode()


def publish_now(folder: Path, files: Mapping[str, bytes | None]) -> None:
    publishing.finish_abandoned(folder)
    publish(folder, {name: digest_of(folder / name) for name in files}, files)


def served(follower: KnowledgeFollower) -> dict[str, str]:
    return {article.category: article.answer["en"] for article in follower.current.articles.values()}


def both(word: str) -> dict[str, bytes | None]:
    return {"delivery.yml": article_file("delivery", word), "returns.yml": article_file("returns", word)}


def dies_at(step: int, work: Callable[[], Any]) -> bool:
    """Do the work in a process of its own that is gone, like by kill -9, before its n-th step on the file system."""
    child = os.fork()
    if child == 0:
        steps = iter(range(10_000))

        def count(event: str, arguments: Any) -> None:
            writes = event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "shutil.rmtree")
            if (writes or (event == "open" and isinstance(arguments[2], int))) and next(steps) == step:
                os._exit(9)

        sys.addaudithook(count)
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 9


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "faq_kb" / "articles"
    folder.mkdir(parents=True)
    publish_now(folder, both("old"))
    return folder


def test_a_death_at_any_step_leaves_the_old_or_the_new_for_every_reader(folder: Path) -> None:
    running = KnowledgeFollower(folder)
    step, seen, deaths = 0, set(), 0
    while dies_at(step, lambda: publish_now(folder, both("new"))):
        deaths += 1
        files = {name: content.decode() for name, content in published_files(folder).items()}
        running.look()
        fresh = KnowledgeFollower(folder)
        assert served(running) == served(fresh)
        (word,) = set(served(fresh).values())
        assert all(f"{{en: {word}}}" in content for content in files.values()), "the reader without a lock agrees"
        assert (folder / "delivery.yml").read_bytes() == article_file("delivery", word)
        seen.add(word)
        publish_now(folder, both("old"))
        running.look()
        step += 1
    assert seen == {"old", "new"} and deaths > 10


def test_a_reader_that_may_not_write_reads_through_what_was_left_half_way(folder: Path) -> None:
    step = 0
    while (folder / "delivery.yml").read_bytes() == article_file("delivery", "old"):
        publish_now(folder, {**both("old"), "payment.yml": None})
        assert dies_at(
            step, lambda: publish_now(folder, {**both("new"), "payment.yml": article_file("payment", "new")})
        )
        step += 1
    journal = publishing.last_journal(folder)
    assert journal is not None and not journal.done and not (folder / "payment.yml").exists()
    with publishing.taking_turns(folder):  # as good as a folder nobody may write to: nobody can finish it
        assert set(served(KnowledgeFollower(folder)).values()) == {"new"}
        assert set(published_files(folder)) == {"delivery", "returns", "payment"}
        assert (folder / "returns.yml").read_bytes() == article_file("returns", "old")


def test_what_was_changed_by_hand_after_a_death_is_kept(folder: Path) -> None:
    step = 0
    while (folder / "delivery.yml").read_bytes() == article_file("delivery", "old"):
        publish_now(folder, both("old"))
        assert dies_at(step, lambda: publish_now(folder, both("new")))
        step += 1
    (folder / "returns.yml").write_bytes(article_file("returns", "by hand"))
    assert served(KnowledgeFollower(folder)) == {"delivery": "new", "returns": "by hand"}
    assert (folder / "returns.yml").read_bytes() == article_file("returns", "by hand")


def test_readers_never_see_half_of_a_publication(folder: Path) -> None:
    stop, mixed = threading.Event(), []

    def read() -> None:
        follower = KnowledgeFollower(folder)
        while not stop.is_set():
            files = published_files(folder)
            words = {content.split(b"answer: {en: ")[1] for content in files.values()}
            follower.look()
            if len(words) != 1 or len(set(served(follower).values())) != 1:
                mixed.append((words, served(follower)))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(40):
        publish_now(folder, both(f"price {number}"))
    stop.set()
    for reader in readers:
        reader.join()
    assert mixed == []


def follow_until(folder: Path, word: str) -> None:
    """A process that serves the folder, until it serves this word."""
    follower = KnowledgeFollower(folder, settle_seconds=0)
    while set(served(follower).values()) != {word}:
        follower.look()
    follower.look()  # keeps what it could not while another had the turn


def test_many_who_follow_at_once_keep_one_last_good_set(folder: Path) -> None:
    fork = multiprocessing.get_context("fork")
    followers = [fork.Process(target=follow_until, args=(folder, "price 29")) for _ in range(4)]
    for process in followers:
        process.start()
    for number in range(30):
        publish_now(folder, {**both(f"price {number}"), "payment.yml": article_file("payment", f"price {number}")})
    for process in followers:
        process.join(30)
    assert [process.exitcode for process in followers] == [0] * 4
    kept = {path.name: path.read_bytes() for path in (folder / ".publish" / "last-good").iterdir()}
    assert kept == {path.name: path.read_bytes() for path in folder.glob("*.yml")}
    for path in folder.glob("*.yml"):
        path.write_bytes(b"{")
    assert set(served(KnowledgeFollower(folder)).values()) == {"price 29"}


def add_word(folder: Path, word: str) -> None:
    """Add a word to both files, as often as somebody was quicker."""
    while True:
        files = published_files(folder)
        expected = {f"{name}.yml": publishing.digest_of_bytes(content) for name, content in files.items()}
        changed = {f"{name}.yml": content.replace(b"}\n", f" {word}}}\n".encode()) for name, content in files.items()}
        try:
            publish(folder, expected, changed)  # type: ignore[arg-type]
            return
        except FilesChanged:
            continue


def test_two_publishers_at_once_lose_nothing(folder: Path) -> None:
    words = [f"w{number}" for number in range(12)]
    processes = [multiprocessing.get_context("fork").Process(target=add_word, args=(folder, word)) for word in words]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    for content in published_files(folder).values():
        assert all(f" {word}".encode() in content for word in words)


def test_a_publisher_that_never_lets_go_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "LOCK_WAIT_SECONDS", 0.1)
    with (
        publishing.taking_turns(folder),
        pytest.raises(PublisherBusy),
        publishing.taking_turns(folder, wait_seconds=0.1),
    ):
        pass


def test_files_that_changed_since_are_not_written_over(folder: Path) -> None:
    expected = {name: digest_of(folder / name) for name in both("x")}
    (folder / "returns.yml").write_bytes(article_file("returns", "by hand"))
    with pytest.raises(FilesChanged):
        publish(folder, expected, both("new"))
    assert served(KnowledgeFollower(folder)) == {"delivery": "old", "returns": "by hand"}


@pytest.mark.parametrize("name", ["../evil.yml", "a/b.yml", ".hidden.yml", "/etc/evil.yml"])
def test_nothing_is_published_outside_the_folder(folder: Path, name: str) -> None:
    with pytest.raises(ValueError, match="folder itself"):
        publish(folder, {name: None}, {name: b"x"})


def test_a_damaged_journal_stops_nobody(folder: Path) -> None:
    (folder / ".publish" / "journal.json").write_text("{", encoding="utf-8")
    assert set(served(KnowledgeFollower(folder)).values()) == {"old"}
    publish_now(folder, both("new"))
    assert set(served(KnowledgeFollower(folder)).values()) == {"new"}


class Story(RuleBasedStateMachine):
    """Anything may happen to the folder; what is served is what each file held when it was last good.

    A file is known by its name. ``on_disk`` says by name what it holds: the id and the answer of its article, None
    where it is broken. ``in_force`` is what has to be served.
    """

    word = st.integers(0, 99).map(lambda number: f"word {number}")
    name = st.sampled_from(NAMES)

    @initialize(words=st.tuples(word, word))
    def begin(self, words: tuple[str, str]) -> None:
        self.root = Path(tempfile.mkdtemp())
        self.folder = self.root / "faq_kb" / "articles"
        self.folder.mkdir(parents=True)
        self.on_disk: dict[str, tuple[str, str] | None] = {}
        self.in_force: dict[str, tuple[str, str]] = {}
        for name, word in zip(NAMES, words):
            self.save(name, word)
        self.follower = KnowledgeFollower(self.folder, settle_seconds=0)

    def teardown(self) -> None:
        if hasattr(self, "root"):
            shutil.rmtree(self.root)

    def _holds(self, names: list[str], word: str) -> None:
        self.on_disk.update({name: (f"{Path(name).stem}-one", word) for name in names})

    @rule(name=name, word=word)
    def save(self, name: str, word: str) -> None:
        (self.folder / name).write_bytes(article_file(Path(name).stem, word))
        self._holds([name], word)

    @rule(name=name, word=word, share=st.floats(0, 0.99))
    def half_write(self, name: str, word: str, share: float) -> None:
        whole = article_file(Path(name).stem, word)
        (self.folder / name).write_bytes(whole[: int(len(whole.rstrip(b"}\n")) * share)])
        self.on_disk[name] = None

    @rule(name=name)
    def delete(self, name: str) -> None:
        if name in self.on_disk:
            (self.folder / name).unlink()
            del self.on_disk[name]

    @rule(names=st.permutations(NAMES))
    def rename(self, names: list[str]) -> None:
        # A file's name is its category, and the id says where it came from: the answer moves as it is.
        source, target = names[0], names[1]
        if source in self.on_disk and target not in self.on_disk:
            (self.folder / source).rename(self.folder / target)
            self.on_disk[target] = self.on_disk.pop(source)

    @rule()
    def restart(self) -> None:
        self.follower = KnowledgeFollower(self.folder, settle_seconds=0)

    @rule(name=name, word=word, dies_before=st.integers(0, 24))
    def save_and_crash(self, name: str, word: str, dies_before: int) -> None:
        """Somebody who follows the folder as well dies while they keep what was saved for their next start."""
        self.save(name, word)
        dies_at(dies_before, self.follower.look)
        self.restart()

    @rule(
        word=word, names=st.lists(name, min_size=1, max_size=3, unique=True), dies_before=st.none() | st.integers(0, 24)
    )
    def publish(self, word: str, names: list[str], dies_before: int | None) -> None:
        files: dict[str, bytes | None] = {name: article_file(Path(name).stem, word) for name in names}
        before = {name: digest_of(self.folder / name) for name in names}
        last = publishing.last_journal(self.folder)
        if dies_before is None or not dies_at(dies_before, lambda: publish_now(self.folder, files)):
            if dies_before is None:
                publish_now(self.folder, files)
            self._holds(names, word)
            return
        journal = publishing.last_journal(self.folder)
        after = {f"{stem}.yml": content for stem, content in published_files(self.folder).items()}
        published = [name for name in names if after.get(name) == files[name]]
        if journal is not None and (last is None or journal.id != last.id):
            assert set(published) == set(names), "once the journal is there, all of it is"
            self._holds(names, word)
        else:
            assert {name: digest_of(self.folder / name) for name in names} == before, "nothing of it is there"

    @precondition(lambda self: hasattr(self, "follower"))
    @invariant()
    def the_last_good_files_are_served(self) -> None:
        self.follower.look()
        kept = {name: held or self.in_force.get(name) for name, held in self.on_disk.items()}
        wanted = {name: held for name, held in kept.items() if held is not None}
        ids = [id for id, _ in wanted.values()]
        # Two of one id wait until they are apart, and an empty folder until something is in it.
        if wanted and len(ids) == len(set(ids)):
            self.in_force = wanted
        articles = self.follower.current.articles.values()
        assert {f"{one.category}.yml": (one.id, one.answer["en"]) for one in articles} == self.in_force


Story.TestCase.settings = settings(
    max_examples=rounds(25),
    stateful_step_count=12,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestStory = Story.TestCase
