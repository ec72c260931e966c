"""From what customers missed to an article that answers them: the editors' API, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gateway_parts import FakeBot, Gateway
from test_editing import Console, console
from test_feedback import FAQ, agreed, ask, rate, taught

from faq_kb import misses
from faq_kb.misses import MOST_AT_ONCE, Question
from faq_kb.tables import Missed

ENGRAVING = ("can you engrave pens?", "do you engrave pens", "Can you engrave a pen for me? mail ana@example.com")


def misses_all(bot: FakeBot) -> None:
    for text in (*ENGRAVING, "is there parking"):
        bot.says(text, {"text": "Did you mean?"}, {"custom": {"miss": 1, "near": []}})


async def missed(gateway: Gateway) -> None:
    misses_all(gateway.bot)
    for text in (*ENGRAVING, "is there parking"):
        await ask(await gateway.page(), text, "Did you mean?")


async def engraving(eddy: Console) -> dict[str, Any]:
    clusters = (await eddy.get("/misses"))["clusters"]
    return next(one for one in clusters if "engrave" in one["examples"][0]["text"])


async def test_questions_alike_stand_together_the_most_wanted_first(gateway: Gateway) -> None:
    await missed(gateway)
    eddy = await console(gateway)
    first, second = (await eddy.get("/misses"))["clusters"]
    assert (first["size"], first["count"], len(first["miss_ids"])) == (3, 3, 3)
    assert [one["text"] for one in second["examples"]] == ["is there parking"]
    newest = first["examples"][0]
    assert (newest["kind"], newest["language"], newest["channel"]) == ("unanswered", "en", "widget")
    assert "ana@example.com" not in newest["text"]
    assert (await eddy.get("/misses?kind=thumbs_down"))["clusters"] == []
    assert (await eddy.get("/misses?variant=zh-HK"))["clusters"] == []


async def test_however_old_a_question_is_it_waits_for_somebody(gateway: Gateway) -> None:
    await missed(gateway)
    gateway.clock.now += timedelta(days=3 * 365)
    misses_all(gateway.bot)
    await ask(await gateway.page(), "is there parking", "Did you mean?")
    eddy = await console(gateway)
    assert sum(one["count"] for one in (await eddy.get("/misses"))["clusters"]) == 5
    assert (await eddy.get("/misses"))["left_out"] == 0


async def test_what_is_not_shown_at_once_is_counted_and_comes_up_later(gateway: Gateway) -> None:
    asked = [Question("opening hours?", "", "en", "widget", "c", number, "ana") for number in range(MOST_AT_ONCE + 3)]
    gateway.app.ctx.database.write_now(
        lambda c: [misses.note(c, Missed.UNANSWERED, one, gateway.clock()) for one in asked]
    )
    eddy = await console(gateway)
    found = await eddy.get("/misses")
    (cluster,) = found["clusters"]
    assert (cluster["count"], found["left_out"]) == (MOST_AT_ONCE, 3)
    await eddy.send("POST", "/misses/dismiss", {"miss_ids": cluster["miss_ids"]})
    found = await eddy.get("/misses")
    assert (found["clusters"][0]["count"], found["left_out"]) == (3, 0)


async def test_what_agents_answered_stands_beside_the_question(gateway: Gateway) -> None:
    taught(gateway)
    misses_all(gateway.bot)
    ben, eddy = await gateway.seat("ben"), await console(gateway)
    page = await gateway.page()
    await ask(page, ENGRAVING[0], "Did you mean?")
    await page.send({"type": "person", "client_id": "p"})
    await page.state("waiting")
    conversation = await ben.claim_only()
    for text in ("Yes, HK$20 a pen.", "Call 9123 4567 if it is urgent."):
        await ben.post(f"/conversations/{conversation}/messages", {"text": text})
    (cluster,) = (await eddy.get("/misses"))["clusters"]
    answers = [(one["agent"], one["text"]) for one in cluster["agent_answers"]]
    assert ("Ben", "Yes, HK$20 a pen.") in answers
    assert not any("9123" in text for _, text in answers)


async def test_a_cluster_becomes_a_draft_of_a_new_article_and_nothing_goes_live(gateway: Gateway) -> None:
    await missed(gateway)
    eddy = await console(gateway)
    cluster = await engraving(eddy)
    wish = {"miss_ids": cluster["miss_ids"], "into": None, "as": "new", "category": "delivery"}
    made = await eddy.send("POST", "/misses/draft", wish)
    assert made == {"article_id": "can-you-engrave-pens"}
    opened = await eddy.get("/articles/can-you-engrave-pens")
    assert opened["published"] is None
    content = opened["draft"]["content"]
    assert content["question"] == {"en": "can you engrave pens?"}
    assert content["asked_as"] == ["do you engrave pens", "Can you engrave a pen for me? mail"]
    assert len((await eddy.get("/misses"))["clusters"]) == 1
    again = await eddy.send("POST", "/misses/draft", wish, status=409)
    assert again["error"]["code"] == "misses_not_open"
    await eddy.send("DELETE", "/articles/can-you-engrave-pens/draft", {"draft_version": opened["draft"]["version"]})
    assert len((await eddy.get("/misses"))["clusters"]) == 2


async def test_questions_become_phrasings_or_counter_examples_of_an_article(gateway: Gateway) -> None:
    await missed(gateway)
    eddy = await console(gateway)
    ids = (await engraving(eddy))["miss_ids"]
    await eddy.send("POST", "/misses/draft", {"miss_ids": ids[:1], "into": "delivery-fee", "as": "not_asked_as"})
    await eddy.send("POST", "/misses/draft", {"miss_ids": ids[1:2], "into": "delivery-fee", "as": "asked_as"})
    draft = (await eddy.get("/articles/delivery-fee"))["draft"]
    assert draft["content"]["not_asked_as"] == ["can you engrave pens?"]
    assert draft["content"]["asked_as"][-1] == "do you engrave pens"
    assert draft["base"]["not_asked_as"] == []


async def test_dismissed_questions_are_gone_from_the_list_and_kept(gateway: Gateway) -> None:
    await missed(gateway)
    eddy = await console(gateway)
    ids = (await engraving(eddy))["miss_ids"]
    assert await eddy.send("POST", "/misses/dismiss", {"miss_ids": ids}) == {"dismissed": 3}
    assert await eddy.send("POST", "/misses/dismiss", {"miss_ids": ids}) == {"dismissed": 0}
    assert len((await eddy.get("/misses"))["clusters"]) == 1
    assert (await eddy.get("/misses?state=dismissed"))["clusters"][0]["count"] == 3


async def test_who_asked_is_told_when_the_draft_is_published(gateway: Gateway) -> None:
    taught(gateway)
    ana = await agreed(gateway)
    eddy = await console(gateway)
    (cluster,) = (await eddy.get("/misses"))["clusters"]
    wish = {"miss_ids": cluster["miss_ids"], "into": None, "as": "new", "category": "delivery"}
    made = (await eddy.send("POST", "/misses/draft", wish))["article_id"]
    locales = ("zh-HK", "zh-TW", "zh-CN", "en")
    question = {locale: f"Do you engrave? {locale}" for locale in locales}
    answer = {locale: f"Yes, pens and cups. ({locale})" for locale in locales}
    await eddy.save(made, question=question, answer=answer)
    published = await eddy.publish(made)
    assert published["live"] is True
    told = await ana.message("assistant", "Yes, pens and cups. (en)")
    assert told["article"] == {"id": made}
    assert (await eddy.get("/misses?state=answered"))["clusters"][0]["count"] == 1


async def test_articles_are_counted_by_week_and_variant(gateway: Gateway) -> None:
    taught(gateway)
    ana = await gateway.page()
    await rate(ana, await ask(ana, "fee?", "HK$30."), False)
    gateway.clock.forward(days=7)
    gateway.bot.says("運費？", {"text": "三十蚊。"}, {"custom": {"faq": FAQ}})
    await ask(await gateway.page(locale="zh-HK"), "運費？", "三十蚊。")
    eddy = await console(gateway)
    stats = await eddy.get("/stats?article=delivery-fee&weeks=3")
    assert stats["weeks"] == ["2026-02-23", "2026-03-02", "2026-03-09"]
    (fee,) = stats["articles"]
    assert (fee["asked"], fee["answered"], fee["unhelpful"]) == ([0, 1, 1], [0, 1, 1], [0, 1, 0])
    assert {name: counts["answered"] for name, counts in fee["by_variant"].items()} == {"en": 1, "zh-HK": 1}


async def test_each_figure_of_an_article_stands_in_its_week_and_its_variant(gateway: Gateway) -> None:
    taught(gateway)
    gateway.bot.says("運費？", {"text": "三十蚊。"}, {"custom": {"faq": FAQ}})
    ana = await gateway.page()
    await rate(ana, await ask(ana, "fee?", "HK$30."), True)
    gateway.clock.forward(days=7)
    eve = await gateway.page(locale="zh-HK")
    await rate(eve, await ask(eve, "運費？", "三十蚊。"), False)
    await eve.send({"type": "person", "client_id": "p"})
    await eve.message("system")  # nobody is at the desk
    await ask(await gateway.page(), "fee?", "HK$30.")
    eddy = await console(gateway)
    (fee,) = (await eddy.get("/stats?article=delivery-fee&weeks=2"))["articles"]
    figures = ("asked", "answered", "helpful", "unhelpful", "led_to_person")
    assert [fee[name] for name in figures] == [[1, 2], [1, 2], [1, 0], [0, 1], [0, 1]]
    assert fee["by_variant"] == {
        "en": {"asked": 2, "answered": 2, "helpful": 1, "unhelpful": 0, "led_to_person": 0},
        "zh-HK": {"asked": 1, "answered": 1, "helpful": 0, "unhelpful": 1, "led_to_person": 1},
    }


async def test_a_renamed_article_keeps_its_figures_and_those_who_wait_for_it(gateway: Gateway) -> None:
    taught(gateway)
    ana = await gateway.page()
    await rate(ana, await ask(ana, "fee?", "HK$30."), False)
    eddy = await console(gateway)
    await eddy.send("POST", "/articles/delivery-fee/rename", {"to": "shipping-fee"})
    (stats,) = (await eddy.get("/stats?weeks=1"))["articles"]
    assert (stats["id"], stats["answered"]) == ("shipping-fee", [1])
    (cluster,) = (await eddy.get("/misses"))["clusters"]
    assert cluster["examples"][0]["article_id"] == "shipping-fee"


async def test_what_is_not_understood_is_refused(gateway: Gateway) -> None:
    await missed(gateway)
    eddy, ben = await console(gateway), await console(gateway, "ben")
    ids = (await engraving(eddy))["miss_ids"]
    new = {"miss_ids": ids, "into": None, "as": "new", "category": "delivery"}
    for body in (
        {},
        {**new, "miss_ids": []},
        {**new, "miss_ids": ["1"]},
        {**new, "miss_ids": [True]},
        {**new, "as": "other"},
        {**new, "into": "delivery-fee"},
        {**new, "into": None, "as": "asked_as"},
        {**new, "category": None},
    ):
        assert (await eddy.send("POST", "/misses/draft", body, status=400))["error"]["code"] == "bad_input", body
    elsewhere = await eddy.send("POST", "/misses/draft", {**new, "category": "nowhere"}, status=404)
    assert elsewhere["error"]["code"] == "unknown_category"
    lost = await eddy.send("POST", "/misses/draft", {**new, "into": "nothing", "as": "asked_as"}, status=404)
    assert lost["error"]["code"] == "unknown_article"
    for query in ("state=x", "kind=x", "variant=fr"):
        assert (await eddy.get(f"/misses?{query}", status=400))["error"]["code"] == "bad_input"
    for weeks in ("0", "x", "9999", "-1"):
        assert (await eddy.get(f"/stats?weeks={weeks}", status=400))["error"]["code"] == "bad_input"
    for method, path in (("GET", "/misses"), ("POST", "/misses/draft"), ("POST", "/misses/dismiss"), ("GET", "/stats")):
        assert (await ben.send(method, path, status=403))["error"]["code"] == "not_allowed"
    assert len((await engraving(eddy))["miss_ids"]) == 3
