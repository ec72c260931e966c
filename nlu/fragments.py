"""Messages that mean something only after what came before: a bare link or product number, a quantity, a place.

They hold hardly a word, so the classifier can only guess; what they are is plain from how they are written.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from faq_kb import fold_keeping_length

PLACES = Path(__file__).with_name("places.txt")

PRODUCT, QUANTITY, PLACE = "product_named", "quantity_named", "place_named"

# Longer than any of them, and a bound for the patterns.
LONGEST = 200

_LINK = re.compile(r"(https?://|www\.)\S+")
_CODE = re.compile(
    r"(?P<word>sku|item|model|product|article|art|货号|型号|款号|商品编号|编号)?\.?(?: ?no\.?| number)?[\s:：#]*"
    r"(?P<code>[a-z]{0,4}\d[a-z\d]*(?:-[a-z\d]{1,8}){0,3}|[a-z]{1,4}-?\d[a-z\d]*(?:-[a-z\d]{1,8}){0,2})"
)
_QUANTITY = re.compile(
    r"(我?要|来|想要|x)?\s*(\d{1,3}|[一二两三四五六七八九十半]{1,2})\s*"
    r"(盒|袋|包|个|件|支|瓶|罐|条|套|箱|双|对|只|份|斤|公斤|打|pcs?|pieces?|box(es)?|bags?|packs?|sets?|pairs?|bottles?)"
)
_AROUND = " ,.，。!！?？~、呢呀啊喔哦嗎吗嘛"


def fragment(text: str) -> str | None:
    """What the whole message is, when it is such a piece."""
    written = fold_keeping_length(text[: LONGEST + 1]).strip(_AROUND)
    if not written or len(written) > LONGEST:
        return None
    if _LINK.fullmatch(written):
        return PRODUCT
    if (code := _CODE.fullmatch(written)) and _is_product(code):
        return PRODUCT
    if _QUANTITY.fullmatch(written):
        return QUANTITY
    return PLACE if written in places() else None


def _is_product(code: re.Match[str]) -> bool:
    """Digits alone may be a phone or an order; with a word before or letters among them they are a product's."""
    written = code["code"]
    # One digit short is an order number mistyped.
    is_order = re.fullmatch(r"hg[\W_]*\d+", written) or re.fullmatch(r"(sf|zto)?\d{9,}", written)
    has_letters = any(character.isalpha() for character in written)
    return not is_order and (bool(code["word"]) or (has_letters and len(written) >= 4))


@lru_cache(maxsize=1)
def places() -> frozenset[str]:
    """Districts and cities that customers name, as they look folded; one a line, `#` begins a comment."""
    lines = (line.split("#")[0].strip() for line in PLACES.read_text(encoding="utf-8").splitlines())
    return frozenset(fold_keeping_length(line) for line in lines if line)
