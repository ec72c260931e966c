"""The training examples: enough of each intent, in each kind of language, and none of them a sentence that measures."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from faq_kb import fold

ROOT = Path(__file__).parent.parent.parent
UNDERSTANDING = Path(__file__).with_name("understanding")
AT_LEAST = 40
# Characters that are written in one kind of Chinese only, or nearly so.
CANTONESE = re.compile("[嘅咗唔冇嚟喺啲佢哋咩乜嘢噉咁嗰喎㗎吖啦喇咪俾睇邊嗌攞搵揀鍾意]|係|呀|幾時|點樣|點解")
SIMPLIFIED = re.compile(
    "[这们个说请问发货订单钱么对时会来过还没给让错换买卖价钟员转动东车费帮总务处应话语气样条图飞马鸟鱼龙]"
)


def kind(text: str) -> str:
    text = re.sub(r"[a-z]*\d+", "", text)
    if not re.search("[\u4e00-\u9fff]", text):
        return "en"
    if re.search("[a-z]{2}", text):
        return "mixed"
    if CANTONESE.search(text):
        return "zh-HK"
    return "zh-CN" if _is_simplified(text) else "zh-TW"


def _is_simplified(text: str) -> bool:
    return fold(text) == text and SIMPLIFIED.search(text) is not None


def examples() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "nlu").glob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8")).get("nlu") or ():
            lines = [line.removeprefix("- ").strip().lower() for line in block["examples"].splitlines()]
            found[block["intent"]] += [re.sub(r"\[([^\]]*)\]\{[^}]*\}", r"\1", line) for line in lines if line]
    return found


EXAMPLES = examples()


@pytest.mark.parametrize("intent", sorted(EXAMPLES))
def test_an_intent_has_enough_varied_examples_in_each_kind_of_language(intent: str) -> None:
    different = {fold(text) for text in EXAMPLES[intent]}
    assert len(different) >= AT_LEAST
    kinds = [kind(text) for text in EXAMPLES[intent]]
    # Some sentences are written alike in Taiwan, Hong Kong and on the mainland, so the three are counted together too.
    assert kinds.count("en") >= 8, "English"
    assert kinds.count("zh-HK") >= 6, "Cantonese as written"
    assert kinds.count("zh-TW") + kinds.count("zh-CN") >= 16, "Taiwan and the mainland"


def test_no_example_belongs_to_two_intents() -> None:
    owners: dict[str, set[str]] = defaultdict(set)
    for intent, texts in EXAMPLES.items():
        for text in texts:
            owners[text].add(intent)
    assert {text: found for text, found in owners.items() if len(found) > 1} == {}


def test_the_sentences_that_measure_were_not_copied_from_the_examples_or_into_them() -> None:
    """Both sides hold what everybody writes, such as 轉人工; a sentence of any length stands on one side only."""
    known = {fold(text) for texts in EXAMPLES.values() for text in texts}
    rows = [json.loads(line) for line in (UNDERSTANDING / "test.jsonl").read_text(encoding="utf-8").splitlines()]
    common = [row["text"] for row in rows if fold(row["text"].lower()) in known]
    assert len(common) <= len(rows) // 10
    assert not [text for text in common if len(text) > 24]
