"""Folding: what meets, what stays apart, and offsets that hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faq_kb import fold, fold_keeping_length


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("運費幾多?", "运费几多?"),
        ("ＡＢＣ１２３", "abc123"),
        ("點解仲未到呀", "为什么还没到"),
        ("我張單喺邊度", "我张单在哪里"),
        ("着數", "著數"),
        ("裏面", "里面"),
        ("甚麼", "什么"),
        ("幾時到㗎", "几时到"),
        ("係咪免運費嘅", "是不是免运费的"),
        ("可以退貨嗎", "可以退货吗"),
        ("Café", "cafe"),
        ("don’t", "don't"),
        ("zero\u200bwidth", "zerowidth"),
    ],
)
def test_the_same_question_in_another_writing_folds_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_words_that_hold_a_particle_or_copula_survive() -> None:
    assert fold("關係") == "关系"
    assert fold("聯繫系統") == "联系系统"
    assert fold("什麼時候") == "什么时候"


def test_folding_is_finished_after_one_pass_for_questions() -> None:
    for text in ("點解我嘅訂單仲未到", "運費幾多", "How long?"):
        assert fold(fold(text)) == fold(text)


@given(st.text(max_size=200))
def test_folding_takes_any_text(text: str) -> None:
    assert isinstance(fold(text), str)


@given(st.text(max_size=200))
def test_the_length_keeping_fold_keeps_the_length(text: str) -> None:
    assert len(fold_keeping_length(text)) == len(text)


def test_the_length_keeping_fold_folds_each_character() -> None:
    assert fold_keeping_length("我張ＯＲＤＥＲ喺邊") == "我张order在边"
    assert fold_keeping_length("ﷺ㌔") == "ﷺ㌔", "what would become several characters is left alone"


def test_a_hundred_combining_marks_are_no_word() -> None:
    assert fold("a" + "\u0301" * 200) == "a"
