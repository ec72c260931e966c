"""What is typed in one breath, line by line as people do in a chat, and answered once by the trained bot."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from faq_kb.loading import load_articles

from .browser_parts import Room

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parent.parent.parent

TYPE_ALL = """(field, lines) => {
  for (const line of lines) {
    field.value = line;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.form.requestSubmit();
  }
}"""


@pytest.mark.parametrize(
    ("locale", "lines"),
    [
        ("zh-HK", ("你好，想問下", "運費幾多呀")),
        ("en", ("hi, quick question", "about the shipping", "how much is shipping")),
    ],
)
def test_what_is_announced_and_then_asked_gets_one_answer(room: Room, locale: str, lines: tuple[str, ...]) -> None:
    customer = room.customer(locale)
    # Faster than anybody types, so that no busy machine puts a pause between them.
    customer.part("composer").evaluate(TYPE_ALL, list(lines))
    fee = next(one for one in load_articles(ROOT / "faq_kb" / "articles") if one.id == "delivery-fee")
    answer = customer.lines("assistant").filter(has_text=fee.answer_in(locale).split("\n")[0][:12])
    expect(answer).to_have_count(1)
    # Nothing more is under way: a goodbye is answered after it, and each of the three lines stands as it was typed.
    customer.ask({"zh-HK": "唔該晒", "en": "thanks"}[locale])
    expect(answer).to_have_count(1)
    said = customer.lines().evaluate_all("all => all.map(one => one.dataset.author)")
    start = said.index("customer")
    assert said[start : start + len(lines)] == ["customer"] * len(lines), said
