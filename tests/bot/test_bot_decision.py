"""What a message is taken for when classifier and articles disagree."""

from __future__ import annotations

import pytest

from nlu.decision import ASK_PERSON, FALLBACK, FAQ, INFORM_ORDER, Guess, Search, Thresholds, decide
from nlu.wording import Wording

THRESHOLDS = Thresholds(
    intent_floor=0.35,
    faq_over_intent=0.6,
    faq_over_job=0.2,
    faq_over_small_talk=0.2,
    request=0.4,
    request_plain=0.95,
    request_over_faq=0.15,
    faq_alone=0.6,
    handoff=0.5,
    person_wish=0.25,
)
GOOD = Search(0.9, answers=True)
NOTHING = Search(0.1)


def taken(intent: str, confidence: float, search: Search = NOTHING, entities: tuple[str, ...] = ()) -> str:
    return decide(Guess(intent, confidence), search, entities, THRESHOLDS).intent


def test_a_sure_intent_stands() -> None:
    assert taken("greet", 0.9) == "greet"


def test_a_guess_without_an_article_is_a_miss() -> None:
    assert taken("greet", 0.2) == FALLBACK


def test_a_guess_with_an_article_is_a_question() -> None:
    assert taken("complaint", 0.2, GOOD) == FAQ


def test_a_wish_without_a_dialogue_gets_its_article() -> None:
    assert taken("invoice_request", 0.99, Search(0.55, answers=True)) == FAQ


def test_a_wish_without_a_dialogue_and_without_an_article_stays() -> None:
    assert taken("invoice_request", 0.9) == "invoice_request"


def asked(text: str, confidence: float, score: float) -> str:
    """A return, with an article that answers, as this text puts it."""
    found = Search(score, answers=True)
    return decide(Guess("return_request", confidence), found, (), THRESHOLDS, wording=Wording.of(text)).intent


@pytest.mark.parametrize("text", ["how do I return this", "點退貨㗎", "要怎麼退貨", "退货流程是什么", "可唔可以退貨"])
def test_how_something_is_done_is_answered_by_the_article(text: str) -> None:
    assert asked(text, 0.9, 0.9) == FAQ


@pytest.mark.parametrize("text", ["怎麼退貨？", "點樣退貨", "如何退货", "how to return?", "退货怎么弄"])
def test_how_it_is_done_is_no_wish_however_sure_the_classifier_is(text: str) -> None:
    assert asked(text, 1.0, 0.74) == FAQ


def test_why_money_is_not_back_yet_is_not_how_it_is_done() -> None:
    assert not Wording.of("怎么还没退款").asks_how and not Wording.of("怎么回事 钱呢").asks_how


@pytest.mark.parametrize(
    "text", ["please return it for me", "幫我退貨啦", "麻煩幫我辦退貨", "能帮我退了吗", "can you return it"]
)
def test_asking_us_to_do_it_begins_the_dialogue(text: str) -> None:
    assert asked(text, 0.6, 0.95) == "return_request"


def test_a_plain_wish_begins_the_dialogue_when_it_is_surer_than_the_article() -> None:
    assert asked("退貨", 0.95, 0.9) == "return_request"
    assert asked("return policy", 0.7, 0.95) == FAQ


def test_a_question_after_ones_own_money_is_no_general_one() -> None:
    assert asked("did my refund go through", 0.98, 0.79) == "return_request"


def test_a_sure_job_is_not_overruled_by_an_article() -> None:
    assert taken("order_status", 0.8, GOOD) == "order_status"


def test_a_doubtful_job_is() -> None:
    assert taken("delivery_status", 0.5, GOOD) == FAQ


def test_jobs_that_are_taken_for_each_other_stand_together() -> None:
    assert decide(Guess("order_status", 0.4, job=0.8), GOOD, (), THRESHOLDS).intent == "order_status"


def test_the_exact_question_of_an_article_is_always_a_question() -> None:
    assert taken("delivery_status", 0.99, Search(1.0, answers=True, exact=True)) == FAQ


def test_no_article_stands_between_a_customer_and_a_person() -> None:
    assert taken("ask_person", 0.4, Search(0.99, answers=True)) == "ask_person"


def test_a_question_after_a_greeting_gets_its_article() -> None:
    guess, wording = Guess("greet", 0.95), Wording.of("您好\n想問一下\n運費多少")
    assert decide(guess, GOOD, (), THRESHOLDS, wording=wording).intent == FAQ
    assert decide(guess, NOTHING, (), THRESHOLDS, wording=wording).intent == "greet"


def test_small_talk_gives_way_only_to_a_much_better_article() -> None:
    assert taken("affirm", 0.8, GOOD) == "affirm"
    assert taken("affirm", 0.4, GOOD) == FAQ


def test_an_order_number_makes_sense_of_a_doubtful_message() -> None:
    assert taken("praise", 0.2, GOOD, ("order_number",)) == INFORM_ORDER


def test_a_short_wish_for_an_order_is_not_only_its_number() -> None:
    guess = Guess("inform_order", 0.7, beside="cancel_order", beside_confidence=0.8)
    assert only_a_number(guess) == "cancel_order"
    assert only_a_number(Guess("inform_order", 0.7, beside="greet", beside_confidence=0.9)) == INFORM_ORDER


def only_a_number(guess: Guess) -> str:
    return decide(guess, GOOD, ("order_number",), THRESHOLDS, only_names=INFORM_ORDER).intent


def test_a_message_that_is_only_a_number_is_that() -> None:
    assert only_a_number(Guess("praise", 0.9)) == INFORM_ORDER


def test_a_complaint_beside_a_number_is_heard() -> None:
    assert only_a_number(Guess("complaint", 0.6)) == "complaint"


def test_a_wish_for_a_person_wins_over_all_else() -> None:
    assert only_a_number(Guess("inform_order", 0.6, person=0.3)) == ASK_PERSON


def test_a_wish_for_a_person_is_heard_beside_an_order_number() -> None:
    assert taken("inform_order", 0.98, NOTHING, ("order_number", "person_wish")) == ASK_PERSON


def test_a_doubtful_complaint_fetches_nobody() -> None:
    assert taken("complaint", 0.45) == FALLBACK
    assert taken("complaint", 0.55) == "complaint"


def test_a_complaint_about_staff_is_a_complaint() -> None:
    assert decide(Guess("complaint", 0.6, person=0.3), NOTHING, (), THRESHOLDS).intent == "complaint"


def test_not_wanting_a_person_is_no_wish_for_one() -> None:
    assert decide(Guess("leave_queue", 0.6, person=0.3), NOTHING, (), THRESHOLDS).intent == "leave_queue"
