"""Articles at the gateway: who may browse what, and how an answer's markup leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway_parts import Gateway, Start

MEMBERS = """
category: {en: Members}
parent: delivery
articles:
  - id: member-points
    question: {en: How many points do I have?}
    answer: {en: Many.}
    audience: [signed_in]
  - id: text-message
    question: {en: How do I stop text messages?}
    answer: {en: Answer STOP.}
    channels: [twilio]
  - id: card
    question: {en: What is the card?}
    answer: {en: "**Yours** to keep."}
    related: [member-points, text-message, delivery-time]
"""


MARKED = """
category: {en: Maps}
articles:
  - id: map
    question: {en: Where is the map?}
    answer: {en: "See the [map](/help/en/map), **daily**."}
"""


async def browse(gateway: Gateway, path: str = "", token: str | None = None) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with gateway.http.get(f"{gateway.base}/widget/faq{path}?locale=en", headers=headers) as response:
        return response.status, await response.json()


async def test_an_agent_inserts_an_answer_without_its_markup(start: Start, root: Path) -> None:
    (root / "faq_kb" / "articles" / "members.yml").write_text(MARKED, encoding="utf-8")
    gateway = await start()
    found = (await (await gateway.seat("ben")).get("/faq?q=where+is+the+map&locale=en"))["articles"][0]
    assert found["answer"] == "See the [map](/help/en/map), **daily**."
    assert found["plain"] == f"See the map ({gateway.settings.base_url}/help/en/map), daily."


async def test_customers_browse_what_is_for_them(start: Start, root: Path) -> None:
    (root / "faq_kb" / "articles" / "members.yml").write_text(MEMBERS, encoding="utf-8")
    gateway = await start()
    guest = await gateway.session()
    member = await gateway.session(identity=gateway.identity())

    async def seen(token: str | None) -> dict[str, list[str]]:
        status, tree = await browse(gateway, token=token)
        assert status == 200
        assert [(one["id"], one["parent"]) for one in tree["categories"]] == [
            ("delivery", None),
            ("members", "delivery"),
        ]
        return {one["id"]: [article["id"] for article in one["articles"]] for one in tree["categories"]}

    assert (await seen(None))["members"] == ["card"]
    assert (await seen(guest["token"]))["members"] == ["card"]
    assert (await seen(member["token"]))["members"] == ["member-points", "card"]
    assert (await browse(gateway, "/member-points"))[0] == 404
    assert (await browse(gateway, "/text-message", member["token"]))[0] == 404
    assert (await browse(gateway, "/member-points", member["token"]))[1]["answer"] == "Many."
    assert [one["id"] for one in (await browse(gateway, "/card"))[1]["related"]] == ["delivery-time"]
    assert (await browse(gateway, token="nobody's"))[0] == 401


async def test_an_answer_keeps_its_markup_for_the_page_and_the_desk_alone(gateway: Gateway) -> None:
    line = {"text": "**Three** days, see [help](/help/en/x).", "custom": {"faq": {"id": "delivery-time"}}}
    gateway.bot.says("how long", line)
    gateway.bot.says("quote", {"text": "**Three** days"})
    (sent,) = await gateway.rest("how long")
    assert sent["text"] == f"Three days, see help ({gateway.settings.base_url}/help/en/x)."
    assert (await gateway.rest("quote"))[0]["text"] == "**Three** days", "what is no article is sent as it stands"
    page = await gateway.page()
    await page.say("how long")
    assert (await page.message("assistant"))["text"] == line["text"]
