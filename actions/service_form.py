"""Having something done with an order: the shop is asked before the customer is, nothing happens without a yes, and
what cannot be done is explained and offered to a person. One form for all wishes (`actions.service_wishes`)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecutionRejected, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import service_answers as answers
from actions.conversation import Event, Turn
from actions.order_status import FORGET_PAIR, say_order
from actions.service_wishes import FORGOTTEN, REASONS, REFUND_STATUS, WISHES, Service
from actions.services import orders
from shop import (
    Order,
    OrderStatus,
    PhoneProof,
    Proof,
    ProvedOrder,
    Refund,
    Refusal,
    Refused,
    RequestKind,
    ShopUnavailable,
)

log = logging.getLogger(__name__)

FORM = "service_form"

# What the form asks for, beside the details of a wish. Rasa has no text of its own for these names.
ORDER, PHONE, CONFIRMATION = "which_order", "which_phone", "confirmation"
FREE_TEXT = frozenset({"address", "item", "reason", "swap"})

# Said inside the form, these leave it at once.
LEAVES = frozenset({"ask_person", "complaint", "urgent_unhelpful", "abuse", "asked_again", "note_while_waiting"})
# Where words are asked for, these are still no answer to the question, unless they are hardly heard in it.
SURE = 0.7
NO_ANSWER = frozenset(
    {"greet", "thanks", "goodbye", "bot_challenge", "capabilities", "language_switch", "repeat", "browse_faq"}
)
# With a no among the words, these are a no to "shall I?".
HARDLY_HEARD = frozenset({"faq", "not_what_i_asked", "nlu_fallback", "out_of_scope"})
TELLS_STATUS = frozenset({"order_status", "delivery_status"})
# A yes this long after the question may be meant for something else.
YES_WITHIN_SECONDS = 30 * 60
# Shorter is "my office", not an address that a courier finds.
SHORTEST_ADDRESS = 8

UNCERTAIN, UNAVAILABLE = "utter_service_uncertain_offer_person", "utter_shop_unavailable_offer_person"

MOST_ORDERS = 10
MOST_BUTTONS = 6

_BEFORE_DISPATCH = (OrderStatus.AWAITING_PAYMENT, OrderStatus.PAID, OrderStatus.PACKING)
_AFTER_DELIVERY = (OrderStatus.DELIVERED,)
# Orders that a wish may be about, for the choice among several.
_LIKELY = {
    "cancel_order": _BEFORE_DISPATCH,
    "change_address": _BEFORE_DISPATCH,
    "return_request": _AFTER_DELIVERY,
    "exchange_request": _AFTER_DELIVERY,
    REFUND_STATUS: (OrderStatus.CANCELLED, OrderStatus.RETURNING, OrderStatus.REFUNDED),
}


@dataclass(frozen=True)
class Shown:
    """An order, with the proof that shows it."""

    proof: Proof
    order: ProvedOrder

    @property
    def number(self) -> str:
        return self.order.order.number


class ValidateServiceForm(Action):
    """One message inside the form, or the one that opens it: what it adds, and what is asked or done next."""

    def name(self) -> str:
        return "validate_service_form"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(tracker)
        if turn.question and not turn.is_back_in_form and _gives_way(turn):
            return [ActionExecutionRejected(FORM)]
        dialogue = Dialogue(dispatcher, turn)
        try:
            return await asyncio.to_thread(dialogue.remembered)
        except ShopUnavailable as unavailable:
            log.warning("The shop gave no answer: %s", unavailable.reason.value, extra={"event": "shop_unavailable"})
            response = UNCERTAIN if dialogue.is_acting else UNAVAILABLE
            dispatcher.utter_message(response=response)
            return [*dialogue.service.events(), _asking(None)]


class Dialogue:
    """One turn of the form. Says what is to be said and gives the events that Rasa remembers."""

    def __init__(self, dispatcher: CollectingDispatcher, turn: Turn) -> None:
        self._dispatcher = dispatcher
        self._turn = turn
        # Two orders in one message are dealt with one by one.
        self._number = next(iter(turn.order_numbers), turn.order_number)
        # Where words are asked for, a phone in them is the recipient's and proves nothing.
        self._in_words = turn.question in FREE_TEXT and turn.entity("phone_last4") is not None
        self._phone = str(turn.slot_before("phone_last4") or "") if self._in_words else turn.phone_last4
        self.is_acting = False
        if turn.question:
            self.service = Service.in_hand(turn)
            if self._number and self._number != (turn.slot_before("order_number") or self._number):
                self.service = self.service.of_another_order()
        else:
            self.service, self._number = Service.begun(turn)

    def remembered(self) -> list[Event]:
        kept = [SlotSet("phone_last4", self._phone or None)] if self._in_words else []
        if self._turn.order_numbers:
            kept.append(SlotSet("order_number", self._number))
        return [*kept, *self._events()]

    def _events(self) -> list[Event]:
        turn = self._turn
        if turn.is_back_in_form and (turn.offers_now or turn.has_turned_away):
            # A person was just offered: the next yes is for that, and must not be taken for the order.
            return [*self.service.events(), _asking(None)]
        if turn.question is None or turn.is_back_in_form:
            return self._go_on()
        if turn.question == "address" and _is_street(turn.words) and not turn.order_numbers:
            self._take_answer("address")
            return self._go_on()
        if turn.question == ORDER and (chosen := turn.chosen_by_place(self._choice())):
            return self._with_number(chosen.number)
        if _turns_to_another_order(turn, self.service):
            return self._choose_another()
        is_corrected = turn.question == CONFIRMATION and corrected_detail(turn, self.service)
        if not is_corrected and not turn.order_numbers and _says_no(turn, self.service):
            self._say("utter_service_stopped")
            return self._ended()
        wish = _wish_in(turn)
        if wish and wish != self.service.wish:
            self.service = self.service.turned_to(wish)
            return self._go_on()
        if turn.intent in TELLS_STATUS and (shown := self._shown()) and isinstance(shown, Shown):
            say_order(self._dispatcher, turn, shown.order, alone=False)
            return self._go_on()
        if turn.question == CONFIRMATION and self._says_yes():
            return self._act()
        if turn.question in FREE_TEXT and not turn.entity("order_number"):
            self._take_answer(turn.question)
        if turn.question == CONFIRMATION and (detail := corrected_detail(turn, self.service)):
            self._take_answer(detail)
        return self._go_on()

    def _says_yes(self) -> bool:
        turn = self._turn
        is_another_order = self._number != turn.slot_before("order_number")
        if turn.seconds_of_silence > YES_WITHIN_SECONDS or (turn.order_numbers and is_another_order):
            return False
        # "Yes, cancel it" is often heard as the wish again; of other wishes that may be a correction.
        says_it_again = _wish_in(turn) == self.service.wish == "cancel_order" and not turn.is_question
        return (turn.intent == "affirm" or says_it_again) and not turn.withholds

    def _take_answer(self, question: str) -> None:
        words = self._turn.entity("detail") or " ".join(self._turn.words.split())
        if question == "address" and not _is_address(words):
            self._say("utter_service_address_too_short")
        elif question == "reason":
            self._take_reason(words)
        elif words and not words.startswith("/"):
            self.service = self.service.told(question, words)

    def _take_reason(self, words: str) -> None:
        """One of the shop's reasons, else another, in the customer's words."""
        if words in REASONS:
            self.service = self.service.told("reason", words)
        elif words and not words.startswith("/"):
            reason = "faulty" if self._turn.intent == "product_defect" else "other"
            self.service = self.service.told("reason", reason).told("said", words)

    def _go_on(self) -> list[Event]:
        """Ask for what is missing, or tell what cannot be done, or ask whether to do it."""
        if self._number is None and self._turn.identity:
            return self._choose()
        if self._number is None:
            self._say("utter_ask_order_number")
            return self._asked(ORDER)
        shown = self._shown()
        if shown is None:
            self._say("utter_ask_phone_last4")
            return self._asked(PHONE)
        if isinstance(shown, Refusal):
            return self._refused_proof(shown)
        if self.service.kind is None:
            return self._tell_refund(shown)
        return self._asked_about(shown, self.service.kind)

    def _asked_about(self, shown: Shown, kind: RequestKind) -> list[Event]:
        missing = self._missing(shown)
        # Before the reason is known the most lenient one counts: nobody tells a story for nothing.
        details = self.service.details if "reason" in self.service.details else {"reason": "faulty"}
        verdict = orders().may_request(kind, shown.number, shown.proof, details)
        if isinstance(verdict, Refusal):
            return self._refused_proof(verdict)
        if isinstance(verdict, Refused):
            return self._refused(shown, verdict)
        if missing:
            answers.ask(self._dispatcher, self._turn, missing, shown.order)
            return self._asked(missing)
        answers.ask_to_confirm(self._dispatcher, self._turn, self.service, shown.order)
        return self._asked(CONFIRMATION)

    def _missing(self, shown: Shown) -> str | None:
        """The first detail to ask for; the only item of an order need not be named."""
        items = shown.order.order.items
        if self.service.missing() == "item" and len(items) == 1:
            self.service = self.service.told("item", answers.item_name(items[0], self._turn.locale))
        return self.service.missing()

    def _act(self) -> list[Event]:
        shown = self._shown()
        if not isinstance(shown, Shown) or not self.service.kind or self.service.missing():
            return self._go_on()
        self.is_acting = True
        done = orders().request(self.service.kind, shown.number, shown.proof, self.service.details)
        if isinstance(done, Refusal):
            return self._refused_proof(done)
        if isinstance(done, Refused):
            return self._refused(shown, done)
        answers.say_done(self._dispatcher, self._turn, self.service, shown.number, done.reference)
        return self._ended()

    def _tell_refund(self, shown: Shown) -> list[Event]:
        refund = orders().refund_of(shown.number, shown.proof)
        if isinstance(refund, Refund):
            answers.say_refund(self._dispatcher, self._turn, shown.number, refund)
            return self._ended()
        return self._refused_proof(refund)

    def _refused(self, shown: Shown, refused: Refused) -> list[Event]:
        answers.say_refused(self._dispatcher, self._turn, self.service, shown.order, refused)
        # The wish stays in hand for the person who may be asked next; another wish comes first.
        return self._next_wish() if self.service.later else [*self.service.events(), _asking(None)]

    def _refused_proof(self, refusal: Refusal) -> list[Event]:
        if refusal.reason == "too_many_attempts":
            self._say("utter_order_too_many_offer_person", minutes=max(1, ceil(refusal.retry_after_seconds / 60)))
            return [*self.service.events(), *FORGET_PAIR, _asking(None)]
        self._say("utter_order_no_match")
        self._number = None
        return [*FORGET_PAIR, *self.service.events(), _asking(ORDER)]

    def _choose(self) -> list[Event]:
        """The orders of a customer who is signed in: the only likely one, or a choice."""
        choice = self._choice()
        if len(choice) == 1:
            return self._with_number(choice[0].number)
        if not choice:
            self._say("utter_order_none")
            return self._asked(ORDER)
        return self._offered(choice)

    def _choose_another(self) -> list[Event]:
        """Not that one: the other one, where there are only two, or a choice among the rest."""
        before = self._number
        self._number = None
        self.service = self.service.of_another_order()
        choice = self._choice(without=before)
        if not choice:
            self._say("utter_ask_order_number")
            return [*FORGET_PAIR, *self._asked(ORDER)]
        if len(choice) == 1:
            return self._with_number(choice[0].number)
        return [*self._offered(choice), SlotSet("order_number", None)]

    def _offered(self, choice: Sequence[Order]) -> list[Event]:
        answers.offer_orders(self._dispatcher, self._turn, self.service, choice[:MOST_BUTTONS])
        return self._asked(ORDER)

    def _choice(self, without: str | None = None) -> list[Order]:
        """A signed-in customer's orders that the wish may be about, else all of them."""
        if self._turn.identity is None:
            return []
        own = orders().orders_for(self._turn.identity, MOST_ORDERS)
        others = [order for order in own if order.number != without]
        return [order for order in others if order.status in _LIKELY[self.service.wish]] or others

    def _with_number(self, number: str) -> list[Event]:
        self._number = number
        return [SlotSet("order_number", number), *self._go_on()]

    def _shown(self) -> Shown | Refusal | None:
        """The order in hand as far as it is proved; None while the proof is missing."""
        number, turn = self._number, self._turn
        if number is None:
            return None
        if turn.identity and isinstance(own := orders().order_for(turn.identity, number), ProvedOrder):
            return Shown(turn.identity, own)
        if not self._phone:
            return None
        proof = PhoneProof(self._phone, turn.conversation_id)
        proved = orders().proved(number, proof)
        return proved if isinstance(proved, Refusal) else Shown(proof, proved)

    def _ended(self) -> list[Event]:
        return self._next_wish() if self.service.later else [*FORGOTTEN, _asking(None)]

    def _next_wish(self) -> list[Event]:
        """What else the customer asked for in the same breath, now that the first is dealt with."""
        before = self._number
        self.service, self._number = self.service.next()
        if self._number:
            return [SlotSet("order_number", self._number), *self._go_on()]
        answers.announce_next(self._dispatcher, self._turn, self.service, before)
        return [*self.service.events(), SlotSet("order_number", None), _asking(ORDER)]

    def _asked(self, question: str) -> list[Event]:
        return [*self.service.events(), _asking(question)]

    def _say(self, response: str, **values: object) -> None:
        self._dispatcher.utter_message(response=response, **values)


def corrected_detail(turn: Turn, service: Service) -> str | None:
    """Which detail the answer to "shall I?" puts right, if it does: another address, another colour."""
    if service.wish == "change_address" and _is_street(turn.words):
        return "address" if not turn.is_question else None
    if service.wish == "exchange_request" and turn.intent in ("product_question", "stock_question", service.wish):
        return "swap" if not turn.is_question else None
    return None


def _is_address(words: str) -> bool:
    return sum(character.isalnum() for character in words) >= SHORTEST_ADDRESS


def _is_street(words: str) -> bool:
    return _is_address(words) and any(character.isdigit() for character in words)


def _gives_way(turn: Turn) -> bool:
    """Whether the message is for somebody else: a person, an article, small talk, or nobody understood it."""
    service = Service.in_hand(turn)
    if turn.intent in LEAVES:
        return True
    if turn.question == ORDER and turn.place_in_list and turn.identity:
        return False
    if turn.entity("order_number") or (turn.entity("phone_last4") and turn.question not in FREE_TEXT):
        return False
    if _wish_in(turn) or turn.intent in TELLS_STATUS or _says_no(turn, service):
        return False
    if turn.intent == "another_order" or _turns_to_another_order(turn, service):
        return False
    if turn.question == CONFIRMATION and corrected_detail(turn, service):
        return False
    if turn.question == "address" and _is_street(turn.words):
        return False
    if turn.question in FREE_TEXT:
        is_small_talk = turn.intent in NO_ANSWER and turn.confidence >= SURE
        return is_small_talk or (turn.is_question and turn.intent not in ("affirm", "tell_detail"))
    return turn.intent not in ("affirm", "inform_order")


def _turns_to_another_order(turn: Turn, service: Service) -> bool:
    """Not this one, the other one: an order where one is spoken of, else perhaps another colour."""
    if turn.entity("order_number"):
        return False
    if turn.question in FREE_TEXT:
        return turn.means_another_order or (turn.intent == "another_order" and turn.confidence >= SURE)
    if turn.question == CONFIRMATION and corrected_detail(turn, service):
        return turn.means_another_order
    return turn.intent == "another_order" or turn.means_another


def _wish_in(turn: Turn) -> str | None:
    """The wish of a message inside the form, also where an article was found for it: "yes, cancel it" asks nothing."""
    if turn.negates and (others := [wish for wish, _ in turn.wishes if wish in WISHES]):
        return others[-1]
    if turn.intent in WISHES:
        return turn.intent
    return turn.guess if turn.intent == "faq" and turn.guess in WISHES and not turn.is_question else None


def _says_no(turn: Turn, service: Service) -> bool:
    """No; leave it; and, to "shall I cancel it?", don't cancel it, however well it is understood beside that."""
    if _turns_to_another_wish(turn, service):
        return False
    if turn.intent in ("deny", "leave_queue"):
        return True
    is_doubtful = turn.intent in HARDLY_HEARD or _wish_in(turn) == service.wish == "cancel_order"
    return turn.question == CONFIRMATION and turn.negates and not turn.is_question and is_doubtful


def _turns_to_another_wish(turn: Turn, service: Service) -> bool:
    """ "Don't cancel it, just change the address": a no to the one is a yes to the other."""
    return any(wish in WISHES and wish != service.wish for wish, _ in turn.wishes)


def _asking(question: str | None) -> Event:
    event: Event = SlotSet("requested_slot", question)
    return event
