"""`make demo-channels`: a newcomer is a customer on several channels and the agent at the desk."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from demo.__main__ import demo
from demo.phones import PHONES
from waiting import eventually

pytestmark = [pytest.mark.processes, pytest.mark.bot]


class Viewer:
    """Whoever looks at the page."""

    def __init__(self, http: aiohttp.ClientSession, page: str) -> None:
        self._http = http
        self.page = page

    async def lines(self, phone: str) -> list[dict[str, Any]]:
        async with self._http.get(f"{self.page}/phones") as answer:
            shown = (await answer.json())["phones"]
        return next(list(one["lines"]) for one in shown if one["id"] == phone)

    async def does(self, path: str, status: int = 200, **what: Any) -> None:
        async with self._http.post(f"{self.page}/{path}", json=what) as answer:
            assert answer.status == status

    async def reads(self, phone: str, count: int) -> list[dict[str, Any]]:
        said: list[dict[str, Any]] = []

        async def are_there() -> bool:
            said[:] = [one for one in await self.lines(phone) if one["who"] == "shop"]
            return len(said) >= count

        await eventually(are_there, lambda: said, seconds=30)
        return said


async def test_a_newcomer_is_customer_on_two_channels_and_the_agent(tmp_path: Path) -> None:
    told: list[str] = []
    async with demo(tmp_path, 0, told.append) as (page, gateway):
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as http:
            async with http.get(f"{gateway}/readyz") as answer:
                assert (await answer.json())["channels_left_out"] == []
            viewer = Viewer(http, page)
            async with http.get(page) as answer:
                assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
            async with http.get(f"{page}/desk/ben") as answer:
                assert str(answer.url) == f"{gateway}/desk", "signed in, and there"
            async with http.get(f"{gateway}/desk/api/me") as answer:
                csrf = (await answer.json())["csrf"]

            async with http.get(f"{page}/phones") as answer:
                shown = {one["id"]: one for one in (await answer.json())["phones"]}
            for phone, one in shown.items():
                await viewer.does("say", phone=phone, text=one["words"][0])
            for phone in shown:
                assert all(line.get("problem") is None for line in await viewer.lines(phone)), phone
                assert (await viewer.reads(phone, 1))[0]["text"], phone
            (answered, *_) = await viewer.reads("line", 1)
            assert answered["buttons"], "an article with what one may ask next"
            await viewer.does("say", phone="sms", text="a person please")
            title, payload = answered["buttons"][0]
            await viewer.does("tap", phone="line", title=title, payload=payload)
            await viewer.reads("line", 2)
            assert [one["problem"] for one in await viewer.lines("line") if one["who"] == "customer"] == [None, None]

            await viewer.does("say", phone="line", text="綁定帳號")
            linked = (await viewer.reads("line", 3))[2]["text"]
            (address,) = re.findall(r"https?://\S+", linked)
            async with http.get(address) as answer:  # the demo shop's page, LINE's own step behind ours
                identity = re.findall(r'name="identity" value="([^"]+)"', await answer.text())[0]
            async with http.post(f"{gateway}/link/answer", data={"identity": identity, "answer": "yes"}) as answer:
                assert "LINE: linked" in await answer.text()
            tied = (await viewer.reads("line", 4))[3]
            assert [title for title, _ in tied["buttons"]] == ["解除綁定"]

            await viewer.reads("sms", 2)

            async def queue() -> list[dict[str, Any]]:
                async with http.get(f"{gateway}/desk/api/inbox") as answer:
                    return list((await answer.json())["queue"])

            (row,) = await eventually(queue)
            headers = {"X-CSRF-Token": csrf}
            async with http.post(
                f"{gateway}/desk/api/tickets/{row['number']}/claim", headers=headers, json={}
            ) as answer:
                assert answer.status == 200
            said = {"text": "Ben here, how can I help?"}
            where = f"{gateway}/desk/api/conversations/{row['conversation']}/messages"
            async with http.post(where, headers=headers, json=said) as answer:
                assert answer.status == 200

            async def arrived() -> bool:
                return said["text"] in [one["text"] for one in await viewer.lines("sms")]

            await eventually(arrived, seconds=20)

            await viewer.does("share", phone="telegram")
            await viewer.does("share", 400, phone="telegram")
            assert (await viewer.lines("telegram"))[-1]["problem"] is None
            await viewer.does("say", phone="twilio_voice", text="我想搵真人")

            async def is_to_be_called_back() -> bool:
                return "twilio_voice" in [one["channel"] for one in await queue()]

            await eventually(is_to_be_called_back)

            foreign = {"Origin": "https://evil.example"}
            async with http.post(f"{page}/say", json={"phone": "line", "text": "x"}, headers=foreign) as answer:
                assert answer.status == 403
            await viewer.does("say", 404, phone="fax", text="x")
    assert {"twilio_voice", *(model.id for model in PHONES)} - set(shown) <= {"email"}, told
