"""Messages written as people type them on a phone: full width, emoji, typos, homophones, no spaces, several lines."""

from __future__ import annotations

import pytest
from bot_parts import Bot

pytestmark = pytest.mark.bot


# Which of them a message is taken for makes no difference: the same form asks for what is missing.
LOOKS_UP_AN_ORDER = frozenset({"order_status", "delivery_status", "inform_order"})


def said(bot: Bot, text: str) -> tuple[str, list[str]]:
    parsed = bot.parse(text)
    intent = parsed["intent"]["name"]
    return "order_status" if intent in LOOKS_UP_AN_ORDER else intent, [
        one["value"] for one in parsed["entities"] if one["entity"] == "order_number"
    ]


@pytest.mark.parametrize(
    ("odd", "plain"),
    [
        # full width
        ("ＷＨＥＲＥ　ＩＳ　ＭＹ　ＯＲＤＥＲ", "where is my order"),
        ("我想ｃａｎｃｅｌ張ｏｒｄｅｒ", "我想cancel張order"),
        ("訂單　ＨＧ１００２３８４７　到哪了？", "訂單 HG10023847 到哪了?"),
        # emoji
        ("我張單幾時到呀😭😭", "我張單幾時到呀"),
        ("📦where is my order📦🙏", "where is my order"),
        ("我要退货❗️❗️", "我要退货"),
        ("謝謝您🙏🏻❤️", "謝謝您"),
        # no spaces
        ("whereismyorder HG10023847", "where is my order HG10023847"),
        ("我張單HG10023847去咗邊", "我張單 HG10023847 去咗邊"),
        ("cancelmyorder pls", "cancel my order pls"),
        # typos
        ("wher is my oder", "where is my order"),
        ("cancle my order please", "cancel my order please"),
        ("speek to a humen", "speak to a human"),
        ("i want to retrun this", "i want to return this"),
        # homophones and wrong characters
        ("轉人公", "轉人工"),
        ("我想推货", "我想退货"),
        ("退款到帐了没", "退款到账了没"),
        ("我個訂單點解重未到", "我個訂單點解仲未到"),
    ],
)
def test_odd_writing_is_taken_for_what_it_is(bot: Bot, odd: str, plain: str) -> None:
    assert said(bot, odd) == said(bot, plain)


@pytest.mark.parametrize(
    ("lines", "intent", "numbers"),
    [
        ("你好\n我張單\nHG10023847\n去咗邊呀", "order_status", ["HG10023847"]),
        ("hi\nmy order\nHG10023847\nwhere is it", "order_status", ["HG10023847"]),
        ("您好\n想問一下\n運費多少", "faq", []),
        ("在吗\n我要退货\nHG10023847", "return_request", ["HG10023847"]),
    ],
)
def test_a_burst_of_short_lines_is_one_question(bot: Bot, lines: str, intent: str, numbers: list[str]) -> None:
    taken, found = said(bot, lines)
    assert (taken, found) == (intent, numbers)


@pytest.mark.parametrize(
    "text",
    ["下單後通常幾天會到貨", "一般几天能到货", "normally how long does delivery take", "平時落單之後幾日先到㗎"],
)
def test_a_general_question_after_days_gets_its_article(bot: Bot, text: str) -> None:
    parsed = bot.parse(text)
    assert (parsed["intent"]["name"], parsed["faq"]["candidates"][0]["id"]) == ("faq", "delivery-time")


@pytest.mark.parametrize(
    "text", ["hey there, got a question", "哈囉 想問啲嘢", "你好 我有個問題", "您好，有问题想咨询"]
)
def test_who_announces_a_question_is_greeted(bot: Bot, text: str) -> None:
    assert bot.parse(text)["intent"]["name"] == "greet"
