"""Every text a customer or an agent can see exists in all four locales, with the same placeholders."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.output import REASONS as DELIVERY_REASONS
from handoff import texts
from switchboard.wishes import REASONS

ROOT = Path(__file__).resolve().parent.parent.parent
LOCALES = ("zh-HK", "zh-TW", "zh-CN", "en")
_PLACEHOLDER = re.compile(r"\{[a-zA-Z_]+\}")
_SIMPLIFIED_ONLY = re.compile("[们这给问请单货发应该时间电话开关态进还没吗]")
_TRADITIONAL_ONLY = re.compile("[們這給問請單貨發應該時間電話開關態進還沒嗎]")


@pytest.mark.parametrize("name", sorted(texts.catalogue()))
def test_a_text_of_the_platform_has_four_locales_and_the_same_values(name: str) -> None:
    by_locale = texts.catalogue()[name]
    assert set(by_locale) == set(LOCALES)
    holders = {locale: {frozenset(_PLACEHOLDER.findall(line)) for line in lines} for locale, lines in by_locale.items()}
    union = {locale: frozenset().union(*kinds) for locale, kinds in holders.items()}
    assert len(set(union.values())) == 1, union


@pytest.mark.parametrize("name", sorted(texts.catalogue()))
def test_no_locale_is_written_in_the_other_script(name: str) -> None:
    by_locale = texts.catalogue()[name]
    for locale in ("zh-HK", "zh-TW"):
        assert not any(_SIMPLIFIED_ONLY.search(line) for line in by_locale[locale])
    assert not any(_TRADITIONAL_ONLY.search(line) for line in by_locale["zh-CN"])


@pytest.mark.parametrize("locale", LOCALES)
def test_the_desk_names_each_reason_of_a_handoff(locale: str) -> None:
    path = ROOT / "handoff" / "desk" / "static" / "texts" / f"{locale}.json"
    named = json.loads(path.read_text(encoding="utf-8"))
    assert [reason for reason in REASONS if f"reason.{reason}" not in named] == []


def test_the_desk_says_each_reason_why_a_message_did_not_arrive() -> None:
    static = ROOT / "handoff" / "desk" / "static"
    page = (static / "js" / "message-view.js").read_text(encoding="utf-8")
    known = re.search(r"const REASONS = new Set\(\[(.*?)\]\)", page)
    assert known and set(json.loads(f"[{known[1]}]")) == DELIVERY_REASONS - {"refused"}, "that one shows the detail"
    for locale in LOCALES:
        named = json.loads((static / "texts" / f"{locale}.json").read_text(encoding="utf-8"))
        said = {name.removeprefix("delivery.reason.") for name in named if name.startswith("delivery.reason.")}
        assert said == DELIVERY_REASONS, locale


PAGES = (
    "connectors/web/static/texts",
    "connectors/web/static/texts/cards",
    "connectors/web/static/texts/csat",
    "connectors/web/static/texts/files",
    "connectors/web/static/texts/help",
    "connectors/web/static/texts/pages",
    "connectors/web/static/texts/prove",
    "connectors/web/static/texts/invitation",
    "handoff/desk/static/texts",
    "faq_kb/console/static/texts",
    "faq_kb/help/texts",
)


@pytest.mark.parametrize("folder", PAGES)
def test_a_page_has_the_same_texts_in_four_locales(folder: str) -> None:
    by_locale = {
        locale: _flat(json.loads((ROOT / folder / f"{locale}.json").read_text(encoding="utf-8"))) for locale in LOCALES
    }
    for locale in LOCALES:
        assert by_locale[locale].keys() == by_locale["en"].keys()
        assert all(value.strip() for value in by_locale[locale].values())
        for key, value in by_locale[locale].items():
            assert set(_PLACEHOLDER.findall(value)) == set(_PLACEHOLDER.findall(by_locale["en"][key])), key


# What no sentence of an editor is taken for: these come with a customer's place in a conversation.
NEVER_TRIED = {"note_while_waiting", "asked_again", "trial"}


def test_the_console_names_every_intent_that_a_sentence_may_be_taken_for() -> None:
    intents = set(yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))["intents"]) | {"nlu_fallback"}
    page = json.loads((ROOT / "faq_kb/console/static/texts/en.json").read_text(encoding="utf-8"))
    assert {key.removeprefix("intent.") for key in page if key.startswith("intent.")} == intents - NEVER_TRIED


def test_the_shipped_articles_have_four_locales() -> None:
    count = 0
    for path in sorted((ROOT / "faq_kb" / "articles").glob("*.yml")):
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert set(loaded["category"]) == set(LOCALES), path.name
        for article in loaded["articles"]:
            count += 1
            assert set(article["question"]) == set(article["answer"]) == set(LOCALES), article["id"]
    assert count >= 60


def _flat(value: Any, prefix: str = "") -> dict[str, str]:
    if isinstance(value, dict) and "other" in value:
        # Plural forms: a language has as many as it needs.
        return {prefix.removesuffix(".") + ".": str(value["other"])}
    if isinstance(value, dict):
        return {key: text for name, part in value.items() for key, text in _flat(part, f"{prefix}{name}.").items()}
    if isinstance(value, list):
        return {key: text for index, part in enumerate(value) for key, text in _flat(part, f"{prefix}{index}.").items()}
    return {prefix: str(value)}
