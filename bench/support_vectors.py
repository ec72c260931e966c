"""A linear support vector machine on the features of the bot's own classifier: one of those it is measured against."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from sklearn.svm import LinearSVC

from nlu.intent_classifier import ShopIntentClassifier


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class SupportVectors(ShopIntentClassifier):
    """Its scores are no probabilities; the temperature that makes some of them was fitted on five folds."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"C": 1.0, "temperature": 7.0, "ranking_length": 5}

    def _machine(self) -> Any:
        return LinearSVC(C=self._config["C"], random_state=0)
