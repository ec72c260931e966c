"""Which of the four languages a message is written in, when it says so clearly.

Detected, sticky, switchable: a conversation keeps its language until the customer writes something that can only be
another one, or chooses one; a short word, a product name or an order number changes nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache

from opencc import OpenCC

LOCALES = ("zh-HK", "zh-TW", "zh-CN", "en")

_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z'’]+")
_CANTONESE = re.compile(
    "[嘅咗唔喺冇嚟啲嗰咁乜佢哋俾畀攞搵睇噉嘢咩嗎咪冚瞓揸掟噃啩嘥]|點解|點樣|邊度|邊個|幾耐|幾多錢|而家|聽日|尋日|琴日|"
    "落單|速遞|送貨|寄緊|收到未|得唔|有冇|係咪|係唔|順豐站|八達通|轉數快|唔該|多謝晒"
)
# Signs that only one of the two regions uses in shops; scripts alone cannot tell Hong Kong from Taiwan.
_TAIWAN = re.compile(
    "宅配|超商|統一發票|統編|載具|貨態|賣場|刷卡|匯款|客服人員|請問一下|何時會|什麼時候|為什麼|怎麼|哪裡|沒有|沒收到|嗎|喔|耶|啦~|欸|蝦皮"
)
_NOT_CANTONESE_ALONE = "嗎咩"


@lru_cache(maxsize=1)
def _converters() -> tuple[OpenCC, OpenCC]:
    return OpenCC("t2s"), OpenCC("s2t")


def warm_up() -> None:
    """Load the conversion tables now rather than with the first message."""
    detect("開机")


def detect(text: str, traditional: str = "zh-HK") -> str | None:
    """The language a text is clearly written in, or None. `traditional` is the better guess between HK and TW."""
    han = _HAN.findall(text)
    if not han:
        words = _LATIN_WORD.findall(text)
        letters = sum(len(word) for word in words)
        return "en" if len(words) >= 3 and letters >= 10 else None
    if len(han) < 2:
        return None
    return _chinese("".join(han), text, traditional)


def _chinese(han: str, text: str, traditional: str) -> str | None:
    to_simplified, to_traditional = _converters()
    only_traditional = sum(a != b for a, b in zip(han, to_simplified.convert(han)))
    only_simplified = sum(a != b for a, b in zip(han, to_traditional.convert(han)))
    cantonese = [mark for mark in _CANTONESE.findall(text) if mark not in _NOT_CANTONESE_ALONE]
    if only_simplified > only_traditional:
        return "zh-CN"
    if cantonese:
        return "zh-HK"
    if only_traditional > only_simplified:
        return "zh-TW" if _TAIWAN.search(text) else traditional
    return None


def choose(current: str, fixed: bool, text: str, page_language: str | None = None, first: bool = False) -> str:
    """The language of a conversation after this message; of its first one, a plain `hi` is enough to be English."""
    if fixed:
        return current
    found = detect(text, traditional=_traditional_of(current, page_language))
    if found is None:
        greets_in_english = first and page_language is None and _LATIN_WORD.search(text) and not _HAN.search(text)
        return "en" if greets_in_english else current
    if found == "zh-TW" and current == "zh-HK" and page_language == "zh-HK":
        # 沒有, 什麼 are also how Hong Kong writes formally; on a Hong Kong page they are no Taiwanese.
        return current
    return found


def _traditional_of(current: str, page_language: str | None) -> str:
    for language in (current, page_language):
        if language in ("zh-HK", "zh-TW"):
            return language
    return "zh-HK"


def nearest(wanted: str | None, default: str) -> str:
    """One of the four for a browser's language tag: `zh-Hant-TW`, `zh`, `en-GB`, `ja`."""
    tag = (wanted or "").strip().replace("_", "-").lower()
    if not tag:
        return default
    if tag.startswith(("zh", "yue")):
        if "tw" in tag:
            return "zh-TW"
        if "hk" in tag or "mo" in tag or tag.startswith("yue"):
            return "zh-HK"
        if "hant" in tag:
            return default if default in ("zh-HK", "zh-TW") else "zh-HK"
        return "zh-CN"
    return "en" if tag.startswith("en") else default
