"""What the assistant can say exists in four locales, and everything its rules and actions name exists."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import opencc
import pytest
import yaml
from bot_parts import ROOT

from actions.texts import text
from faq_kb import LOCALES

DOMAIN: dict[str, Any] = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
RULES: list[dict[str, Any]] = yaml.safe_load((ROOT / "stories" / "rules.yml").read_text(encoding="utf-8"))["rules"]


def locales_of(variations: list[dict[str, Any]]) -> list[str]:
    return [variation["condition"][0]["value"] for variation in variations if "text" in variation]


@pytest.mark.parametrize("name", DOMAIN["responses"])
def test_a_response_speaks_all_four_locales_and_nothing_else(name: str) -> None:
    spoken = locales_of(DOMAIN["responses"][name])
    if name == "utter_noted":  # a mark for the platform: there is nothing to read
        assert spoken == []
        return
    assert set(spoken) == set(LOCALES)
    assert len({spoken.count(locale) for locale in LOCALES}) == 1, "as many variants in each locale"


@pytest.mark.parametrize("name", DOMAIN["responses"])
def test_a_response_offers_the_same_buttons_in_every_locale(name: str) -> None:
    offered = [
        [button["payload"] for button in variation.get("buttons", ())] for variation in DOMAIN["responses"][name]
    ]
    assert all(payloads == offered[0] for payloads in offered)


def test_places_to_fill_in_are_the_same_in_every_locale() -> None:
    for name, variations in DOMAIN["responses"].items():
        places = {frozenset(places_in(variation["text"])) for variation in variations if "text" in variation}
        assert len(places) <= 1, name


def places_in(written: str) -> Iterator[str]:
    for piece in written.split("{")[1:]:
        yield piece.split("}")[0]


def test_mainland_texts_hold_no_traditional_character() -> None:
    to_simplified = opencc.OpenCC("t2s")
    for name, variations in DOMAIN["responses"].items():
        for variation in variations:
            if "text" in variation and variation["condition"][0]["value"] == "zh-CN":
                assert to_simplified.convert(variation["text"]) == variation["text"], name


def test_hong_kong_and_taiwan_texts_hold_no_simplified_character() -> None:
    for name, variations in DOMAIN["responses"].items():
        for variation in variations:
            if "text" in variation and variation["condition"][0]["value"] in ("zh-HK", "zh-TW"):
                characters = "".join(c for c in variation["text"] if "\u4e00" <= c <= "\u9fff")
                assert characters.encode("big5hkscs", "ignore").decode("big5hkscs") == characters, name


def test_the_greeting_says_that_it_is_an_assistant_not_a_person() -> None:
    for variation in DOMAIN["responses"]["utter_greet"]:
        assert "AI" in variation["text"]


def test_every_action_of_the_domain_is_written_and_every_written_one_is_in_the_domain() -> None:
    written = {value for path in actions_files() for value in returned_names(path)}
    named = {one if isinstance(one, str) else next(iter(one)) for one in DOMAIN["actions"]}
    assert written == named


def test_every_response_that_actions_and_rules_name_exists() -> None:
    named = {step["action"] for rule in RULES for step in rule["steps"] if "action" in step}
    named = {name for name in named if name.startswith("utter_")}
    for path in actions_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("utter_"):
                named.add(node.value)
    named -= {name for name in named if name.endswith("_")}  # the beginning of a name made from a reason
    named -= {"utter_action"}  # Rasa's own key
    assert named <= set(DOMAIN["responses"])
    for reason in ("asked_for_person", "complaint", "unhelpful", "fallback", "order_exception", "bot_offer"):
        assert f"utter_label_summary_{reason}" in DOMAIN["responses"]
    for concern in ("exception", "stale", "late"):
        assert f"utter_order_{concern}_offer_person" in DOMAIN["responses"]


def test_a_text_is_filled_in_and_a_customers_braces_stay() -> None:
    assert "{x}" in text("utter_label_summary_last_words", "en", words="{x} {words}")


def test_every_intent_has_a_rule_and_every_rule_an_intent() -> None:
    intents = {next(iter(intent)) if isinstance(intent, dict) else intent for intent in DOMAIN["intents"]}
    ruled = {intent for rule in RULES for intent in intents_of(rule)}
    assert ruled - {"nlu_fallback"} == intents


def intents_of(rule: dict[str, Any]) -> Iterator[str]:
    for step in rule["steps"]:
        for one in (step, *step.get("or", ())):
            if "intent" in one:
                yield one["intent"]


def actions_files() -> list[Path]:
    return sorted((ROOT / "actions").glob("*.py"))


def returned_names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name == "name":
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return) and isinstance(inner.value, ast.Constant):
                    yield str(inner.value.value)


def test_the_shipped_endpoints_name_our_memory_and_voice() -> None:
    endpoints = yaml.safe_load((ROOT / "endpoints.yml").read_text(encoding="utf-8"))
    assert endpoints["tracker_store"]["type"] == "switchboard.bot_memory.BoundedTrackerStore"
    assert endpoints["nlg"]["type"] == "switchboard.bot_voice.VariedVoice"
    assert endpoints["action_endpoint"]["enable_selective_domain"] is True
