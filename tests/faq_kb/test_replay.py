"""Replay: what a change of articles would do to questions that were asked."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from test_faq_commands import faq

from faq_kb import ArticleError, KnowledgeBase, Question, Reader, replay
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
