"""Files that are wrong in every way we know: the last good set goes on answering, and the editor is told what to mend.

Told is the file, the line, the field and what was expected there, in the editor's own language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import DELIVERY, RETURNS
from test_faq_commands import faq

from faq_kb import LOCALES, KnowledgeFollower

FEE = "    answer: {zh-HK: 三十蚊。, zh-TW: 八十元。, zh-CN: 十元。, en: Thirty dollars.}\n"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)
)


@dataclass(frozen=True)
class Bad:
    """What somebody saved as delivery.yml, and where the mistake is."""

    name: str
    content: str | bytes
    line: int
    field: str
    code: str
    file: str = "delivery"


def with_answer(text: str) -> str:
    return DELIVERY.replace(FEE, text)


FORTY = FEE.replace("Thirty", "Forty")
BAD = [
    Bad("a tag that runs code", with_answer("    answer: !!python/object/apply:os.system [ls]\n"), 11, "answer", "tag"),
    Bad("a bomb of anchors", BOMB, 1, "a", "anchor"),
    Bad("an alias", with_answer("    answer: *other\n"), 11, "answer", "alias"),
    Bad("a tab", with_answer("\tanswer: {en: Forty dollars.}\n"), 11, "", "tab"),
    Bad("a key twice", with_answer(FORTY + FORTY), 12, "answer", "repeated_key"),
    Bad("ten megabytes", with_answer(FORTY).encode() + b"# x\n" * 2_500_000, 0, "", "file_too_big"),
    Bad("an answer of megabytes", with_answer(f"    answer: {{en: {'x' * 900_000}}}\n"), 11, "answer.en", "too_long"),
    Bad("Big5", with_answer(FORTY).encode("big5", "replace"), 1, "", "bad_encoding"),
    Bad("UTF-16", with_answer(FORTY).encode("utf-16"), 1, "", "bad_encoding"),
    Bad("an id that is a path", DELIVERY.replace("delivery-fee", "../../etc/passwd"), 7, "related", "bad_id"),
    Bad("an absolute path", DELIVERY.replace("id: delivery-fee", "id: /etc/passwd"), 8, "id", "bad_id"),
    Bad("an id twice in the file", DELIVERY.replace("delivery-time", "delivery-fee"), 8, "id", "repeated_id"),
    Bad("an id of another file", DELIVERY.replace("delivery-fee", "returns-how"), 3, "id", "repeated_id", "returns"),
    Bad("a link that runs", with_answer(FORTY + "    image: javascript:alert(1)\n"), 12, "image", "bad_address"),
    Bad("two documents", DELIVERY + "---\n" + RETURNS, 12, "", "many_documents"),
    Bad("half of a file", DELIVERY[: DELIVERY.index("Thirty")], 12, "answer.en", "bad_yaml"),
    Bad("nothing", "", 1, "", "empty"),
]


@pytest.mark.parametrize("bad", BAD, ids=[bad.name for bad in BAD])
def test_the_last_good_set_serves_and_the_editor_is_told_where_and_what(folder: Path, bad: Bad) -> None:
    follower = KnowledgeFollower(folder)
    before = follower.current
    content = bad.content if isinstance(bad.content, bytes) else bad.content.encode()
    (folder / "delivery.yml").write_bytes(content)
    follower.look()
    assert follower.current is before
    assert follower.current.articles["delivery-fee"].answer["en"] == "Thirty dollars."
    assert follower.current.search("運費")[0].article_id == "delivery-fee"
    problem = follower.problems[0]
    file = f"faq_kb/articles/{bad.file}.yml"
    assert (problem.file, problem.line, problem.field, problem.code) == (file, bad.line, bad.field, bad.code)
    where = ": ".join(part for part in (f"{file}:{bad.line}" if bad.line else file, bad.field) if part)
    for locale in LOCALES:
        told = problem.told(locale)
        assert told.startswith(f"{where}: "), told
        assert bool(re.search("[一-鿿]", told)) == (locale != "en"), told
        code, said = faq("check", folder, "--quick", "--language", locale)
        assert (code, told in said.splitlines()) == (1, True), said
    (folder / "delivery.yml").write_text(with_answer(FORTY), encoding="utf-8")
    follower.look()
    assert follower.problems == []
    assert follower.current.articles["delivery-fee"].answer["en"] == "Forty dollars."
