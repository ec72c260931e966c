"""Who is on the shop's pages now, from the heartbeats of their pages. In memory only: nobody's way through the shop is
kept, and a gateway that starts knows everybody again after one heartbeat of each.

What is kept of somebody is what an agent may see: the page without its query, its title, language, the country that the
language names, whether they were here before, and the value of the cart where the page says it. No network address.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from handoff.errors import BadInput
from handoff.plain import plain

BEAT_SECONDS = 15
# Two heartbeats may be lost; a page that is hidden sends none, and its visitor is not looking.
PRESENT_FOR = timedelta(seconds=3 * BEAT_SECONDS)
# Whoever comes back later begins another visit.
VISIT_LASTS = timedelta(minutes=30)
MAX_VISITS = 5_000
MAX_GIVEN_CHARS = 2_000
MAX_ADDRESS_CHARS = 300
MAX_TITLE_CHARS = 160
MAX_CART = 10**9
_KEY = re.compile(r"[0-9a-f-]{32,36}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_COUNTRY = re.compile(r"(?:zh|yue|[a-z]{2,3})(?:-[A-Za-z]{4})?-([A-Za-z]{2})(?:-|$)")
_ORDERLY = re.compile(r"[!-\[\]-~]+")
# What opens something for whoever knows it: a long run with digits and letters, an address of mail.
_SECRET = re.compile(r"(?=[^/]*\d)(?=[^/]*[A-Za-z])[A-Za-z0-9_=-]{24,}|[^/]*(?:@|%40)[^/]*")


_PARAMETER = re.compile(r"([^=&;]*)=([^&;]*)")
_SECRET_NAME = re.compile(r"token|key|code|pass|secret|auth|sess|sig|mail|phone|otp|jwt", re.IGNORECASE)


@dataclass(frozen=True)
class Cart:
    """What lies in the cart, as the shop's page says."""

    value: float
    currency: str


@dataclass(frozen=True)
class Visit:
    """One browser on the shop's pages."""

    id: str
    page: str
    title: str
    locale: str
    country: str | None
    is_returning: bool
    cart: Cart | None
    sender: str | None  # the visitor behind the chat of this browser, if it was ever opened
    is_chat_open: bool
    since: datetime
    page_since: datetime
    seen_at: datetime

    def is_present(self, now: datetime) -> bool:
        """Whether the page still beats."""
        return now - self.seen_at < PRESENT_FOR

    def as_event(self) -> dict[str, Any]:
        """For other gateways."""
        times = {name: getattr(self, name).isoformat() for name in ("since", "page_since", "seen_at")}
        return {**asdict(self), **times}


def from_event(event: Mapping[str, Any]) -> Visit:
    """A visit that another gateway tells of."""
    known = {name: event[name] for name in Visit.__dataclass_fields__}
    times = {name: datetime.fromisoformat(str(event[name])) for name in ("since", "page_since", "seen_at")}
    return Visit(**{**known, **times, "cart": Cart(**event["cart"]) if event["cart"] else None})


class Board:
    """Everybody who was here within the last half hour, the longest unseen first. Bounded."""

    def __init__(self) -> None:
        self._visits: OrderedDict[str, Visit] = OrderedDict()

    def put(self, visit: Visit) -> tuple[Visit, bool] | None:
        """Take a heartbeat; the visit as it is now, and whether the list has changed. None when the board is full of
        people who are here: a flood does not push them out."""
        now = visit.seen_at
        self._forget(now)
        before = self._visits.pop(visit.id, None)
        if before is not None and now - before.seen_at < VISIT_LASTS:
            visit = replace(visit, since=min(visit.since, before.since))
            if visit.page == before.page:
                visit = replace(visit, page_since=min(visit.page_since, before.page_since))
        elif len(self._visits) >= MAX_VISITS and not self._made_room(now):
            return None
        self._visits[visit.id] = visit
        return visit, before is None or not before.is_present(now) or _shown(before) != _shown(visit)

    def knows(self, visit_id: str) -> bool:
        """Whether this visit has been here before."""
        return visit_id in self._visits

    def leave(self, visit_id: str) -> bool:
        """Forget a visit; whether there was one."""
        return self._visits.pop(visit_id, None) is not None

    def present(self, now: datetime) -> list[Visit]:
        """Who is here, the newest first."""
        here = [one for one in self._visits.values() if one.is_present(now)]
        return sorted(here, key=lambda one: one.since, reverse=True)

    def find(self, visit_id: str, now: datetime) -> Visit | None:
        """This visitor, if they are here."""
        visit = self._visits.get(visit_id)
        return visit if visit is not None and visit.is_present(now) else None

    def _made_room(self, now: datetime) -> bool:
        oldest = next(iter(self._visits.values()), None)
        if oldest is None or oldest.is_present(now):
            return False
        del self._visits[oldest.id]
        return True

    def _forget(self, now: datetime) -> None:
        while self._visits:
            oldest = next(iter(self._visits.values()))
            if now - oldest.seen_at < VISIT_LASTS:
                return
            del self._visits[oldest.id]


def key_of(written: object) -> str:
    """The id under which we know a browser: never its own word, which speaks for it. Raises BadInput."""
    if not isinstance(written, str) or not _KEY.fullmatch(written):
        raise BadInput("visit must be 32 hexadecimal digits that the browser made.", field="visit")
    return hashlib.sha256(written.replace("-", "").encode()).hexdigest()[:32]


def page_of(address: object, origins: Iterable[str]) -> str:
    """The page without its query and whatever in its path looks like a secret. Raises BadInput for what is no page of
    these origins."""
    if not isinstance(address, str) or len(address) > MAX_GIVEN_CHARS or not _ORDERLY.fullmatch(address):
        raise BadInput(f"page.url must be an address of at most {MAX_GIVEN_CHARS} characters.", field="page.url")
    try:
        parts = urlsplit(address)
        origin = f"{parts.scheme}://{parts.netloc}".lower()
    except ValueError as exc:
        raise BadInput("page.url must be an address.", field="page.url") from exc
    if parts.scheme not in ("http", "https") or origin not in origins:
        raise BadInput("page.url is no page of an origin in the setting allowed_origins.", field="page.url")
    return f"{origin}{_SECRET.sub('…', parts.path or '/')}"[:MAX_ADDRESS_CHARS]


def without_secrets(address: str) -> str:
    """A page's address as an agent may read it beside a conversation: its query stays, but for values that open
    something for whoever knows them; its fragment goes."""
    bare = address.partition("#")[0]
    place, mark, query = bare.partition("?")
    path = _SECRET.sub("…", place.partition("://")[2]) if "://" in place else _SECRET.sub("…", place)
    scheme = f"{place.partition('://')[0]}://" if "://" in place else ""
    return f"{scheme}{path}{mark}{_PARAMETER.sub(_hidden, query)}"


def _hidden(found: re.Match[str]) -> str:
    is_secret = _SECRET_NAME.search(found[1]) or _SECRET.search(found[2])
    return f"{found[1]}={'…' if is_secret else found[2]}"


def title_of(written: object) -> str:
    """A title on one line."""
    return " ".join(plain(written[:MAX_GIVEN_CHARS]).split())[:MAX_TITLE_CHARS] if isinstance(written, str) else ""


def country_of(tag: object) -> str | None:
    """The country that a language's tag names, such as `zh-Hant-HK`; nothing else is asked."""
    found = _COUNTRY.match(tag) if isinstance(tag, str) and len(tag) <= 35 else None
    return found[1].upper() if found else None


def cart_of(written: object) -> Cart | None:
    """What the page says of the cart. Raises BadInput."""
    if written is None:
        return None
    value = written.get("value") if isinstance(written, Mapping) else None
    currency = written.get("currency") if isinstance(written, Mapping) else None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= MAX_CART
    if not is_number or not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        raise BadInput("cart must have a value of 0 or more and a currency such as HKD.", field="cart")
    return Cart(round(float(value), 2), currency)  # type: ignore[arg-type]


def _shown(visit: Visit) -> tuple[object, ...]:
    return visit.page, visit.title, visit.cart, visit.sender, visit.locale, visit.is_chat_open
