"""Writing as a customer service account: https://developer.work.weixin.qq.com/document/path/94677"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from connectors.output import DeliveryFailed, Envelope, Limits, Output, Part, SentFile
from connectors.provider import Answer, Provider
from connectors.splitting import utf8_bytes
from connectors.wechat.api import TencentApi

API = "https://qyapi.weixin.qq.com"
WINDOW = timedelta(hours=48)
MESSAGES_IN_WINDOW = 5
# https://developer.work.weixin.qq.com/document/path/90253: what is no picture, film or voice of these goes as a file.
_SHOWN = {"image": ("image/png", "image/jpeg"), "video": ("video/mp4",), "voice": ("audio/amr",)}
# https://developer.work.weixin.qq.com/document/path/90313: the app may not do this, or its switch for it is off.
_OURS = {48002, 95017}
_SHOWN_BYTES = {"image": 10_000_000, "video": 10_000_000, "voice": 2_000_000}


class WeComOutput(Output):
    """Writes through the account that the customer wrote to."""

    limits = Limits(
        text=2048,
        size=utf8_bytes,
        buttons=10,
        button_title=128,
        text_with_buttons=1024,
        payload=64,
        files={"*": 20_000_000},
    )
    joins_turns = True  # a line of its own would be one of the five

    def __init__(self, corp_id: str, secret: str, api_url: str, trouble: Callable[[str | None], None]) -> None:
        async def ask_token(provider: Provider, _forced: bool) -> Answer:
            # Whoever asks gets the same token while it holds.
            params = {"corpid": corp_id, "corpsecret": secret}
            return await provider.call("GET", "/cgi-bin/gettoken", params=params)

        self.api = TencentApi(api_url, ask_token, trouble, _OURS)

    @classmethod
    def name(cls) -> str:
        """As the input's."""
        return "wecom"

    async def post(self, part: Part, envelope: Envelope) -> str | None:
        """Our own id of the message, which a failure reported later names."""
        account = envelope.reach.get("open_kfid")
        if not isinstance(account, str):
            raise DeliveryFailed("cannot_write", "the account is not known", permanent=True)
        envelope.must_be_within(WINDOW)
        key = envelope.key.replace("-", "")[:32]
        message = await self._file(part.files[0]) if part.files else _message(part)
        body = {"touser": envelope.recipient, "open_kfid": account, "msgid": key, **message}
        answer = await self.api.post("/cgi-bin/kf/send_msg", body)
        return str(answer.get("msgid") or key)

    async def close(self) -> None:
        """Close the pool."""
        await self.api.close()

    async def _file(self, file: SentFile) -> dict[str, Any]:
        size = len(await file.content())
        kinds = (one for one, types in _SHOWN.items() if file.media_type in types and size <= _SHOWN_BYTES[one])
        kind = next(kinds, "file")
        return {"msgtype": kind, kind: {"media_id": await self.api.upload(kind, file)}}


def _message(part: Part) -> dict[str, Any]:
    if not part.buttons:
        return {"msgtype": "text", "text": {"content": part.text}}
    choices = [{"type": "click", "click": {"id": one.payload, "content": one.title}} for one in part.buttons]
    return {"msgtype": "msgmenu", "msgmenu": {"head_content": part.text, "list": choices}}
