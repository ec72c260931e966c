"""Reads what the bot is trained from: Rasa's own importer, that reads each file once.

Named in `config.yml` under `importers`. While it trains, Rasa asks its importer three times for the examples and twice
for the domain, and reads and validates the files each time.
"""

from __future__ import annotations

from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.common import cached_method


class ShopFiles(RasaFileImporter):
    """What Rasa's file importer reads, read once. Who asks gets the same object and, as in Rasa, merges a copy."""

    @cached_method
    def get_domain(self) -> Domain:
        """The domain of `domain.yml`."""
        return super().get_domain()

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """The examples of all files. Rasa's own format knows no language."""
        return self._examples()

    @cached_method
    def _examples(self) -> TrainingData:
        read = super().get_nlu_data()
        read.training_examples = [_Example(one.data) for one in read.training_examples]
        return read


class _Example(Message):
    """An example that stays as it is when it is given a value it has.

    Each time Rasa merges training data it takes the spaces off each intent, whether there are any or not, and with that
    loses the fingerprint of each example.
    """

    def set(self, prop: str, info: Any, add_to_output: bool = False) -> None:
        """As `Message.set`."""
        if add_to_output or self.get(prop) != info:
            super().set(prop, info, add_to_output)
