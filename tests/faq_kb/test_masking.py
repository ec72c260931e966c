"""Card and identity numbers are hidden however they are written; orders, parcels and phones never are."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rounds import rounds
from stdnum import luhn

from faq_kb.masking import Masking

ORDERS = (r"HG\d{8}", r"1\d{7}")
masking = Masking(ORDERS)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("4111111111111111", "•••• 1111"),
        ("我張卡係4111 1111 1111 1111呀", "我張卡係•••• 1111呀"),
        ("4111-1111-1111-1111", "•••• 1111"),
        ("４１１１　１１１１　１１１１　１１１１", "•••• １１１１"),
        ("4111\u200b1111\u200b1111\u200b1111", "•••• 1111"),
        ("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "•••• 1111"),
        ("visa4111111111111111", "visa•••• 1111"),
        ("3782 822463 10005", "•••• 0005"),
        ("3622 720627 1667", "•••• 1667"),
        ("6222021234567890128", "•••• 0128"),
        ("622202 1234567890128", "•••• 0128"),
        ("4111111111111111和5555 5555 5555 4444", "•••• 1111和•••• 4444"),
        ("4111 1111 1111 1111 12/26 cvv 123", "•••• 1111 12/26 cvv •••"),
        ("4111 1111 1111 1111，安全碼係456", "•••• 1111，安全碼係•••"),
        ("5102 0055 8002 0258 12/27", "•••• 0258 12/27"),
        ("HG10023847 用 4111111111111111 找數", "HG10023847 用 •••• 1111 找數"),
        ("卡號 4111 1111 1111 1111 電話 9123 4567", "卡號 •••• 1111 電話 9123 4567"),
        ("٤١١١١١١١١١١١١١١١", "•••• ١١١١"),
        ("身份證A123456(3)", "身份證•••• 4563"),
        ("g123456（a）", "•••• 456a"),
        ("A1234563", "•••• 4563"),
        ("我嘅身份證號碼係 C123456(9)，幫我改名", "我嘅身份證號碼係 •••• 4569，幫我改名"),
        ("身分證 A123456789", "身分證 •••• 6789"),
        ("身份证11010519491231002X", "身份证•••• 002X"),
        ("110105 19491231 002x", "•••• 002x"),
    ],
)
def test_a_card_or_identity_number_keeps_its_last_four(text: str, hidden: str) -> None:
    assert masking.hide(text) == hidden
    assert masking.hide(hidden) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "HG10023847",
        "hg-1002 3847 同 HG10019932",
        "10023847 10019932",
        "https://shop.example/orders/HG10023847?x=4539578763621486z",
        "9123 4567 6234 5678",
        "+886 912 345 678",
        "SF4539578763621486",
        "YT4539578763621",
        "JDVA4539578763621486",
        "1Z999AA10123456784",
        "RR123456785HK",
        "順豐 378282246310005",
        "韻達 4222222222222",
        "4222222222222",
        "4111 1111 1111 1112",
        "4111, 1111, 1111, 1111",
        "A123456(4)",
        "A123456788",
        "110105194912310021",
        "11010519491331002X",
        "2026-11-20 2026-11-21",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18",
        "AB1234569",
        "order 00000000000000",
    ],
)
def test_what_is_none_stays_as_it_was_typed(text: str) -> None:
    assert masking.hide(text) == text


def test_numbers_of_the_shop_win_over_cards_unless_somebody_speaks_of_a_card() -> None:
    long_numbers = Masking([r"\d{16}", r"WEB\d{16}", r"A\d{7}"])
    assert long_numbers.hide("order 4111111111111111") == "order 4111111111111111"
    assert long_numbers.hide("order 4111-1111-1111-1111") == "order 4111-1111-1111-1111"
    assert long_numbers.hide("web 4111111111111111") == "web 4111111111111111"
    assert long_numbers.hide("A1234563") == "A1234563"
    assert long_numbers.hide("my card 4111111111111111") == "my card •••• 1111"
    assert long_numbers.hide("card charged for WEB4111111111111111") == "card charged for WEB4111111111111111"


@st.composite
def _order_numbers(draw: st.DrawFn) -> str:
    """An order number as the shop gives them out, written as people write."""
    number = draw(st.from_regex(r"(HG)?1[0-9]{7}", fullmatch=True))
    letters, digits = number[:-8], number[-8:]
    if letters:
        cut = draw(st.sampled_from([0, 2, 4]))
        between = draw(st.sampled_from(["", " ", "-", " - ", "＃"]))
        number = letters + between + (digits[:cut] + between + digits[cut:] if cut else digits)
    if draw(st.booleans()):
        number = "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in number)
    return draw(st.sampled_from([number, number.lower()]))


_AROUND = st.sampled_from(
    [
        "",
        "訂單",
        "order #",
        "我張 ",
        " 去咗邊",
        "，",
        " 9123 4567",
        "\n",
        "/",
        "?id=",
        " ",
        "卡 ",
        "card ",
        " 電話尾4567",
    ]
)


@settings(max_examples=rounds(400))
@given(numbers=st.lists(_order_numbers(), min_size=1, max_size=3), around=st.lists(_AROUND, min_size=4, max_size=4))
@example(numbers=["11111111", "11111111"], around=["", " ", "", ""])
def test_an_order_number_is_never_hidden(numbers: list[str], around: list[str]) -> None:
    text = around[0] + "".join(f"{number}{between or ' '}" for number, between in zip(numbers, around[1:]))
    assert masking.hide(text) == text


@settings(max_examples=rounds(400))
@given(
    start=st.sampled_from(["4", "51", "2221", "34", "37", "62", "3528", "36", "6011"]),
    filling=st.text("0123456789", min_size=20, max_size=20),
    groups=st.sampled_from([" ", "-", "", "　", " - "]),
    around=st.tuples(
        st.sampled_from(["", "卡號", "pay with ", "HG10023847 "]), st.sampled_from(["", "呀", " 12/27", "。"])
    ),
)
def test_a_card_number_is_always_hidden(start: str, filling: str, groups: str, around: tuple[str, str]) -> None:
    length = {"34": 15, "37": 15, "36": 14}.get(start, 16)
    digits = (start + filling)[: length - 1]
    digits += luhn.calc_check_digit(digits)
    sizes = {15: (4, 6, 5), 14: (4, 6, 4)}.get(length, (4, 4, 4, 4))
    cuts = [sum(sizes[:n]) for n in range(len(sizes) + 1)]
    written = groups.join(digits[a:b] for a, b in pairwise(cuts))
    assert masking.hide(around[0] + written + around[1]) == f"{around[0]}•••• {digits[-4:]}{around[1]}"


@settings(max_examples=rounds(300))
@given(st.text(max_size=200) | st.text("0123456789 -()Aax４", max_size=200))
def test_whatever_is_typed_is_taken_and_hiding_twice_changes_nothing(text: str) -> None:
    once = masking.hide(text)
    assert masking.hide(once) == once
    assert re.sub(r"[\W\d_]", "", once) in re.sub(r"[\W\d_]", "", text) or once != text


@pytest.mark.alone
@pytest.mark.parametrize(
    "text",
    [
        "1" * 100_000,
        "4" * 100_000,
        "a" * 100_000,
        "4111" * 25_000,
        "1 " * 5_000,
        "4 " * 5_000,
        "44 " * 3_300,
        "4444 " * 2_000,
        "4111-" * 2_000,
        "3782 822463 " * 800,
        "a123456" * 1_400,
        "a123456(" * 1_400,
        "11010519491231002" * 600,
        "cvv" * 3_000 + " 4111111111111111",
    ],
    ids=lambda text: f"{text[:12]!r}x{len(text)}",
)
def test_a_flood_of_digits_is_looked_through_in_no_time(text: str) -> None:
    masking.hide("暖身 4111 1111 1111 1111")
    assert any(_seconds(text) < 0.05 for _ in range(10))


def _seconds(text: str) -> float:
    began = time.process_time()
    masking.hide(text)
    return time.process_time() - began


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(re.error):
        Masking(["HG[0-9"])
