"""What customers asked lately, for trying articles on: redacted, and only what the assistant was asked."""

from __future__ import annotations

from gateway_parts import Gateway

from faq_kb import Reader
from handoff.database import Database
from handoff.past_questions import past_questions


async def test_past_questions_are_what_customers_asked_the_assistant(gateway: Gateway) -> None:
    gateway.bot.says("/ask_person", {"custom": {"handoff": {"reason": "asked_for_person"}}})
    await gateway.rest("how long does it take")
    await gateway.rest("where is HG10023847, call 9123 4567")
    page = await gateway.page()
    await page.say("運費幾多")
    await page.message("assistant")
    await page.send({"type": "person", "client_id": "p"})
    await page.message("system")
    database = Database(gateway.settings.database)
    try:
        asked = database.read_now(past_questions)
        newest = database.read_now(lambda c: past_questions(c, limit=1))
    finally:
        database.close()
    assert [(one.text, one.reader) for one in asked] == [
        ("運費幾多", Reader("widget")),
        ("where is [order], call [phone]", Reader("rest")),
        ("how long does it take", Reader("rest")),
    ]
    assert [one.text for one in newest] == ["運費幾多"]
