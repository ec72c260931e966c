"""What the line learns while it answers: misses, ratings, what led to a person, and who wants to be told."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from gateway_parts import ARTICLES, Gateway, Page, Start
from test_editing import console, until

from faq_kb import misses, usefulness
from faq_kb.misses import Miss
from faq_kb.tables import MissState
from handoff.database import Database

FAQ = {
    "id": "delivery-fee",
    "file": "delivery.yml",
    "line": 9,
    "version": "v1",
    "score": 0.8,
    "runners_up": [{"id": "delivery-time", "score": 0.5}],
    "rule": "ranked",
}
PERSON = {"title": "Person", "payload": "/ask_person"}
TIME = {"title": "How long?", "payload": '/faq{"article": "delivery-time"}'}


def taught(gateway: Gateway) -> None:
    bot = gateway.bot
    bot.says("fee?", {"text": "HK$30.", "buttons": [TIME, PERSON]}, {"custom": {"faq": FAQ}})
    bot.says(TIME["payload"], {"text": "Three days."}, {"custom": {"faq": {"id": "delivery-time", "rule": "button"}}})
    near = [{"id": "delivery-time", "score": 0.3}]
    bot.says("engraving?", {"text": "Did you mean?", "buttons": [TIME, PERSON]}, {"custom": {"miss": 1, "near": near}})
    bot.says("none of these", {"text": "A person?", "buttons": [PERSON]}, {"custom": {"miss": 2}})
    bot.says("not what I asked", {"text": "Sorry.", "buttons": [TIME, PERSON]}, {"custom": {"denied": True}})
    bot.hands_over("/ask_person")


async def published(gateway: Gateway, article_id: str) -> None:
    """What a publication does with the questions that a draft was begun from; then, a round of those who are told."""

    def work(connection: Any) -> None:
        ids = [miss.id for miss in misses.listing(connection, MissState.OPEN)]
        misses.begin_draft(connection, ids, 1)
        misses.draft_published(connection, 1, article_id)

    database = Database(gateway.settings.database)
    try:
        database.write_now(work)
    finally:
        database.close()
    await gateway.app.ctx.repeated["tell"]()


def read(gateway: Gateway, work: Any) -> Any:
    database = Database(gateway.settings.database)
    try:
        return database.read_now(work)
    finally:
        database.close()


def kept(gateway: Gateway) -> list[Miss]:
    return list(read(gateway, lambda c: misses.listing(c, MissState.OPEN)))


def counted(gateway: Gateway) -> dict[str, dict[str, int]]:
    weeks = read(gateway, lambda c: usefulness.weeks_since(c, date(2020, 1, 1)))
    names = usefulness.COUNTED
    return {
        one.count.article_id: {name: getattr(one.count, name) for name in names if getattr(one.count, name)}
        for one in weeks
    }


async def ask(page: Page, text: str, answer: str) -> dict[str, Any]:
    await page.say(text)
    return await page.message("assistant", answer)


async def press(page: Page, message: dict[str, Any], title: str) -> None:
    index = next(one["index"] for one in message["buttons"] if one["title"] == title)
    client_id = f"press-{message['id']}-{index}"
    await page.send({"type": "button", "client_id": client_id, "message_id": message["id"], "index": index})
    await page.until(lambda frame: frame["type"] == "accepted" and frame["client_id"] == client_id)


async def rate(page: Page, message: dict[str, Any], helpful: bool) -> dict[str, Any]:
    client_id = f"rate-{message['id']}-{helpful}-{len(page.frames)}"
    await page.send({"type": "rate", "client_id": client_id, "message_id": message["id"], "helpful": helpful})
    return await page.until(lambda frame: frame["type"] in ("accepted", "error") and frame["client_id"] == client_id)


async def test_an_answer_is_counted_and_a_question_without_one_is_kept(gateway: Gateway) -> None:
    taught(gateway)
    page = await gateway.page()
    await ask(page, "fee?", "HK$30.")
    await ask(page, "engraving?", "Did you mean?")
    assert counted(gateway) == {"delivery-fee": {"asked": 1, "answered": 1}, "delivery-time": {"asked": 1}}
    (miss,) = kept(gateway)
    asked = miss.question
    assert (miss.kind.value, asked.text, asked.before, asked.language) == ("unanswered", "engraving?", "fee?", "en")
    assert asked.runners_up == ({"id": "delivery-time", "score": 0.3},)
    assert len(asked.customer) == 64 and page.session["visitor"]["id"] not in asked.customer


async def test_a_repeated_message_teaches_once(gateway: Gateway) -> None:
    taught(gateway)
    page = await gateway.page()
    for _ in range(3):
        await page.say("engraving?", client_id="same")
        await page.say("fee?", client_id="same too")
    await page.message("assistant", "HK$30.")
    assert len(kept(gateway)) == 1
    assert counted(gateway)["delivery-fee"] == {"asked": 1, "answered": 1}


async def test_thumbs_are_kept_once_may_be_changed_and_are_shown_again(gateway: Gateway) -> None:
    taught(gateway)
    page = await gateway.page()
    answer = await ask(page, "fee?", "HK$30.")
    assert (answer["can_rate"], answer["rating"]) == (True, None)
    for helpful in (True, False, False):
        acknowledged = await rate(page, answer, helpful)
        assert acknowledged["message"]["rating"] is helpful
    assert counted(gateway)["delivery-fee"] == {"asked": 1, "answered": 1, "unhelpful": 1}
    (miss,) = kept(gateway)
    assert (miss.kind.value, miss.question.text, miss.question.article_id) == ("thumbs_down", "fee?", "delivery-fee")
    again = await gateway.session(token=page.session["token"])
    assert [line["rating"] for line in again["messages"] if line["can_rate"]] == [False]
    await rate(page, answer, True)
    assert kept(gateway) == [] and counted(gateway)["delivery-fee"]["helpful"] == 1


async def test_thumbs_down_offers_other_answers_and_a_person_once(gateway: Gateway) -> None:
    taught(gateway)
    page = await gateway.page()
    answer = await ask(page, "fee?", "HK$30.")
    for helpful in (False, True, False):
        await rate(page, answer, helpful)
    offer = await page.message("assistant", "Thank you for telling us")
    assert [one["title"] for one in offer["buttons"]] == ["How long does delivery take?", "Talk to a person"]
    again = await gateway.session(token=page.session["token"])
    assert len(again["messages"]) == 3
    await press(page, offer, "How long does delivery take?")
    assert (await page.message("assistant", "Three days."))["can_rate"]


async def test_only_answers_of_ones_own_can_be_rated(gateway: Gateway) -> None:
    taught(gateway)
    ana, eve = await gateway.page(), await gateway.page()
    answer = await ask(ana, "fee?", "HK$30.")
    missed = await ask(ana, "engraving?", "Did you mean?")
    refused = [await rate(eve, answer, False), await rate(ana, missed, True), await rate(ana, {"id": 10**9}, True)]
    for frame in ({"message_id": answer["id"], "helpful": "yes"}, {"message_id": True, "helpful": True}):
        await ana.send({"type": "rate", "client_id": "bad", **frame})
        refused.append(await ana.until(lambda one: one["type"] == "error" and one["client_id"] == "bad"))
    assert {frame["code"] for frame in refused} == {"bad_input"}
    assert "unhelpful" not in counted(gateway)["delivery-fee"]


@pytest.mark.parametrize(("thumb", "name"), [("👍", "helpful"), ("👎🏽", "unhelpful")])
async def test_a_thumb_right_after_an_answer_rates_it_in_every_channel(gateway: Gateway, thumb: str, name: str) -> None:
    taught(gateway)
    await gateway.rest("fee?")
    (line,) = await gateway.rest(thumb)
    assert "hank" in line["text"]
    assert counted(gateway)["delivery-fee"] == {"asked": 1, "answered": 1, name: 1}
    assert ("buttons" in line) is (name == "unhelpful")
    # Nothing was answered since: this one is for the bot.
    assert await gateway.rest(thumb) == [{"recipient_id": "ana", "text": f"bot: {thumb}"}]


async def test_not_what_i_asked_is_kept_with_the_question_and_counts_as_unhelpful(gateway: Gateway) -> None:
    taught(gateway)
    page = await gateway.page()
    answer = await ask(page, "fee?", "HK$30.")
    await ask(page, "not what I asked", "Sorry.")
    (miss,) = kept(gateway)
    assert (miss.kind.value, miss.question.text, miss.question.answer_id) == ("denied", "fee?", answer["id"])
    assert counted(gateway)["delivery-fee"]["unhelpful"] == 1


async def test_what_was_asked_is_in_the_customers_words_also_behind_a_suggestion(gateway: Gateway) -> None:
    taught(gateway)
    page = await gateway.page()
    suggestion = await ask(page, "engraving?", "Did you mean?")
    await press(page, suggestion, "How long?")
    await rate(page, await page.message("assistant", "Three days."), False)
    down = next(miss for miss in kept(gateway) if miss.kind.value == "thumbs_down")
    assert (down.question.text, down.question.article_id) == ("engraving?", "delivery-time")


@pytest.mark.parametrize(("between", "counts"), [(0, True), (1, True), (2, False)])
async def test_a_person_wanted_soon_after_an_answer_was_led_there(gateway: Gateway, between: int, counts: bool) -> None:
    taught(gateway)
    await gateway.seat("ben")
    page = await gateway.page()
    await ask(page, "fee?", "HK$30.")
    for number in range(between):
        await ask(page, f"well {number}", f"bot: well {number}")
    await page.send({"type": "person", "client_id": "p1"})
    await page.state("waiting")
    await page.send({"type": "person", "client_id": "p2"})
    await page.until(lambda frame: frame["type"] == "accepted" and frame["client_id"] == "p2")
    assert [miss.kind.value for miss in kept(gateway)] == (["led_to_person"] if counts else [])
    assert counted(gateway)["delivery-fee"].get("led_to_person") == (1 if counts else None)


async def test_no_to_suggestions_is_no_question_of_its_own(gateway: Gateway) -> None:
    taught(gateway)
    page = await gateway.page()
    await ask(page, "engraving?", "Did you mean?")
    offer = await ask(page, "none of these", "A person?")
    assert [button["title"] for button in offer["buttons"]] == ["Person"]
    assert [miss.question.text for miss in kept(gateway)] == ["engraving?"]


async def test_who_was_answered_beside_the_point_can_be_told_too(gateway: Gateway) -> None:
    taught(gateway)
    page = await gateway.page()
    await ask(page, "fee?", "HK$30.")
    await press(page, await ask(page, "not what I asked", "Sorry."), "Tell me when there's an answer")
    await page.message("assistant", "as soon as")


async def test_a_wish_to_be_told_is_an_agreement_that_can_be_taken_back(gateway: Gateway) -> None:
    taught(gateway)
    page = await gateway.page()
    missed = await ask(page, "engraving?", "Did you mean?")
    assert [one["title"] for one in missed["buttons"]][-1] == "Tell me when there's an answer"
    await press(page, missed, "Tell me when there's an answer")
    agreed = await page.message("assistant", "as soon as")
    await press(page, agreed, "Don't tell me after all")
    await page.message("assistant", "I won't")
    assert [asked["message"] for asked in gateway.bot.asked] == ["engraving?"]


async def agreed(gateway: Gateway, **wish: Any) -> Page:
    """A customer who asked for what nobody has written, and wants to hear of it."""
    page = await gateway.page(**wish)
    await press(page, await ask(page, "engraving?", "Did you mean?"), "Tell me when there's an answer")
    await page.message("assistant", "as soon as")
    return page


async def lines_of(gateway: Gateway, page: Page) -> list[str]:
    return [line["text"] for line in (await gateway.session(token=page.session["token"]))["messages"]]


async def test_who_agreed_is_told_once_when_the_article_is_served(gateway: Gateway) -> None:
    taught(gateway)
    eve = await gateway.page()
    await ask(eve, "engraving?", "Did you mean?")
    ana = await agreed(gateway)
    await published(gateway, "delivery-time")
    told = await ana.message("assistant", "You asked earlier: “engraving?” There is an answer now:\n\nThree days.")
    assert (told["article"], told["can_rate"]) == ({"id": "delivery-time"}, True)
    # Whoever agrees next is told by a later round, which tells nobody again.
    zoe = await agreed(gateway)
    await published(gateway, "delivery-time")
    await zoe.message("assistant", "There is an answer now")
    assert [sum("asked earlier" in text for text in await lines_of(gateway, page)) for page in (ana, eve)] == [1, 0]


async def test_who_agreed_in_a_text_channel_is_written_to(start: Start, root: Path) -> None:
    marked = ARTICLES.replace('"Three days."', '"**Three** days, see [the map](https://shop.example/map)."')
    (root / "faq_kb" / "articles" / "delivery.yml").write_text(marked, encoding="utf-8")
    sent: list[dict[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        sent.append(await request.json())
        return web.Response()

    provider = web.Application()
    provider.router.add_post("/", take)
    async with TestServer(provider, host="127.0.0.1") as server:
        (root / "credentials.yml").write_text(f"callback:\n  url: {server.make_url('/')}\n", encoding="utf-8")
        gateway = await start()
        taught(gateway)

        async def say(sender: str, text: str) -> None:
            body = {"sender": sender, "message": text, "metadata": {"language": "en"}}
            async with gateway.http.post(f"{gateway.base}/webhooks/callback/webhook", json=body) as response:
                assert response.status == 200

        async def told(sender: str) -> list[str]:
            lines = [one.get("text", "") for one in sent if one["recipient_id"] == sender]
            return [text for text in lines if "asked earlier" in text]

        for sender in ("ana", "zoe"):
            await say(sender, "engraving?")

        def lines_to(sender: str) -> list[dict[str, Any]]:
            return [line for line in sent if line["recipient_id"] == sender]

        async def offers(sender: str) -> list[str]:
            buttons = [one for line in lines_to(sender) for one in line.get("buttons", ())]
            return [one["payload"] for one in buttons if "ell me" in one["title"]]

        await until(lambda: offers("zoe"))
        payload = (await until(lambda: offers("ana")))[0]
        before = len(lines_to("ana"))
        await say("ana", payload)

        async def acknowledged() -> bool:
            return len(lines_to("ana")) > before

        await until(acknowledged)
        await published(gateway, "delivery-time")
        answer = "Three days, see the map (https://shop.example/map)."
        # One line, that Rasa's channel would else cut into its paragraphs.
        whole = f"You asked earlier: “engraving?” There is an answer now:\n \n{answer}"
        assert await until(lambda: told("ana")) == [whole]
        assert await told("zoe") == []


async def test_who_talks_with_a_person_is_told_afterwards(gateway: Gateway) -> None:
    taught(gateway)
    ben = await gateway.seat("ben")
    ana = await agreed(gateway)
    await ana.send({"type": "person", "client_id": "p"})
    await ana.state("waiting")
    conversation = await ben.claim_only()
    zoe = await agreed(gateway)
    await published(gateway, "delivery-time")
    # One round comes by both, in this order.
    await zoe.message("assistant", "There is an answer now")
    assert not any("asked earlier" in text for text in await lines_of(gateway, ana))
    await ben.post(f"/conversations/{conversation}/close")
    await gateway.app.ctx.repeated["tell"]()
    await ana.message("assistant", "There is an answer now")


async def test_who_left_an_address_is_on_the_list_of_the_desk_as_well(gateway: Gateway) -> None:
    taught(gateway)
    page = await gateway.page()
    missed = await ask(page, "engraving?", "Did you mean?")
    await page.send({"type": "person", "client_id": "p"})
    ticket = (await page.message("system"))["contact_form"]["ticket"]  # nobody is at the desk
    await page.send({"type": "contact", "client_id": "c", "ticket": ticket, "email": "ana@example.com"})
    await page.until(lambda frame: frame["type"] == "accepted" and frame["client_id"] == "c")
    await press(page, missed, "Tell me when there's an answer")
    await published(gateway, "delivery-time")
    await page.message("assistant", "There is an answer now")
    ben = await gateway.seat("ben")
    (row,) = (await ben.get("/inbox"))["queue"]
    lines = (await ben.get(f"/conversations/{row['conversation']}"))["messages"]
    (note,) = [line["text"] for line in lines if line["author"] == "note"]
    assert note.startswith("ana@example.com\n\nYou asked earlier") and note.endswith("Three days.")


async def test_no_promise_where_we_cannot_write_later(gateway: Gateway) -> None:
    taught(gateway)
    (line,) = await gateway.rest("engraving?")
    assert [button["payload"] for button in line["buttons"]] == [TIME["payload"], "/ask_person"]


async def test_customers_are_told_apart_by_a_hash_that_needs_our_secret(start: Start) -> None:
    gateway = await start()
    taught(gateway)
    for sender in ("ana", "ana", "eve"):
        await gateway.rest("engraving?", sender=sender)
    hashes = [miss.question.customer for miss in kept(gateway)]
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize(("login", "is_led_there"), [("ben", False), ("sue", True)])
async def test_an_agent_calls_an_answer_wrong_and_an_editing_role_is_led_to_the_article(
    gateway: Gateway, login: str, is_led_there: bool
) -> None:
    taught(gateway)
    page = await gateway.page()
    answer = await ask(page, "fee?", "HK$30.")
    seat = await gateway.seat(login)
    for _ in range(2):
        kept_now = await seat.post(f"/messages/{answer['id']}/wrong-answer", {"as": "not_asked_as"})
    link = "/faq#/articles/delivery-fee?ask=fee%3F&as=not_asked_as"
    assert kept_now == {"question": "fee?", "link": link if is_led_there else None}
    (miss,) = kept(gateway)
    assert (miss.kind.value, miss.question.text, miss.question.article_id) == ("wrong_answer", "fee?", "delivery-fee")
    assert miss.question.right_id is None


async def test_an_agent_names_the_right_article_and_an_editor_finds_it_among_the_misses(gateway: Gateway) -> None:
    taught(gateway)
    page = await gateway.page()
    answer = await ask(page, "fee?", "HK$30.")
    # The agent thinks again: the last word counts.
    ben, sue, eddy = await gateway.seat("ben"), await gateway.seat("sue"), await console(gateway)
    for seat, wish in ((ben, {"as": "new"}), (sue, {"as": "asked_as", "article": "delivery-time"})):
        kept_now = await seat.post(f"/messages/{answer['id']}/wrong-answer", wish)
    (miss,) = kept(gateway)
    assert kept_now["link"] == f"/faq#/articles/delivery-time?ask=fee%3F&as=asked_as&miss={miss.id}"
    (cluster,) = (await eddy.get("/misses?kind=wrong_answer"))["clusters"]
    assert (cluster["examples"][0]["article_id"], cluster["right"]["id"]) == ("delivery-fee", "delivery-time")
    # What the editor makes of it answers the question.
    asked_as = (await eddy.get("/articles/delivery-time"))["published"]["asked_as"]
    await eddy.save("delivery-time", miss_id=miss.id, asked_as=[*asked_as, "fee?"])
    assert (await eddy.get("/misses"))["clusters"] == []
    await eddy.publish("delivery-time")
    assert [one.id for one in read(gateway, lambda c: misses.listing(c, MissState.ANSWERED))] == [miss.id]


async def test_what_no_article_answered_is_called_wrong_and_leads_to_the_question(gateway: Gateway) -> None:
    taught(gateway)
    page = await gateway.page()
    fallback, other = await ask(page, "engraving?", "Did you mean?"), await ask(page, "order 12345678 late", "bot:")
    sue, eddy = await gateway.seat("sue"), await console(gateway)
    kept_now = await sue.post(f"/messages/{other['id']}/wrong-answer", {"as": "new"})
    wrong = next(one for one in kept(gateway) if one.kind.value == "wrong_answer")
    assert kept_now == {"question": "order late", "link": f"/faq#/misses?miss={wrong.id}"}
    assert (await eddy.get(f"/misses?first={wrong.id}"))["clusters"][0]["miss_ids"] == [wrong.id]
    named = {"as": "asked_as", "article": "delivery-fee"}
    link = (await sue.post(f"/messages/{fallback['id']}/wrong-answer", named))["link"]
    assert link.startswith("/faq#/articles/delivery-fee?ask=engraving%3F&as=asked_as&miss=")


async def test_only_agents_call_what_the_assistant_answered_wrong(gateway: Gateway) -> None:
    taught(gateway)
    page = await gateway.page()
    answer, other = await ask(page, "fee?", "HK$30."), await ask(page, "hello", "bot: hello")
    ben, eddy = await gateway.seat("ben"), await gateway.seat("eddy")
    wrong = {"as": "not_asked_as", "article": "delivery-fee"}
    await eddy.post(f"/messages/{answer['id']}/wrong-answer", wrong, status=403)
    for path, body in (
        (other["id"], wrong),  # no article answered
        (answer["id"] - 1, wrong),  # the customer's own line
        (10**9, wrong),
        (answer["id"], {}),
        (answer["id"], {**wrong, "article": 5}),
        (answer["id"], {"as": "asked_as"}),
        (answer["id"], {"as": "asked_as", "article": "no-such-article"}),
    ):
        await ben.post(f"/messages/{path}/wrong-answer", body, status=400)
    ben.csrf = ""
    await ben.post(f"/messages/{answer['id']}/wrong-answer", wrong, status=403)
    assert kept(gateway) == []
