"""Heartbeats of the shop's pages, checked and bounded before anything is made of them."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from faq_kb.masking import Masking
from handoff import visits
from handoff.clock import Clock
from handoff.errors import BadInput, RateLimited, TokenRefused
from handoff.invitations import Invitation
from handoff.inviting import Inviting
from handoff.visits import BEAT_SECONDS, Visit
from switchboard import language
from switchboard.rates import Rates
from switchboard.reception import Reception

# A page beats every 15 seconds, and once more when something changes on it.
BEATS_AT_ONCE, BEATS_PER_SECOND = 10, 0.5
_STOP: Mapping[str, Any] = {"next_seconds": None, "invitation": None}


class Visiting:
    """Takes heartbeats of pages of these origins."""

    def __init__(
        self,
        inviting: Inviting,
        reception: Reception,
        masking: Masking,
        origins: Collection[str],
        default_language: str,
        newcomers: Rates,
        beats: Rates,
        clock: Clock,
    ) -> None:
        self._inviting = inviting
        self._reception = reception
        self._masking = masking
        self._origins = frozenset(one.lower() for one in origins)
        self._default_language = default_language
        self._newcomers = newcomers
        self._beats = beats
        self._clock = clock

    async def beat(self, body: Mapping[str, Any], token: str, address: str, is_private: bool) -> Mapping[str, Any]:
        """What one heartbeat comes to: when the next is wanted, and the invitation to show. `is_private` when the
        browser asks not to be tracked: then nothing is kept. Raises BadInput, RateLimited."""
        if not self._inviting.enabled:
            return _STOP
        visit_id = visits.key_of(body.get("visit"))
        self._must_not_flood(visit_id, address)
        wants_none = body.get("invitations") is False
        answer = body.get("dismissed")
        if wants_none or is_private or answer is not None:
            await self._inviting.leave(visit_id, _number(answer, "dismissed"), for_good=wants_none or is_private)
            if wants_none or is_private:
                return _STOP
        standing = await self._inviting.beat(
            await self._visit(visit_id, body, token), _number(body.get("shown"), "shown")
        )
        return {"next_seconds": BEAT_SECONDS, "invitation": _shape(standing) if standing else None}

    def _must_not_flood(self, visit_id: str, address: str) -> None:
        # The address is only counted, in memory, and stands beside nobody.
        wait = 0.0 if self._inviting.board.knows(visit_id) else self._newcomers.wait_for(address)
        wait = wait or self._beats.wait_for(visit_id)
        if wait:
            raise RateLimited(retry_after=math.ceil(wait))

    async def _visit(self, visit_id: str, body: Mapping[str, Any], token: str) -> Visit:
        page = body.get("page")
        if not isinstance(page, Mapping):
            raise BadInput("page must have a url and a title.", field="page")
        now = self._clock()
        tag = body.get("locale")
        spoken = language.nearest(body["language"], self._default_language) if _is_tag(body.get("language")) else None
        return Visit(
            id=visit_id,
            page=self._masking.hide(visits.page_of(page.get("url"), self._origins)),
            title=self._masking.hide(visits.title_of(page.get("title"))),
            locale=spoken or self._default_language,
            country=visits.country_of(tag),
            is_returning=body.get("returning") is True,
            cart=visits.cart_of(body.get("cart")),
            sender=await self._sender(token),
            is_chat_open=body.get("chat_open") is True,
            since=now,
            page_since=now,
            seen_at=now,
        )

    async def _sender(self, token: str) -> str | None:
        if not token:
            return None
        try:
            return str((await self._reception.visitor_of(token)).id)
        except TokenRefused:
            return None


def _shape(invitation: Invitation) -> dict[str, Any]:
    return {
        "id": invitation.id,
        "text": invitation.text,
        "lang": invitation.language,
        "name": invitation.name,
        "answered_by": invitation.answered_by.value,
        "shown": invitation.shown_at is not None,
    }


def _is_tag(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 35


def _number(value: object, field: str) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**53:
        raise BadInput(f"{field} must be the number of an invitation.", field=field)
    return value
