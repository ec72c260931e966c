"""Phone calls through Rasa's channel for Twilio: the bot answers in time, and nobody who wants a person is lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from gateway_parts import Gateway, Start
from providers.stock import StockProviders
from rasa.core.channels.twilio_voice import TwilioVoiceInput
from sqlalchemy import text
from stock_wire import STOCK, Call, begin, begun, call_by_phone, name_in_credentials, post, providers
from waiting import eventually

from connectors.stock import table
from connectors.stock.messaging import TWILIO_VOICE

__all__ = ["begun", "providers"]
VOICE = "twilio_voice"


def _voice(text: str, number: int, gateway: Gateway, providers: StockProviders) -> Call:
    return STOCK[VOICE].call(text, number, gateway, providers)


async def test_a_call_becomes_a_call_back_and_a_silent_caller_hears_it_again(
    begun: Gateway, providers: StockProviders
) -> None:
    begun.bot.hands_over("can I talk to a person please", summary="wants to change the address")
    status, body = await post(begun, VOICE, call_by_phone(begun))
    assert status == 200 and "rephrase" in body, "nothing was said yet"
    await post(begun, VOICE, _voice("where is my parcel", 1, begun, providers))
    status, body = await post(begun, VOICE, _voice("can I talk to a person please", 2, begun, providers))
    assert status == 200 and "call you back" in body
    status, again = await post(begun, VOICE, call_by_phone(begun))
    assert "call you back" in again
    seat = await begun.seat("ben")
    (row,) = (await seat.get("/inbox"))["queue"]
    assert (row["kind"], row["channel"], row["summary"]) == ("message", VOICE, "wants to change the address")
    ticket = (await seat.get(f"/conversations/{row['conversation']}"))["ticket"]
    assert ticket["contact"] == {"phone": "+85291234567"}
    lines = (await seat.get(f"/conversations/{row['conversation']}"))["messages"]
    assert [line["text"] for line in lines][:2] == ["where is my parcel", "bot: where is my parcel"]


async def test_a_call_is_spoken_and_listened_to_in_the_language_of_the_entry(
    begun: Gateway, providers: StockProviders
) -> None:
    status, body = await post(begun, VOICE, _voice("我個包裹去咗邊", 1, begun, providers))
    assert status == 200
    gather = ElementTree.fromstring(body).find("Gather")
    assert gather is not None and gather.get("language") == "yue-Hant-HK"
    (said,) = gather.iter("Say")
    assert (said.get("language"), said.get("voice"), said.text) == ("zh-HK", "alice", "bot: 我個包裹去咗邊")
    choices = [{"title": title, "payload": title} for title in ("離島送唔送？", "真人客服")]
    begun.bot.says("運費點計", {"text": "三十蚊。", "buttons": choices})
    status, body = await post(begun, VOICE, _voice("運費點計", 2, begun, providers))
    heard = "\n".join(one.text or "" for one in ElementTree.fromstring(body).iter("Say"))
    assert heard == "三十蚊。\n你可以講：離島送唔送；真人客服。"


@pytest.mark.parametrize("number", ["anonymous", "+266696687", ""])
async def test_callers_who_withhold_their_number_are_each_their_own(
    begun: Gateway, providers: StockProviders, number: str
) -> None:
    def call(call_id: str, **said: str) -> Call:
        return call_by_phone(begun, From=number, CallSid=call_id, **said)

    assert "bot: my name is Ana" in (await post(begun, VOICE, call("CA1", SpeechResult="my name is Ana")))[1]
    status, heard = await post(begun, VOICE, call("CA2"))
    assert status == 200 and "Ana" not in heard
    assert "Ana" in (await post(begun, VOICE, call("CA1")))[1]
    assert len({asked["sender"] for asked in begun.bot.asked}) == 1


async def _hears(gateway: Gateway, query: str = "", **said: str) -> ElementTree.Element:
    """What one who withholds their number hears."""
    call = call_by_phone(gateway, query, **{"From": "anonymous", "CallSid": "CA7", **said})
    status, body = await post(gateway, VOICE, call)
    assert status == 200, body
    return ElementTree.fromstring(body)


def _words(heard: ElementTree.Element) -> str:
    return " ".join(one.text or "" for one in heard.iter("Say"))


async def test_who_withholds_their_number_is_called_back_on_the_one_they_say_or_is_told_that_nobody_can(
    begun: Gateway, providers: StockProviders
) -> None:
    begun.bot.hands_over("can I talk to a person please", summary="wants to change the address")
    seat = await begun.seat("ben")
    asked = await _hears(begun, SpeechResult="can I talk to a person please")
    assert "withheld" in _words(asked)
    (gather,) = asked.iter("Gather")
    assert gather.get("input") == "dtmf speech", "said or keyed in"
    assert "can't make a phone number" in _words(await _hears(begun, SpeechResult="it is 12345678"))
    assert "nobody can call" in _words(await _hears(begun, SpeechResult="forget it"))
    assert (await seat.get("/inbox"))["queue"] == [], "no case that nobody can answer"
    assert "bot: where is it" in _words(await _hears(begun, SpeechResult="where is it"))

    for said in ({"Digits": "91234567"}, {"SpeechResult": "九一二三 四五六七"}):
        await _hears(begun, CallSid="CA" + next(iter(said)), SpeechResult="can I talk to a person please")
        heard = _words(await _hears(begun, CallSid="CA" + next(iter(said)), **said))
        assert "9 1 2 3 4 5 6 7" in heard, said
        again = await _hears(begun, CallSid="CA" + next(iter(said)), SpeechResult="can I talk to a person please")
        assert "9 1 2 3 4 5 6 7" in _words(again), "the same case"
    rows = (await seat.get("/inbox"))["queue"]
    assert [(row["kind"], row["summary"]) for row in rows] == [("message", "wants to change the address")] * 2
    for row in rows:
        ticket = (await seat.get(f"/conversations/{row['conversation']}"))["ticket"]
        assert ticket["contact"] == {"phone": "91234567"}


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are answered within a moment."""
    assert TWILIO_VOICE.answers_within_seconds is not None and TWILIO_VOICE.answers_within_seconds <= 10
    kind = f"{TwilioVoiceInput.__module__}.{TwilioVoiceInput.__qualname__}"
    monkeypatch.setitem(table._TABLE, kind, replace(TWILIO_VOICE, answers_within_seconds=0.05))


async def test_an_answer_that_takes_long_is_fetched_before_twilio_hangs_up(
    hurried: None, begun: Gateway, providers: StockProviders
) -> None:
    begun.bot.hold = asyncio.Event()
    waits = await _hears(begun, SpeechResult="where is my parcel")
    assert "moment" in _words(waits).lower() and waits.find("Gather") is None
    (redirect,) = waits.iter("Redirect")
    where = urlsplit(str(redirect.text))
    assert f"{where.scheme}://{where.netloc}" == begun.base and redirect.get("method") == "POST"
    begun.bot.hold.set()
    heard = await _hears(begun, f"?{where.query}")
    assert _words(heard) == "bot: where is my parcel" and heard.find("Gather") is not None
    assert [one["message"] for one in begun.bot.asked] == ["where is my parcel"], "asked once"


async def test_who_hangs_up_while_asked_for_a_moment_is_called_back_all_the_same_also_after_a_restart(
    hurried: None, start: Start, root: Path, begun: Gateway, providers: StockProviders
) -> None:
    words = "can I talk to a person please"
    begun.bot.hands_over(words)
    begun.bot.hold = asyncio.Event()
    assert "moment" in _words(await _hears(begun, From="+85291234567", SpeechResult=words)).lower()
    await begun.stop()  # type: ignore[attr-defined]
    begun.bot.hold.set()
    after = await begin(start, root, providers, bot=begun.bot, clock=begun.clock)
    await eventually(lambda: len(_said(after)) == 2, lambda: _said(after))
    seat = await after.seat("ben")
    (row,) = (await seat.get("/inbox"))["queue"]
    ticket = (await seat.get(f"/conversations/{row['conversation']}"))["ticket"]
    assert ticket["contact"] == {"phone": "+85291234567"}


def _said(gateway: Gateway) -> list[str]:
    statement = text("SELECT text FROM messages ORDER BY id")
    return [one for (one,) in gateway.app.ctx.database.read_now(lambda c: c.execute(statement).all())]


@pytest.mark.postgres
@pytest.mark.redis
async def test_who_is_asked_for_a_moment_by_one_gateway_hears_the_answer_from_another(
    hurried: None, start: Start, root: Path, providers: StockProviders, postgres_url: str, redis_url: str
) -> None:
    name_in_credentials(root, {VOICE: STOCK[VOICE].entry(providers)})
    shared = {"database_url": postgres_url, "redis_url": redis_url, "public_url": "http://chat.example.com"}
    first = await start(default_language="en", **shared)
    second = await start(first.bot, default_language="en", **shared)
    first.bot.hold = asyncio.Event()

    async def hears(gateway: Gateway, query: str = "", **said: str) -> tuple[str, str]:
        heard = await _hears(gateway, query, **said)
        again = heard.findtext("Redirect") or ""
        return _words(heard), again.removeprefix("http://chat.example.com/webhooks/twilio_voice/webhook")

    async def told(gateway: Gateway, again: str) -> str:
        for _ in range(100):  # the second has a twentieth of a second for it each time, and no more
            words, _ = await hears(gateway, again)
            if "moment" not in words.lower():
                return words
        raise AssertionError("the caller waits for ever")

    _, before = await hears(first, SpeechResult="hello")
    # While the bot still thinks about that one, nobody's turn has come.
    moment, again = await hears(first, SpeechResult="where is my parcel")
    assert "moment" in moment.lower() and again not in ("", before)
    moment, again = await hears(second, again)
    assert "moment" in moment.lower() and again
    kept = ["hello", "where is my parcel"]
    assert _said(second) == kept, "before the caller was sent away"
    first.bot.hold.set()
    answers = [f"bot: {words}" for words in kept]
    await eventually(lambda: sorted(_said(second)) == sorted([*kept, *answers]), lambda: _said(second))
    assert await told(second, again) == "bot: where is my parcel"
    assert await told(second, before) == "bot: hello", "each answer belongs to what was said"
    assert sorted(one["message"] for one in first.bot.asked) == ["hello", "where is my parcel"]
