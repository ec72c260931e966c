"""The customer of the demo who calls by phone. What is typed is what Twilio heard; what is shown is what it speaks."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree

import aiohttp
from twilio.request_validator import RequestValidator

PATH = "/webhooks/twilio_voice/webhook"
MOST_REDIRECTS = 20


@dataclass(frozen=True)
class CallModel:
    """As `Model` of the other phones."""

    id: str = "twilio_voice"
    name: str = "電話 · Twilio Voice"
    words: tuple[str, ...] = ("運費點計？", "我想搵真人")


@dataclass
class CallingPhone:
    """One call, which begins with the first word."""

    model: CallModel = field(default_factory=CallModel)
    address: str = "+85291234567"
    lines: list[dict[str, Any]] = field(default_factory=list)
    has_picture: bool = False
    _token: str = field(default_factory=lambda: secrets.token_hex(16))
    _call: str = field(default_factory=lambda: f"CA{secrets.token_hex(16)}")

    @property
    def entry(self) -> tuple[str, dict[str, Any]]:
        """The channel's entry in credentials.yml."""
        return "twilio_voice", {"auth_token": self._token, "language": "zh-HK"}

    def news(self) -> tuple[list[dict[str, Any]], bool]:
        """Nobody speaks who was not asked."""
        return [], False

    async def say(self, http: aiohttp.ClientSession, gateway: str, text: str) -> list[dict[str, Any]]:
        """What the caller says, and what they hear."""
        line: dict[str, Any] = {"who": "customer", "text": text, "problem": None}
        heard: list[str] = []
        said, url = {"SpeechResult": text}, urljoin(gateway, PATH)
        for _ in range(MOST_REDIRECTS):
            form = {"From": self.address, "CallSid": self._call, "CallStatus": "in-progress", **said}
            signed = {"X-Twilio-Signature": RequestValidator(self._token).compute_signature(url, form)}
            async with http.post(url, data=form, headers=signed) as answer:
                if answer.status >= 300:
                    line["problem"] = f"{answer.status}"
                    break
                spoken = ElementTree.fromstring(await answer.text())
            heard += [one.text or "" for one in spoken.iter("Say")]
            redirect = spoken.find("Redirect")
            if redirect is None:
                break
            said, url = {}, urljoin(url, redirect.text or "")
        lines = [line, *({"who": "shop", "text": text} for text in heard)]
        self.lines += lines
        return lines
