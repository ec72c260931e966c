"""Writing as an Official Account or a mini-program: customer service messages.

https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Service_Center_messages.html
https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/kf-mgnt/kf-message/sendCustomMessage.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from connectors.output import Envelope, Limits, Output, Part, numbered
from connectors.provider import Answer, Provider
from connectors.splitting import utf8_bytes
from connectors.wechat.api import Refused, TencentApi

API = "https://api.weixin.qq.com"
WINDOW = timedelta(hours=48)
MESSAGES_IN_WINDOW = 5
_NO_MENUS = 40200
_TEXT_BYTES = 2048
# https://developers.weixin.qq.com/doc/offiaccount/Asset_Management/New_temporary_materials.html; a mini-program's are
# pictures as well. A film would need a picture of its own, and there are no documents.
_FILES = dict.fromkeys(("image/png", "image/jpeg", "image/gif"), 10_000_000)
# WeChat documents no limits for menus; these are the ones of WeCom's.
_MENU = Limits(
    text=_TEXT_BYTES, size=utf8_bytes, buttons=10, button_title=60, text_with_buttons=1024, payload=128, files=_FILES
)


class CustomerMessages(Output):
    """Customer service messages of one AppID."""

    limits = Limits(text=_TEXT_BYTES, size=utf8_bytes, files=_FILES)
    joins_turns = True  # a line of its own would be one of the five

    def __init__(self, app_id: str, secret: str, api_url: str, trouble: Callable[[str | None], None]) -> None:
        async def ask_token(provider: Provider, forced: bool) -> Answer:
            # The stable token: several gateways that ask get the same one, and none takes it from another.
            body = {"grant_type": "client_credential", "appid": app_id, "secret": secret, "force_refresh": forced}
            return await provider.call("POST", "/cgi-bin/stable_token", body=body)

        self.api = TencentApi(api_url, ask_token, trouble)

    async def post(self, part: Part, envelope: Envelope) -> str | None:
        """WeChat gives no id: ours, by which what left as one message is told from several."""
        envelope.must_be_within(WINDOW)
        if part.files:
            await self._send(envelope, picture(await self.api.upload("image", part.files[0])))
            return envelope.key
        try:
            await self._send(envelope, menu(part.text, part) if part.buttons else text(part.text))
        except Refused as refused:
            if refused.code != _NO_MENUS or not part.buttons:
                raise
            # Menus are for verified service accounts. From now on choices are numbered.
            self.limits = replace(self.limits, buttons=0)
            await self._send(envelope, text(numbered(part.text, part.buttons)))
        return envelope.key

    async def typing(self, envelope: Envelope) -> None:
        """For 15 seconds, or until the answer."""
        await self.api.post("/cgi-bin/message/custom/typing", {"touser": envelope.recipient, "command": "Typing"})

    async def close(self) -> None:
        """Close the pool."""
        await self.api.close()

    async def _send(self, envelope: Envelope, message: dict[str, Any]) -> None:
        await self.api.post("/cgi-bin/message/custom/send", {"touser": envelope.recipient, **message})


class WeChatOutput(CustomerMessages):
    """An Official Account: choices are a menu message."""

    limits = _MENU

    @classmethod
    def name(cls) -> str:
        """As the input's."""
        return "wechat"


class MiniProgramOutput(CustomerMessages):
    """A mini-program: it has no menus, so choices are numbered."""

    @classmethod
    def name(cls) -> str:
        """As the input's."""
        return "wechat_mini"


def text(words: str) -> dict[str, Any]:
    """A text message."""
    return {"msgtype": "text", "text": {"content": words}}


def picture(media_id: str) -> dict[str, Any]:
    """A picture that was uploaded."""
    return {"msgtype": "image", "image": {"media_id": media_id}}


def menu(words: str, part: Part) -> dict[str, Any]:
    """A menu message: a tap comes back as a text with our key beside it."""
    choices = [{"id": one.payload, "content": one.title} for one in part.buttons]
    return {"msgtype": "msgmenu", "msgmenu": {"head_content": words, "list": choices, "tail_content": ""}}
