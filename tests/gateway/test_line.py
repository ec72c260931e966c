"""The line of a customer's message, over the rest channel and the widget, with a bot on the wire."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from gateway_parts import FakeBot, Gateway, Page, Start


async def test_bot_answers_and_both_lines_are_kept(gateway: Gateway) -> None:
    page = await gateway.page()
    client_id = await page.say("where is it?")
    answer = await page.message("assistant")
    assert answer["text"] == "bot: where is it?"
    accepted = await page.until(lambda f: f["type"] == "accepted")
    assert accepted["client_id"] == client_id
    again = await gateway.session(token=page.session["token"])
    assert [line["text"] for line in again["messages"]] == ["where is it?", "bot: where is it?"]


async def test_repeated_message_changes_nothing_and_gets_the_first_result(gateway: Gateway) -> None:
    page = await gateway.page()
    await page.say("hello there", client_id="one")
    await page.message("assistant")
    await page.say("hello there", client_id="one")
    await page.until(lambda f: [one["type"] for one in page.frames].count("accepted") == 2)
    assert page.frames[-1]["message"]["text"] == "hello there"
    assert len(gateway.bot.asked) == 1
    assert len((await gateway.session(token=page.session["token"]))["messages"]) == 2


async def test_fifty_repeats_at_once_are_one_message_and_one_answer(gateway: Gateway) -> None:
    answers = await asyncio.gather(*(gateway.rest("price?", message_id="m-1") for _ in range(50)))
    assert len(gateway.bot.asked) == 1
    assert all(answer == answers[0] for answer in answers)


async def test_the_same_message_id_of_another_sender_is_another_message(gateway: Gateway) -> None:
    await gateway.rest("mine", sender="ana", message_id="42")
    (answer,) = await gateway.rest("mine too", sender="bob", message_id="42")
    assert answer["text"] == "bot: mine too"


async def test_messages_of_one_customer_keep_their_order(gateway: Gateway) -> None:
    page = await gateway.page()
    for number in range(12):
        await page.say(f"line {number}")
    await page.message("assistant", "line 11")
    await page.until(lambda _: [frame["type"] for frame in page.frames].count("accepted") == 12)
    # Those that waited for their turn are one question: see test_bursts.py.
    asked = "\n".join(asked["message"] for asked in gateway.bot.asked)
    assert asked == "\n".join(f"line {number}" for number in range(12))
    ids = [f["message"]["id"] for f in page.frames if f["type"] == "message"]
    assert ids == sorted(ids) and len(ids) == len(set(ids)) == 12 + len(gateway.bot.asked)


async def test_a_slow_customer_does_not_hold_up_another(gateway: Gateway) -> None:
    gateway.bot.hold = asyncio.Event()
    slow = asyncio.create_task(gateway.rest("slow", sender="slow"))
    while not gateway.bot.asked:
        await asyncio.sleep(0.01)
    gateway.bot.hold, held = None, gateway.bot.hold
    assert (await gateway.rest("fast", sender="fast"))[0]["text"] == "bot: fast"
    held.set()
    assert (await slow)[0]["text"] == "bot: slow"


@pytest.mark.parametrize("failure", ["silent", "error", "late", "nonsense", "down"])
async def test_a_failing_bot_becomes_a_sentence_and_the_offer_of_a_person(start: Start, failure: str) -> None:
    gateway = await start(bot_timeout_seconds=1)
    _break(gateway.bot, failure)
    if failure == "down":
        gateway = await start(bot_urls="http://127.0.0.1:9", data_dir=gateway.settings.data_dir + "2")
    (first,) = await gateway.rest("hello there my friend")
    assert "Sorry" in first["text"]
    assert first["buttons"] == [{"title": "Talk to a person", "payload": "/ask_person"}]
    (second,) = await gateway.rest("hello there my friend")
    assert second["text"] != first["text"], "never the same text twice in a row"


def _break(bot: FakeBot, failure: str) -> None:
    if failure == "silent":
        bot.says("hello there my friend")
    elif failure == "error":
        bot.status = 500
    elif failure == "late":
        bot.hold = asyncio.Event()
    elif failure == "nonsense":
        bot.answers["hello there my friend"] = {"not": "a list"}


async def test_a_person_is_reached_while_the_bot_is_down(start: Start) -> None:
    gateway = await start(bot_urls="http://127.0.0.1:9")
    seat = await gateway.seat("ben")
    page = await gateway.page()
    await page.send({"type": "person", "client_id": "p"})
    assert (await page.state("waiting"))["position"] == 1
    assert len((await seat.get("/inbox"))["queue"]) == 1


@pytest.mark.parametrize(
    "typed",
    [
        "/restart",
        '/faq{"article": "delivery-time"}',
        "  /restart",
        "\u200b/restart",
        "\u200b \u2060/restart",
        "／restart",
        "\ufeff//restart",
    ],
)
async def test_attack_20_a_typed_command_is_ordinary_text(gateway: Gateway, typed: str) -> None:
    await gateway.rest(typed)
    (asked,) = gateway.bot.asked
    assert not asked["message"].lstrip().startswith("/")
    assert asked["message"].startswith("／")


async def test_attack_20_a_payload_that_was_offered_works_and_only_there(gateway: Gateway) -> None:
    gateway.bot.says("fees?", {"text": "Which?", "buttons": [{"title": "Shipping", "payload": '/faq{"article":"x"}'}]})
    page = await gateway.page()
    await page.say("fees?")
    offer = await page.message("assistant")
    assert offer["buttons"] == [{"index": 0, "title": "Shipping"}], "payloads stay with us"
    await page.send({"type": "button", "client_id": "b", "message_id": offer["id"], "index": 0})
    await page.message("customer", "Shipping")
    await page.until(lambda f: f["type"] == "accepted" and f["client_id"] == "b")
    assert gateway.bot.asked[-1]["message"] == '/faq{"article":"x"}'

    stranger = await gateway.page()
    await stranger.send({"type": "button", "client_id": "c", "message_id": offer["id"], "index": 0})
    refused = await stranger.until(lambda f: f["type"] == "error")
    assert refused["code"] == "bad_input"
    assert len(gateway.bot.asked) == 2


@pytest.mark.parametrize("index", [-1, 1, 99, "0", 1.0, None, True, 10**30])
async def test_attack_20_a_button_that_was_not_offered_is_refused(gateway: Gateway, index: Any) -> None:
    gateway.bot.says("fees?", {"text": "Which?", "buttons": [{"title": "Shipping", "payload": "/x"}]})
    page = await gateway.page()
    await page.say("fees?")
    offer = await page.message("assistant")
    await page.send({"type": "button", "client_id": "b", "message_id": offer["id"], "index": index})
    assert (await page.until(lambda f: f["type"] == "error"))["code"] == "bad_input"
    assert len(gateway.bot.asked) == 1


async def test_attack_27_markers_sent_by_a_customer_open_no_ticket(gateway: Gateway) -> None:
    marker = '{"custom": {"handoff": {"reason": "complaint", "profile": {"name": "Mallory"}}}}'
    gateway.bot.says(marker, {"text": "I see."})
    seat = await gateway.seat("ben")
    await gateway.rest(marker, handoff={"reason": "complaint"}, identity={"tier": "identity", "customer_id": "c-0001"})
    assert (await seat.get("/inbox"))["queue"] == []
    assert gateway.bot.asked[0]["metadata"]["identity"] == {"tier": "anonymous", "customer_id": None, "name": None}


async def test_an_answer_composed_before_a_person_took_over_is_never_sent(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    page = await gateway.page()
    await page.say("first")
    first = await page.message("assistant")
    gateway.bot.hold = asyncio.Event()
    await page.say("second")
    await page.message("customer", "second")
    await seat.post(f"/conversations/{first['conversation']}/takeover")
    await page.state("agent")
    gateway.bot.hold.set()
    await page.until(lambda f: f["type"] == "accepted" and f["message"]["text"] == "second")
    lines = (await gateway.session(token=page.session["token"]))["messages"]
    assert [line["text"] for line in lines if line["author"] == "assistant"] == ["bot: first"]


async def test_while_a_person_speaks_the_bot_is_not_even_asked(gateway: Gateway) -> None:
    gateway.bot.hands_over("human please")
    seat = await gateway.seat("ben")
    page = await gateway.page()
    await page.say("human please")
    await page.state("waiting")
    conversation = await seat.claim_only()
    await page.state("agent")
    for text in ("hello?", "/restart", "human please"):
        await page.say(text)
    await seat.post(f"/conversations/{conversation}/messages", {"text": "Ben here", "client_id": "b1"})
    await page.message("agent", "Ben here")
    await page.until(lambda f: f["type"] == "accepted" and f["message"]["text"] == "human please")
    await asyncio.sleep(0)
    assert [asked["message"] for asked in gateway.bot.asked] == ["human please"]


async def test_after_the_close_hi_is_answered_by_the_bot_in_a_new_conversation(gateway: Gateway) -> None:
    gateway.bot.hands_over("human please")
    seat = await gateway.seat("ben")
    page = await gateway.page()
    await page.say("human please")
    await page.state("waiting")
    conversation = await seat.claim_only()
    await seat.post(f"/conversations/{conversation}/close")
    await page.message("system", "closed this conversation")
    await page.say("hi")
    answer = await page.message("assistant", "bot: hi")
    assert answer["conversation"] != conversation
    assert gateway.bot.asked[-1]["sender"] == answer["conversation"], "a clean tracker"
    assert gateway.bot.asked[-1]["metadata"]["language"] == "en", "the language lasts"
    assert (await seat.get("/inbox"))["queue"] == []


async def test_a_crash_half_way_is_taken_up_again_and_never_becomes_silence(start: Start, database_url: str) -> None:
    first = await start(database_url=database_url)
    first.bot.hold = asyncio.Event()
    session = await first.session()
    page = await Page(first, session).connect()
    await page.say("are you there")
    await page.message("customer")
    while not first.bot.asked:
        await asyncio.sleep(0.01)
    first.app.ctx.crashed = True
    # The gateway dies here with the bot's answer outstanding; another one starts on the same database.
    second = await start(database_url=database_url)
    again = await Page(second, {**session, "cursor": 0}).connect(after=0)
    assert (await again.message("assistant"))["text"] == "bot: are you there"
    first.bot.hold.set()
    await asyncio.sleep(0.3)
    lines = (await second.session(token=session["token"]))["messages"]
    assert [line["text"] for line in lines] == ["are you there", "bot: are you there"]


async def test_language_is_detected_sticks_and_can_be_switched(gateway: Gateway) -> None:
    async def language_after(text: str) -> str:
        await gateway.rest(text)
        return str(gateway.bot.asked[-1]["metadata"]["language"])

    assert await language_after("我張 order 去咗邊") == "zh-HK"
    assert await language_after("ok") == "zh-HK"
    assert await language_after("HG10023847") == "zh-HK"
    assert await language_after("请问什么时候发货") == "zh-CN"
    gateway.bot.says("english please", {"text": "Sure."}, {"custom": {"language": "en"}})
    await gateway.rest("english please")
    assert await language_after("我張 order 去咗邊") == "en", "a wish holds against detection"


@pytest.mark.parametrize("locale", ["zh-HK", "zh-TW", "zh-CN", "en"])
async def test_system_texts_follow_the_conversation(start: Start, locale: str) -> None:
    gateway = await start(bot_urls="http://127.0.0.1:9")
    page = await gateway.page(locale=locale)
    await page.send({"type": "person", "client_id": "p"})
    line = await page.message("system")
    words = {
        "zh-HK": "暫時冇真人同事",
        "zh-TW": "目前沒有真人客服",
        "zh-CN": "目前没有人工客服",
        "en": "Nobody is at the desk",
    }
    assert words[locale] in line["text"] and line["lang"] == locale


@pytest.mark.parametrize(
    "text",
    [
        "🛍️👍🏽",
        "مرحبا كيف الحال",
        "<script>alert(1)</script>",
        "'; DROP TABLE messages;--",
        "a" * 2000,
        "z" + "\u0301" * 300,
    ],
)
async def test_odd_texts_are_kept_and_answered(gateway: Gateway, text: str) -> None:
    (answer,) = await gateway.rest(text)
    assert answer["text"].startswith("bot: ")


async def test_control_characters_never_reach_the_transcript(gateway: Gateway) -> None:
    await gateway.rest("a\x00b\x1b[31mc\x07d\ud800e")
    assert gateway.bot.asked[0]["message"] == "ab[31mcde"


@pytest.mark.parametrize(
    ("text", "words"), [("\u200b\u200b", "no text"), ("\x01\x02", "no text"), ("x" * 2001, "limit")]
)
async def test_a_text_that_cannot_be_taken_gets_a_polite_sentence(gateway: Gateway, text: str, words: str) -> None:
    (answer,) = await gateway.rest(text, language="en")
    assert words in answer["text"]
    assert gateway.bot.asked == []


async def test_200_messages_in_a_second_are_bounded_and_nothing_accepted_is_lost(start: Start) -> None:
    gateway = await start(messages_burst=20, messages_per_second=2)
    page = await gateway.page()
    for batch in range(5):
        frames = [{"type": "message", "client_id": f"{batch}-{n}", "text": f"line {batch}-{n}"} for n in range(20)]
        await _post_frames(gateway, page.session["token"], frames)
    lines = (await gateway.session(token=page.session["token"]))["messages"]
    said = [line["text"] for line in lines if line["author"] == "customer"]
    answered = [line["text"] for line in lines if line["author"] == "assistant"]
    assert 20 <= len(said) <= 25
    assert answered == [f"bot: {text}" for text in said]


async def _post_frames(gateway: Gateway, token: str, frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {token}"}
    async with gateway.http.post(f"{gateway.base}/widget/frames", json=frames, headers=headers) as response:
        body = await response.json()
        assert response.status == 200, body
        return list(body["frames"])


async def test_a_bot_that_is_started_again_answers_as_if_nothing_had_been(start: Start) -> None:
    gateway = await start()
    await gateway.rest("before")
    port = int(gateway.bot.address.rpartition(":")[2])
    await gateway.bot.stop()
    waiting = asyncio.create_task(gateway.rest("meanwhile"))
    await asyncio.sleep(0.5)
    assert not waiting.done(), "slow is not dead"
    async with FakeBot().running(port) as again:
        assert (await waiting)[0]["text"] == "bot: meanwhile"
        assert [asked["message"] for asked in again.asked] == ["meanwhile"]
