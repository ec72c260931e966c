"""Editing over HTTP: who may, what happens to drafts, and that customers get what was published a moment ago."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from gateway_parts import Gateway, Seat, Start

from faq_kb.content import normal

FEE = "delivery-fee"


class Console(Seat):
    """An editor at the console."""

    async def get(self, path: str, status: int = 200) -> Any:
        async with self.http.get(f"{self.gateway.base}/faq/api{path}") as response:
            body = await response.json()
            assert response.status == status, body
            return body

    async def send(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        async with self.http.request(
            method, f"{self.gateway.base}/faq/api{path}", json=body or {}, headers={"X-CSRF-Token": self.csrf}
        ) as response:
            answer = await response.json()
            assert response.status == status, answer
            return answer

    async def save(self, article_id: str = FEE, status: int = 200, miss_id: int | None = None, **fields: Any) -> Any:
        """Change fields of an article's draft, as a page does that has just opened it."""
        opened = await self.get(f"/articles/{article_id}")
        return await self.save_over(opened, article_id, status, miss_id, **fields)

    async def save_over(
        self, opened: Any, article_id: str = FEE, status: int = 200, miss_id: int | None = None, **fields: Any
    ) -> Any:
        draft = opened["draft"]
        body = {
            "category": (draft or opened)["category"],
            "content": {**((draft or {}).get("content") or opened["published"]), **fields},
            "draft_version": draft["version"] if draft else 0,
            "base": draft["base"] if draft else opened["published"],
            "miss_id": miss_id,
        }
        return await self.send("PUT", f"/articles/{article_id}/draft", body, status)

    async def publish(self, article_id: str = FEE, status: int = 200) -> Any:
        version = (await self.get(f"/articles/{article_id}"))["draft"]["version"]
        return await self.send("POST", f"/articles/{article_id}/publish", {"draft_version": version}, status)


async def console(gateway: Gateway, login: str = "eddy") -> Console:
    seat = await gateway.seat(login)
    return Console(gateway, seat.http, seat.csrf, seat.agent)


async def asked(gateway: Gateway, text: str) -> list[dict[str, Any]]:
    """What the gateway's own search finds for a customer's question."""
    ben = await gateway.seat("ben")
    found = await ben.get(f"/faq?q={text}&locale=en")
    return list(found["articles"])


async def until(holds: Callable[[], Awaitable[Any]], seconds: float = 5) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        found = await holds()
        if found:
            return found
        assert time.monotonic() < deadline, "it did not come to hold"
        await asyncio.sleep(0.02)


async def led(gateway: Gateway, path: str) -> tuple[int, str | None]:
    """Where a reader of a help page is sent."""
    async with gateway.http.get(f"{gateway.base}{path}", allow_redirects=False) as response:
        location = response.headers.get("Location")
        return response.status, "/" + location.split("/", 3)[3] if location and "://" in location else location


def file_of(root: Path) -> str:
    return (root / "faq_kb" / "articles" / "delivery.yml").read_text(encoding="utf-8")


# -- who may ---------------------------------------------------------------------------------------------------


async def test_editors_supervisors_and_nobody_else_may_edit(gateway: Gateway) -> None:
    for login in ("eddy", "sue"):
        assert (await (await console(gateway, login)).get("/tree"))["categories"][0]["id"] == "delivery"
    ben = await console(gateway, "ben")
    for method, path in (("GET", "/tree"), ("PUT", f"/articles/{FEE}/draft"), ("POST", "/ask"), ("GET", "/history")):
        assert (await ben.send(method, path, status=403))["error"]["code"] == "not_allowed"
    async with gateway.http.get(f"{gateway.base}/faq/api/tree") as response:
        assert response.status == 401


async def test_an_editor_sees_no_conversation_and_may_set_a_language(gateway: Gateway) -> None:
    seat = await gateway.seat("eddy")
    for path in ("/inbox", "/conversations", "/faq?q=x"):
        assert (await seat.get(path, status=403))["error"]["code"] == "not_allowed"
    await seat.post("/language", {"language": "zh-TW"}, method="PUT")
    assert (await seat.get("/me"))["agent"]["language"] == "zh-TW"


async def test_a_change_without_the_page_s_token_is_refused(gateway: Gateway) -> None:
    eddy = await console(gateway)
    eddy.csrf = "another"
    for method, path in (
        ("PUT", f"/articles/{FEE}/draft"),
        ("DELETE", f"/articles/{FEE}/draft"),
        ("POST", f"/articles/{FEE}/publish"),
        ("POST", "/ask"),
    ):
        assert (await eddy.send(method, path, status=403))["error"]["code"] == "csrf_refused"


# -- publishing ------------------------------------------------------------------------------------------------


@pytest.mark.alone
async def test_what_is_published_answers_the_next_question(gateway: Gateway, root: Path) -> None:
    eddy = await console(gateway)
    before = file_of(root)
    await eddy.save(answer={"en": "HK$45.", "zh-HK": "四十五蚊。"}, asked_as=["郵費", "wat iz da damage 4 sendin it"])
    assert file_of(root) == before and (await asked(gateway, "shipping fee"))[0]["answer"] == "HK$30."
    began = time.monotonic()
    told = await eddy.publish()
    assert told["live"] is True and time.monotonic() - began < 1
    found = (await asked(gateway, "wat iz da damage 4 sendin it"))[0]
    assert (found["id"], found["answer"]) == (FEE, "HK$45.")
    article = await eddy.get(f"/articles/{FEE}")
    assert article["draft"] is None and article["published"]["answer"] == {"zh-HK": "四十五蚊。", "en": "HK$45."}
    changed = [line for line in file_of(root).splitlines() if line not in before.splitlines()]
    assert changed == [
        "    asked_as: [郵費, wat iz da damage 4 sendin it]",
        '    answer: {zh-HK: "四十五蚊。", en: "HK$45."}',
    ]


async def test_a_new_article_and_a_deleted_one(gateway: Gateway) -> None:
    eddy = await console(gateway)
    content = normal({"question": {"en": "Do you wrap gifts?"}, "answer": {"en": "For HK$20."}})
    draft = {"category": "delivery", "content": content, "draft_version": 0, "base": None}
    await eddy.send("PUT", "/articles/gift-wrap/draft", draft)
    rows = {row["id"]: row for one in (await eddy.get("/tree"))["categories"] for row in one["articles"]}
    assert (rows["gift-wrap"]["state"], rows["gift-wrap"]["missing"]) == ("new", ["zh-HK", "zh-TW", "zh-CN"])
    await eddy.publish("gift-wrap")
    assert (await asked(gateway, "do you wrap gifts"))[0]["id"] == "gift-wrap"
    await eddy.send("POST", "/articles/gift-wrap/delete")
    assert (await asked(gateway, "do you wrap gifts"))[0]["id"] == "gift-wrap"
    await eddy.publish("gift-wrap")
    assert all(one["id"] != "gift-wrap" for one in await asked(gateway, "do you wrap gifts"))
    assert (await eddy.get("/articles/gift-wrap", status=404))["error"]["code"] == "unknown_article"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"question": {}}, "question"),
        ({"image": "javascript:alert(1)"}, "image"),
        ({"valid_from": "2026-02-02", "valid_until": "2026-02-01"}, "valid_until"),
        ({"pins": [{"pattern": "(a+"}]}, "pins.pattern"),
        ({"related": ["../../etc/passwd"]}, "related"),
    ],
)
async def test_what_would_break_the_set_is_refused_with_its_field(
    start: Start, root: Path, fields: dict[str, Any], field: str
) -> None:
    eddy = await console(await start())
    before = file_of(root)
    await eddy.save(**fields)
    refused = await eddy.publish(status=422)
    assert refused["error"]["code"] == "article_refused"
    assert [problem["field"] for problem in refused["error"]["details"]["problems"]] == [field]
    assert file_of(root) == before and (await eddy.get(f"/articles/{FEE}"))["draft"] is not None


@pytest.mark.parametrize("article_id", ["..%2f..%2fevil", "A", "a" * 81, "a_b", "-"])
async def test_an_id_that_is_none_is_refused(start: Start, root: Path, article_id: str) -> None:
    eddy = await console(await start())
    body = {"category": "delivery", "content": {}, "draft_version": 0}
    answer = await eddy.send("PUT", f"/articles/{article_id}/draft", body, status=422)
    assert answer["error"]["details"]["problems"][0]["field"] == "id"
    category = {**body, "category": "../../evil"}
    answer = await eddy.send("PUT", "/articles/fine/draft", category, status=422)
    assert answer["error"]["details"]["problems"][0]["field"] == "category"
    assert (await eddy.send("POST", "/categories", {"id": "../evil", "name": {"en": "x"}}, status=422))["error"]


async def test_a_renamed_article_is_found_under_its_new_name(gateway: Gateway, root: Path) -> None:
    eddy = await console(gateway)
    await eddy.save(keywords=["draft"])
    told = await eddy.send("POST", f"/articles/{FEE}/rename", {"to": "shipping-fee"})
    assert told["live"] and told["id"] == "shipping-fee"
    assert (await asked(gateway, "shipping fee"))[0]["id"] == "shipping-fee"
    assert (await eddy.get("/articles/delivery-time"))["published"]["related"] == ["shipping-fee"]
    assert (await eddy.get("/articles/shipping-fee"))["draft"]["content"]["keywords"] == ["draft"]
    await eddy.get(f"/articles/{FEE}", status=404)
    assert await led(gateway, f"/help/en/{FEE}") == (301, "/help/en/shipping-fee")
    assert await led(gateway, f"/help/{FEE}") == (302, "/help/zh-HK/shipping-fee")
    await eddy.send("POST", "/articles/shipping-fee/rename", {"to": "postage"})
    assert await led(gateway, f"/help/zh-HK/{FEE}/") == (301, "/help/zh-HK/postage")
    await eddy.send("POST", "/articles/postage/rename", {"to": "shipping-fee"})
    assert await led(gateway, "/help/en/postage") == (301, "/help/en/shipping-fee")
    assert await led(gateway, "/help/en/shipping-fee") == (200, None)
    refused = await eddy.send("POST", "/articles/shipping-fee/rename", {"to": "delivery-time"}, status=409)
    assert refused["error"]["code"] == "id_taken"
    assert "delivery-fee" not in file_of(root)


async def test_categories_are_begun_and_hung_below_each_other(gateway: Gateway) -> None:
    eddy = await console(gateway)
    await eddy.send("POST", "/categories", {"id": "abroad", "name": {"en": "Abroad"}, "parent": "delivery"})
    tree = {one["id"]: one for one in (await eddy.get("/tree"))["categories"]}
    assert (tree["abroad"]["parent"], tree["abroad"]["name"]) == ("delivery", {"en": "Abroad"})
    circle = {"name": {"en": "Delivery"}, "parent": "abroad"}
    refused = await eddy.send("PUT", "/categories/delivery", circle, status=422)
    assert refused["error"]["details"]["problems"][0]["code"] == "parent_circle"
    await eddy.send("PUT", "/categories/abroad", {"name": {"en": "Far away"}, "parent": None})
    tree = {one["id"]: one for one in (await eddy.get("/tree"))["categories"]}
    assert (tree["abroad"]["parent"], tree["abroad"]["name"]) == (None, {"en": "Far away"})
    assert (await eddy.send("PUT", "/categories/none", circle, status=404))["error"]["code"] == "unknown_category"


# -- two at once -----------------------------------------------------------------------------------------------


async def test_two_editors_are_merged_or_told_and_lose_nothing(gateway: Gateway) -> None:
    eddy, sue = await console(gateway), await console(gateway, "sue")
    opened = await eddy.get(f"/articles/{FEE}")
    await sue.save(answer={"en": "HK$50."}, asked_as=[*opened["published"]["asked_as"], "sue's words"])
    assert (await sue.get(f"/articles/{FEE}"))["editors"] == ["Eddy"]
    merged = await eddy.save_over(opened, asked_as=[*opened["published"]["asked_as"], "eddy's words"])
    content = merged["draft"]["content"]
    assert content["answer"] == {"en": "HK$50."} and {"sue's words", "eddy's words"} <= set(content["asked_as"])
    refused = await eddy.save_over(opened, status=409, answer={"en": "HK$60."})
    assert refused["error"]["code"] == "edit_conflict"
    details = refused["error"]["details"]
    assert (details["fields"], details["theirs_by"], details["theirs"]) == (["answer.en"], "eddy", content)
    assert (await sue.get(f"/articles/{FEE}"))["draft"]["content"] == content


async def test_one_of_two_publishes_and_the_other_is_told(gateway: Gateway) -> None:
    eddy, sue = await console(gateway), await console(gateway, "sue")
    await eddy.save(answer={"en": "HK$50."})

    async def publish(who: Console) -> int:
        url, headers = f"{gateway.base}/faq/api/articles/{FEE}/publish", {"X-CSRF-Token": who.csrf}
        async with who.http.post(url, json={"draft_version": 1}, headers=headers) as response:
            return response.status

    assert sorted(await asyncio.gather(publish(eddy), publish(sue))) == [200, 404]
    assert len((await eddy.get(f"/articles/{FEE}/history"))["revisions"]) == 1


async def test_a_file_that_changed_under_the_draft_is_merged_or_told(gateway: Gateway, root: Path) -> None:
    eddy = await console(gateway)
    path = root / "faq_kb" / "articles" / "delivery.yml"
    await eddy.save(answer={"en": "HK$50."})
    path.write_text(file_of(root).replace("shipping fee", "shipping price"), encoding="utf-8")
    await eddy.publish()
    published = (await eddy.get(f"/articles/{FEE}"))["published"]
    assert "shipping price" in published["asked_as"] and published["answer"] == {"en": "HK$50."}

    await eddy.save(answer={"en": "HK$60."})
    path.write_text(file_of(root).replace("HK$50.", "HK$55."), encoding="utf-8")
    refused = await eddy.publish(status=409)
    details = refused["error"]["details"]
    assert (details["fields"], details["theirs"]["answer"], details["theirs_by"]) == (
        ["answer.en"],
        {"en": "HK$55."},
        "file",
    )
    assert "HK$55." in file_of(root)
    told = await eddy.send("POST", f"/articles/{FEE}/publish", {"draft_version": details["draft_version"]})
    assert told["live"] and "HK$60." in file_of(root)


# -- history ---------------------------------------------------------------------------------------------------


async def test_history_says_who_and_when_and_takes_back_with_one_click(gateway: Gateway, root: Path) -> None:
    eddy, sue = await console(gateway), await console(gateway, "sue")
    original = file_of(root)
    await eddy.save(answer={"en": "HK$50."})
    await eddy.publish()
    gateway.clock.forward(hours=1)
    await sue.save(answer={"en": "HK$60."})
    await sue.publish()
    revisions = (await eddy.get(f"/articles/{FEE}/history"))["revisions"]
    assert [(one["actor"], one["action"], one["after"]["answer"]) for one in revisions] == [
        ("sue", "publish", {"en": "HK$60."}),
        ("eddy", "publish", {"en": "HK$50."}),
    ]
    assert revisions[0]["at"] == gateway.clock().isoformat() and len(revisions[0]["version"]) == 12
    told = await eddy.send("POST", f"/articles/{FEE}/revert", {"revision": revisions[1]["id"]})
    assert told["live"] and normal_lines(file_of(root)) == normal_lines(original)
    newest = (await eddy.get(f"/articles/{FEE}/history"))["revisions"][0]
    assert (newest["action"], newest["actor"]) == ("revert", "eddy")
    assert (await eddy.get("/history"))["revisions"][0]["article_id"] == FEE
    await eddy.send("POST", f"/articles/{FEE}/revert", {"revision": 10_000}, status=404)


def normal_lines(text: str) -> list[str]:
    """Without the quotes, which a text that went and came again may get."""
    return [line.replace('"', "") for line in text.splitlines()]


async def test_an_edit_on_disk_is_in_the_history_once(gateway: Gateway, root: Path) -> None:
    eddy = await console(gateway)
    await eddy.save(keywords=["fee"])
    await eddy.publish()
    path = root / "faq_kb" / "articles" / "delivery.yml"
    path.write_text(file_of(root).replace("Three days.", "Four days."), encoding="utf-8")

    async def seen() -> Any:
        return (await eddy.get("/articles/delivery-time/history"))["revisions"]

    (revision,) = await until(seen)
    assert (revision["action"], revision["actor"]) == ("file", "file")
    assert (revision["before"]["answer"]["en"], revision["after"]["answer"]["en"]) == ("Three days.", "Four days.")
    assert [one["action"] for one in (await eddy.get(f"/articles/{FEE}/history"))["revisions"]] == ["publish"]


@pytest.mark.parametrize("kind", ["tag", "tab", "repeated_key", "bad_encoding", "file_too_big", "repeated_id"])
async def test_a_file_that_broke_on_disk_is_told_in_the_editor_s_language(start: Start, root: Path, kind: str) -> None:
    gateway = await start()
    eddy = await console(gateway)
    path = root / "faq_kb" / "articles" / "delivery.yml"
    good = file_of(root)
    answer = next(line for line in good.splitlines() if "HK$30." in line)
    twice = "category: {en: Again}\narticles:\n  - id: delivery-fee\n    question: {en: Fee?}\n    answer: {en: 1}\n"
    broken = {
        "tag": good.replace(answer, "    answer: !!python/name:os.system {en: x}").encode(),
        "tab": good.replace(answer, f"\t{answer.strip()}").encode(),
        "repeated_key": good.replace(answer, f"{answer}\n{answer}").encode(),
        "bad_encoding": good.encode("utf-16"),
        "file_too_big": good.encode() + b"# x\n" * 2_500_000,
    }
    if kind == "repeated_id":
        path.with_name("again.yml").write_text(twice, encoding="utf-8")
    else:
        path.write_bytes(broken[kind])

    async def told() -> Any:
        return (await eddy.get("/tree"))["problems"]

    problem = (await until(told, seconds=30))[0]
    assert (problem["file"], problem["code"]) == ("faq_kb/articles/delivery.yml", kind)
    assert set(problem["told"]) == {"zh-HK", "zh-TW", "zh-CN", "en"}
    assert problem["told"]["en"] == problem["message"]
    assert all(told.isascii() == (locale == "en") for locale, told in problem["told"].items())
    assert (await asked(gateway, "shipping fee"))[0]["answer"] == "HK$30."


# -- trying ----------------------------------------------------------------------------------------------------


async def test_asking_uses_the_draft_and_says_why(gateway: Gateway) -> None:
    eddy = await console(gateway)
    await eddy.save(asked_as=["郵費", "wat iz da damage 4 sendin it"], answer={"en": "**HK$45.**"})
    question = {"text": "wat iz da damage 4 sendin it", "locale": "en"}
    without = await eddy.send("POST", "/ask", {**question, "article": None})
    assert without["why"]["key"] != "exact"
    found = await eddy.send("POST", "/ask", {**question, "article": FEE})
    assert (found["decision"], found["why"]["key"], found["hits"][0]["id"]) == ("answer", "exact", FEE)
    assert found["answer"]["plain"] == "HK$45." and found["hits"][0]["matched"] == "wat iz da damage 4 sendin it"
    nothing = await eddy.send("POST", "/ask", {"text": "你食咗飯未呀", "locale": "zh-HK", "article": None})
    assert nothing["decision"] != "answer" and nothing["answer"] is None


@pytest.mark.parametrize(
    ("intent", "decision", "why"),
    [
        ("faq", "answer", "exact"),
        ("cancel_order", "elsewhere", "exact"),
        ("ask_person", "elsewhere", "exact"),
        ("product_question", "offer", "exact"),
        ("nlu_fallback", "suggest", "exact"),
    ],
)
async def test_asking_tells_what_the_assistant_takes_the_sentence_for(
    start: Start, intent: str, decision: str, why: str
) -> None:
    gateway = await start()
    eddy = await console(gateway)
    await eddy.save(asked_as=["wat iz da damage 4 sendin it"])
    taken = {"intent": intent, "confidence": 0.912345, "rule": "intent"}
    gateway.bot.says("wat iz da damage 4 sendin it", {"custom": {"trial": taken}})
    found = await eddy.send("POST", "/ask", {"text": "wat iz da damage 4 sendin it", "locale": "zh-TW", "article": FEE})
    assert (found["decision"], found["why"]["key"], found["hits"][0]["id"]) == (decision, why, FEE)
    assert (found["intent"]["name"], found["intent"]["confidence"]) == (intent, 0.912)
    assert (found["answer"] is not None) == (decision == "answer")
    # The bot hears what the draft makes of it, and that nothing is to be done.
    (asked,) = gateway.bot.asked
    assert asked["sender"].startswith("trial-") and asked["metadata"]["language"] == "zh-TW"
    assert asked["metadata"]["trial"] == {"score": 1.0, "answers": True, "exact": True, "pinned": False}


async def test_asking_goes_on_without_the_assistant(gateway: Gateway) -> None:
    eddy = await console(gateway)
    question = {"text": "how much is shipping", "locale": "en", "article": None}
    for lines, status in (
        ([], 200),
        ([{"text": "bot"}], 200),
        ([{"custom": {"trial": {"intent": 5}}}], 200),
        ([], 500),
    ):
        gateway.bot.status = status
        gateway.bot.says(question["text"], *lines)
        found = await eddy.send("POST", "/ask", question)
        assert (found["intent"], found["decision"]) == (None, "answer")
    button = await eddy.send("POST", "/ask", {**question, "text": '/ask_person{"a": 1}'})
    assert button["intent"] is None and all(not one["message"].startswith("/") for one in gateway.bot.asked)


async def test_a_check_tells_problems_and_collisions_of_the_draft(gateway: Gateway) -> None:
    eddy = await console(gateway)
    await eddy.save(asked_as=["when will it arrive?"], related=["nobody"], question={"en": "What does shipping cost?"})
    found = await eddy.send("POST", f"/articles/{FEE}/check")
    assert {"dead_related", "missing_locale"} <= {problem["code"] for problem in found["problems"]}
    (collision,) = found["collisions"]
    assert (collision["text"], collision["with"]["id"]) == ("when will it arrive?", "delivery-time")
    await eddy.save(question={})
    assert (await eddy.send("POST", f"/articles/{FEE}/check"))["problems"][0]["field"] == "question"


async def test_the_tree_is_searched_in_words_and_by_meaning(gateway: Gateway) -> None:
    eddy = await console(gateway)
    await eddy.save(answer={"en": "Forty-five dollars."})
    for words in ("forty-five", "運送費幾多", "delivery-fee"):
        tree = await eddy.get(f"/tree?q={words}")
        assert FEE in [row["id"] for one in tree["categories"] for row in one["articles"]], words
    tree = await eddy.get("/tree?state=draft")
    assert [row["id"] for one in tree["categories"] for row in one["articles"]] == [FEE]


# -- schedule --------------------------------------------------------------------------------------------------


async def test_what_is_scheduled_goes_live_by_itself(
    start: Start, database_url: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("switchboard.app.SCHEDULE_EVERY_SECONDS", 0.05)
    gateway = await start(database_url=database_url)
    eddy = await console(gateway)
    await eddy.save(answer={"en": "HK$45."})
    at = gateway.clock().replace(hour=9).isoformat()
    assert (await eddy.send("POST", f"/articles/{FEE}/schedule", {"publish_at": at}))["draft"]["state"] == "scheduled"
    await asyncio.sleep(0.3)
    assert "HK$45." not in file_of(root)
    gateway.clock.forward(hours=5)

    async def is_live() -> bool:
        return (await asked(gateway, "shipping fee"))[0]["answer"] == "HK$45."

    await until(is_live)
    assert (await eddy.get(f"/articles/{FEE}/history"))["revisions"][0]["actor"] == "eddy"


async def test_a_schedule_that_fails_says_why_and_waits(
    start: Start, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("switchboard.app.SCHEDULE_EVERY_SECONDS", 0.05)
    gateway = await start()
    eddy = await console(gateway)
    await eddy.save(answer={"en": "HK$45."})
    at = gateway.clock().replace(hour=9).isoformat()
    await eddy.send("POST", f"/articles/{FEE}/schedule", {"publish_at": at})
    path = root / "faq_kb" / "articles" / "delivery.yml"
    path.write_text("category: [", encoding="utf-8")
    gateway.clock.forward(hours=5)

    async def failure() -> Any:
        return (await eddy.get(f"/articles/{FEE}"))["draft"]["failure"]

    failed = await until(failure)
    assert failed["code"] == "article_refused"
    (problem,) = failed["problems"]
    assert (problem["file"], problem["line"]) == ("faq_kb/articles/delivery.yml", 2)
    assert "not readable as YAML" in problem["told"]["en"]
    assert {"zh-HK", "zh-TW", "zh-CN"} < set(problem["told"]) and problem["told"]["zh-TW"] != problem["told"]["en"]
    rows = [row for category in (await eddy.get("/tree"))["categories"] for row in category["articles"]]
    assert [row["id"] for row in rows if row["failed"]] == [FEE]
    assert (await eddy.get(f"/articles/{FEE}"))["draft"]["base"]["answer"]["en"] == "HK$30."

    async def told() -> Any:
        return (await eddy.get("/tree"))["problems"]

    assert (await until(told))[0]["file"] == "faq_kb/articles/delivery.yml"
    assert (await asked(gateway, "shipping fee"))[0]["answer"] == "HK$30."


async def test_a_schedule_that_was_overtaken_on_disk_waits_for_a_person(
    start: Start, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("switchboard.app.SCHEDULE_EVERY_SECONDS", 0.05)
    gateway = await start()
    eddy = await console(gateway)
    await eddy.save(answer={"en": "HK$45."})
    at = gateway.clock().replace(hour=9).isoformat()
    await eddy.send("POST", f"/articles/{FEE}/schedule", {"publish_at": at})
    path = root / "faq_kb" / "articles" / "delivery.yml"
    path.write_text(file_of(root).replace("HK$30.", "HK$33."), encoding="utf-8")
    gateway.clock.forward(hours=5)

    async def failure() -> Any:
        return (await eddy.get(f"/articles/{FEE}"))["draft"]["failure"]

    assert await until(failure) == {"code": "edit_conflict", "fields": ["answer.en"], "problems": []}
    await asyncio.sleep(0.3)
    draft = (await eddy.get(f"/articles/{FEE}"))["draft"]
    assert (draft["state"], draft["content"]["answer"]) == ("draft", {"en": "HK$45."})
    assert "HK$33." in file_of(root) and "HK$45." not in file_of(root)


# -- several gateways ------------------------------------------------------------------------------------------


@pytest.mark.alone
async def test_two_gateways_on_one_folder_serve_and_record_it_once(start: Start, database_url: str, root: Path) -> None:
    first = await start(database_url=database_url)
    second = await start(bot=first.bot, clock=first.clock, database_url=database_url)
    eddy = await console(first)
    await eddy.save(answer={"en": "HK$45."})
    began = time.monotonic()
    await eddy.publish()

    async def is_live() -> bool:
        return (await asked(second, "shipping fee"))[0]["answer"] == "HK$45."

    await until(is_live)
    assert time.monotonic() - began < 3
    path = root / "faq_kb" / "articles" / "delivery.yml"
    path.write_text(file_of(root).replace("Three days.", "Four days."), encoding="utf-8")

    async def seen() -> Any:
        return (await eddy.get("/history"))["revisions"][0]["action"] == "file"

    await until(seen)
    await asyncio.sleep(1.2)
    assert [one["action"] for one in (await eddy.get("/history"))["revisions"]] == ["file", "publish"]


async def test_another_folder_may_be_named(start: Start, tmp_path: Path, root: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "gifts.yml").write_text(
        "category: {en: Gifts}\narticles:\n  - id: gift\n    question: {en: Gifts?}\n    answer: {en: Yes.}\n",
        encoding="utf-8",
    )
    eddy = await console(await start(articles_dir=folder))
    assert [one["id"] for one in (await eddy.get("/tree"))["categories"]] == ["gifts"]
    await eddy.save("gift", answer={"en": "Always."})
    await eddy.publish("gift")
    assert "Always." in (folder / "gifts.yml").read_text(encoding="utf-8")


# -- words and replay ------------------------------------------------------------------------------------------


async def test_words_that_mean_the_same_are_live_at_once(gateway: Gateway, root: Path) -> None:
    eddy, sue = await console(gateway), await console(gateway, "sue")
    words = await eddy.get("/words")
    assert any("運費 = 郵費" in line for line in words["lines"])
    lines = [*words["lines"], "# ours", "zorgle = shipping = 運費"]
    saved = await eddy.send("PUT", "/words", {"lines": lines, "version": words["version"]})
    assert saved["live"] and (await asked(gateway, "what does zorgle cost"))[0]["id"] == FEE
    assert await sue.get("/words") == {"lines": lines, "version": saved["version"]}
    stale = await sue.send("PUT", "/words", {"lines": ["a = b"], "version": words["version"]}, status=409)
    assert stale["error"]["details"]["theirs"] == lines
    wrong = {"lines": ["a = b", "alone"], "version": saved["version"]}
    refused = await eddy.send("PUT", "/words", wrong, status=422)
    assert refused["error"]["details"]["problems"][0]["line"] == 2
    assert (
        (root / "faq_kb" / "articles" / "synonyms.txt").read_text(encoding="utf-8").endswith("zorgle = shipping = 運費")
    )


async def test_a_replay_shows_what_words_do_before_they_are_live(gateway: Gateway, root: Path) -> None:
    eddy = await console(gateway)
    for text in ("when will it arrive", "zorgle"):
        await gateway.rest(text)
    lines = [*(await eddy.get("/words"))["lines"], "zorgle = shipping = 運費"]
    found = await eddy.send("POST", "/words/replay", {"lines": lines})
    assert (found["asked"], found["lost"], found["changed"], found["same"]) == (2, [], [], 1)
    assert [(one["text"], one["after"]["id"]) for one in found["won"]] == [("zorgle", FEE)]
    assert not (root / "faq_kb" / "articles" / "synonyms.txt").exists()
    refused = await eddy.send("POST", "/words/replay", {"lines": ["a = b", "alone"]}, status=422)
    assert refused["error"]["details"]["problems"][0]["line"] == 2
    await eddy.send("POST", "/words/replay", {"lines": "a = b"}, status=400)


async def test_a_replay_shows_what_customers_asked_before_and_with_the_draft(gateway: Gateway) -> None:
    eddy = await console(gateway)
    for text in ("when will it arrive", "wat iz da damage 4 sendin it"):
        await gateway.rest(text)
    await eddy.save(asked_as=["shipping fee", "wat iz da damage 4 sendin it", "when will it arrive now"])
    found = await eddy.send("POST", f"/articles/{FEE}/replay")
    assert (found["asked"], found["lost"], found["same"]) == (2, [], 1)
    (won,) = found["won"]
    assert (won["text"], won["source"], won["after"]["id"]) == ("wat iz da damage 4 sendin it", "past", FEE)


async def test_a_publication_is_on_the_public_page_with_its_day(gateway: Gateway) -> None:
    eddy = await console(gateway)
    await eddy.save(answer={"en": "Forty dollars."})
    await eddy.publish()

    async def page() -> str:
        async with gateway.http.get(f"{gateway.base}/help/en/{FEE}") as answer:
            return await answer.text()

    shown = await until(lambda: _with("Forty dollars.", page()))
    assert '<time datetime="2026-03-02">2 March 2026</time>' in shown


async def _with(words: str, page: Awaitable[str]) -> str:
    shown = await page
    return shown if words in shown else ""
