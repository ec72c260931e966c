"""The customers of the demo: one for each channel, with the provider of its tests between them and the gateway.

A channel whose tests have a `Kit` joins with one line in PHONES.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import importlib
import json
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "connectors"), str(TESTS), str(TESTS / "gateway")]

from kit import Hook, Kit  # noqa: E402
from providers.dovecot import Dovecot  # noqa: E402
from providers.mail import MailProvider  # noqa: E402
from providers.server import Provider  # noqa: E402

from demo.call import CallingPhone  # noqa: E402

LOOK_EVERY_SECONDS = 0.1
PICTURES = {b"\x89PNG": "image/png", b"\xff\xd8": "image/jpeg", b"GIF8": "image/gif"}


@dataclass(frozen=True)
class Model:
    """One kind of phone: its name on the page, the module and name of its kit, and what one may say first."""

    id: str
    name: str
    module: str
    words: tuple[str, ...]
    kit: str = "KIT"
    account: str = ""
    bell: str = ""  # where the provider only rings: the function of the module that writes the request


PHONES = (
    Model("line", "LINE", "test_line_channel", ("寄到台灣要多久？", "綁定帳號", "我要找真人客服")),
    Model("whatsapp", "WhatsApp", "test_whatsapp_channel", ("幾耐送到？", "查訂單 HG10023847", "我想搵真人")),
    Model("messenger", "Messenger", "test_messenger_channel", ("有咩付款方法？", "點樣退貨？", "真人客服")),
    Model("instagram", "Instagram", "test_instagram_channel", ("運費點計？", "我想搵真人")),
    Model(
        "telegram", "Telegram", "test_telegram_channel", ("How long does delivery take?", "I want to talk to a person")
    ),
    Model("wechat", "微信公众号", "test_wechat_channel", ("包邮吗？", "怎么退货？", "转人工")),
    Model("wechat_mini", "微信小程序", "test_wechat_channel", ("多久能到货？", "转人工客服"), kit="MINI_KIT"),
    Model("wecom", "微信客服", "test_wecom_channel", ("包邮吗？", "转人工"), bell="_bell"),
    Model("weibo", "微博", "test_weibo_channel", ("多久能到货？", "转人工客服")),
    Model("sms", "SMS · Twilio", "test_sms_twilio", ("How do I return something?", "a person please")),
    Model("sms:cn", "短信 · HTTP", "test_sms_http", ("几天能到？", "转人工"), account="cn"),
    Model("email", "E-mail", "test_email_channel", ("請問要怎麼換貨？", "請真人客服回覆我")),
)


@dataclass
class Phone:
    """A customer on one channel, what they see, and the provider behind it."""

    model: Model
    kit: Kit
    provider: Provider
    lines: list[dict[str, Any]] = field(default_factory=list)
    _sent_before: int = 0
    _typing_before: int = 0
    _number: int = 0
    _shared: bool = False

    @property
    def address(self) -> str:
        """As whom the provider knows the customer."""
        return self.kit.customers[0]

    @property
    def has_picture(self) -> bool:
        """Whether a picture is left to be sent: the one of the tests."""
        return bool(self.kit.picture) and not self._shared

    @property
    def entry(self) -> tuple[str, dict[str, Any]]:
        """The channel's entry in credentials.yml."""
        account = f":{self.model.account}" if self.model.account else ""
        return self.kit.class_path + account, self.kit.credentials(self.provider.address)

    def news(self) -> tuple[list[dict[str, Any]], bool]:
        """What has arrived since the last look, and whether somebody began to write."""
        fresh = self.provider.sent[self._sent_before :]
        self._sent_before += len(fresh)
        typed, self._typing_before = len(self.provider.typing) > self._typing_before, len(self.provider.typing)
        lines = [
            {"who": "shop", "text": one.text, "buttons": one.buttons, "image": one.image, "file": _shown(one.file)}
            for one in fresh
            if one.to == self.address
        ]
        self.lines += lines
        return lines, typed and not lines

    async def say(self, http: aiohttp.ClientSession, gateway: str, text: str) -> list[dict[str, Any]]:
        """A message that the customer typed."""
        return await self._deliver(http, gateway, text, self.kit.message(text, self._next(), 0))

    async def tap(self, http: aiohttp.ClientSession, gateway: str, title: str, payload: str) -> list[dict[str, Any]]:
        """A button."""
        return await self._deliver(http, gateway, title, self.kit.tap(payload, self._next(), 0))

    async def share(self, http: aiohttp.ClientSession, gateway: str) -> list[dict[str, Any]]:
        """A picture."""
        self._shared = True
        body = self.kit.located(self.kit.payload(self.kit.picture), self.provider.address)
        return await self._deliver(http, gateway, "", body)

    async def _deliver(
        self, http: aiohttp.ClientSession, gateway: str, shown: str, body: bytes
    ) -> list[dict[str, Any]]:
        line = {"who": "customer", "text": shown, "problem": None}
        self.lines.append(line)
        if isinstance(self.provider, MailProvider):
            await asyncio.to_thread(self.provider.postman.bring, body)
            return [line]
        status = await self.posts(http, gateway, body)
        if status >= 300:
            line["problem"] = f"{status}"
        return [line]

    async def posts(self, http: aiohttp.ClientSession, gateway: str, body: bytes) -> int:
        """Something that the provider says; the status of the answer."""
        self.provider.posts(body)
        if self.model.bell:
            module = importlib.import_module(self.model.module)
            body = getattr(module, self.model.bell)(self.provider.ring(json.loads(body)))  # type: ignore[attr-defined]
        hook: Hook = self.kit.sign(body)
        account = f"/{self.model.account}" if self.model.account else ""
        url = f"{gateway}/webhooks/{self.kit.channel}{account}/webhook{hook.query}"
        headers = {"Content-Type": "application/json", **hook.headers}
        async with http.post(url, data=hook.body, headers=headers) as answer:
            return answer.status

    def calls(self) -> list[bytes]:
        """What the provider says by itself, such as that an account was linked."""
        calls, self.provider.calls = self.provider.calls, []
        return calls

    def _next(self) -> int:
        self._number += 1
        return self._number


def _shown(file: tuple[str, bytes] | None) -> dict[str, str] | None:
    """What an agent attached: its name, and where it is a picture, its address."""
    if file is None:
        return None
    name, content = file
    kind = next((kind for start, kind in PICTURES.items() if content.startswith(start)), None)
    url = f"data:{kind};base64,{base64.b64encode(content).decode()}" if kind else ""
    return {"name": name, "picture": url}


@contextlib.asynccontextmanager
async def phones(tell: Callable[[str], None]) -> AsyncIterator[list[Phone | CallingPhone]]:
    """All of them, with their providers running. One whose provider cannot run here is told and left out."""
    async with contextlib.AsyncExitStack() as stack:
        made: list[Phone | CallingPhone] = []
        for model in PHONES:
            kit: Kit = getattr(importlib.import_module(model.module), model.kit)
            if kit.provider is MailProvider:
                try:
                    imap = Dovecot()
                    stack.callback(imap.remove)
                    imap.start()
                except BaseException as exc:  # pytest's "skipped" is no Exception
                    if isinstance(exc, (KeyboardInterrupt, asyncio.CancelledError)):
                        raise
                    tell(f"E-mail is left out: it needs Debian's dovecot-imapd ({exc}).")
                    continue
                MailProvider.imap = imap
            provider = await stack.enter_async_context(kit.provider().running())
            made.append(Phone(model, kit, provider))
        yield [*made, CallingPhone()]
