"""Rasa's stock channels on the gateway, each in its own wire format: who may call, the answer, a person, once."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import random
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from contract import _buttons, _eventually_standing, _tries_again
from gateway_parts import Gateway, Seat, Start
from kit import as_json
from mutations import mutated_form, mutated_webhook
from providers.stock import StockProviders, bot_framework_token
from rounds import rounds
from sqlalchemy import event, text
from stock_wire import (
    JSON,
    SECRET,
    STOCK,
    Call,
    Stock,
    _hmac,
    begin,
    begun,
    name_in_credentials,
    post,
    providers,
    sign_slack,
    sign_twilio,
)
from test_logs import log
from waiting import eventually

from connectors.stock.care import Kept
from connectors.stock.messaging import _telegram_secret
from handoff import texts

__all__ = ["begun", "log", "providers"]
each_channel = pytest.mark.parametrize("stock", STOCK.values(), ids=lambda one: one.name)
LATER = [one for one in STOCK.values() if one.later]


# -- the whole way -----------------------------------------------------------------------------------------------


async def test_every_stock_channel_answers_hands_over_and_takes_a_person_later(
    begun: Gateway, providers: StockProviders
) -> None:
    async with begun.http.get(f"{begun.base}/readyz") as response:
        assert (await response.json())["channels_left_out"] == []
    begun.bot.hands_over("a person please")
    seat = await begun.seat("sue")
    for name, stock in STOCK.items():
        await _answers(begun, providers, name, stock)
        providers.sent.clear()
        status, body = await post(begun, name, stock.call("a person please", 3, begun, providers))
        assert status < 300, name
        if name == "twilio_voice":
            continue  # test_stock_voice.py
        row = await _waiting(seat)
        assert row["channel"] == name
        await seat.post(f"/tickets/{row['number']}/claim")
        conversation = row["conversation"]
        begun.clock.forward(hours=1)
        seat = await begun.seat("sue")
        await seat.post(f"/conversations/{conversation}/messages", {"text": f"A person on {name}."})
        shown = await seat.get(f"/conversations/{conversation}")
        window = shown["window"]
        assert not shown["takes_files"], "and the agent is told so before"
        if stock.later:
            assert window is None, name
            await eventually(
                lambda name=name: [one for one in providers.sent if one.text == f"A person on {name}."],
                lambda name=name: (name, providers.sent, providers.asked[-3:]),
            )
            assert providers.sent[-1].to == stock.to
        else:
            # An honest "can't be answered later", and it goes with the customer's next message.
            assert window == {"open": False, "until": None, "left": None, "after": "next_message"}
            _, body = await post(begun, name, stock.call("still there?", 4, begun, providers))
            assert f"A person on {name}." in body
        before = len(providers.sent)
        await seat.post(f"/conversations/{conversation}/close")
        if stock.later:
            await eventually(lambda before=before: len(providers.sent) > before)


WRONG_KEYS = {
    "slack": {"slack_token": "x"},
    "facebook": {"page-access-token": "x"},
    "twilio": {"auth_token": "1" * 32},
    "mattermost": {"token": "x"},
    "rocketchat": {"password": "x"},
    "webexteams": {"access_token": "x"},
}


async def test_a_provider_that_refuses_our_key_at_the_start_is_reported(
    start: Start, root: Path, providers: StockProviders
) -> None:
    entries = {name: {**STOCK[name].entry(providers), **wrong} for name, wrong in WRONG_KEYS.items()}
    name_in_credentials(root, entries)
    gateway = await start(default_language="en")
    await until(lambda: _troubles(gateway), sorted(WRONG_KEYS))


async def _troubles(gateway: Gateway) -> list[str]:
    async with gateway.http.get(f"{gateway.base}/readyz") as response:
        return sorted(one["channel"] for one in (await response.json())["channels_left_out"])


async def _waiting(seat: Seat) -> Any:
    """The one ticket of the queue, once it is there."""

    async def queued() -> int:
        return len((await seat.get("/inbox"))["queue"])

    await until(queued, 1)
    return (await seat.get("/inbox"))["queue"][0]


async def _answers(gateway: Gateway, providers: StockProviders, name: str, stock: Stock) -> None:
    """A forged call is refused, and reads and writes nothing; a real one is answered, once."""
    gateway.bot.asked.clear()
    providers.sent.clear()
    call = stock.call("hello", 1, gateway, providers)
    with _statements(gateway) as asked:
        for forged in call.unproved:
            assert (await post(gateway, name, forged))[0] in (401, 403), (name, forged)
    assert (gateway.bot.asked, asked) == ([], []), name
    with _statements(gateway) as asked:
        status, body = await post(gateway, name, call)
    assert len(asked) >= 2, name
    assert status < 300, (name, status, body)
    if stock.to:
        await eventually(lambda: providers.sent, lambda: (name, providers.asked[-3:]))
        assert [(one.to, one.text) for one in providers.sent] == [(stock.to, "bot: hello")], name
    else:
        assert "bot: hello" in body, name
    again = await asyncio.gather(*(post(gateway, name, call) for _ in range(5)))
    assert all(status < 300 for status, _ in again), name
    await post(gateway, name, stock.call("next", 2, gateway, providers))
    await eventually(lambda: len(gateway.bot.asked) >= 2, lambda: name)
    assert [asked["message"] for asked in gateway.bot.asked] == ["hello", "next"], name


@contextmanager
def _statements(gateway: Gateway) -> Iterator[list[str]]:
    """What the database is asked meanwhile about messages that come."""
    said: list[str] = []

    def hears(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "dedup_key = ?" in statement or statement.startswith(("INSERT INTO messages", "INSERT INTO conversations")):
            said.append(statement)

    engine = gateway.app.ctx.database.engine
    event.listen(engine, "before_cursor_execute", hears)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", hears)


async def test_no_webhook_waits_for_a_slow_bot_and_what_was_taken_is_known_after_a_restart(
    start: Start, root: Path, begun: Gateway, providers: StockProviders
) -> None:
    begun.bot.hold = asyncio.Event()
    began = time.monotonic()
    for stock in LATER:
        assert (await post(begun, stock.name, stock.call("hello", 1, begun, providers)))[0] < 300, stock.name
    assert time.monotonic() - began < 2.5, "Slack alone gives three seconds to each"
    assert providers.sent == []
    begun.bot.hold.set()
    await eventually(lambda: len(providers.sent) == len(LATER), lambda: providers.sent)
    assert sorted(one.to for one in providers.sent) == sorted(one.to for one in LATER)

    await begun.stop()  # type: ignore[attr-defined]
    after = await begin(start, root, providers, bot=begun.bot, clock=begun.clock)
    for number, words in ((1, "hello"), (2, "and now?")):
        for stock in LATER:
            assert (await post(after, stock.name, stock.call(words, number, after, providers)))[0] < 300, stock.name
    await eventually(lambda: len(providers.sent) == 2 * len(LATER), lambda: providers.sent)
    assert [one["message"] for one in after.bot.asked].count("hello") == len(LATER), "what was taken before is known"


async def test_each_customer_is_told_when_the_bot_is_down(start: Start, root: Path, providers: StockProviders) -> None:
    gateway = await begin(start, root, providers, bot_timeout_seconds=1)
    await gateway.bot.stop()
    calls = [
        post(gateway, one.name, one.call("where is my parcel, please?", 1, gateway, providers))
        for one in STOCK.values()
    ]
    sentence = texts.say("bot_failed", "en")[:20]
    for stock, (status, body) in zip(STOCK.values(), await asyncio.gather(*calls)):
        assert status < 300 and (stock.later or sentence in body), (stock.name, body)
    await eventually(lambda: len(providers.sent) == len(LATER), lambda: providers.sent)
    assert all(sentence in one.text for one in providers.sent), providers.sent


async def test_two_accounts_of_a_channel_have_each_their_own_proof_and_their_own_customers(
    start: Start, root: Path, providers: StockProviders
) -> None:
    slack, phone = STOCK["slack"], STOCK["twilio_voice"]
    entry = slack.entry(providers)
    other = {**entry, "slack_signing_secret": "of the other"}
    voices = {
        "twilio_voice": phone.entry(providers),
        "twilio_voice:tw": {**phone.entry(providers), "language": "zh-TW"},
    }
    name_in_credentials(root, {"slack": entry, "slack:tw": other, **voices})
    gateway = await start(default_language="en")
    body = slack.body("hello", 1)
    for account, secret, status in (("slack", SECRET, 200), ("slack", "of the other", 403), ("slack/tw", SECRET, 403)):
        assert (await post(gateway, account, sign_slack(body, secret=secret)))[0] == status, account
    assert (await post(gateway, "slack/tw", sign_slack(body, secret="of the other")))[0] == 200
    broken = sign_slack(as_json({"event": 5}), secret="of the other")
    assert (await post(gateway, "slack/tw", broken))[0] == 200
    await eventually(lambda: len(providers.sent) == 2)
    assert _lines(gateway) == {"slack": ["hello"], "slack:tw": ["hello"]}
    async with gateway.http.get(f"{gateway.base}/readyz") as response:
        counted = (await response.json())["events_unused"]
    assert counted == {"slack": {"forged": 1}, "slack:tw": {"forged": 1, "unreadable": 1}}
    # Whoever calls the second number goes on with it; the channel names the address of the first.
    call = sign_twilio(phone.body("hello", 1), gateway, "twilio_voice/tw")
    status, heard = await post(gateway, "twilio_voice/tw", call)
    assert status == 200 and f'action="{gateway.base}/webhooks/twilio_voice/tw/webhook"' in heard


# -- choices -----------------------------------------------------------------------------------------------------


async def test_choices_are_what_each_provider_takes_for_buttons_and_come_back_as_what_they_stand_for(
    begun: Gateway, providers: StockProviders
) -> None:
    bot = begun.bot
    bot.says("menu", {"text": "Which?", "buttons": _buttons(2)})
    bot.says('/choose{"n": 1}', {"text": "the second"})
    for name, stock in STOCK.items():
        providers.sent.clear()
        status, body = await post(begun, name, stock.call("menu", 1, begun, providers))
        tapped, shown = "Choice 1", body
        if stock.later:
            await eventually(lambda: providers.sent, lambda name=name: (name, providers.asked[-3:]))
            (sent,) = providers.sent
            shown = sent.text
            assert [title for title, _ in sent.buttons] == (["Choice 0", "Choice 1"] if stock.tap else []), name
            tapped = sent.buttons[1][1] if stock.tap else "2"
            assert stock.tap or "2. Choice 1" in sent.text
        elif stock.tap:
            assert "Choice 1" in body
            tapped = '/choose{"n": 1}'
        call = (stock.tap or stock.body)(tapped.rpartition(" ")[2] if name == "mattermost" else tapped, 2)
        signed = stock.signed(call, begun, providers)
        if name == "mattermost":  # which signs nothing when a button is pressed: its address carries a key
            signed = Call(signed.body, signed.headers, query=f"?{tapped.partition(' ')[0]}")
            assert (await post(begun, name, Call(signed.body, signed.headers, query="?key=x")))[0] == 403
        status, body = await post(begun, name, signed)
        assert status < 300, (name, body, shown)
        if name == "telegram":  # whose button waits for it
            assert json.loads(body) == {"method": "answerCallbackQuery", "callback_query_id": "q2"}
        if name == "twilio_voice":
            assert bot.asked[-1]["message"] == "Choice 1", "said, and understood by the bot"
            continue
        if stock.later:
            await eventually(lambda: len(providers.sent) == 2, lambda name=name: (name, bot.asked[-1], providers.sent))
            assert providers.sent[1].text == "the second", name
        else:
            assert "the second" in body, name


async def test_more_choices_than_a_provider_takes_or_longer_ones_are_a_numbered_list(
    begun: Gateway, providers: StockProviders
) -> None:
    bot = begun.bot
    long = [{"title": f"{'很長的選項' * 20} {n}", "payload": f'/choose{{"n": {n}}}'} for n in range(2)]
    bot.says("long", {"text": "Which?", "buttons": long})
    for stock in LATER:
        count = stock.most_buttons + 1
        bot.says("menu", {"text": "Which?", "buttons": _buttons(count)})
        providers.sent.clear()
        await post(begun, stock.name, stock.call("menu", 1, begun, providers))
        await eventually(lambda: providers.sent, lambda name=stock.name: name)
        assert not providers.sent[0].buttons and f"{count}. Choice {count - 1}" in providers.sent[0].text, stock.name
        await post(begun, stock.name, stock.call(f"{count}", 2, begun, providers))
        await eventually(lambda: len(providers.sent) == 2, lambda name=stock.name: (name, providers.sent))
        assert bot.asked[-1]["message"] == f'/choose{{"n": {count - 1}}}', stock.name
    for name in ("rocketchat", "botframework"):
        # A tap says the title, so a cut one would be nobody's.
        providers.sent.clear()
        await post(begun, name, STOCK[name].call("long", 3, begun, providers))
        await eventually(lambda: providers.sent)
        assert not providers.sent[0].buttons and "2. 很長的選項" in providers.sent[0].text, name


async def test_a_long_answer_is_cut_at_the_ends_of_sentences_to_what_each_provider_takes(
    begun: Gateway, providers: StockProviders
) -> None:
    sentence = "很長的一句話，一直說一直說，說到這裡才完😀。"
    text = sentence * 300
    begun.bot.says("long", {"text": text})
    for stock in LATER:
        providers.sent.clear()
        await post(begun, stock.name, stock.call("long", 1, begun, providers))
        await eventually(
            lambda: sum(len(one.text) for one in providers.sent) == len(text), lambda name=stock.name: name
        )
        assert "".join(one.text for one in providers.sent) == text, stock.name
        assert all(one.text.endswith("。") for one in providers.sent), stock.name


async def test_attack_20_a_typed_command_is_a_text_on_each_channel(begun: Gateway, providers: StockProviders) -> None:
    for stock in STOCK.values():
        for number, typed in enumerate(("/restart", "／restart", '/ask_person{"a": 1}')):
            await post(begun, stock.name, stock.call(typed, number, begun, providers))
    await eventually(
        lambda: len(begun.bot.asked) == 3 * len(STOCK), lambda: [one["message"] for one in begun.bot.asked]
    )
    assert not [one for one in begun.bot.asked if one["message"].startswith("/")]


# -- what the providers document ---------------------------------------------------------------------------------

SAID, PICTURE, FILE = "我個包裹去咗邊？", "media:image", "media:file"
# What reading each payload gives: the lines of the customer, or the kind under which it is counted.
READ: dict[str, dict[str, list[str] | str | None]] = {
    "slack": {
        "message.json": [SAID],
        "thread-broadcast.json": ["also to the channel"],
        "me-message.json": ["waits for a parcel"],
        "app-mention.json": ["where is it?"],
        "picture.json": [PICTURE],
        "changed.json": "message message_changed",
        "joined.json": "message channel_join",
        "own-message.json": "message",
        "reaction.json": "reaction_added",
        "other-channel.json": "nothing_said",
        "tap.form": ["a choice of nobody"],
        "overflow.form": "view_submission",
    },
    "telegram": {
        "message.json": [SAID],
        "picture.json": [PICTURE],
        "sticker.json": ["media:sticker"],
        "location.json": ["media:location"],
        "tap.json": ["a choice of nobody"],
        "edited.json": "edited_message",
        "blocked.json": "my_chat_member",
        "group.json": "supergroup",
        "inline.json": "inline_query",
        "joined.json": "message",
    },
    "facebook": {
        "message.json": [SAID],
        "batch.json": ["first", "third"],
        "quick-reply.json": ["a quick reply of nobody"],
        "postback.json": ["get started"],
        "picture.json": [PICTURE],
        "echo.json": "echo",
        "delivery.json": "delivery",
        "read.json": "read",
        "reaction.json": "reaction",
        "standby.json": "standby",
    },
    "twilio": {
        "message.form": [SAID],
        "picture.form": [PICTURE],
        "location.form": ["media:location"],
        "status.form": "delivered",
    },
    "mattermost": {
        "message.json": [SAID],
        "document.json": [FILE],
        "tap.json": ["a choice of nobody"],
        "command.json": "no message",
    },
    "rocketchat": {
        "message.json": [SAID, "are you there?"],
        "picture.json": [PICTURE],
        "outgoing.json": ["from a channel"],
        "agents-line.json": "agents_line",
        "session-start.json": "LivechatSessionStart",
        "session-end.json": "LivechatSession",
        "offline-form.json": "LivechatOfflineMessage",
    },
    "webexteams": {
        "message.json": [SAID],
        "document.json": [FILE],
        "own-message.json": "own_message",
        "deleted.json": "messages deleted",
        "membership.json": "memberships created",
    },
    "botframework": {
        "message.json": [SAID],
        "picture.json": [PICTURE],
        "typing.json": "typing",
        "conversation-update.json": "conversationUpdate",
        "reaction.json": "messageReaction",
        "invoke.json": "invoke",
    },
    "callback": {"message.json": [SAID]},
    "rest": {"message.json": [SAID]},
    "hangouts": {
        "message.json": [SAID],
        "picture.json": [PICTURE],
        "tap.json": ["a choice of nobody"],
        "added.json": "ADDED_TO_SPACE",
        "removed.json": "REMOVED_FROM_SPACE",
        "widget-updated.json": "WIDGET_UPDATED",
    },
    "twilio_voice": {
        "ringing.form": ["hello"],
        "speech.form": [SAID],
        "digits.form": ["12345"],
        "silent.form": None,  # answered with what was said last
        "ended.form": "completed",
    },
}


async def test_attack_14_each_event_the_providers_document_is_read_or_acknowledged_and_counted(
    begun: Gateway, providers: StockProviders
) -> None:
    for name, stock in STOCK.items():
        payloads = stock.payloads()
        assert set(payloads) == set(READ[name]), "a payload without an expectation, or the other way round"
        for file, body in payloads.items():
            status, answer = await post(begun, name, stock.signed(body, begun, providers))
            assert status in (200, 204), (name, file, answer)
    wanted = {
        name: [line for read in files.values() if isinstance(read, list) for line in read]
        for name, files in READ.items()
    }
    assert {name: sorted(lines) for name, lines in _lines(begun).items()} == {
        name: sorted(lines) for name, lines in wanted.items()
    }
    async with begun.http.get(f"{begun.base}/readyz") as response:
        counted = (await response.json())["events_unused"]
    for name, files in READ.items():
        kinds = sorted(read for read in files.values() if isinstance(read, str))
        found = {kind: count for kind, count in counted.get(name, {}).items() if kind != "unreadable"}
        assert sorted(kind for kind, count in found.items() for _ in range(count)) == kinds, name
    assert counted["facebook"]["unreadable"] == 1, "the bad one of the batch"


async def test_the_language_that_a_provider_tells_holds_until_the_customer_writes_in_another(
    begun: Gateway, providers: StockProviders
) -> None:
    telegram = json.loads(STOCK["telegram"].body("hi", 1))
    telegram["message"]["from"]["language_code"] = "zh-hant"
    teams = {**json.loads(STOCK["botframework"].body("hi", 1)), "locale": "zh-TW"}
    calls = {"telegram": as_json(telegram), "botframework": as_json(teams)}
    calls["twilio_voice"] = STOCK["twilio_voice"].payloads()["ringing.form"]
    for name, body in calls.items():
        assert (await post(begun, name, STOCK[name].signed(body, begun, providers)))[0] < 300, name
    await eventually(lambda: len(begun.bot.asked) == 3)
    asked = {one["metadata"]["channel"]: (one["message"], one["metadata"]["language"]) for one in begun.bot.asked}
    assert asked == {
        "telegram": ("hi", "zh-HK"),
        "botframework": ("hi", "zh-TW"),
        "twilio_voice": ("hello", "zh-HK"),  # which the channel says for the caller
    }
    await post(begun, "twilio_voice", STOCK["twilio_voice"].call("Where is my parcel, please?", 2, begun, providers))
    assert begun.bot.asked[-1]["metadata"]["language"] == "en"


def _lines(gateway: Gateway) -> dict[str, list[str]]:
    """What customers have said, by channel, and the kind of what they have sent beside it."""
    statement = text(
        "SELECT c.channel, m.text, m.body FROM messages m JOIN conversations c ON c.id = m.conversation_id "
        "WHERE m.author = 'customer' ORDER BY m.id"
    )
    found: dict[str, list[str]] = {}
    for channel, line, body in gateway.app.ctx.database.read_now(lambda c: c.execute(statement).all()):
        attached = (json.loads(body or "null") or {}).get("attachments")
        found.setdefault(channel, []).append(f"media:{attached[0]['kind']}" if attached else line)
    return found


# -- what no provider sends ----------------------------------------------------------------------------------------

WORDS, NAME, PHONE = "myprivatesentence 我條街叫綠寶里", "Zuleika", "85290001234"
_OTHERS = (b"+85291234567", f"+{PHONE}".encode()), (b"%2B85291234567", f"%2B{PHONE}".encode()), (b"Ana", NAME.encode())


def _of_a_person(body: bytes) -> bytes:
    """The payload with a name, a number and words that must not stand in the log."""
    for known, other in _OTHERS:
        body = body.replace(known, other)
    form = b"=" in body[:20]
    words, said = (urlencode({"": WORDS}).encode()[1:], urlencode({"": SAID}).encode()[1:]) if form else (WORDS, SAID)
    return body.replace(said, words) if form else body.replace(str(said).encode(), str(words).encode())


async def test_attack_15_what_no_provider_documents_is_never_an_error_and_nothing_logged_names_a_person(
    log: io.StringIO, begun: Gateway, providers: StockProviders, capfd: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(20260302)
    for stock in STOCK.values():
        payloads = stock.payloads()
        files = [_of_a_person(body) for body in payloads.values()]
        for at in range(max(rounds(24), len(files))):
            raw, is_form = files[at % len(files)], list(payloads)[at % len(files)].endswith(".form")
            mutate = mutated_form if is_form else mutated_webhook
            same_kind = [one for one, name in zip(files, payloads) if name.endswith(".form") == is_form]
            body = mutate(chance, raw, chance.choice(same_kind))
            signed = stock.signed(body, begun, providers)
            status, answer = await post(begun, stock.name, signed)
            # 403: the proof of some stands in the body, and was mutated with it.
            assert status in (200, 204, 400, 403, 413), (stock.name, status, body, answer)
            if at % 8 == 0 and signed.proof:
                unsigned = Call(signed.body, {**signed.headers, signed.proof[0]: "x"})
                assert (await post(begun, stock.name, unsigned))[0] in (401, 403), stock.name
        for body in (b"", b"{", b"[]", b"null", b"5", b"\xff\xfe", b"[" * 100_000):
            status, _ = await post(begun, stock.name, stock.signed(body, begun, providers))
            assert status in (200, 204, 400, 403, 413), (stock.name, body[:9])
        assert (await post(begun, stock.name, stock.call("all is well", 9, begun, providers)))[0] < 300, stock.name
    # An id that no database takes would not be taken either when it comes again.
    half = json.dumps({**json.loads(STOCK["mattermost"].body("hello", 10)), "user_id": "\ud800"}).encode()
    assert (await post(begun, "mattermost", STOCK["mattermost"].signed(half, begun, providers)))[0] == 200
    await eventually(lambda: all("all is well" in lines for lines in _lines(begun).values()), lambda: _lines(begun))
    written = log.getvalue() + "".join(capfd.readouterr())
    assert "event=event_unreadable" in written or "event=event_unused" in written, "it does log"
    for mark in (PHONE, NAME, "myprivatesentence", "綠寶里"):
        assert mark not in written, written[max(0, written.find(mark) - 400) :][:500]
    assert " ERROR " not in written, [line for line in written.splitlines() if " ERROR " in line][:5]


async def test_handshakes_are_answered_in_the_providers_own_words(begun: Gateway, providers: StockProviders) -> None:
    asked = as_json(
        {"type": "url_verification", "token": "t", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}
    )
    status, body = await post(begun, "slack", sign_slack(asked))
    assert (status, body) == (200, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P")
    for token, status in (("v", 200), ("another", 403)):
        query = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "1158201444"}
        async with begun.http.get(f"{begun.base}/webhooks/facebook/webhook", params=query) as response:
            assert response.status == status and ("1158201444" in await response.text()) == (status == 200)
            assert status != 200 or response.content_type == "text/plain"
    async with begun.http.get(f"{begun.base}/webhooks/telegram/set_webhook") as response:
        assert response.status == 403
    # Mattermost shows a failure to who pressed a button, and Google "not responding", for what is no JSON.
    mattermost = STOCK["mattermost"].call("hello", 1, begun, providers)
    hangouts = STOCK["hangouts"].signed(STOCK["hangouts"].payloads()["added.json"], begun, providers)
    for name, call in (("mattermost", mattermost), ("hangouts", hangouts)):
        status, body = await post(begun, name, call)
        assert (status, json.loads(body)) == (200, {}), name


async def test_attack_11_downgrades_and_replays_against_stock_channels(
    begun: Gateway, providers: StockProviders
) -> None:
    body = STOCK["facebook"].body("hello", 1)
    sha1 = "sha1=" + _hmac(SECRET, body, hashlib.sha1)
    for headers in ({"X-Hub-Signature": sha1}, {"X-Hub-Signature-256": sha1}, {"X-Hub-Signature": "nonsense=1"}):
        assert (await post(begun, "facebook", Call(body, {**JSON, **headers})))[0] == 403, headers
    old = sign_slack(STOCK["slack"].body("hello", 1), int(time.time()) - 301)
    assert (await post(begun, "slack", old))[0] == 403
    activity = json.loads(STOCK["botframework"].body("hello", 1))
    plain = base64.urlsafe_b64encode(b'{"alg":"none","kid":"k1"}').rstrip(b"=").decode()
    for token, service in (
        (bot_framework_token(providers.address, aud="another-app"), providers.address),
        (bot_framework_token(providers.address, iss="https://evil.example"), providers.address),
        (bot_framework_token(providers.address, exp=1), providers.address),
        (bot_framework_token("https://evil.example"), "https://evil.example"),
        (bot_framework_token(providers.address), "https://smba.trafficmanager.net"),
        (f"{plain}.e30.", providers.address),
    ):
        changed = as_json({**activity, "serviceUrl": service})
        call = Call(changed, {**JSON, "Authorization": f"Bearer {token}"})
        assert (await post(begun, "botframework", call))[0] == 403
    assert begun.bot.asked == []


def test_the_secret_of_telegram_is_told_by_nobody_and_the_same_everywhere() -> None:
    channel: Any = SimpleNamespace(access_token="1:a")
    assert _telegram_secret(Kept("telegram", channel, {}, "")) == _telegram_secret(Kept("telegram", channel, {}, ""))
    assert _telegram_secret(Kept("telegram", channel, {"secret_token": "own"}, "")) == "own"


# -- providers and databases that do not play along ------------------------------------------------------------------


async def test_what_a_provider_does_not_take_is_told_to_the_agent_or_goes_when_it_is_back(
    begun: Gateway, providers: StockProviders
) -> None:
    for stock in LATER:
        name = stock.name
        providers.refuse.append(400)
        await post(begun, name, stock.call(f"no to {name}", 50, begun, providers))
        await _eventually_standing(begun, f"bot: no to {name}", "failed", reason="refused")
        providers.refuse.append(503)
        await post(begun, name, stock.call(f"later to {name}", 51, begun, providers))
        await _eventually_standing(begun, f"bot: later to {name}", "pending", reason="unreachable")
        assert providers.refuse == [], name
    await _tries_again(begun, lambda: len(providers.sent) == len(LATER))
    for stock in LATER:
        providers.refuse.append(429)
        await post(begun, stock.name, stock.call(f"slower to {stock.name}", 52, begun, providers))
        await _eventually_standing(begun, f"bot: slower to {stock.name}", "pending", reason="busy")
    await _tries_again(begun, lambda: len(providers.sent) == 2 * len(LATER))
    assert sorted(one.text for one in providers.sent[len(LATER) :]) == sorted(
        f"bot: slower to {one.name}" for one in LATER
    )
    del providers.sent[len(LATER) :]
    assert sorted(one.text for one in providers.sent) == sorted(f"bot: later to {one.name}" for one in LATER)
    providers.refuse.append(403)
    await post(begun, "mattermost", STOCK["mattermost"].call("our key is refused", 53, begun, providers))
    await _eventually_standing(begun, "bot: our key is refused", "failed", reason="account")


async def test_who_has_signed_in_stays_so_until_it_has_run_out_and_each_app_has_its_own_token(
    start: Start, root: Path, providers: StockProviders
) -> None:
    rocket, bot = STOCK["rocketchat"], STOCK["botframework"]
    entry = bot.entry(providers)
    apps = {"botframework": entry, "botframework:hk": {**entry, "tenant_id": "shop-tenant"}}
    name_in_credentials(root, {"rocketchat": rocket.entry(providers), **apps})
    gateway = await start(default_language="en")
    for number in range(3):
        if number == 2:
            providers.refuse.append(401)
        await post(gateway, "rocketchat", rocket.call(f"line {number}", number, gateway, providers))
        await eventually(lambda number=number: len(providers.sent) == number + 1, lambda: providers.asked)
    assert len([one for one in providers.asked if one.endswith("/login")]) == 2
    for account in ("botframework", "botframework/hk"):
        for number in range(2):
            await post(gateway, account, bot.call(f"hello {account} {number}", number, gateway, providers))
    await eventually(lambda: len(providers.sent) == 7, lambda: providers.sent)
    assert sorted(one for one in providers.asked if one.endswith("/token")) == [
        "login.microsoftonline.com/botframework.com/oauth2/v2.0/token",
        "login.microsoftonline.com/shop-tenant/oauth2/v2.0/token",
    ]


def _by_key(gateway: Gateway, providers: StockProviders, number: int, kid: str) -> Call:
    """A message that Microsoft has signed with this key."""
    token = bot_framework_token(providers.address, kid)
    body = STOCK["botframework"].call("hello", number, gateway, providers).body
    return Call(body, {**JSON, "Authorization": f"Bearer {token}"})


async def test_a_key_that_microsoft_has_changed_is_fetched_and_asked_for_no_more_than_now_and_then(
    begun: Gateway, providers: StockProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.stock.chat.KEYS_MISSED_SECONDS", 0)
    call = _by_key(begun, providers, 1, "k2")
    providers.key_name, providers.away = "k2", True
    assert (await post(begun, "botframework", call))[0] == 503, "it may be genuine"
    providers.away = False
    assert (await post(begun, "botframework", call))[0] == 200
    await eventually(lambda: begun.bot.asked)
    asked = len(providers.asked)
    for number in range(2, 6):
        made_up = _by_key(begun, providers, number, f"made-up-{number}")
        assert (await post(begun, "botframework", made_up))[0] == 403
    assert [one for one in providers.asked[asked:] if one.endswith("/keys")] == []
    assert [one["message"] for one in begun.bot.asked] == ["hello"]


async def test_providers_that_are_away_at_the_start_are_reported_and_asked_again_and_the_others_run(
    start: Start, root: Path, providers: StockProviders
) -> None:
    providers.away = True
    gateway = await begin(start, root, providers)
    await until(lambda: _troubles(gateway), sorted([*WRONG_KEYS, "botframework", "telegram"]))
    call = STOCK["botframework"].call("hello", 1, gateway, providers)
    assert (await post(gateway, "botframework", call))[0] == 503
    assert "bot: hello" in (await post(gateway, "rest", STOCK["rest"].call("hello", 1, gateway, providers)))[1]
    providers.away = False
    await until(lambda: _troubles(gateway), [])
    assert (await post(gateway, "botframework", call))[0] == 200
    await eventually(lambda: providers.sent)


async def until(asks: Callable[[], Awaitable[Any]], wanted: Any) -> None:
    answers: list[Any] = []

    async def is_so() -> bool:
        answers[:] = [await asks()]
        return answers == [wanted]

    await eventually(is_so, lambda: f"{wanted}: {answers}")


async def test_microsofts_keys_are_fetched_every_day_and_the_known_ones_hold_while_it_is_away(
    begun: Gateway, providers: StockProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_seconds(seconds: int) -> None:
        monkeypatch.setattr("connectors.stock.chat.time", SimpleNamespace(monotonic=lambda: time.monotonic() + seconds))

    assert (await post(begun, "botframework", _by_key(begun, providers, 0, "k1")))[0] == 200
    in_seconds(86_400)
    providers.away = True
    assert (await post(begun, "botframework", _by_key(begun, providers, 1, "k1")))[0] == 200
    in_seconds(86_460)
    providers.away = False
    providers.asked.clear()
    for number in (2, 3):
        assert (await post(begun, "botframework", _by_key(begun, providers, number, "k1")))[0] == 200
    assert [one for one in providers.asked if one.endswith("/keys")] == ["login.botframework.com/v1/.well-known/keys"]


@pytest.mark.parametrize("name", ["webexteams", "hangouts"])
async def test_what_cannot_be_read_while_the_provider_is_away_is_brought_again(
    begun: Gateway, providers: StockProviders, name: str
) -> None:
    call = STOCK[name].call("hello", 1, begun, providers)
    providers.away = True
    assert (await post(begun, name, call))[0] == 503
    providers.away = False
    assert (await post(begun, name, call))[0] == 200
    await eventually(lambda: begun.bot.asked)
    assert _lines(begun) == {name: ["hello"]}


async def test_what_cannot_be_stored_in_time_is_brought_again(
    begun: Gateway, providers: StockProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("switchboard.stock.STORED_WITHIN_SECONDS", 0.2)
    call = STOCK["slack"].call("hello", 1, begun, providers)
    with closing(sqlite3.connect(begun.settings.data_path / "switchboard.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert (await post(begun, "slack", call))[0] == 503
        other.execute("ROLLBACK")
    await eventually(lambda: begun.bot.asked)
    assert (await post(begun, "slack", call))[0] == 200
    await eventually(lambda: [one for one in providers.sent if one.text == "bot: hello"])
    assert [one["message"] for one in begun.bot.asked] == ["hello"]


async def test_who_waits_for_it_hears_that_nothing_was_stored_and_the_next_on_the_same_connection_does_not(
    begun: Gateway, providers: StockProviders
) -> None:
    write = begun.app.ctx.database.write
    refuse = "CREATE TRIGGER refuse BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'no'); END"
    await write(lambda c: c.execute(text(refuse)))
    for stock in LATER:
        assert (await post(begun, stock.name, stock.call("hello", 1, begun, providers)))[0] == 503, stock.name
        async with begun.http.get(f"{begun.base}/webhooks/{stock.name}/") as response:
            assert response.status == 200, stock.name
    await write(lambda c: c.execute(text("DROP TRIGGER refuse")))
    for stock in LATER:
        assert (await post(begun, stock.name, stock.call("hello", 1, begun, providers)))[0] < 300, stock.name
    await eventually(lambda: len(begun.bot.asked) == len(LATER))


async def test_a_caller_of_callback_says_which_message_it_is_and_in_which_language(
    begun: Gateway, providers: StockProviders
) -> None:
    body = {"sender": "ana", "message": "HG10023847", "metadata": {"message_id": "m1", "language": "zh-TW"}}
    call = STOCK["callback"].signed(as_json(body), begun, providers)
    for _ in range(3):
        assert (await post(begun, "callback", call))[0] == 200
    await post(begun, "callback", STOCK["callback"].call("HG10023848", 2, begun, providers))
    await eventually(lambda: len(begun.bot.asked) == 2)
    assert [(one["message"], one["metadata"]["language"]) for one in begun.bot.asked] == [
        ("HG10023847", "zh-TW"),
        ("HG10023848", "zh-TW"),
    ]


async def test_attack_33_a_flood_by_one_number_costs_a_few_messages_on_stock_twilio(
    start: Start, root: Path, providers: StockProviders
) -> None:
    twilio = STOCK["twilio"]
    name_in_credentials(root, {"twilio": twilio.entry(providers)})
    gateway = await start(default_language="en", paid_per_customer_hour=2)
    gateway.bot.says("line 1", {"text": "one paragraph\n\nand another"})
    for number in range(4):
        await post(gateway, "twilio", twilio.call(f"line {number}", number, gateway, providers))
        await eventually(lambda number=number: len(gateway.bot.asked) == number + 1)
    await _eventually_standing(gateway, "bot: line 3", "failed", reason="cap_customer")
    texts_sent = [one.text for one in providers.sent]
    assert texts_sent == ["bot: line 0", "one paragraph\n \nand another"], "two are paid for, and two were sent"
