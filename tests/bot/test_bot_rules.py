"""Our rule policy predicts what Rasa's own predicts, from fewer states."""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from bot_parts import ROOT
from rasa.core.policies.rule_policy import RULES, RULES_FOR_LOOP_UNHAPPY_PATH, RulePolicy
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from test_bot_memory import CONVERSATIONS, form_begins, form_interrupted, listen, session, user

from switchboard.bot_rules import ShopRulePolicy

pytestmark = pytest.mark.bot

UNUSUAL: dict[str, list[list[Event]]] = {
    "nothing yet": [[]],
    "words that no rule knows": [session(), [UserUttered("qwerty", {"name": None, "confidence": 0.0})]],
    "each intent at once": [session(), *([user(name), listen()] for name in ("faq", "deny", "handoff", "thanks"))],
    "a form and another inside": [session(), form_begins(), form_interrupted(1), [user("handoff")]],
}


@pytest.fixture(scope="module")
def policies(model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[RulePolicy, RulePolicy, Domain]:
    """Rasa's policy and ours, on the rules of the trained bot."""
    folder = tmp_path_factory.mktemp("policies")
    storage, metadata = LocalModelStorage.from_model_archive(folder, model)
    context = ExecutionContext(GraphSchema({}), "model")
    (name,) = (one for one in metadata.predict_schema.nodes if "RulePolicy" in one)
    node = metadata.predict_schema.nodes[name]
    resource = node.resource or Resource(name)
    config = {**RulePolicy.get_default_config(), **node.config}
    stock, ours = (kind.load(config, storage, resource, context) for kind in (RulePolicy, ShopRulePolicy))
    return stock, ours, metadata.domain


def predictions(policy: RulePolicy, turns: Sequence[Sequence[Event]], domain: Domain) -> list[dict[str, Any]]:
    tracker = DialogueStateTracker("customer", domain.slots)
    made = []
    for turn in turns:
        for event in turn:
            tracker.update(event, domain)
            if isinstance(event, (UserUttered, ActionExecuted)):
                found = policy.predict_action_probabilities(tracker, domain)
                made.append({**vars(found), "policy_name": "", "diagnostic_data": None})
    return made


@pytest.mark.parametrize("name", [*CONVERSATIONS, *UNUSUAL])
def test_the_same_is_predicted(name: str, policies: tuple[RulePolicy, RulePolicy, Domain]) -> None:
    stock, ours, domain = policies
    turns = {**CONVERSATIONS, **UNUSUAL}[name]
    assert predictions(ours, turns, domain) == predictions(stock, turns, domain)


def test_it_looks_at_no_more_states_than_the_longest_rule_has(policies: tuple[RulePolicy, RulePolicy, Domain]) -> None:
    stock, ours, domain = policies
    tracker = DialogueStateTracker("customer", domain.slots)
    for event in (event for turn in CONVERSATIONS["small talk"] for event in turn):
        tracker.update(event, domain)
    seen = ours._prediction_states(tracker, domain)
    assert 2 <= len(seen) <= 6
    assert seen == stock._prediction_states(tracker, domain)[-len(seen) :]


def test_every_rule_is_found_where_the_stock_policy_finds_it(
    policies: tuple[RulePolicy, RulePolicy, Domain],
) -> None:
    stock, ours, _ = policies
    for kind in (RULES, RULES_FOR_LOOP_UNHAPPY_PATH):
        for key in stock.lookup[kind]:
            states = json.loads(key)
            # The conversation as the rule has it, at its beginning, and with parts missing or of another kind.
            for conversation in (
                states,
                states[-1:],
                [],
                [{}, *states],
                [*states[:-1], {name: part for name, part in states[-1].items() if name != "user"}],
                [*states[:-1], {**states[-1], "prev_action": {"action_text": "A sentence"}}],
                [*states[:-1], {**states[-1], "user": {"intent": "no rule asks for it"}}],
            ):
                found = ours._get_possible_keys(ours.lookup[kind], conversation)
                assert found == stock._get_possible_keys(stock.lookup[kind], conversation)
                assert (
                    key in found or conversation is not states or any("should_not_be_set" in str(one) for one in states)
                )


def test_rules_on_words_are_looked_at_when_there_are_some(policies: tuple[RulePolicy, RulePolicy, Domain]) -> None:
    _, ours, domain = policies
    assert ours._has_rules_on_words is False  # type: ignore[attr-defined]
    states = '[{"prev_action": {"action_name": "action_listen"}, "user": {"text": "open sesame"}}]'
    context = ExecutionContext(GraphSchema({}), "model")
    for kind in (RulePolicy, ShopRulePolicy):
        lookup = {**ours.lookup, "rules": {states: "utter_greet"}}
        policy = kind(ours.config, ours._model_storage, ours._resource, context, lookup=lookup)
        turns = [session(), [UserUttered("open sesame", {"name": "faq", "confidence": 0.9})]]
        last = predictions(policy, turns, domain)[-1]
        assert last["is_end_to_end_prediction"] is True
        assert domain.action_names_or_texts[last["probabilities"].index(1.0)] == "utter_greet"


def test_rasa_still_asks_what_is_replaced() -> None:
    predicting = inspect.getsource(RulePolicy._predict) + inspect.getsource(RulePolicy._find_action_from_rules)
    for name in (
        "_find_action_from_rules",
        "_prediction_states",
        "_get_possible_keys(",
        "use_text_for_last_user_input=True",
    ):
        assert name in predicting
    assert "_create_lookup_from_trackers" in inspect.getsource(RulePolicy.train)
    assert ROOT.joinpath("config.yml").read_text(encoding="utf-8").count("switchboard.bot_rules.ShopRulePolicy") == 1
