"""The tokenizer: words of three kinds of Chinese and English, at their true places."""

from __future__ import annotations

import pytest
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu.tokenizer import ShopTokenizer


@pytest.fixture(scope="module")
def tokenizer() -> ShopTokenizer:
    return ShopTokenizer(ShopTokenizer.get_default_config())


def words(tokenizer: ShopTokenizer, text: str) -> list[str]:
    return [token.text for token in tokenizer.tokenize(Message({TEXT: text}), TEXT)]


def test_traditional_chinese_is_cut_into_words(tokenizer: ShopTokenizer) -> None:
    assert words(tokenizer, "我想查訂單") == ["我", "想", "查", "訂單"]


def test_chinese_and_english_in_one_sentence(tokenizer: ShopTokenizer) -> None:
    cut = words(tokenizer, "我張 order 去咗邊")
    assert "order" in cut and " " not in cut


def test_a_word_of_the_shop_stays_whole(tokenizer: ShopTokenizer) -> None:
    assert "轉人工" in words(tokenizer, "幫我轉人工啦")


@pytest.mark.parametrize(
    "text",
    ["  ＨＧ１００２３８４７　幾時到？ ", "速遞👍 SF1234567890123", "退貨/refund、唔該", "\n\t \u200b", "é ﬁ Ⅳ ㎏"],
)
def test_offsets_are_true(tokenizer: ShopTokenizer, text: str) -> None:
    for token in tokenizer.tokenize(Message({TEXT: text}), TEXT):
        assert text[token.start : token.end] == token.text
        assert token.text.strip()


def test_variants_of_one_word_share_what_is_matched(tokenizer: ShopTokenizer) -> None:
    def lemmas(text: str) -> list[str]:
        return [token.lemma for token in tokenizer.tokenize(Message({TEXT: text}), TEXT)]

    assert lemmas("訂單") == lemmas("订单")
    assert lemmas("幾時") == lemmas("几时")
