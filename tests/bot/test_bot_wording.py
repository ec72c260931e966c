"""How a message is put, and pieces of messages that are plain from how they are written."""

from __future__ import annotations

import time

import pytest
import yaml
from no_plain_yes import NO_PLAIN_YES

from nlu.fragments import PLACE, PRODUCT, QUANTITY, fragment
from nlu.order_numbers import PATTERNS
from nlu.wording import Wording


@pytest.mark.parametrize(
    "text",
    ["點退貨", "退貨要幾耐", "可唔可以退", "退得唔得", "怎麼取消", "可以改地址嗎", "怎么换货", "几天到账", "还能改吗",
     "how do I return it", "can I cancel", "who pays the postage", "do you refund shipping"],
)  # fmt: skip
def test_a_general_question_asks_nobody_to_do_anything(text: str) -> None:
    assert Wording.of(text).asks_in_general


@pytest.mark.parametrize(
    "text",
    ["幫我取消張單", "可唔可以幫我取消", "唔該取消佢", "麻煩改地址", "可以幫我退嗎", "帮我退了吧",
     "can you cancel it for me?", "cancel it please", "取消訂單", "我要退貨", "i want to return this"],
)  # fmt: skip
def test_a_wish_is_no_general_question_however_politely_it_is_put(text: str) -> None:
    assert not Wording.of(text).asks_in_general


@pytest.mark.parametrize(
    "text", ["唔使喇", "唔好取消", "不要取消", "别取消", "算了 不取消了", "don't cancel it", "no, the other one"]
)
def test_no_is_heard(text: str) -> None:
    assert Wording.of(text).negates


@pytest.mark.parametrize("text", ["唔該", "得唔得", "是不是", "要不要", "取消啦", "yes please"])
def test_what_only_looks_like_a_no_is_none(text: str) -> None:
    assert not Wording.of(text).negates


@pytest.mark.parametrize("text", NO_PLAIN_YES)
def test_a_no_or_a_doubt_in_a_yes_is_heard(text: str) -> None:
    assert Wording.of(text).withholds


def test_no_example_of_a_yes_is_doubted() -> None:
    blocks = yaml.safe_load((PATTERNS.parent / "smalltalk.yml").read_text(encoding="utf-8"))["nlu"]
    examples = next(block["examples"] for block in blocks if block["intent"] == "affirm").splitlines()
    assert [line for line in examples if Wording.of(line.removeprefix("- ")).withholds] == []


@pytest.mark.parametrize(
    "text",
    ["冇問題", "好呀唔該", "cancel啦唔該", "沒錯 取消", "麻煩你幫我取消", "没问题，取消吧", "不客气，取消吧", "do it",
     "no problem, go ahead",      "yes I want it cancelled", "是的 谢谢", "對 改吧"],
)  # fmt: skip
def test_a_plain_yes_is_not_doubted(text: str) -> None:
    assert not Wording.of(text).withholds


@pytest.mark.parametrize(
    ("text", "place"), [("第二張", 2), ("and the second parcel?", 2), ("最后一个", -1), ("the first one", 1), ("好", 0)]
)
def test_a_place_in_a_list_is_counted(text: str, place: int) -> None:
    assert Wording.of(text).ordinal == place


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("https://shop.example/p/88213", PRODUCT),
        ("貨號 A7721", PRODUCT),
        ("sku 4471", PRODUCT),
        ("B08-4471", PRODUCT),
        ("兩盒", QUANTITY),
        ("10袋？", QUANTITY),
        ("5 pcs", QUANTITY),
        ("九龍灣呢", PLACE),
        ("Kaohsiung", PLACE),
        ("HG10024430", None),
        ("HG1002443", None),
        ("4567", None),
        ("SF1234567890123", None),
        ("去元朗要幾耐", None),
        ("hello", None),
        ("", None),
    ],
)
def test_a_piece_is_what_it_is_written_like(text: str, kind: str | None) -> None:
    assert fragment(text) == kind


@pytest.mark.alone
@pytest.mark.parametrize("text", ["1" * 100_000, "a1-" * 30_000, "盒" * 10_000, "http://" * 10_000, "可唔" * 50_000])
def test_long_messages_are_looked_at_in_no_time(text: str) -> None:
    began = time.process_time()
    fragment(text)
    Wording.of(text)
    assert time.process_time() - began < 0.05
