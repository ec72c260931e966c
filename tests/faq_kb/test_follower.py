"""Following files: saved is served, broken never is, and nobody waits meanwhile."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import wait_until

from faq_kb import ArticleError, KnowledgeBase, KnowledgeFollower


@pytest.fixture
def follower(folder: Path) -> Iterator[KnowledgeFollower]:
    follower = KnowledgeFollower(folder, check_seconds=0.05)
    follower.start()
    yield follower
    follower.stop()


def replace(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def fee(follower: KnowledgeFollower) -> str:
    return follower.current.articles["delivery-fee"].answer["en"]


def test_a_saved_edit_is_served(folder: Path, follower: KnowledgeFollower) -> None:
    replace(folder / "delivery.yml", "Thirty dollars.", "Forty dollars.")
    wait_until(lambda: fee(follower) == "Forty dollars.")
    assert follower.problems == []


def test_a_new_phrasing_is_found_and_a_deleted_file_is_not(folder: Path, follower: KnowledgeFollower) -> None:
    replace(folder / "delivery.yml", "free shipping", "wat does postig cost")
    (folder / "returns.yml").unlink()
    wait_until(lambda: "returns-how" not in follower.current.articles)
    wait_until(lambda: follower.current.search("wat does postig cost")[0].article_id == "delivery-fee")
    assert all(hit.article_id != "returns-how" for hit in follower.current.search("怎么退货"))


def test_a_broken_file_keeps_serving_as_it_last_was(folder: Path, follower: KnowledgeFollower) -> None:
    replace(folder / "delivery.yml", "Thirty dollars.}", "Forty dollars.")
    wait_until(lambda: bool(follower.problems))
    problem = follower.problems[0]
    assert (problem.file, problem.code) == ("faq_kb/articles/delivery.yml", "bad_yaml")
    assert problem.line > 0
    assert fee(follower) == "Thirty dollars."
    replace(folder / "returns.yml", "within 14 days", "within 30 days")
    wait_until(lambda: "30 days" in follower.current.articles["returns-how"].answer["en"])
    assert fee(follower) == "Thirty dollars."
    replace(folder / "delivery.yml", "Forty dollars.", "Forty dollars.}")
    wait_until(lambda: fee(follower) == "Forty dollars.")
    assert follower.problems == []


def test_an_id_in_two_files_waits_until_it_is_in_one(folder: Path, follower: KnowledgeFollower) -> None:
    copy = (folder / "returns.yml").read_text(encoding="utf-8").replace("14 days", "90 days")
    (folder / "aaa.yml").write_text(copy, encoding="utf-8")
    wait_until(lambda: [problem.code for problem in follower.problems] == ["repeated_id"])
    assert follower.current.articles["returns-how"].category == "returns"
    (folder / "returns.yml").unlink()
    wait_until(lambda: follower.current.articles["returns-how"].category == "aaa")
    assert follower.problems == []


def test_an_emptied_folder_keeps_the_last_good_set(folder: Path, follower: KnowledgeFollower) -> None:
    for path in folder.glob("*.yml"):
        path.unlink()
    wait_until(lambda: [problem.code for problem in follower.problems] == ["no_files"])
    assert fee(follower) == "Thirty dollars."


def test_a_half_written_file_never_goes_live(folder: Path, follower: KnowledgeFollower) -> None:
    path = folder / "delivery.yml"
    whole = path.read_text(encoding="utf-8").replace("Thirty", "Forty")
    seen = []
    follower.on_change(lambda knowledge: seen.append(sorted(knowledge.articles)))
    with path.open("w", encoding="utf-8") as stream:
        for start in range(0, len(whole), 60):
            stream.write(whole[start : start + 60])
            stream.flush()
            # A slow writer's pace is what this is about: the follower looks at the file while it is half written, and
            # no pause is as long as the one after which it takes a file for whole.
            time.sleep(0.02)
    wait_until(lambda: fee(follower) == "Forty dollars.")
    assert all(ids == ["delivery-fee", "delivery-time", "returns-how"] for ids in seen)


def test_a_change_that_keeps_size_and_time_is_seen(folder: Path, follower: KnowledgeFollower) -> None:
    path = folder / "delivery.yml"
    before = path.stat()
    replace(path, "Thirty", "Twelve")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    wait_until(lambda: fee(follower) == "Twelve dollars.")


def test_touching_a_file_builds_nothing(folder: Path) -> None:
    follower = KnowledgeFollower(folder)
    served = follower.current
    (folder / "delivery.yml").touch()
    follower.look()
    assert follower.current is served
    replace(folder / "delivery.yml", "Thirty", "Forty")
    follower.look()
    assert follower.current is not served


def test_questions_are_answered_while_files_change(folder: Path, follower: KnowledgeFollower) -> None:
    failures: list[BaseException] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                knowledge = follower.current
                assert knowledge.articles[knowledge.search("運費")[0].article_id]
            except BaseException as exc:
                failures.append(exc)
                return

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for price in ("Ten", "Eleven", "Twelve", "Thirteen"):
        text = (folder / "delivery.yml").read_text(encoding="utf-8")
        (folder / "new.tmp").write_text(text.replace(fee(follower), f"{price} dollars."), encoding="utf-8")
        (folder / "new.tmp").replace(folder / "delivery.yml")
        wait_until(lambda price=price: fee(follower) == f"{price} dollars.")
    stop.set()
    for asker in askers:
        asker.join()
    assert failures == []


def test_a_folder_with_nothing_good_refuses_to_start(tmp_path: Path) -> None:
    with pytest.raises(ArticleError, match=r"at least one \.yml file"):
        KnowledgeFollower(tmp_path)
    (tmp_path / "delivery.yml").write_text("category: [", encoding="utf-8")
    with pytest.raises(ArticleError, match=r"delivery\.yml:\d"):
        KnowledgeFollower(tmp_path)


def fee_at_a_start(folder: Path) -> str:
    return fee(KnowledgeFollower(folder))


def test_a_start_with_a_broken_file_serves_it_as_it_last_was(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    KnowledgeFollower(folder)
    (folder / "delivery.yml").write_text("category: [", encoding="utf-8")
    started = KnowledgeFollower(folder)
    assert sorted(started.current.articles) == ["delivery-fee", "delivery-time", "returns-how"]
    assert [(problem.file, problem.code) for problem in started.problems] == [
        ("faq_kb/articles/delivery.yml", "bad_yaml")
    ]
    assert "faq_kb/articles/delivery.yml is broken and served as it last was good" in caplog.messages
    assert fee_at_a_start(folder) == "Thirty dollars.", "however often it starts"


def test_a_good_file_goes_before_what_it_last_was(folder: Path) -> None:
    KnowledgeFollower(folder)
    replace(folder / "delivery.yml", "Thirty", "Forty")
    assert fee_at_a_start(folder) == "Forty dollars."
    (folder / "delivery.yml").write_bytes(b"\x00")
    assert fee_at_a_start(folder) == "Forty dollars."


def test_a_start_with_a_broken_file_that_was_never_good_serves_the_others(folder: Path) -> None:
    (folder / "returns.yml").write_text("category: [", encoding="utf-8")
    follower = KnowledgeFollower(folder)
    assert sorted(follower.current.articles) == ["delivery-fee", "delivery-time"]
    assert [problem.file for problem in follower.problems] == ["faq_kb/articles/returns.yml"]


def test_a_deleted_file_never_comes_back(folder: Path, follower: KnowledgeFollower) -> None:
    (folder / "returns.yml").unlink()
    wait_until(lambda: "returns-how" not in follower.current.articles)
    (folder / "returns.yml").write_text("category: [", encoding="utf-8")
    assert "returns-how" not in KnowledgeFollower(folder).current.articles


def test_a_start_while_an_id_is_in_two_files_serves_the_set_before(folder: Path) -> None:
    served = KnowledgeFollower(folder).current
    copy = (folder / "returns.yml").read_text(encoding="utf-8").replace("14 days", "90 days")
    (folder / "aaa.yml").write_text(copy, encoding="utf-8")
    started = KnowledgeFollower(folder)
    assert started.current.version == served.version
    assert [problem.code for problem in started.problems] == ["repeated_id"]


def test_a_start_with_broken_words_searches_with_the_last_good_ones(folder: Path) -> None:
    (folder / "synonyms.txt").write_text("zorgle = shipping = 運費\n", encoding="utf-8")
    KnowledgeFollower(folder)
    (folder / "synonyms.txt").write_text("zorgle", encoding="utf-8")
    started = KnowledgeFollower(folder)
    assert started.current.search("how much is zorgle")[0].article_id == "delivery-fee"
    assert [(problem.file, problem.line) for problem in started.problems] == [("faq_kb/articles/synonyms.txt", 1)]


def test_a_damaged_copy_is_not_served(folder: Path) -> None:
    KnowledgeFollower(folder)
    for copy in (folder / ".publish" / "last-good").iterdir():
        copy.write_bytes(copy.read_bytes()[:100])
    (folder / "returns.yml").write_text("category: [", encoding="utf-8")
    assert sorted(KnowledgeFollower(folder).current.articles) == ["delivery-fee", "delivery-time"]


def test_a_folder_that_cannot_be_written_to_is_served_and_says_so(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / ".publish").write_bytes(b"")
    assert fee_at_a_start(folder) == "Thirty dollars."
    assert [record.event for record in caplog.records if record.levelname == "WARNING"] == ["last_good_not_kept"]  # type: ignore[attr-defined]


def test_git_tracks_nothing_of_it(folder: Path) -> None:
    KnowledgeFollower(folder)
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    shown = subprocess.run(
        ["git", "-C", str(folder), "status", "-s", "-uall"], capture_output=True, text=True, check=True
    )
    assert shown.stdout.split() == ["??", "delivery.yml", "??", "returns.yml"]


def test_the_end_state_is_that_of_a_fresh_start(folder: Path, follower: KnowledgeFollower) -> None:
    (folder / "returns.yml").rename(folder / "refunds.yml")
    replace(folder / "delivery.yml", "Within three days.", "Within four days.")
    fresh = KnowledgeBase.load(folder).version
    wait_until(lambda: follower.current.version == fresh)


def test_a_category_below_a_broken_one_is_served_at_the_top(folder: Path) -> None:
    path = folder / "returns.yml"
    path.write_text("parent: delivery\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "delivery.yml").write_text("category: [", encoding="utf-8")
    follower = KnowledgeFollower(folder)
    assert [category.id for category in follower.current.categories("en")] == ["returns"]
    assert [problem.code for problem in follower.problems] == ["bad_yaml"]


def test_a_parent_that_is_not_there_waits_for_it(folder: Path, follower: KnowledgeFollower) -> None:
    served = follower.current
    path = folder / "returns.yml"
    path.write_text("parent: service\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    wait_until(lambda: [problem.code for problem in follower.problems] == ["dead_parent"])
    assert follower.current is served
    (folder / "service.yml").write_text("category: {en: Service}\narticles: []\n", encoding="utf-8")
    wait_until(lambda: [one.id for one in follower.current.categories("en")] == ["delivery", "service"])
    assert follower.problems == []
