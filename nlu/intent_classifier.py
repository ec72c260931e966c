"""Takes a message for one of the intents: a logistic regression over words, pairs of words and pieces of words.

The same features and the same model as Rasa's `CountVectorsFeaturizer` and `LogisticRegressionClassifier`, in one
component: a message has some fifty features out of twenty thousand, so its scores are the sum of fifty rows. Rasa's
own makes a matrix of each message and copies all coefficients to multiply them with it (docs/performance.md).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from nlu.decision import REQUESTS
from nlu.wording import Wording

Floats = npt.NDArray[np.float32]

# Set on a message: how many of its words were ever trained.
KNOWN_WORDS = "known_words"

# Set on a message with numbers: what its other words ask for. A long number is most of a short message, and says only
# that it is one: "cancel HG10023847" would be taken for "HG10023847".
BESIDE_NUMBERS = "beside_numbers"

# Between two wishes in one breath.
_JOINTS = re.compile(
    r"[,，、;；。.!！?？\n]|同埋|仲有|順便|顺便|另外|還有|还有|以及|跟住|之後|然后|然後"
    r"|\b(and also|and then|and|also|plus|then)\b",
    re.IGNORECASE,
)
# A part of a message is believed to ask for another job when the classifier is this sure of it.
_SURE_OF_PART = 0.6
_MOST_PARTS = 4

# Pieces of words, with the blank before and after the word.
_PIECES = (2, 3, 4)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ShopIntentClassifier(GraphComponent, IntentClassifier):
    """Sets `intent` and `intent_ranking`, whose confidences add up to one."""

    @classmethod
    def required_components(cls) -> list[type]:
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        # Chosen by measuring, docs/decisions/0009: `C` weighs the sentences against small coefficients; few
        # iterations hold the model back from learning single sentences by heart, and leave it less sure than it is
        # right, by the `temperature` that `python -m bench.classifiers --temperature` prints.
        return {"C": 100.0, "max_iter": 40, "temperature": 1.45, "ranking_length": 5}

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._model: IntentModel | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ShopIntentClassifier:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> ShopIntentClassifier:
        classifier = cls(config, model_storage, resource)
        try:
            with model_storage.read_from(resource) as folder:
                classifier._model = IntentModel.read(folder)
        except ValueError:
            pass  # Rasa's way to say that nothing was trained: there are no intents.
        return classifier

    def train(self, training_data: TrainingData) -> Resource:
        examples = [one for one in training_data.intent_examples if one.get(TEXT) and one.get(INTENT)]
        if examples:
            sentences = [_words(one.get(TOKENS_NAMES[TEXT])) for one in examples]
            intents = [str(one.get(INTENT)) for one in examples]
            fitted = IntentModel.fitted(sentences, intents, self._machine())
            self._model = fitted.scaled(self._config["temperature"])
            with self._storage.write_to(self._resource) as folder:
                self._model.write(folder)
        return self._resource

    def _machine(self) -> Any:
        """What learns: scikit-learn's, with coefficients for each intent."""
        config = self._config
        return LogisticRegression(C=config["C"], max_iter=config["max_iter"], class_weight="balanced", random_state=0)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            tokens = message.get(TOKENS_NAMES[TEXT])
            if self._model is not None and tokens:
                self._judge(message, _words(tokens), self._model)
        return messages

    def _judge(self, message: Message, words: Sequence[str], model: IntentModel) -> None:
        ranking = model.ranking(words)
        shown = [{"name": name, "confidence": confidence} for name, confidence in ranking]
        message.set(INTENT, shown[0], add_to_output=True)
        message.set(INTENT_RANKING_KEY, shown[: self._config["ranking_length"]], add_to_output=True)
        others = [word for word in words if "0" not in word]
        if others and len(others) < len(words):
            message.set(BESIDE_NUMBERS, model.ranking(others)[0])
        if wishes := self._wishes(message, model):
            message.set("wishes", wishes, add_to_output=True)
        message.set(KNOWN_WORDS, sum(word in model.columns for word in words))

    def _wishes(self, message: Message, model: IntentModel) -> list[dict[str, Any]]:
        """What the parts of a message ask for, each on its own, and where it begins: "cancel the mug and where is my
        refund", "don't cancel it, just change the address". Nothing for a message with a single wish."""
        cuts = [joint.span() for joint in _JOINTS.finditer(str(message.get(TEXT)))][: _MOST_PARTS - 1]
        if not cuts:
            return []
        tokens: list[Token] = message.get(TOKENS_NAMES[TEXT])
        edges = [0, *(end for _, end in cuts), len(str(message.get(TEXT)))]
        found: list[dict[str, Any]] = []
        is_refused = False
        for start, end in pairwise(edges):
            part = [token.lemma for token in tokens if start <= token.start and token.end <= end]
            # A long number is most of a short part.
            words = [word for word in part if "0" not in word] or part
            name, confidence = model.ranking(words)[0] if words else ("", 0.0)
            if (confidence < _SURE_OF_PART or name in REQUESTS) and Wording.of(
                str(message.get(TEXT))[start:end]
            ).negates:
                is_refused = True
            elif confidence >= _SURE_OF_PART and name not in (one["name"] for one in found):
                found.append({"name": name, "start": start})
        return found if is_refused or len(found) > 1 else []


class IntentModel:
    """What was learned: a column for each feature, with its rarity, and a row of coefficients for each column."""

    def __init__(self, intents: Sequence[str], features: Sequence[str], rarity: Floats, coefficients: Floats) -> None:
        self.intents = list(intents)
        self.columns = {feature: column for column, feature in enumerate(features)}
        self._rarity = rarity
        self._coefficients = coefficients  # features by intents, and one row more for the constants

    @classmethod
    def fitted(cls, sentences: Sequence[Sequence[str]], intents: Sequence[str], machine: Any) -> IntentModel:
        counted = [Counter(_features(words)) for words in sentences]
        found = Counter(feature for features in counted for feature in features)
        names = sorted(found)
        # As in scikit-learn: a feature of every sentence counts once, a rare one several times as much.
        rarity = np.array([np.log((1 + len(counted)) / (1 + found[name])) + 1 for name in names], np.float32)
        empty = np.zeros((len(names) + 1, len(set(intents))), np.float32)
        model = cls(sorted(set(intents)), names, rarity, empty)
        rows = [model._weighted(features) for features in counted]
        starts = np.cumsum([0, *(len(columns) for columns, _ in rows)])
        matrix = sparse.csr_matrix(
            (np.concatenate([values for _, values in rows]), np.concatenate([columns for columns, _ in rows]), starts),
            shape=(len(rows), len(names)),
        )
        joined = _Joined(matrix)
        machine.fit(joined.matrix, intents)
        model.intents = [str(name) for name in machine.classes_]
        coefficients = np.vstack([joined.apart(machine.coef_), machine.intercept_])
        model._coefficients = np.ascontiguousarray(coefficients.astype(np.float32))
        return model

    def scaled(self, temperature: float) -> IntentModel:
        """The same with all scores so many times as large: nothing is taken for anything else, only more surely."""
        coefficients = (self._coefficients * temperature).astype(np.float32)
        return IntentModel(self.intents, list(self.columns), self._rarity, coefficients)

    def ranking(self, words: Sequence[str]) -> list[tuple[str, float]]:
        """All intents with their probability, the likeliest first."""
        columns, values = self._weighted(Counter(_features(words)))
        scores = values @ self._coefficients[columns] + self._coefficients[-1]
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        return [(self.intents[place], float(shares[place])) for place in np.argsort(-shares, kind="stable")]

    def write(self, folder: Any) -> None:
        names = {"intents": self.intents, "features": list(self.columns)}
        (folder / "names.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
        np.savez(folder / "numbers.npz", rarity=self._rarity, coefficients=self._coefficients)

    @classmethod
    def read(cls, folder: Any) -> IntentModel:
        names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
        with np.load(folder / "numbers.npz", allow_pickle=False) as numbers:
            return cls(names["intents"], names["features"], numbers["rarity"], numbers["coefficients"])

    def _weighted(self, features: Counter[str]) -> tuple[npt.NDArray[np.int64], Floats]:
        """Columns and their tf-idf values, of length one together."""
        known = [(self.columns[feature], count) for feature, count in features.items() if feature in self.columns]
        columns = np.array([column for column, _ in known], np.int64)
        counts = np.array([count for _, count in known], np.float32)
        values = (1 + np.log(counts)) * self._rarity[columns]
        return columns, (values / max(float(np.sqrt(values @ values)), 1e-9)).astype(np.float32)


class _Joined:
    """Examples by features, where what stands in one example alone is one column for that example.

    More than half of all features are in a single example. Turning an example's own columns into one of their length is
    a rotation, which a machine with a squared penalty does not see: it learns the same, in half of the time.
    """

    def __init__(self, matrix: sparse.csr_matrix) -> None:
        by_column = matrix.tocsc()
        self._lone = np.diff(by_column.indptr) == 1
        lone = by_column[:, self._lone]
        self._rows, values = lone.indices, lone.data
        lengths = np.sqrt(np.bincount(self._rows, values**2, minlength=matrix.shape[0])).astype(np.float32)
        rows = np.flatnonzero(lengths)
        self._shares = values / lengths[self._rows]
        self._places = np.searchsorted(rows, self._rows)
        own = sparse.csc_matrix(
            (lengths[rows], (rows, np.arange(len(rows)))), shape=(matrix.shape[0], len(rows)), dtype=np.float32
        )
        self.matrix = sparse.hstack([by_column[:, ~self._lone], own]).tocsr()

    def apart(self, coefficients: Floats) -> Floats:
        """From intents by joined columns to features by intents."""
        shared = int((~self._lone).sum())
        found = np.zeros((len(self._lone), len(coefficients)), np.float32)
        found[~self._lone] = coefficients[:, :shared].T
        found[self._lone] = coefficients[:, shared + self._places].T * self._shares[:, None]
        return found


def _words(tokens: Iterable[Token]) -> list[str]:
    return [token.lemma for token in tokens]


def _features(words: Sequence[str]) -> Iterator[str]:
    yield from words
    for one, following in pairwise(words):
        yield f"{one}\t{following}"
    for word in words:
        padded = f" {word} "
        for length in _PIECES:
            if len(padded) <= length:
                yield f"\n{padded}"
                break
            yield from (f"\n{padded[start : start + length]}" for start in range(len(padded) - length + 1))
