"""What WeChat's callbacks share: the proof, the check of the address, and the body in XML or JSON.

https://developers.weixin.qq.com/doc/offiaccount/Basic_Information/Access_Overview.html
"""

from __future__ import annotations

import json
import re
from typing import Any

from defusedxml.ElementTree import fromstring
from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse

from connectors.proof import asked_with, is_fresh, same
from connectors.webhook import Webhook, finite
from connectors.wechat.crypto import Envelope, NotOurs, signature

# Found in the raw body, so that nothing is parsed before the signature over it holds. JSON may write / as \/.
_ENCRYPTED = re.compile(rb'(?:<Encrypt>(?:<!\[CDATA\[)?|"Encrypt"\s*:\s*")([A-Za-z0-9+/=\\]+)')


class Callbacks(Webhook):
    """A channel of Tencent. `word` is the Token of the console; `envelope` is None in plain mode, whose signature
    covers no body."""

    word: str
    envelope: Envelope | None

    def is_genuine(self, request: Request) -> bool:
        """In safe mode the signature over the envelope, and that it is for us; in plain mode the one over the query.
        The time in it is about now."""
        timestamp, nonce = asked_with(request, "timestamp"), asked_with(request, "nonce")
        if not nonce or not is_fresh(timestamp, self.exchange.now()):
            return False
        if self.envelope is None:
            return same(asked_with(request, "signature"), signature(self.word, timestamp, nonce))
        given = asked_with(request, "msg_signature")
        found = _ENCRYPTED.search(request.body) if given else None
        if found is None:
            return False
        encrypted = found[1].replace(b"\\", b"").decode("ascii")
        if not same(given, signature(self.word, timestamp, nonce, encrypted)):
            return False
        try:
            request.ctx.opened = self.envelope.open(encrypted)
        except NotOurs:
            return False
        return True

    def parse(self, request: Request) -> dict[str, Any]:
        """The fields of the body. Raises ValueError."""
        return fields_of(getattr(request.ctx, "opened", request.body))

    def handshake(self, request: Request) -> HTTPResponse:
        """Give the echo back, as plain text, to who knows our word."""
        given = [asked_with(request, name) for name in ("timestamp", "nonce")]
        if not all(given) or not same(asked_with(request, "signature"), signature(self.word, *given)):
            return response.text("", status=403)
        return response.text(asked_with(request, "echostr"))

    def acknowledgement(self, request: Request) -> HTTPResponse:
        """The word that ends WeChat's repeats."""
        return response.text("success")


def fields_of(raw: bytes) -> dict[str, Any]:
    """The fields of an XML body without DTD and entities, or of a JSON object. Raises ValueError."""
    if raw.lstrip()[:1] == b"{":
        fields: dict[str, Any] = json.loads(raw, parse_float=finite, parse_constant=finite)
        return fields
    try:
        return {one.tag: one.text or "" for one in fromstring(raw, forbid_dtd=True)}
    except (SyntaxError, LookupError) as exc:
        raise ValueError("no XML") from exc
