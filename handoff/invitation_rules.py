"""When somebody on the shop's pages is invited by itself, and how often anybody may be: `invitations.yml`, followed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

from handoff.edited_file import EditedFile, FileRefused, composed
from handoff.texts import FALLBACKS
from handoff.visits import Visit
from handoff.yaml_places import Place

SHIPPED = Path(__file__).parent / "invitations.yml"
MAX_FILE_BYTES = 200_000
MAX_RULES = 100
MAX_PAGES = 50
MAX_PATTERN_CHARS = 200
MAX_TEXT_CHARS = 280
_ID = re.compile(r"[a-z][a-z0-9-]{0,39}")
_CURRENCY = re.compile(r"[A-Z]{3}")


class InvitationRulesError(FileRefused):
    """The rules cannot be used; the message names file, line and field."""


class Answerer(str, Enum):
    """Who answers when an invitation is accepted."""

    ASSISTANT = "assistant"
    PERSON = "person"  # invited only while somebody of the team is there


class Visitors(str, Enum):
    """Whom a rule means."""

    ALL = "all"
    NEW = "new"
    RETURNING = "returning"


@dataclass(frozen=True)
class Limits:
    """How often one visitor is invited, by a rule or by an agent."""

    per_visit: int = 2
    per_day: int = 3
    after_no: timedelta = timedelta(days=1)


@dataclass(frozen=True)
class Rule:
    """One automatic invitation."""

    id: str
    pages: tuple[str, ...]
    after: timedelta
    cart_at_least: Mapping[str, float]
    visitors: Visitors
    answered_by: Answerer
    team: str
    texts: Mapping[str, str]

    def fits(self, visit: Visit, now: datetime) -> bool:
        """Whether it is this visitor's turn."""
        if now - visit.page_since < self.after:
            return False
        if self.visitors is not Visitors.ALL and (self.visitors is Visitors.RETURNING) is not visit.is_returning:
            return False
        if self.cart_at_least:
            least = self.cart_at_least.get(visit.cart.currency) if visit.cart else None
            if visit.cart is None or least is None or visit.cart.value < least:
                return False
        path = urlsplit(visit.page).path
        return any(_is_like(path, one) for one in self.pages)

    def text_in(self, locale: str) -> str:
        """The sentence in a visitor's language."""
        return next(self.texts[one] for one in FALLBACKS[locale] if one in self.texts)


@dataclass(frozen=True)
class Rules:
    """A good file."""

    limits: Limits = Limits()
    rules: tuple[Rule, ...] = field(default=())


class InvitationRules(EditedFile[Rules]):
    """The rules of the file as it is edited, and as the teams are. The first reading raises InvitationRulesError."""

    def __init__(self, path: Path, teams: Callable[[], tuple[str, ...]]) -> None:
        super().__init__(path, lambda one: read(one, teams()), "invitations", beside=teams)


def read(path: Path, teams: Collection[str] = ()) -> Rules:
    """The rules of a file; with `teams`, others are refused. Raises InvitationRulesError with file, line and field."""
    root = composed(path, InvitationRulesError, MAX_FILE_BYTES)
    if root is None:
        return Rules()
    parts = Place(path.name, "", root, InvitationRulesError).below(("limits", "rules"))
    limits = _limits(parts["limits"]) if "limits" in parts else Limits()
    rules: dict[str, Rule] = {}
    for place in parts["rules"].items() if "rules" in parts else ():
        if len(rules) == MAX_RULES:
            raise place.refuse(f"more than {MAX_RULES} rules.")
        rule = _rule(place, teams)
        if rule.id in rules:
            raise place.refuse(f"the id {rule.id!r} stands twice.")
        rules[rule.id] = rule
    return Rules(limits, tuple(rules.values()))


def _limits(place: Place) -> Limits:
    fields = place.below(("per_visit", "per_day", "hours_after_no"))
    usual = Limits()
    after = fields["hours_after_no"].whole_number(0, 24 * 30) if "hours_after_no" in fields else None
    return Limits(
        per_visit=fields["per_visit"].whole_number(0, 20) if "per_visit" in fields else usual.per_visit,
        per_day=fields["per_day"].whole_number(0, 50) if "per_day" in fields else usual.per_day,
        after_no=usual.after_no if after is None else timedelta(hours=after),
    )


def _rule(place: Place, teams: Collection[str]) -> Rule:
    known = ("id", "pages", "after_seconds", "cart_at_least", "visitors", "answered_by", "team", "text")
    fields = place.below(known)
    for needed in ("id", "pages", "after_seconds", "text"):
        if needed not in fields:
            raise place.refuse(f"{needed} is missing.")
    name = fields["id"].text()
    if not _ID.fullmatch(name):
        raise fields["id"].refuse(f"is {name!r}; expected small letters, digits and hyphens, at most 40.")
    who = fields["answered_by"].one_of([one.value for one in Answerer]) if "answered_by" in fields else "assistant"
    whom = fields["visitors"].one_of([one.value for one in Visitors]) if "visitors" in fields else "all"
    team = fields["team"].text() if "team" in fields else ""
    if team and teams and team not in teams:
        raise fields["team"].refuse(f"is {team!r}; expected one of {', '.join(sorted(teams))}.")
    return Rule(
        id=name,
        pages=_pages(fields["pages"]),
        after=timedelta(seconds=fields["after_seconds"].whole_number(5, 3600)),
        cart_at_least=_amounts(fields["cart_at_least"]) if "cart_at_least" in fields else {},
        visitors=Visitors(whom),
        answered_by=Answerer(who),
        team=team,
        texts=fields["text"].names(MAX_TEXT_CHARS),
    )


def _pages(place: Place) -> tuple[str, ...]:
    listed = list(place.items())
    if not 0 < len(listed) <= MAX_PAGES:
        raise place.refuse(f"expected 1 to {MAX_PAGES} paths.")
    return tuple(_path(one) for one in listed)


def _path(place: Place) -> str:
    written = place.text()
    if not written.startswith(("/", "*")) or len(written) > MAX_PATTERN_CHARS:
        raise place.refuse(f"is {written!r}; expected a path such as /cart or /goods/*, where * stands for anything.")
    if any(mark in written for mark in "?#"):
        raise place.refuse(f"is {written!r}; expected a path without a query: pages are known without theirs.")
    return written


def _is_like(path: str, pattern: str) -> bool:
    """Whether the path is what the pattern says, in time that grows with its length alone."""
    first, *middle = pattern.split("*")
    if not middle:
        return path == first
    last = middle.pop()
    if not path.startswith(first) or not path.endswith(last) or len(path) < len(first) + len(last):
        return False
    rest, at = path[len(first) : len(path) - len(last)], 0
    for part in middle:
        at = rest.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def _amounts(place: Place) -> Mapping[str, float]:
    found = {}
    for currency, amount in place.below().items():
        if not _CURRENCY.fullmatch(currency):
            raise amount.refuse("expected a currency such as HKD.")
        found[currency] = float(amount.whole_number(0, 10**9))
    if not found:
        raise place.refuse("expected an amount for each currency, such as HKD: 500.")
    return found
