"""Replay: what a change of articles would do to questions that were asked."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from test_faq_commands import faq

from faq_kb import ArticleError, KnowledgeBase, KnowledgeFollower, Question, Reader, replay
from handoff import conversations, transcript
from handoff.clock import utc_now
from handoff.database import Database
from handoff.models import Author
from handoff.records import Draft
from switchboard.article_versions import knowledge_at

PAST = ("幾時送到", "how much is shipping", "點樣退貨", "do you sell tea", "how much is shipping?")


def edit(folder: Path, old: str, new: str, name: str = "delivery") -> None:
    path = folder / f"{name}.yml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def test_nothing_changes_when_nothing_did(folder: Path) -> None:
    knowledge = KnowledgeBase.load(folder)
    found = replay(knowledge, knowledge, [Question(text) for text in PAST])
    assert (found.asked, found.same, found.reworded) == (4, 4, 0), "what is asked twice counts once"


def test_what_changes_is_lost_and_won_is_told_side_by_side(folder: Path) -> None:
    before = KnowledgeBase.load(folder)
    (folder / "returns.yml").unlink()
    edit(folder, "asked_as: [送貨收幾錢, free shipping]", "asked_as: [送貨收幾錢]\n    pins: [{contains: sell tea}]")
    edit(folder, "related: [delivery-fee]", "pins: [{exact: how much is shipping}]")
    edit(folder, "Thirty dollars.", "Forty dollars.")
    asked = [Question(text, "en") for text in PAST] + [Question("運費幾多", "zh-HK", "labelled", "delivery-fee")]
    found = replay(before, KnowledgeBase.load(folder), asked)
    assert [one.question.text for one in found.changed] == ["how much is shipping?"]
    assert [one.question.text for one in found.lost] == ["點樣退貨"]
    assert [one.question.text for one in found.won] == ["do you sell tea"]
    assert (found.asked, found.same, found.reworded) == (5, 2, 1)
    told = json.loads(json.dumps(found.as_json()))
    changed = told["changed"][0]
    assert (changed["before"]["id"], changed["after"]["id"]) == ("delivery-fee", "delivery-time")
    assert changed["after"] == {
        "id": "delivery-time",
        "question": "How long does delivery take?",
        "score": 1.0,
        "decision": "answer",
    }
    assert found.summary.startswith("Of 5 questions 1 change answer, 1 become unanswered, 1 become answered; 2 stay")


def test_a_redacted_number_is_no_word_of_the_question(folder: Path) -> None:
    knowledge = KnowledgeBase.load(folder)
    found = replay(KnowledgeBase([]), knowledge, [Question("[order] how much is shipping [phone]")])
    assert [one.after and one.after.article_id for one in found.won] == ["delivery-fee"]


def test_a_question_is_asked_as_its_reader(folder: Path) -> None:
    before = KnowledgeBase.load(folder)
    edit(folder, "related: [delivery-fee]", "channels: [widget]")
    asked = [Question("when will it arrive", reader=Reader(channel)) for channel in ("widget", "telegram")]
    found = replay(before, KnowledgeBase.load(folder), asked)
    assert [one.question.reader for one in found.lost] == [Reader("telegram")]


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Ana", "-c", "user.email=ana@shop.example"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def test_the_articles_of_a_version_are_read_from_git(folder: Path) -> None:
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "Before.")
    version = KnowledgeBase.load(folder).version
    edit(folder, "Thirty dollars.", "Forty dollars.")
    assert KnowledgeBase.load(folder).version != version
    assert knowledge_at("HEAD", folder).version == version
    for name in ("nothing", "--help", "HEAD; ls", ""):
        with pytest.raises(ArticleError):
            knowledge_at(name, folder)


def test_the_command_shows_both_sides(folder: Path, tmp_path: Path) -> None:
    old = tmp_path / "old" / "faq_kb" / "articles"
    old.parent.mkdir(parents=True)
    folder.rename(old)
    folder.mkdir()
    for path in old.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "returns.yml").unlink()
    questions = tmp_path / "asked.jsonl"
    questions.write_text('{"text": "how do i return [b]it[/b]", "id": "returns-how"}\n', encoding="utf-8")
    shared = ("--before", old, "--after", folder, "--questions", questions, "--past", "0")
    code, said = faq("replay", *shared)
    assert code == 0
    assert "1 become unanswered" in said and "how do i return [b]it[/b]" in said and "returns-how (answer" in said
    code, said = faq("replay", *shared, "--json")
    assert json.loads(said)["lost"][0]["expected"] == "returns-how"
    assert faq("replay", "--before", tmp_path / "nowhere", "--past", "0")[0] != 0


def ask(database_url: str, text: str, answer: str | None = "x", channel: str = "widget") -> None:
    """A customer says this and the assistant answers, or does not."""
    database, now = Database(database_url), utc_now()

    def work(connection: Any) -> None:
        conversation = conversations.open_or_begin(connection, channel, "ana", now, "en")
        asked = transcript.append(connection, conversation, Draft(Author.CUSTOMER, text), now)
        if answer is not None:
            transcript.append(connection, conversation, Draft(Author.ASSISTANT, answer, reply_to=asked.id), now)

    database.write_now(work)
    database.close()


def test_the_command_asks_what_customers_of_this_shop_asked(folder: Path, tmp_path: Path, database_url: str) -> None:
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "Before.")
    ask(database_url, "How do I return it, ana@shop.example")
    ask(database_url, "how do i return it", channel="telegram")
    ask(database_url, "how do i return this one", answer=None)
    (tmp_path / "none.jsonl").write_text("", encoding="utf-8")
    (folder / "returns.yml").unlink()
    shop = {"articles_dir": folder, "database_url": database_url, "data_dir": tmp_path}
    code, said = faq("replay", "--questions", tmp_path / "none.jsonl", "--json", **shop)
    assert code == 0, said
    lost = json.loads(said)["lost"]
    assert {one["text"] for one in lost} == {"how do i return it", "How do I return it, [e-mail]"}
    assert {one["before"]["id"] for one in lost} == {"returns-how"}
    code, said = faq("replay", "--questions", tmp_path / "none.jsonl", "--past", "1", **shop)
    assert said.startswith("Of 1 questions"), "the newest alone"


def test_the_commands_search_with_the_editors_words_as_the_bot_does(folder: Path, tmp_path: Path) -> None:
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "Before.")
    (folder / "synonyms.txt").write_text("zorgle = shipping = 運費\n", encoding="utf-8")
    asked = tmp_path / "asked.jsonl"
    asked.write_text('{"text": "is there free zorgle", "id": "delivery-fee"}\n', encoding="utf-8")
    follower = KnowledgeFollower(folder)
    assert KnowledgeBase.load(folder).version == follower.current.version
    settings = {"articles_dir": folder, "data_dir": tmp_path}
    code, said = faq("replay", "--questions", asked, "--past", "0", "--json", **settings)
    assert (code, [one["after"]["id"] for one in json.loads(said)["won"]]) == (0, ["delivery-fee"])
    code, said = faq("eval", "--queries", asked, "--json", **settings)
    assert json.loads(said)["asked.jsonl"]["answered"] == 1.0
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "After.")
    assert knowledge_at("HEAD", folder).version == follower.current.version
