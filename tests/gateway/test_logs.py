"""The log: one line an event, nothing from outside that looks like one, and nothing that a customer wrote."""

from __future__ import annotations

import asyncio
import io
import logging
import sqlite3
from collections.abc import Iterator

import pytest
import structlog
from gateway_parts import IDENTITY_SECRET, PASSWORD, Gateway, Start

from switchboard import logs

WORDS = "my very private sentence"
PHONE = "+852 9123 4567"
TOKEN = "rest-token-of-the-app"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The gateway's own log as `serve` sets it up, at its most talkative, in memory."""
    names = ("", "switchboard", "handoff", "connectors", "faq_kb", "shop")
    root = logging.getLogger()
    before = {name: logging.getLogger(name).level for name in names}
    handlers = root.handlers
    logs.configure("DEBUG")
    written = io.StringIO()
    root.handlers[0].setStream(written)  # type: ignore[attr-defined]
    yield written
    root.handlers = handlers
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)
    structlog.reset_defaults()


def test_attack_26_a_line_break_or_a_colour_from_outside_stays_on_its_line(log: io.StringIO) -> None:
    evil = "x\n2026-01-01T00:00:00.000Z INFO Ticket claimed\r\x1b[31m\x1b]0;title\x07\u2028\u202e\0"
    logging.getLogger("switchboard.test").info("Took %s", evil, extra={"event": "taken", "path": evil, "n": 5})
    try:
        raise ValueError(evil)
    except ValueError:
        logging.getLogger("switchboard.test").exception("Failed")
    lines = log.getvalue().split("\n")
    assert lines[0].count("Ticket claimed") == 2 and "event=taken" in lines[0] and " n=5" in lines[0]
    assert all(line.startswith("    ") for line in lines[2:-1]), "a traceback is indented, whatever the error says"
    assert not set("\r\x1b\x07\u2028\u202e\0") & set(log.getvalue())


def test_a_line_is_bounded(log: io.StringIO) -> None:
    logging.getLogger("switchboard.test").warning("x" * 10_000, extra={"path": "y" * 10_000})
    assert len(log.getvalue()) < 1200


async def _conversation(gateway: Gateway) -> set[str]:
    """A whole story; returns what must not stand in the log."""
    seat = await gateway.seat("ben")
    cookie = next(iter(seat.http.cookie_jar)).value
    identity = gateway.identity("c-0001")
    page = await gateway.page(identity=identity, page={"url": f"https://shop.example.com/?q={WORDS}"})
    await page.say(WORDS)
    await page.message("assistant")
    gateway.bot.says("fails")
    await page.say("fails")
    await page.message("system")
    gateway.bot.hands_over("/ask_person", summary=f"sum: {WORDS}")
    await page.send({"type": "person", "client_id": "p"})
    await page.state("waiting")
    conversation = await seat.claim_only()
    await seat.post(f"/conversations/{conversation}/messages", {"text": f"agent: {WORDS}"})
    await seat.post(f"/conversations/{conversation}/messages", {"text": f"note: {WORDS}", "note": True})
    profile = (await seat.get(f"/conversations/{conversation}"))["customer"]["profile"]
    await seat.get(f"/conversations?q={WORDS}")
    await page.say(f"call me: {PHONE}")
    await page.until(lambda f: f["type"] == "accepted" and PHONE in f["message"]["text"])
    await page.send({"type": WORDS, "text": WORDS})
    await page.until(lambda f: f["type"] == "error")
    await seat.post(f"/conversations/{conversation}/close")
    for headers in ({"Authorization": f"Bearer {TOKEN}"}, {"Authorization": f"Bearer wrong-{TOKEN}"}):
        body = {"sender": "ana", "message": WORDS, "metadata": {"note": WORDS}}
        async with gateway.http.post(f"{gateway.base}/webhooks/rest/webhook", json=body, headers=headers) as answer:
            assert answer.status in (200, 401)
    wrong = {"login": "ben", "password": "wrong-" + PASSWORD}
    async with gateway.http.post(f"{gateway.base}/desk/api/login", json=wrong) as answer:
        assert answer.status == 401
    await gateway.session(status=401, identity=identity[:-4] + "AAAA")
    return {
        WORDS, PHONE, "9123", TOKEN, PASSWORD, IDENTITY_SECRET, cookie, seat.csrf, identity, page.session["token"],
        profile["name"], profile["phone"], profile["email"],
    }  # fmt: skip


async def test_attack_26_no_text_phone_token_or_secret_in_the_log_of_a_whole_conversation(
    start: Start, log: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    gateway = await start(api_tokens=f"app:{TOKEN}", log_level="DEBUG")
    hidden = await _conversation(gateway)
    written = log.getvalue()
    assert "event=ticket_claimed" in written and "event=bot_failed" in written, "it does log"
    out, err = capfd.readouterr()
    for secret in hidden:
        assert secret not in written + out + err, secret


async def test_attack_26_a_database_that_fails_does_not_put_the_text_into_the_log(
    start: Start, log: io.StringIO
) -> None:
    gateway = await start()
    page = await gateway.page()
    await page.say("hello")
    await page.message("assistant")
    with sqlite3.connect(gateway.settings.data_path / "switchboard.db") as broken:
        broken.execute("ALTER TABLE messages RENAME COLUMN text TO txt")
    await page.say(WORDS)
    assert (await page.until(lambda f: f["type"] == "error"))["code"] == "internal_error"
    await gateway.rest(WORDS)
    assert "event=frame_failed" in log.getvalue() and "event=receive_failed" in log.getvalue()
    assert WORDS not in log.getvalue()


async def test_attack_26_a_caller_who_hangs_up_does_not_put_the_text_into_the_log(
    start: Start, log: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    """Rasa's rest channel logs the text of a request that breaks off, through structlog to standard output."""
    gateway = await start()
    gateway.bot.hold = asyncio.Event()
    call = asyncio.create_task(gateway.rest(WORDS))
    while not gateway.bot.asked:
        await asyncio.sleep(0.01)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    await asyncio.sleep(0.3)
    gateway.bot.hold.set()
    out, err = capfd.readouterr()
    assert WORDS not in log.getvalue() + out + err
