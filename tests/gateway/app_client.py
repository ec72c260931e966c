"""A shop's own app, written from docs/widget-protocol.md alone: HTTP and long polling."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import Any

import aiohttp


class AppClient:
    def __init__(self, address: str, kept: dict[str, Any], locale: str = "en", identity: str | None = None) -> None:
        self.address, self.kept = address, kept  # what the app keeps on the phone
        self.who = {"inbox": "app", "locale": locale, **({"identity": identity} if identity else {})}
        self.messages: dict[int, dict[str, Any]] = {}  # by id: each is shown once, in the order of ids
        self.state: dict[str, Any] = {"status": "none"}
        self.refused: dict[str, str] = {}  # client_id: code
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=40))
        self._listening: asyncio.Task[None] | None = None
        self._beginning = asyncio.Lock()

    async def open(self) -> None:
        """Begin, or go on where the app was left, and listen."""
        await self._begin()
        self._listening = asyncio.create_task(self._listen())

    async def close(self) -> None:
        if self._listening:
            self._listening.cancel()
        await self._http.close()

    async def say(self, text: str, files: tuple[str, ...] = ()) -> None:
        await self._deliver({"type": "message", "text": text, "attachments": list(files)})

    async def press(self, message: dict[str, Any], at: int) -> None:
        await self._deliver({"type": "button", "message_id": message["id"], "index": at})

    async def ask_person(self) -> None:
        await self._deliver({"type": "person"})

    async def rate(self, question: dict[str, Any], score: int) -> None:
        await self._deliver({"type": "csat", "rating": question["id"], "score": score})

    async def shown(self, message: dict[str, Any]) -> None:
        await self._post({"type": "read", "message_id": message["id"]})

    async def send_up(self, name: str, content: bytes) -> str:
        answer = await self._ask("POST", "attachments", params={"name": name}, data=content)
        return str(answer["attachment"]["id"])

    async def fetch(self, file: dict[str, Any]) -> bytes:
        return bytes(await self._ask("GET", f"attachments/{file['id']}"))

    async def _begin(self) -> None:
        session = await self._ask("POST", "session", json={**self.who, "token": self.kept.get("token")})
        self.kept["token"] = session["token"]
        self._take(session)

    async def _listen(self) -> None:
        while True:
            try:
                self._take(await self._ask("GET", "poll", params={"after": str(self.kept["cursor"])}))
            except (OSError, aiohttp.ClientError, asyncio.TimeoutError):
                await asyncio.sleep(0.05)  # an app waits longer each time

    async def _deliver(self, frame: dict[str, Any]) -> None:
        """Until it is answered: the same client_id is taken once, however often it arrives."""
        frame["client_id"] = uuid.uuid4().hex
        while True:
            with contextlib.suppress(OSError, aiohttp.ClientError, asyncio.TimeoutError):
                return await self._post(frame)
            await asyncio.sleep(0.05)

    async def _post(self, frame: dict[str, Any]) -> None:
        for answer in (await self._ask("POST", "frames", json=frame))["frames"]:
            if answer["type"] == "error":
                self.refused[answer["client_id"]] = answer["code"]
            elif answer.get("message"):
                self.messages[answer["message"]["id"]] = answer[
                    "message"
                ]  # not the cursor: earlier ones may be missing

    async def _ask(self, method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.kept['token']}"} if "token" in self.kept else {}
        async with self._http.request(method, f"{self.address}/widget/{path}", headers=headers, **more) as response:
            if response.status == 401 and path != "session":
                async with self._beginning:  # once, although two requests were refused
                    if headers["Authorization"] == f"Bearer {self.kept['token']}":
                        await self._begin()
                return await self._ask(method, path, **more)
            response.raise_for_status()
            return await (response.json() if "json" in response.content_type else response.read())

    def _take(self, news: dict[str, Any]) -> None:
        self.messages.update({one["id"]: one for one in news["messages"]})
        self.state, self.kept["cursor"] = news["state"], max(news["cursor"], self.kept.get("cursor", 0))
