"""What the intent classifier learns is what scikit-learn learns from the same features, joined as some of them are."""

from __future__ import annotations

import numpy as np
import yaml
from bot_parts import ROOT
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from nlu.intent_classifier import IntentModel, ShopIntentClassifier, _features


def test_joined_columns_teach_the_same() -> None:
    sentences, intents = [], []
    for part in yaml.safe_load((ROOT / "nlu" / "smalltalk.yml").read_text(encoding="utf-8"))["nlu"]:
        for line in part["examples"].splitlines()[:25]:
            sentences.append(list(line.removeprefix("- ")))
            intents.append(part["intent"])
    config = ShopIntentClassifier.get_default_config()
    machine = LogisticRegression(C=config["C"], max_iter=config["max_iter"], class_weight="balanced", random_state=0)
    model = IntentModel.fitted(sentences, intents, machine)

    features = TfidfVectorizer(analyzer=lambda words: list(_features(words)), sublinear_tf=True, dtype=np.float32)
    stock = LogisticRegression(C=config["C"], max_iter=config["max_iter"], class_weight="balanced", random_state=0)
    stock.fit(features.fit_transform(sentences), intents)
    unseen = ["唔該晒你呀", "hello there", "再見", "你係咪機械人", "nothing of all this", "多謝幫忙"]
    for words in map(list, [*unseen, *map("".join, sentences[::7])]):
        shares = dict(zip(stock.classes_, stock.predict_proba(features.transform([words]))[0], strict=True))
        for intent, share in model.ranking(words):
            assert abs(share - shares[intent]) < 1e-3, (words, intent)
