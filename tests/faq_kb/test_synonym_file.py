"""Words that mean the same: read from lines, followed like articles, and the last good ones stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from faq_kb import ArticleError, KnowledgeFollower
from faq_kb.publishing import digest_of, publish
from faq_kb.search import shipped_synonyms
from faq_kb.synonym_file import MAX_GROUPS, NAME, shipped_lines, synonyms_of


def test_the_shipped_groups_are_the_same_as_lines() -> None:
    read, shipped = synonyms_of("\n".join(shipped_lines()).encode()), shipped_synonyms()
    assert read._meanings == shipped._meanings
    assert any(line.startswith("#") for line in shipped_lines())


@pytest.mark.parametrize(
    ("content", "line", "code"),
    [
        (b"\n# x\nalone", 3, "bad_group"),
        (b"a = b\nc = = d", 2, "bad_group"),
        (b"a = " + b"b" * 81, 1, "too_long"),
        (b" = ".join([b"a"] * 101), 1, "too_many"),
        (b"a = \x00b", 1, "too_long"),
        (b"a = b\n" * (MAX_GROUPS + 1), 0, "too_many"),
        (b"a" * 400_001, 0, "file_too_big"),
        ("a = ä".encode("latin-1"), 0, "bad_encoding"),
    ],
)
def test_a_wrong_line_is_named(content: bytes, line: int, code: str) -> None:
    with pytest.raises(ArticleError) as refused:
        synonyms_of(content)
    assert [(problem.line, problem.code) for problem in refused.value.problems] == [(line, code)]


def test_words_are_followed_and_broken_ones_stay_as_they_were(folder: Path) -> None:
    follower = KnowledgeFollower(folder, settle_seconds=0)
    before = follower.current.search("zorgle")
    assert not before or before[0].score < 0.5
    publish(folder, {NAME: digest_of(folder / NAME)}, {NAME: "zorgle = shipping = 運費\n".encode()})
    follower.look()
    knowledge = follower.current
    assert knowledge.search("how much is zorgle")[0].article_id == "delivery-fee"
    (folder / NAME).write_text("zorgle", encoding="utf-8")
    follower.look()
    assert [(problem.file, problem.line) for problem in follower.problems] == [(f"faq_kb/articles/{NAME}", 1)]
    assert follower.current is knowledge
    (folder / NAME).unlink()
    follower.look()
    assert follower.problems == [] and follower.current.synonyms is shipped_synonyms()
