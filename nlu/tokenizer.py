"""Cuts a message into words: three kinds of Chinese, English, or all of them in one sentence.

Rasa's own `JiebaTokenizer` fails on mixed text and cuts Traditional Chinese badly, since jieba's dictionary is
Simplified. This one cuts the folded text, where every character keeps its place, so offsets stay true.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import jieba
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

from faq_kb import fold, fold_keeping_length

_DIGIT = re.compile(r"\d")

DICTIONARY = Path(__file__).with_name("shop_dictionary.txt")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class ShopTokenizer(Tokenizer):
    """jieba with the shop's own words. A token's text is what was typed, its lemma what is matched."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
            "dictionary": str(DICTIONARY),
        }

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._words = jieba.Tokenizer()
        self._words.initialize()
        for word in words_in(Path(config["dictionary"])):
            self._words.add_word(word)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ShopTokenizer:
        return cls(config)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """A changed dictionary retrains what was learned from its words."""
        path = Path(config.get("dictionary") or DICTIONARY)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        text = str(message.get(attribute))
        folded = fold_keeping_length(text)
        # Without jieba's guesses at unknown words, which glue 我想查 together.
        tokens = [
            Token(text[start:end], start, end, lemma=_lemma(word))
            for word, start, end in self._words.tokenize(folded, HMM=False)
            if word.strip()
        ]
        return list(self._apply_token_pattern(tokens))


def words_in(dictionary: Path) -> list[str]:
    """The words of a dictionary file, one a line, as the tokenizer sees them; `#` begins a comment."""
    lines = (line.split("#")[0].strip() for line in dictionary.read_text(encoding="utf-8").splitlines())
    return [fold_keeping_length(line) for line in lines if line]


@lru_cache(maxsize=20_000)
def _lemma(word: str) -> str:
    # 幾時 and 什麼時候 become one word here; a particle that folds to nothing stays itself. Which order it is says
    # nothing about what is wanted, so all numbers look alike.
    return _DIGIT.sub("0", fold(word) or word)
