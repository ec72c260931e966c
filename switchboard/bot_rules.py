"""Rasa's RulePolicy at a fraction of its cost: it looks at as many states as its longest rule has.

The stock policy makes a state of every action in the memory, copies all of them for its log, and does so twice after
each message: once for rules that name the customer's words and once for those that name the intent. Rules never look
further back than the longest of them, and a shop without rules on words needs the second look alone. Both are decided
from the rules themselves, so the predictions are those of the stock policy; `tests/bot/test_bot_rules.py` compares
them, and fails when Rasa changes what is replaced here.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from rasa.core.policies.rule_policy import RULES, RULES_FOR_LOOP_UNHAPPY_PATH, RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import PREVIOUS_ACTION, SHOULD_NOT_BE_SET, USER
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import ActionExecuted
from rasa.shared.core.trackers import DialogueStateTracker, is_prev_action_listen_in_state
from rasa.shared.nlu.constants import ACTION_NAME, ENTITIES, INTENT, TEXT

# Rules by the action and the intent that their newest state asks for; None where it asks for none.
Drawers = dict[tuple[str | None, str | None], list[str]]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class ShopRulePolicy(RulePolicy):
    """The stock policy: its options, its training, its model, its predictions."""

    @cached_property
    def _rules(self) -> list[list[State]]:
        # The model keeps each rule as the JSON of its states. There are none before training.
        kept = (self.lookup.get(name, {}) for name in (RULES, RULES_FOR_LOOP_UNHAPPY_PATH))
        return [json.loads(states) for rules in kept for states in rules]

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self._rules), default=0)

    @cached_property
    def _has_rules_on_words(self) -> bool:
        return any(state.get(USER, {}).get(TEXT) for rule in self._rules for state in rule)

    @cached_property
    def _drawers(self) -> dict[str, tuple[dict[str, str], Drawers]]:
        return {}  # of each kind of rules, with the rules they were made of

    def _create_lookup_from_trackers(self, *given: Any) -> None:
        super()._create_lookup_from_trackers(*given)
        for name in ("_rules", "_longest", "_has_rules_on_words", "_drawers"):
            self.__dict__.pop(name, None)

    def _get_possible_keys(self, lookup: dict[str, str], states: list[State]) -> set[str]:
        """The rules that fit; the stock policy tries them all, this one those of four drawers."""
        newest = states[-1] if states else {}
        # At the beginning of a conversation a rule fits without its state being looked at.
        if newest.get(PREVIOUS_ACTION):
            action, intent = newest[PREVIOUS_ACTION].get(ACTION_NAME), newest.get(USER, {}).get(INTENT)
            drawers = self._drawers_of(lookup)
            where = {(one, other) for one in (action, None) for other in (intent, None)}
            lookup = {key: lookup[key] for place in where for key in drawers.get(place, ()) if key in lookup}
        fitting: set[str] = super()._get_possible_keys(lookup, states)
        return fitting

    def _drawers_of(self, lookup: dict[str, str]) -> Drawers:
        kind = RULES if lookup is self.lookup.get(RULES) else RULES_FOR_LOOP_UNHAPPY_PATH
        known, drawers = self._drawers.get(kind, (None, {}))
        if known is not lookup:
            drawers = {}
            for key in lookup:
                newest = json.loads(key)[-1]
                asked = (newest.get(PREVIOUS_ACTION, {}).get(ACTION_NAME), newest.get(USER, {}).get(INTENT))
                action, intent = (one if one and one != SHOULD_NOT_BE_SET else None for one in asked)
                drawers.setdefault((action, intent), []).append(key)
            self._drawers[kind] = (lookup, drawers)
        return drawers

    def _find_action_from_rules(
        self, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool
    ) -> tuple[str | None, str | None, bool]:
        if use_text_for_last_user_input and not self._has_rules_on_words:
            return None, None, False
        found: tuple[str | None, str | None, bool] = super()._find_action_from_rules(
            tracker, domain, use_text_for_last_user_input
        )
        return found

    def _prediction_states(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        use_text_for_last_user_input: bool = False,
        rule_only_data: dict[str, Any] | None = None,
    ) -> list[State]:
        """The newest states, the oldest of them first; `tracker_featurizers.py` of Rasa 3.6 gives all."""
        applied = tracker.applied_events()
        unseen = sum(isinstance(event, ActionExecuted) for event in applied) + 1 - max(1, self._longest)
        past, states = tracker.init_copy(), []
        for event in applied:
            if isinstance(event, ActionExecuted):
                unseen -= 1
                if unseen < 0:
                    states.append(domain.get_active_state(past))
            past.update(event)
        states.append(domain.get_active_state(past))
        if is_prev_action_listen_in_state(states[-1]):
            for part in (INTENT, ENTITIES) if use_text_for_last_user_input else (TEXT,):
                states[-1].get(USER, {}).pop(part, None)
        for state in states:
            user = state.get(USER, {})
            if user.get(INTENT):
                user.pop(TEXT, None)
        return states
