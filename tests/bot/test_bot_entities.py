"""Orders, parcels, phones, sums, days, products and languages, found wherever customers put them, at their true places.

The components are asked themselves; nothing is trained.
"""

from __future__ import annotations

import random
import shutil
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.shared.nlu.training_data.message import Message
from rounds import rounds
from waiting import wait_until

import shop.demo
from nlu.entities import ShopEntities
from nlu.finding import EntityPatterns
from nlu.numbers import is_dhl, is_fedex, is_s10, is_ups
from nlu.order_numbers import PATTERNS, order_numbers
from nlu.pattern_file import PatternsError
from nlu.products import ProductNames
from nlu.vocabulary import Vocabulary, served
from shop import SqlShop

TODAY = date(2026, 3, 2)  # a Monday


@pytest.fixture(scope="module")
def patterns() -> EntityPatterns:
    return EntityPatterns.load(PATTERNS)


def _values(patterns: EntityPatterns, text: str, entity: str, **how: Any) -> list[str]:
    return [one.value for one in patterns.find(text, TODAY, **how) if one.entity == entity]


# -- orders ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("我張HG10023847去咗邊", ["HG10023847"]),
        ("hg10023847", ["HG10023847"]),
        ("ＨＧ１００２３８４７ 幾時到", ["HG10023847"]),
        ("hg-1002 3847 please", ["HG10023847"]),
        ("HG 10 023 847", ["HG10023847"]),
        ("order #hg 10023847?", ["HG10023847"]),
        ("訂單10023847", ["HG10023847"]),
        ("order10023847", ["HG10023847"]),
        ("📦HG10023847😀", ["HG10023847"]),
        ("https://shop.example/orders/HG10023847?x=1", ["HG10023847"]),
        ("https://shop.example/o?id=10023847&from=mail", ["HG10023847"]),
        ("唔係 HG10023847，係 HG10019932", ["HG10023847", "HG10019932"]),
        ("HG10023847同10019932", ["HG10023847", "HG10019932"]),
        ("HG10023847 9123 4567", ["HG10023847"]),
        ("HG1002384", []),
        ("HG100238470", []),
        ("XY10023847", []),
        ("1002 3847", []),
        ("HG91234567", ["HG91234567"]),
    ],
)
def test_an_order_number_is_found_however_it_is_written(
    patterns: EntityPatterns, text: str, numbers: list[str]
) -> None:
    assert _values(patterns, text, "order_number") == numbers


def test_a_phone_inside_an_order_number_is_none(patterns: EntityPatterns) -> None:
    assert [one.entity for one in patterns.find("HG91234567", TODAY)] == ["order_number"]
    assert _values(patterns, "AB91234567", "phone") == []


# -- parcels ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number", "carrier"),
    [
        ("SF1234567890123 到咗未", "SF1234567890123", "SF Express"),
        ("sf 1234 5678 90123", "SF1234567890123", "SF Express"),
        ("ＳＦ１２３４５６７８９０１２３", "SF1234567890123", "SF Express"),
        ("順豐 123456789012", "123456789012", "SF Express"),
        ("黑貓宅急便 623456789012", "623456789012", "Black Cat"),
        ("912345678901", "912345678901", "Black Cat"),
        ("ZTO123456789012", "ZTO123456789012", "ZTO"),
        ("75123456789012", "75123456789012", "ZTO"),
        ("中通 751234567890", "751234567890", "ZTO"),
        ("YT1234567890123", "YT1234567890123", "YTO"),
        ("圆通快递 1234567890123", "1234567890123", "YTO"),
        ("韵达单号4312345678901", "4312345678901", "Yunda"),
        ("申通773123456789012", "773123456789012", "STO"),
        ("JT1234567890123", "JT1234567890123", "J&T"),
        ("JDVA00012345678", "JDVA00012345678", "JD"),
        ("EMS 单号 1012345678901", "1012345678901", "EMS"),
        ("RR473124829HK", "RR473124829HK", "Hongkong Post"),
        ("ee473124829cn 查", "EE473124829CN", "EMS"),
        ("RR473124829TW", "RR473124829TW", "Chunghwa Post"),
        ("1Z999AA10123456784", "1Z999AA10123456784", "UPS"),
        ("DHL 1234567891", "1234567891", "DHL"),
        ("fedex 986578788855", "986578788855", "FedEx"),
        ("7-11 取貨編號 A12345678901", "A12345678901", "7-ELEVEN"),
        ("全家店到店 01234567890", "01234567890", "FamilyMart"),
        ("超商取貨 B12345678901", "B12345678901", None),
        ("追蹤 123456789012", "123456789012", None),
        ("https://t.example/?no=SF1234567890123", "SF1234567890123", "SF Express"),
    ],
)
def test_a_tracking_number_is_found_with_its_courier(
    patterns: EntityPatterns, text: str, number: str, carrier: str | None
) -> None:
    (one,) = [one for one in patterns.find(text, TODAY) if one.entity == "tracking_number"]
    assert (one.value, dict(one.about).get("carrier")) == (number, carrier)


@pytest.mark.parametrize(
    "text",
    [
        "RR473124820HK",  # the check digit is another
        "1Z999AA10123456785",
        "DHL 1234567892",
        "6901234567890",  # an article's bar code: nobody speaks of a parcel
        "12345678901",
        "HG10023847",
        "4111111111111111",
    ],
)
def test_what_no_courier_gave_out_is_no_tracking_number(patterns: EntityPatterns, text: str) -> None:
    assert _values(patterns, text, "tracking_number") == []


def test_check_digits_are_those_of_the_couriers_own_examples() -> None:
    assert is_s10("RA473124829GB") and is_ups("1Z999AA10123456784")
    assert is_fedex("986578788855") and is_fedex("041441760228964") and is_dhl("1234567891")


def test_every_tracking_number_of_the_demo_shop_is_found_with_its_courier(
    patterns: EntityPatterns, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    shop.demo.fill(url)
    with_parcels = [SqlShop(url).parcels_of(f"HG{number}") for number in range(10_000_100, 10_000_900, 1)]
    parcels = [parcel for of_order in with_parcels for parcel in of_order]
    assert {parcel.carrier for parcel in parcels} == {"SF Express", "Black Cat", "ZTO", "Hongkong Post"}
    for parcel in parcels:
        (found,) = patterns.find(f"單號 {parcel.tracking_number}", TODAY)
        assert (found.value, dict(found.about)) == (parcel.tracking_number, {"carrier": parcel.carrier})


# -- phones and addresses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("9123 4567", "+85291234567"),
        ("我電話係91234567", "+85291234567"),
        ("tel91234567", "+85291234567"),
        ("+852 9123-4567", "+85291234567"),
        ("(852) 9123 4567", "+85291234567"),
        ("00852 91234567", "+85291234567"),
        ("２３４５　６７８９", "+85223456789"),
        ("0912-345-678", "+886912345678"),
        ("0912345678", "+886912345678"),
        ("+886 912 345 678", "+886912345678"),
        ("886912345678", "+886912345678"),
        ("02-2345-6789", "+886223456789"),
        ("(02) 2345 6789", "+886223456789"),
        ("138 0013 8000", "+8613800138000"),
        ("13800138000", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("010-65001234", "+861065001234"),
        ("HG10023847 電話9123 4567", "+85291234567"),
        ("order HG-1002 3847 9123 4567", "+85291234567"),
    ],
)
def test_a_phone_number_is_found_and_told_in_full(patterns: EntityPatterns, text: str, number: str) -> None:
    assert _values(patterns, text, "phone") == [number]


@pytest.mark.parametrize(
    "text",
    [
        "10023847",
        "12345678",
        "00000000",
        "+1 415 555 2671",
        "8956231478",
        "8974 7525 7566 2121",
        "205215520",
        "XX91234567",
        "1234 5678 9123 4567",
        "2026-11-20",
        "https://shop.example/p/912345678901234567890",
        "$91234567",
    ],
)
def test_what_cannot_be_called_is_no_phone(patterns: EntityPatterns, text: str) -> None:
    assert _values(patterns, text, "phone") == []


@pytest.mark.parametrize(
    ("text", "last_four"),
    [
        ("4567", "4567"),
        ("係 4567", "4567"),
        ("電話尾四位係4567", "4567"),
        ("手機末四碼是5678", "5678"),
        ("尾号8000", "8000"),
        ("HG10019932 4567", "4567"),
        ("HG10022907 手機後四碼 5678", "5678"),
        ("last four digits of my phone are 2790", "2790"),
        ("HG10024222, last four 5678", "5678"),
        ("9123 4567", "4567"),
        ("+852 9123-4567", "4567"),
        ("0912-345-678", "5678"),
        ("138 0013 8000", "8000"),
    ],
)
def test_the_tail_of_a_phone_number_is_found(patterns: EntityPatterns, text: str, last_four: str) -> None:
    assert _values(patterns, text, "phone_last4") == [last_four]


@pytest.mark.parametrize(
    "text",
    ["$1234", "我要1234蚊", "2024年3月", "4567蚊得唔得", "v1.2.3456", "hello", "", "HG10023847 •••• 4567", "•••• 4567"],
)
def test_other_digits_are_not_the_tail_of_a_phone_number(patterns: EntityPatterns, text: str) -> None:
    assert _values(patterns, text, "phone_last4") == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("電郵係Ana.Wong+shop@Example.com呀", "ana.wong+shop@example.com"),
        ("ana@example.com.hk，唔該", "ana@example.com.hk"),
        ("ａｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ana@example.com"),
        ("ana_wong@mail.example.co.uk.", "ana_wong@mail.example.co.uk"),
    ],
)
def test_an_email_address_is_found(patterns: EntityPatterns, text: str, address: str) -> None:
    assert _values(patterns, text, "email") == [address]


@pytest.mark.parametrize("text", ["ana@", "@example.com", "ana@example", "ana at example.com", "a@b@c"])
def test_what_reaches_nobody_is_no_email_address(patterns: EntityPatterns, text: str) -> None:
    assert _values(patterns, text, "email") == []


# -- sums ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("HK$1,280.50", "HKD 1280.50"),
        ("hkd 300", "HKD 300"),
        ("三十蚊運費", "HKD 30"),
        ("300蚊", "HKD 300"),
        ("500港幣", "HKD 500"),
        ("NT$690", "TWD 690"),
        ("690元新台幣", "690"),
        ("新台幣690", "TWD 690"),
        ("¥149", "CNY 149"),
        ("￥１４９", "CNY 149"),
        ("149元人民币", "CNY 149"),
        ("RMB 149", "CNY 149"),
        ("US$20", "USD 20"),
        ("$1234", "1234"),
        ("100元", "100"),
        ("一百零五元", "105"),
        ("两千三百块钱", "2300"),
        ("50塊", "50"),
        ("20 dollars", "20"),
    ],
)
def test_a_sum_is_found_with_its_currency_where_it_is_said(patterns: EntityPatterns, text: str, value: str) -> None:
    (one,) = [one for one in patterns.find(text, TODAY) if one.entity == "amount"]
    assert one.value == value
    assert dict(one.about).get("currency", "") == value.rpartition(" ")[0]


@pytest.mark.parametrize("text", ["100", "一塊去", "元", "$", "10件", "$HG10023847", "1,2,3"])
def test_a_number_alone_is_no_sum(patterns: EntityPatterns, text: str) -> None:
    assert _values(patterns, text, "amount") == []


# -- days ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("今日送到嗎", "2026-03-02"),
        ("聽日", "2026-03-03"),
        ("明天", "2026-03-03"),
        ("後天到", "2026-03-04"),
        ("大後天", "2026-03-05"),
        ("尋日落單", "2026-03-01"),
        ("琴日", "2026-03-01"),
        ("昨天", "2026-03-01"),
        ("昨晚買的", "2026-03-01"),
        ("前日", "2026-02-28"),
        ("大前天", "2026-02-27"),
        ("三日前", "2026-02-27"),
        ("3天前下單", "2026-02-27"),
        ("兩個星期前", "2026-02-16"),
        ("一周后", "2026-03-09"),
        ("上星期三", "2026-02-25"),
        ("上個禮拜日", "2026-03-01"),
        ("上上周五", "2026-02-20"),
        ("下週一", "2026-03-09"),
        ("今個星期五", "2026-03-06"),
        ("星期三", "2026-03-04"),
        ("周一", "2026-03-02"),
        ("yesterday", "2026-03-01"),
        ("the day before yesterday", "2026-02-28"),
        ("tmr pls", "2026-03-03"),
        ("last friday", "2026-02-27"),
        ("next Monday", "2026-03-09"),
        ("on fri", "2026-03-06"),
        ("3 days ago", "2026-02-27"),
        ("a week ago", "2026-02-23"),
        ("in two weeks", "2026-03-16"),
        ("11月20號", "2025-11-20"),
        ("十一月二十號", "2025-11-20"),
        ("3月5日", "2026-03-05"),
        ("去年12月30日", "2025-12-30"),
        ("今年11月20", "2026-11-20"),
        ("上個月28號", "2026-02-28"),
        ("下个月3号", "2026-04-03"),
        ("2026年11月20日", "2026-11-20"),
        ("二〇二六年十一月二十日", "2026-11-20"),
        ("2026-11-20", "2026-11-20"),
        ("2026/1/5", "2026-01-05"),
        ("２０２６．１１．２０", "2026-11-20"),
        ("20/11", "2025-11-20"),
        ("20/11/2026", "2026-11-20"),
        ("11/20", "2025-11-20"),
        ("5/3", "2026-03-05"),
        ("20 Nov", "2025-11-20"),
        ("20th of November, 2026", "2026-11-20"),
        ("March 5th", "2026-03-05"),
        ("Nov. 20, 2026", "2026-11-20"),
    ],
)
def test_a_day_is_told_by_the_calendar(patterns: EntityPatterns, text: str, day: str) -> None:
    assert _values(patterns, text, "date") == [day]


@pytest.mark.parametrize(
    "text",
    [
        "2月30號",
        "2月29號",
        "2026-02-30",
        "31/4",
        "13/13",
        "0/5",
        "十三月一號",
        "2025年2月29日",
        "99999 days ago",
        "0日前",
        "目前天氣",
        "以前日子",
        "然後天黑",
        "24/7",
        "2024年3月",
        "一個月前",
        "20號舖",
        "https://shop.example/5/3/item",
        "1/2/3/4",
        "version 1.2.3",
        "may I",
        "2月1個",
    ],
)
def test_a_day_that_does_not_exist_or_is_none_is_not_found(patterns: EntityPatterns, text: str) -> None:
    assert _values(patterns, text, "date") == []


def test_without_a_year_the_nearest_is_meant(patterns: EntityPatterns) -> None:
    found = patterns.find("12月30號", date(2026, 1, 2)) + patterns.find("Jan 3", date(2026, 12, 30))
    assert [one.value for one in found] == ["2025-12-30", "2027-01-03"]


def test_which_of_two_numbers_is_the_month_depends_on_where_one_is(patterns: EntityPatterns) -> None:
    assert _values(patterns, "3/4", "date") == ["2026-04-03"]
    assert _values(patterns, "3/4", "date", month_first=True) == ["2026-03-04"]
    assert _values(patterns, "20/11", "date", month_first=True) == ["2025-11-20"]


# -- products --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> SqlShop:
    url = f"sqlite:///{tmp_path_factory.mktemp('shop') / 'shop.db'}"
    shop.demo.fill(url)
    return SqlShop(url)


@pytest.mark.parametrize(
    ("text", "value", "written"),
    [
        ("防水背囊幾錢", "防水背囊 20 公升", "防水背囊"),
        ("有冇帆布tote bag", "帆布 Tote Bag", "帆布tote bag"),
        ("防水双肩包有货吗", "防水背囊 20 公升", "防水双肩包"),
        ("凍頂烏龍茶150公克", "凍頂烏龍茶 150 克", "凍頂烏龍茶150公克"),
        ("do you have power banks?", "行動充電器 10000mAh", "power bank"),
        ("Waterproof   Backpack in stock", "防水背囊 20 公升", "Waterproof   Backpack"),
        ("ＬＥＤ枱燈", "LED 枱燈", "ＬＥＤ枱燈"),
    ],
)
def test_a_product_of_the_shop_is_found_in_any_language(sold: SqlShop, text: str, value: str, written: str) -> None:
    vocabulary = Vocabulary(PATTERNS, products=sold.product_names)
    vocabulary.look()
    (one,) = [one for one in vocabulary.find(text, TODAY) if one.entity == "product"]
    assert (one.value, text[one.start : one.end]) == (value, written)


def test_letters_of_another_word_are_no_product() -> None:
    names = ProductNames([{"en": "Mini fan"}, {"en": "Tea"}, {"zh-HK": "茶杯", "en": "Cup 250 ml"}])
    assert [one.value for one in names.find("mini fantasy, steady, cupboard")] == []
    assert [one.value for one in names.find("兩個茶杯 and mini fans")] == ["茶杯", "Mini fan"]


def test_a_short_name_of_two_products_stands_for_itself() -> None:
    names = ProductNames([{"en": "Canvas bag, red"}, {"en": "Canvas bag, blue"}])
    assert [one.value for one in names.find("the canvas bag")] == ["canvasbag"]


def test_a_shop_that_cannot_be_asked_takes_nothing_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    vocabulary = Vocabulary(PATTERNS, products=SqlShop(f"sqlite:///{tmp_path / 'none.db'}").product_names)
    vocabulary.look()
    assert "did not name its products" in caplog.text
    assert [one.value for one in vocabulary.find("HG10023847", TODAY)] == ["HG10023847"]


def test_training_asks_no_shop_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA_DIR", "SHOP_URL"):
        monkeypatch.delenv(f"SWITCHBOARD_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    vocabulary = served(Path(shutil.copy(PATTERNS, tmp_path)))
    vocabulary.look()
    vocabulary.stop()
    assert [path.name for path in tmp_path.iterdir()] == ["entity_patterns.yml"]


@pytest.mark.alone
def test_thousands_of_products_cost_a_message_next_to_nothing() -> None:
    names = ProductNames(
        {"zh-HK": f"商品{number}號茶葉 {number} 克", "en": f"Tea number {number}"} for number in range(3000)
    )
    text = "我想問商品2999號茶葉同 tea number 17 仲有冇貨" * 10
    began = time.process_time()
    found = list(names.find(text))
    assert time.process_time() - began < 0.05 and len(found) == 20


# -- languages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("switch to English", "en"),
        ("可以講廣東話嗎", "zh-HK"),
        ("请用简体中文", "zh-CN"),
        ("繁體中文", "zh-TW"),
        ("traditional chinese pls", "zh-TW"),
        ("國語", "zh-TW"),
        ("speak mandarin", "zh-CN"),
        ("中文", "zh"),
    ],
)
def test_a_language_is_named_by_its_locale(patterns: EntityPatterns, text: str, locale: str) -> None:
    assert _values(patterns, text, "language_wish") == [locale]


# -- all together ----------------------------------------------------------------------------------------------------


def test_everything_in_one_message_is_found_at_its_place(patterns: EntityPatterns) -> None:
    text = "😀尋日用HK$320買嘅ＨＧ－１００２ ３８４７，順豐SF1234567890123，打9123 4567或者ana@example.com"
    assert [(one.entity, text[one.start : one.end]) for one in patterns.find(text, TODAY)] == [
        ("date", "尋日"),
        ("amount", "HK$320"),
        ("order_number", "ＨＧ－１００２ ３８４７"),
        ("tracking_number", "SF1234567890123"),
        ("phone", "9123 4567"),
        ("phone_last4", "9123 4567"),
        ("email", "ana@example.com"),
    ]


@pytest.mark.parametrize("text", ["4111 1111 1111 1111", "卡號5555555555554444", "11010519491231002X", "A123456(3)"])
def test_what_is_hidden_is_no_entity(patterns: EntityPatterns, text: str) -> None:
    assert patterns.find(text, TODAY) == []


def test_the_component_adds_them_to_a_message_and_leaves_payloads_alone() -> None:
    component = ShopEntities(Vocabulary(PATTERNS), today=lambda: TODAY)
    message = Message({"text": "SF1234567890123 3/4", "metadata": {"language": "zh-TW"}})
    payload = Message({"text": '/faq{"article": "20-11"}'})
    component.process([message, payload])
    assert message.get("entities") == [
        {
            "entity": "tracking_number",
            "start": 0,
            "end": 15,
            "value": "SF1234567890123",
            "extractor": "ShopEntities",
            "carrier": "SF Express",
        },
        {"entity": "date", "start": 16, "end": 19, "value": "2026-03-04", "extractor": "ShopEntities"},
    ]
    assert payload.get("entities") == []


# -- bad input -------------------------------------------------------------------------------------------------------

_random = random.Random(7)
_PARTS = [
    *"@$元蚊月號日上三尾/-，•()é \u200b\x00😀",
    *(
        "HG",
        "hg-",
        "1Z",
        "SF",
        "RR",
        "HK",
        "+852",
        "a.",
        ".com",
        "星期",
        "四位",
        "20",
        "11",
        "1002",
        "3847",
        "9123",
        "4567",
    ),
    *("１２", "十一", "ago", "last", "days", "dhl"),
]


@settings(max_examples=rounds(400))
@given(st.lists(st.sampled_from(_PARTS), max_size=60).map("".join) | st.text(max_size=120))
def test_whatever_is_typed_has_entities_at_places_inside_it(text: str) -> None:
    found = _PROJECTS_OWN.find(text, TODAY)
    for one in found:
        assert 0 <= one.start < one.end <= len(text) and one.value
    clashing = [(a, b) for a in found for b in found if a is not b and a.start < b.end and b.start < a.end]
    assert all({a.entity, b.entity} == {"phone", "phone_last4"} for a, b in clashing)


_PROJECTS_OWN = EntityPatterns.load(PATTERNS)

_FLOODS = [
    *"1a尾一十•@$+😀",
    *(
        "1 ",
        "hg-",
        "手機尾四位",
        "9123 4567 ",
        "$1,1,1,",
        "1,111,",
        "1.",
        "a.a.",
        "a@",
        "a@a.",
        "@.",
        "1z",
        "1z 9 ",
        "1/",
    ),
    *("1-1-1 ", "十一月", "上星期", "sf 1 ", "sf 123 123 ", "RR473124829HK ", "a1", "3 days ", "last ", "電話 尾 "),
    *("HG10023847 ", "+852 ", "( "),
]


@pytest.mark.alone
@pytest.mark.parametrize("unit", _FLOODS)
def test_a_flood_is_looked_at_in_no_time(patterns: EntityPatterns, unit: str) -> None:
    assert _seconds(patterns, unit * (100_000 // len(unit))) < 0.05


@pytest.mark.alone
def test_a_flood_of_different_numbers_is_looked_at_in_no_time(patterns: EntityPatterns) -> None:
    for separator in (" ", "-", "，"):
        text = separator.join(str(_random.randrange(20_000_000, 99_999_999)) for _ in range(10_000))
        assert _seconds(patterns, text) < 0.05
        text = separator.join(str(_random.randrange(1_000, 9_999)) for _ in range(20_000))
        assert _seconds(patterns, text) < 0.05


def _seconds(patterns: EntityPatterns, text: str) -> float:
    patterns.find("暖身 1234", TODAY)
    taken = []
    for _ in range(8):
        began = time.process_time()
        patterns.find(text, TODAY)
        taken.append(time.process_time() - began)
    return min(taken)


@pytest.mark.alone
@pytest.mark.parametrize("text", ["幾時送到呀", "可以退貨嗎，件衫有洞", "how do I return something that does not fit"])
def test_a_message_that_names_nothing_costs_a_fraction_of_one_that_does(patterns: EntityPatterns, text: str) -> None:
    shares = []
    for _ in range(8):  # what else the machine does falls on both, or on some rounds only
        named, unnamed = (_seconds_for(patterns, one, 60) for one in ("我張單 HG10023847 幾時到", text))
        shares.append(unnamed / named)
    assert min(shares) < 1 / 3


def _seconds_for(patterns: EntityPatterns, text: str, times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        patterns.find(text, TODAY)
    return time.process_time() - began


# -- the pattern file ------------------------------------------------------------------------------------------------

_GOOD = "order_numbers: ['W\\d{6}']\nvalues:\n  order_number: {read: order_number, prefix: W}\npatterns:\n"
_PATTERN = "  - {label: order_number, pattern: [w, {TEXT: {REGEX: '^\\d{6}$'}}]}\n"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("patterns: [", 1),
        (_GOOD + _PATTERN + "  - {label: x, pattern: [{REGEXP: y}]}\n", 6),
        (_GOOD + _PATTERN + "\n  - {label: x, pattern: [{TEXT: {REGEX: '('}}]}\n", 7),
        (_GOOD + "  - {label: x}\n", 5),
        (_GOOD + "  - {pattern: [a]}\n", 5),
        (_GOOD + "  - just words\n", 5),
        (_GOOD + "  - {label: x, pattern: [a], colour: red}\n", 5),
        (_GOOD + "  - {label: x, pattern: [{USE: nothing}]}\n", 5),
        (_GOOD + "  - {label: x, pattern: [a], beside: [nowhere]}\n", 5),
        (_GOOD + "  - {label: x, pattern: [a], check: luck}\n", 5),
        (_GOOD + "  - {label: x, pattern: [a], shape: '['}\n", 5),
        (_GOOD + "  - {label: x, pattern: []}\n", 5),
        (_GOOD + "  - {label: date, pattern: [a], date: {hours: 1}}\n", 5),
        (_GOOD + "  - {label: date, pattern: [a], date: 7}\n", 5),
        (_GOOD + _PATTERN + "wishes: {}\n", 6),
        ("order_numbers: ['HG[']\npatterns: []\n", 1),
        ("order_numbers: HG\npatterns: []\n", 1),
        ("patterns: []\n", 1),
        ("order_numbers: [a]\npatterns: 7\n", 2),
        ("order_numbers: [a]\nvalues:\n  x: {read: minds}\npatterns: []\n", 3),
        ("order_numbers: [a]\nvalues:\n  x: {part: '('}\npatterns: []\n", 3),
        ("order_numbers: [a]\ncarriers:\n  X: 7\npatterns: []\n", 3),
        ("order_numbers: [a]\ncarriers: 7\npatterns: []\n", 2),
        ("- a\n", 1),
        ("", 1),
        ("a: !!python/object/apply:os.system [ls]\n", 1),
        ("a: &a [*a]\n", 1),
        ("x:\n\t- y\n", 2),
    ],
)
def test_a_broken_pattern_file_is_named_with_its_line(tmp_path: Path, content: str, line: int) -> None:
    broken = tmp_path / "entity_patterns.yml"
    broken.write_text(content, encoding="utf-8")
    with pytest.raises(PatternsError, match=rf"^entity_patterns\.yml:{line}: ") as refused:
        EntityPatterns.load(broken)
    assert "\n" not in str(refused.value)


def test_a_missing_or_unreadable_pattern_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PatternsError, match=r"^none\.yml"):
        EntityPatterns.load(tmp_path / "none.yml")
    (tmp_path / "big5.yml").write_bytes("訂單".encode("big5"))
    with pytest.raises(PatternsError, match=r"^big5\.yml"):
        EntityPatterns.load(tmp_path / "big5.yml")
    # Deeper than the parser's own calls may go, which would end the whole process.
    (tmp_path / "deep.yml").write_text("patterns: " + "[" * 100_000, encoding="utf-8")
    with pytest.raises(PatternsError, match=r"^deep\.yml"):
        EntityPatterns.load(tmp_path / "deep.yml")


def test_an_edited_file_is_taken_up_and_a_broken_one_leaves_the_last_good(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, copy = tmp_path / "entity_patterns.yml", tmp_path / "data" / "last-good.yml"
    path.write_text(_GOOD + _PATTERN, encoding="utf-8")
    vocabulary = Vocabulary(path, copy)
    assert [one.value for one in vocabulary.find("w 123456", TODAY)] == ["W123456"]

    path.write_text((_GOOD + _PATTERN).replace("{6}", "{4}"), encoding="utf-8")
    vocabulary.look()
    assert [one.value for one in vocabulary.find("w 123456, w 1234", TODAY)] == ["W1234"]

    path.write_text(_GOOD + "  - {label: x}\n", encoding="utf-8")
    vocabulary.look()
    vocabulary.look()
    assert [one.value for one in vocabulary.find("w 123456, w 1234", TODAY)] == ["W1234"]
    assert caplog.text.count("entity_patterns.yml:5: ") == 1, "said once, not at every look"

    again = Vocabulary(path, copy)
    assert [one.value for one in again.find("w 123456, w 1234", TODAY)] == ["W1234"], "also over a new start"
    with pytest.raises(PatternsError):
        Vocabulary(path, tmp_path / "nowhere.yml")

    path.write_text(_GOOD + _PATTERN, encoding="utf-8")
    again.look()
    assert [one.value for one in again.find("w 123456, w 1234", TODAY)] == ["W123456"]


def test_a_running_vocabulary_follows_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "entity_patterns.yml"
    path.write_text(_GOOD + _PATTERN, encoding="utf-8")
    vocabulary = Vocabulary(path)
    vocabulary.start()
    path.write_text((_GOOD + _PATTERN).replace("{6}", "{4}"), encoding="utf-8")
    found = wait_until(lambda: vocabulary.find("w 1234", TODAY))
    vocabulary.stop()
    assert [one.value for one in found] == ["W1234"]


def test_the_gateway_reads_the_order_numbers_of_the_last_good_file(tmp_path: Path) -> None:
    path, copy = tmp_path / "entity_patterns.yml", tmp_path / "last-good.yml"
    path.write_text("order_numbers: [", encoding="utf-8")
    assert order_numbers(path) == ()
    copy.write_text("order_numbers: ['W\\d{6}']", encoding="utf-8")
    assert order_numbers(path, copy) == (r"W\d{6}",)
    assert order_numbers(tmp_path / "none.yml") == order_numbers() == (r"HG\d{8}", r"1\d{7}")


def test_what_was_seen_is_forgotten_before_it_fills_the_memory() -> None:
    patterns = EntityPatterns.load(PATTERNS)
    for number in range(500):
        patterns.find(f"HG{10_000_000 + number}", TODAY)
    assert patterns.words_known > patterns.afresh().words_known
