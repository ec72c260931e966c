"""What Meta's channels share: the proof of a webhook, the handshake, and what an error of the Graph API means.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse

from connectors.output import DeliveryFailed
from connectors.proof import asked_with, hex_sha256, same, shown
from connectors.provider import Answer, failure, key_refused
from connectors.webhook import Webhook

GRAPH = "https://graph.facebook.com"
VERSION = "v21.0"
# Where what customers of Messenger and Instagram send is; the addresses are signed.
MEDIA_HOSTS = ("fbcdn.net", "cdninstagram.com", "fbsbx.com")
# Our own token or number, whatever is sent with it. The operator has to act, as where this message lacks a permission.
_KEY = {0, 102, 190, 131031, 131045, 133010}
_ACCOUNT = {3, 10, 33, 200, 368, 130497, 131005, 131037, 131042}
_BUSY_ACCOUNT = {4, 32, 80007, 130429, 131048, 613}
# Too many to one customer: the others may go on.
_BUSY_CUSTOMER = {131056}
_BLOCKED = {131050, 551}
_UNKNOWN = {131026, 131030, 131021}
_WINDOW = {131047, 470}
_CONTENT = {100, 131008, 131009, 131051, 131053}
# https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes: unknown, paused, or with other places
_TEMPLATE = {132000, 132001, 132005, 132007, 132012, 132015, 132016}
_LATER = {1, 2, 1200, 131000, 131016, 131057, 133004}
# https://developers.facebook.com/docs/messenger-platform/error-codes: what says more than the code beside it.
_SUBCODES = {
    2018065: "window_closed",
    2018278: "window_closed",
    2534022: "window_closed",
    2018001: "unknown_recipient",
    2534014: "unknown_recipient",
    1545041: "blocked",
    2018108: "blocked",
    2018109: "too_large",
}


class MetaWebhook(Webhook):
    """A channel of Meta. `app_secret` signs, `verify_token` is the operator's own word."""

    app_secret: str
    verify_token: str
    sender_is_sure = True

    def is_genuine(self, request: Request) -> bool:
        """SHA-256 alone; the older header with SHA-1 counts for nothing."""
        expected = "sha256=" + hex_sha256(self.app_secret, request.body)
        return same(shown(request, "x-hub-signature-256"), expected)

    def handshake(self, request: Request) -> HTTPResponse:
        """Give the challenge back, as plain text, to who knows our token."""
        right = asked_with(request, "hub.mode") == "subscribe"
        if not right or not same(asked_with(request, "hub.verify_token"), self.verify_token):
            return response.text("", status=403)
        return response.text(asked_with(request, "hub.challenge"))

    def entries(self, body: Any) -> Iterable[Any]:
        """The entries of a request, whatever else stands in it."""
        return [one for one in body["entry"] if isinstance(one, dict)]


def graph_failure(answer: Answer) -> DeliveryFailed:
    """What an error of the Graph API means for the message."""
    code, said = answer.get("error", "code"), str(answer.get("error", "message") or "")
    subcode = answer.get("error", "error_subcode")
    if isinstance(subcode, int) and subcode in _SUBCODES:
        return DeliveryFailed(_SUBCODES[subcode], f"{code}/{subcode}: {said}", permanent=True)
    detail = f"{code}: {said}" if code is not None else said
    return failure_of_code(code, detail, answer.retry_after) or failure(answer, detail)


def failure_of_code(code: Any, detail: str, retry_after: float | None = None) -> DeliveryFailed | None:
    """The same, from the code alone: statuses carry it as well."""
    if code in _BUSY_ACCOUNT:
        return DeliveryFailed("busy", detail, retry_after=retry_after, whole_account=True)
    if code in _BUSY_CUSTOMER:
        return DeliveryFailed("busy", detail, retry_after=retry_after or 6.0)
    if code in _LATER:
        return DeliveryFailed("unreachable", detail, retry_after=retry_after)
    if code in _KEY:
        return key_refused(detail)
    for codes, reason in (
        (_WINDOW, "window_closed"),
        (_BLOCKED, "blocked"),
        (_UNKNOWN, "unknown_recipient"),
        (_ACCOUNT, "account"),
        (_CONTENT, "content"),
        (_TEMPLATE, "template"),
    ):
        if code in codes:
            return DeliveryFailed(reason, detail, permanent=True)
    return None
