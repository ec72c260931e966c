"""Order numbers, phone tails and languages, found wherever customers put them, at their true places."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from nlu.entities import PATTERNS, EntityPatterns, PatternsError


@pytest.fixture(scope="module")
def patterns() -> EntityPatterns:
    return EntityPatterns.load(PATTERNS)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("我張HG10023847去咗邊", "HG10023847"),
        ("hg10023847", "HG10023847"),
        ("ＨＧ１００２３８４７ 幾時到", "HG10023847"),
        ("hg-1002 3847 please", "HG10023847"),
        ("order #hg 10023847?", "HG10023847"),
        ("訂單10023847", "HG10023847"),
        ("https://shop.example/orders/HG10023847?x=1", "HG10023847"),
    ],
)
def test_an_order_number_is_found_however_it_is_written(patterns: EntityPatterns, text: str, number: str) -> None:
    assert [one.value for one in patterns.find(text) if one.entity == "order_number"] == [number]


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
    assert [one.value for one in patterns.find(text) if one.entity == "phone_last4"] == [last_four]


@pytest.mark.parametrize("text", ["$1234", "我要1234蚊", "2024年3月", "4567蚊得唔得", "v1.2.3456", "hello", ""])
def test_other_digits_are_not_the_tail_of_a_phone_number(patterns: EntityPatterns, text: str) -> None:
    assert patterns.find(text) == []


def test_two_orders_in_a_sentence_are_two(patterns: EntityPatterns) -> None:
    found = patterns.find("唔係 HG10023847，係 HG10019932")
    assert [one.value for one in found] == ["HG10023847", "HG10019932"]


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
    assert [one.value for one in patterns.find(text) if one.entity == "language_wish"] == [locale]


def test_offsets_point_into_what_was_typed(patterns: EntityPatterns) -> None:
    text = "  我嘅單號係ＨＧ－１００２ ３８４７ 呀"
    (one,) = patterns.find(text)
    assert text[one.start : one.end] == "ＨＧ－１００２ ３８４７"


@pytest.mark.parametrize("text", ["1" * 100_000, "1 " * 50_000, "hg-" * 30_000, "尾" * 100_000, "手機尾四位" * 10_000])
def test_a_flood_of_digits_is_looked_at_in_no_time(patterns: EntityPatterns, text: str) -> None:
    patterns.find("暖身 1234")
    began = time.process_time()
    patterns.find(text)
    assert time.process_time() - began < 0.05


def test_a_broken_pattern_file_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "entity_patterns.yml"
    broken.write_text("patterns: [{label: x, pattern: [{REGEXP: y}]}]", encoding="utf-8")
    with pytest.raises(PatternsError, match=r"entity_patterns\.yml"):
        EntityPatterns.load(broken)
