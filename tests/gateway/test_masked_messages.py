"""A card or identity number goes through the real gateway: nothing that is kept, told or logged has it."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from gateway_parts import Gateway, Start
from sqlalchemy import create_engine, inspect, text

from switchboard import logs

CARD = "4111 1111 1111 1111"
HIDDEN = "•••• 1111"
RAW = ("4111 1111 1111", "4111111111111111", "A123456(3)", "123456(3)")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers = root.handlers
    logs.configure("DEBUG")
    written = io.StringIO()
    root.handlers[0].setStream(written)  # type: ignore[attr-defined]
    yield written
    root.handlers = handlers
    structlog.reset_defaults()


def _everything_stored(url: str) -> str:
    """Every value of every table."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = [
            str(row)
            for table in inspect(engine).get_table_names()
            for row in connection.execute(text(f'SELECT * FROM "{table}"'))
        ]
    engine.dispose()
    return "\n".join(rows)


async def test_a_card_number_reaches_nobody(
    gateway: Gateway, log: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    seat = await gateway.seat("ben")
    page = await gateway.page(page={"url": f"https://shop.example/?q={CARD}", "title": CARD})
    await page.say(f"pay HG10023847 with {CARD}")
    own = await page.message("customer")
    assert own["text"] == f"pay HG10023847 with {HIDDEN}"
    await page.message("assistant", HIDDEN)
    await page.say("HKID A123456(3)")
    await page.message("assistant", "•••• 4563")
    gateway.bot.hands_over("/ask_person", summary="wants to pay")
    await page.send({"type": "person", "client_id": "p"})
    await page.state("waiting")
    conversation = await seat.claim_only()
    await page.say(f"again: {CARD}")
    await page.message("customer", "again")
    await seat.post(f"/conversations/{conversation}/messages", {"text": f"you wrote {CARD}"})
    await seat.post(f"/conversations/{conversation}/messages", {"text": f"note: {CARD}", "note": True})
    assert (await page.message("agent"))["text"] == f"you wrote {HIDDEN}"
    whole = await seat.get(f"/conversations/{conversation}")
    assert HIDDEN in str(whole)
    stored, (out, err) = _everything_stored(gateway.settings.database), capfd.readouterr()
    assert "HG10023847" in stored
    for raw in RAW:
        for place in (stored, str(page.frames), str(whole), str(gateway.bot.asked), log.getvalue(), out, err):
            assert raw not in place


@pytest.mark.parametrize(
    ("language", "said"), [("zh-HK", "隱藏"), ("zh-TW", "隱藏"), ("zh-CN", "隐藏"), ("en", "hidden")]
)
async def test_the_customer_is_told_once_in_their_language(gateway: Gateway, language: str, said: str) -> None:
    page = await gateway.page(locale=language)
    await page.send({"type": "language", "language": language})
    await page.say(CARD, "first")
    notice = await page.message("system", said)
    answer = await page.message("assistant", HIDDEN)
    assert notice["lang"] == language and notice["id"] < answer["id"]
    await page.say(f"{CARD} again")
    await page.message("assistant", "again")
    await page.say(CARD, "first")
    everything = (await gateway.session(token=page.session["token"]))["messages"]
    assert [line["author"] for line in everything] == ["customer", "system", "assistant", "customer", "assistant"]


async def test_a_person_in_the_conversation_changes_nothing_about_it(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    page = await gateway.page()
    gateway.bot.hands_over("/ask_person")
    await page.send({"type": "person", "client_id": "p"})
    await page.state("waiting")
    await seat.claim_only()
    await page.say(CARD)
    await page.message("system", "hidden")
    assert (await page.message("customer", HIDDEN))["text"] == HIDDEN


async def test_a_channel_that_answers_in_its_response_says_it_there_once(gateway: Gateway) -> None:
    answers = await gateway.rest(CARD, language="en", message_id="m1")
    assert [line["text"][:14] for line in answers] == ["To protect you", "bot: •••• 1111"]
    assert [line["text"] for line in await gateway.rest(CARD, language="en")] == ["bot: •••• 1111"]
    repeated = await gateway.rest(CARD, language="en", message_id="m1")
    assert [line["text"][:14] for line in repeated] == ["To protect you", "bot: •••• 1111"]


async def test_a_contact_holds_no_card_number(gateway: Gateway) -> None:
    page = await gateway.page()
    gateway.bot.hands_over("/ask_person")
    await page.send({"type": "person", "client_id": "p"})
    form = (await page.message("system"))["contact_form"]
    contact = {"type": "contact", "client_id": "c", "ticket": form["ticket"], "email": "ana@example.com"}
    await page.send({**contact, "note": f"card {CARD}", "name": CARD})
    await page.message("system", form["ticket"])
    await page.send({**contact, "client_id": "d", "email": "", "phone": CARD})
    assert (await page.until(lambda f: f.get("client_id") == "d"))["field"] == "phone"
    assert "4111 1111" not in _everything_stored(gateway.settings.database)


async def test_the_shops_own_numbers_are_never_hidden(start: Start, root: Path) -> None:
    (root / "nlu").mkdir()
    (root / "nlu" / "entity_patterns.yml").write_text(r"order_numbers: ['\d{16}']", encoding="utf-8")
    gateway = await start()
    page = await gateway.page()
    await page.say("order 4111111111111111")
    assert (await page.message("assistant"))["text"] == "bot: order 4111111111111111"


@pytest.mark.parametrize("broken", ["order_numbers: ['HG[']", "order_numbers: {", "- x", "order_numbers: 7"])
async def test_a_broken_pattern_file_does_not_keep_the_gateway_down(
    start: Start, root: Path, log: io.StringIO, broken: str
) -> None:
    (root / "nlu").mkdir()
    (root / "nlu" / "entity_patterns.yml").write_text(broken, encoding="utf-8")
    gateway = await start()
    page = await gateway.page()
    await page.say(CARD)
    await page.message("assistant", HIDDEN)
    assert "event=patterns_refused" in log.getvalue()


async def test_an_error_with_a_card_number_in_it_is_logged_without(log: io.StringIO) -> None:
    try:
        raise ValueError(f"bad: {CARD}")
    except ValueError as error:
        logging.getLogger("switchboard.test").exception("Failed on %s", CARD, extra={"why": str(error)})
    logging.getLogger("switchboard.test").warning("x" * 490 + CARD)
    assert "1111 1111" not in log.getvalue() and log.getvalue().count(HIDDEN) == 4
