"""What a message means after what the assistant said last: the second of the things to choose from, "is it thick?" of
the product just named, four digits where four digits were asked for. Reads the tracker, changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

from rasa.shared.core.events import BotUttered, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from faq_kb import fold, fold_keeping_length
from nlu.decision import FAQ
from nlu.wording import Wording

# Set for the third time the same is asked; never trained.
ASKED_AGAIN = "asked_again"
TIMES_ASKED = 3

# What is asked of goods; after a product was named, it is asked of that one.
ABOUT_GOODS = frozenset({"product_question", "stock_question"})
ASKED_ABOUT_PRODUCT = "utter_ask_back_product"

# Asked once more, but in words so far apart that it is not the same question.
NOT_ANSWERED = "not_what_i_asked"
ALIKE = 0.6
MISSES = ("nlu_fallback", "out_of_scope")
# Where a form asks for words, a question is none, when an article is at least this good.
ASKS_FOR_WORDS = frozenset({"address", "item", "reason", "swap"})
FAQ_INSTEAD_OF_DETAIL = 0.4
_BEGINS_WITH_YES = re.compile(r"(好|系|是|要|得|行|可以|嗯|对|ok|okay|yes|yeah|yep|sure|please)(?![不没唔])")

# As long as a follow-up is, in letters and digits: "when?", "有冇 L size".
SHORT = 12

TELLS_STATUS = ("order_status", "delivery_status")

# Questions for the ending of a phone number, by the slot that Rasa or a form asks for.
ASKS_FOR_PHONE = frozenset({"phone_last4", "which_phone"})

_FOUR_DIGITS = re.compile(r"(?<![0-9a-z])[0-9]{4}(?![0-9a-z年月日号元蚊块])")
# Says nothing of what, so that only what came before can tell; as it looks folded and without blanks.
_ONLY_WHEN = re.compile(r"(when|howlong|howmuchlonger|几时|几耐|多久|什么时候|啥时候|何时)[呢呀啊㗎的]*")
_ONE_OF_A_LIST = re.compile(
    r"(?:我?[要想]?[选揀拣要查看睇]|就|系|是|the|no\.?|number|option|i'?ll take|take|check)*\s*"
    r"(?:第(?:一|二|两|三|四|五|六|[1-9])|头一|最[后尾]一?|first|second|third|last|[1-9]|1st|2nd|3rd)\s*"
    r"(?:张|个|笔|单|件|条|项|样|款|份|订单|one|order|option|item|[.)）])*\s*(?:吧|啦|呀|啊|please|pls|thanks|唔该|不该|谢谢)*"
)
_PLACES = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "first": 1, "second": 2, "third": 3}
_PLACE = re.compile(r"最[后尾]|last|头一|第?([一二两三四五六1-9])|first|second|third")
_PAYLOAD = re.compile(r"/(?P<intent>\w+)")


@dataclass(frozen=True)
class Said:
    """A message of the customer's, and what the assistant answered."""

    to: str
    lines: Sequence[BotUttered]


@dataclass(frozen=True)
class Before:
    """The assistant's answer before this message, and what the customer was answered with before that."""

    buttons: Sequence[Mapping[str, str]] = ()
    responses: Sequence[str] = ()
    shows_order: bool = False
    answers: Sequence[str] = ()  # article or order of each answer, newest first
    questions: Sequence[str] = ()  # what was answered so
    question: str | None = None
    order_number: str = ""

    @classmethod
    def this_message(cls, tracker: DialogueStateTracker | None) -> Before:
        if tracker is None:
            return cls()
        answers = list(islice(_answers(tracker), TIMES_ASKED - 1))
        last = answers[0].lines if answers else []
        return cls(
            buttons=[button for said in last for button in (said.data or {}).get("buttons") or ()],
            responses=[str((said.metadata or {}).get("utter_action") or "") for said in last],
            shows_order=any("order" in _marks(said) for said in last),
            answers=[_subject(answer) for answer in answers],
            questions=[answer.to for answer in answers],
            order_number=str(tracker.get_slot("order_number") or ""),
            question=tracker.get_slot("requested_slot") if tracker.active_loop_name else None,
        )

    def tapped(self, text: str) -> str | None:
        """The payload of the button that the words stand for: its title, or its place among those to choose from."""
        written = fold(text).strip()
        if not written or not self.buttons:
            return None
        for button in self.buttons:
            if fold(str(button.get("title") or "")).strip() == written:
                return str(button["payload"])
        choice = self._choice()
        place = _place_named(text) if len(choice) > 1 else 0
        if place == -1:
            return choice[-1]
        return choice[place - 1] if 0 < place <= len(choice) else None

    def meant(self, intent: str, guess: str, text: str, article: str, score: float = 0.0, job: str = "") -> str:
        """The intent, with what came before taken into account. `article` is the best one for the message, `job` what
        of an order's it may ask."""
        answers = score >= FAQ_INSTEAD_OF_DETAIL
        if intent in (*MISSES, NOT_ANSWERED) and self.offers_person and _begins_with_yes(text):
            return "affirm"
        if self.question in ASKS_FOR_WORDS and intent != FAQ and answers and Wording.of(text).asks_in_general:
            return FAQ
        return self._unless_asked_before(self._in_context(intent, guess, text, job), text, article)

    def _in_context(self, intent: str, guess: str, text: str, job: str) -> str:
        """What a short question asks of the product or order just spoken of."""
        if len([one for one in text if one.isalnum()]) > SHORT:
            return intent
        if intent == FAQ and guess in ABOUT_GOODS and ASKED_ABOUT_PRODUCT in self.responses:
            return guess
        if self.shows_order and _ONLY_WHEN.fullmatch(_letters(text)):
            return "delivery_status"
        return job if job and self.shows_order and intent == FAQ else intent

    def _unless_asked_before(self, intent: str, text: str, article: str) -> str:
        subject = f"faq:{article}" if intent == FAQ else f"order:{self.order_number}"
        if intent not in (FAQ, *TELLS_STATUS) or not self._asked_before(subject):
            return intent
        # In other words it is another question, and the answer to it is none.
        return ASKED_AGAIN if intent != FAQ or self._is_the_same(text) else NOT_ANSWERED

    def phone_ending(self, text: str, entities: Sequence[Mapping[str, Any]]) -> re.Match[str] | None:
        """Four digits where the ending of a phone was asked for, or beside an order, and these are the only ones."""
        names = {entity["entity"] for entity in entities}
        if "phone_last4" in names or not (self.question in ASKS_FOR_PHONE or "order_number" in names):
            return None
        taken = [range(entity["start"], entity["end"]) for entity in entities]
        found = [
            ending
            for ending in _FOUR_DIGITS.finditer(fold_keeping_length(text[:200]))
            if not any(ending.start() in place for place in taken)
        ]
        return found[0] if len(found) == 1 else None

    @property
    def offers_person(self) -> bool:
        return any(name.endswith("_offer_person") for name in self.responses)

    def _is_the_same(self, text: str) -> bool:
        return all(_alike(text, before) >= ALIKE for before in self.questions)

    def _asked_before(self, subject: str) -> bool:
        return len(self.answers) == TIMES_ASKED - 1 and set(self.answers) == {subject}

    def _choice(self) -> list[str]:
        """Payloads of the buttons that are of one kind and name different things."""
        named = [str(button["payload"]) for button in self.buttons if "{" in str(button.get("payload"))]
        kinds = [kind["intent"] for payload in named if (kind := _PAYLOAD.match(payload))]
        return [payload for payload, kind in zip(named, kinds) if kind == kinds[0]] if len(kinds) == len(named) else []


def _begins_with_yes(text: str) -> bool:
    return _BEGINS_WITH_YES.match(fold_keeping_length(text[:20])) is not None


def _alike(one: str, other: str) -> float:
    """How much of the shorter text stands in the other, by pairs of letters."""
    pairs = [{"".join(pair) for pair in pairwise(_letters(text))} for text in (one, other)]
    return len(pairs[0] & pairs[1]) / max(1, min(map(len, pairs)))


def _letters(text: str) -> str:
    return "".join(sign for sign in fold(text[:200]) if sign.isalnum())


def _place_named(text: str) -> int:
    written = fold_keeping_length(text[:60]).strip(" ,.，。!！?？~")
    if not _ONE_OF_A_LIST.fullmatch(written):
        return 0
    if ordinal := Wording.of(written).ordinal:
        return ordinal
    place = _PLACE.search(written)
    word = (place.group(1) or place.group()) if place else ""
    return int(word) if word.isdigit() else _PLACES.get(word, 0)


def _answers(tracker: DialogueStateTracker) -> Iterator[Said]:
    """What the assistant said to each message, newest first."""
    said: list[BotUttered] = []
    for event in reversed(tracker.events):
        if isinstance(event, BotUttered):
            said.insert(0, event)
        elif isinstance(event, SessionStarted):
            return  # what came before is over
        elif isinstance(event, UserUttered):
            yield Said(str(event.text or ""), said)
            said = []


def _marks(said: BotUttered) -> Mapping[str, Any]:
    custom = (said.data or {}).get("custom")
    return custom if isinstance(custom, dict) else {}


def _subject(answer: Said) -> str:
    """The article or the order that an answer told of."""
    for said in answer.lines:
        marks = _marks(said)
        if isinstance(article := marks.get("faq"), dict):
            return f"faq:{article.get('id')}"
        if isinstance(order := marks.get("order"), dict):
            return f"order:{order.get('number')}"
    return ""
