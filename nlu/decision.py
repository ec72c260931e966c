"""What a message is taken for, once the classifier and the search of the knowledge base have each had their say.

The one place where confidence is judged. The thresholds come from `config.yml`, and those from measuring.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from nlu.wording import PLAIN, Wording

FAQ = "faq"
FALLBACK = "nlu_fallback"
OUT_OF_SCOPE = "out_of_scope"
INFORM_ORDER = "inform_order"
ASK_PERSON = "ask_person"

# Said with the same words as a wish for a person, and meaning something else, or leading to one ahead of others.
NOT_A_WISH = frozenset(
    {
        "bot_challenge",
        "complaint",
        "deny",
        "leave_message",
        "leave_queue",
        "not_what_i_asked",
        "promise_question",
        "queue_place",
        "urgent_unhelpful",
    }
)

# What takes the conversation to a person at once, ahead of others.
FETCHES_A_PERSON = frozenset({"complaint", "urgent_unhelpful"})

# Heard even where the message holds hardly more than an order number.
HEARD_BESIDE_A_NAME = frozenset({"complaint", "deny", "leave_queue", "not_what_i_asked", "urgent_unhelpful"})

# Wishes with a dialogue of their own. Asked about in general ("how do I cancel an order?") an article answers; said as
# a wish ("cancel my order") the dialogue begins.
REFUND_STATUS = "refund_status"
REQUESTS = frozenset({"cancel_order", "change_address", "exchange_request", REFUND_STATUS, "return_request"})

# Something to be minded about an order; a person does it.
REMARK = "order_remark"

GREET = "greet"
AFFIRM = "affirm"

# "I have paid": asks nothing, and has its words in common with every article on paying.
DONE_MY_PART = "done_my_part"

# Wishes the assistant has no dialogue for: an article that answers is the best it can do.
TOPICS = frozenset(
    {
        "account_login",
        "delivery_problem",
        "invoice_request",
        "membership_points",
        "payment_problem",
        "price_promotion",
        "product_defect",
        "product_question",
        "stock_question",
    }
)

# Jobs that a general question is easily mistaken for: "how long does delivery take" is not "where is my parcel".
JOBS = frozenset({"order_status", "delivery_status", "another_order", "browse_faq"})

# What people say to each other rather than ask of a shop; articles happen to share its short words. Whether we are a
# machine is a question, and no article shares its words.
SMALL_TALK = frozenset(
    {
        "abuse",
        "affirm",
        "deny",
        "goodbye",
        "greet",
        "language_switch",
        "leave_message",
        "leave_queue",
        "link_account",
        "not_what_i_asked",
        "praise",
        "promise_question",
        "queue_place",
        "thanks",
        "unlink_account",
    }
)

# What people say to each other rather than ask of a shop: no article explains it better, however alike the words.
FIRM = frozenset(
    {
        "abuse",
        "affirm",
        "ask_person",
        "bot_challenge",
        "deny",
        "goodbye",
        "greet",
        "inform_order",
        "language_switch",
        "leave_message",
        "leave_queue",
        "link_account",
        "not_what_i_asked",
        "praise",
        "promise_question",
        "queue_place",
        "repeat",
        "thanks",
        "unlink_account",
    }
)


@dataclass(frozen=True)
class Thresholds:
    """Confidence and scores between 0 and 1; both are meant as probabilities, so they can be compared."""

    intent_floor: float  # below it the classifier is guessing
    faq_over_intent: float  # an article at least this good, and better than the intent is sure, overrules it
    faq_over_job: float  # how much better than a job is sure an article must be, to overrule the job
    faq_over_small_talk: float  # the same, for small talk
    request: float  # somebody who asks us to do a thing at least this sure means their own order
    request_plain: float  # the same of somebody who only names the thing, unless the article is less sure than that
    request_over_faq: float  # how much surer than the article a question is that means one's own order
    faq_alone: float  # an article at least this good is an answer when the classifier is guessing
    handoff: float  # a complaint below it is not believed: a person is offered instead of fetched
    person_wish: float  # a wish for a person at least this likely wins over whatever else the message holds


@dataclass(frozen=True)
class Guess:
    """What the classifier makes of a message."""

    intent: str
    confidence: float
    person: float = 0.0  # how likely it holds a wish for a person, beside all else
    upset: float = 0.0  # how likely it complains in one way or the other
    job: float = 0.0  # how likely it asks for any of the jobs, which are easily taken for each other
    beside: str = ""  # what the words beside its numbers ask for
    beside_confidence: float = 0.0

    @property
    def sureness(self) -> float:
        alike = self.job if self.intent in JOBS else self.upset if self.intent in FETCHES_A_PERSON else 0.0
        return max(self.confidence, alike)


@dataclass(frozen=True)
class Search:
    """What the knowledge base found: the best article's score, and what it would do with it by itself."""

    score: float = 0.0
    answers: bool = False  # good enough to be given as the answer
    exact: bool = False
    pinned: bool = False  # an editor said that this sentence leads to the article


@dataclass(frozen=True)
class Understanding:
    intent: str
    confidence: float
    rule: str  # why, stored with the answer


def decide(
    guess: Guess,
    search: Search,
    entities: Collection[str],
    thresholds: Thresholds,
    *,
    only_names: str | None = None,
    fragment: str | None = None,
    wording: Wording = PLAIN,
    ends_in_person_wish: bool = False,
) -> Understanding:
    """``only_names``: the intent of a message that is nothing but a number or a language; ``fragment``: of one that is
    nothing but a product, a quantity or a place; ``ends_in_person_wish``: whether its last words ask for a person."""
    intent, confidence = guess.intent, guess.sureness
    names_order = "order_number" in entities or "phone_last4" in entities
    if search.pinned and guess.person < thresholds.handoff:
        # Nothing but a plain wish for a person stands above what an editor wrote down.
        return Understanding(FAQ, 1.0, "pinned")
    if fragment:
        return Understanding(fragment, 1.0, "fragment")
    named_person = "person_wish" in entities and (names_order or ends_in_person_wish)
    wants_person = guess.person >= thresholds.person_wish or named_person
    if wants_person and intent not in NOT_A_WISH:
        return Understanding(ASK_PERSON, guess.person, "person_wins")
    if names_order and guess.beside in (*REQUESTS, REMARK) and guess.beside_confidence >= thresholds.request:
        return Understanding(guess.beside, guess.beside_confidence, "request_for_order")
    if only_names and not (intent in HEARD_BESIDE_A_NAME and confidence >= thresholds.intent_floor):
        return Understanding(only_names, 1.0, "only_names")
    if intent in REQUESTS and _is_own_request(guess, search, wording, thresholds):
        return Understanding(intent, confidence, "own_request")
    if search.exact:
        return Understanding(FAQ, 1.0, "exact_question")
    if search.answers and not names_order:
        if intent == GREET and wording.asks:
            # "Hello / may I ask / how much is shipping": the lines of a greeting are most of a short message.
            return Understanding(FAQ, search.score, "article_after_greeting")
        asks_us = (intent == REMARK and wording.asks_in_general and search.score > confidence) or (
            intent == DONE_MY_PART and wording.negates
        )
        if intent in TOPICS or intent in REQUESTS or asks_us or (intent in JOBS and wording.about_no_order):
            return Understanding(FAQ, search.score, "article_for_topic")
        if intent != ASK_PERSON and _overrules(guess, search.score, wording, thresholds):
            return Understanding(FAQ, search.score, "article_over_intent")
    if confidence >= (thresholds.handoff if intent in FETCHES_A_PERSON else thresholds.intent_floor):
        return Understanding(intent, confidence, "intent")
    if names_order:
        return Understanding(INFORM_ORDER, 1 - confidence, "names_order")
    if search.answers and search.score >= thresholds.faq_alone:
        return Understanding(FAQ, search.score, "article_over_guess")
    # Neither is answered; which of the two it is, the classifier may say with less.
    return Understanding(OUT_OF_SCOPE if intent == OUT_OF_SCOPE else FALLBACK, 1 - confidence, "nothing_sure")


def _is_own_request(guess: Guess, search: Search, wording: Wording, thresholds: Thresholds) -> bool:
    """Whether it is about one's own order, rather than about how such things go."""
    if wording.requests:
        return guess.confidence >= thresholds.request
    if wording.asks_how and guess.intent != REFUND_STATUS:
        return False
    if wording.asks:
        return search.answers and guess.confidence - search.score >= thresholds.request_over_faq
    return search.answers and guess.confidence >= min(search.score, thresholds.request_plain)


def _overrules(guess: Guess, score: float, wording: Wording, thresholds: Thresholds) -> bool:
    margin = 0.0
    if guess.intent in JOBS:
        margin = thresholds.faq_over_job
    elif guess.intent == AFFIRM and wording.asks:
        pass  # "Octopus ok?" is no yes.
    elif guess.intent in SMALL_TALK or guess.intent == DONE_MY_PART:
        margin = thresholds.faq_over_small_talk
    return score >= thresholds.faq_over_intent and score - guess.sureness > margin
