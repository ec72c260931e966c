"""What Rasa's own validation says of the shipped files; `rasa train` is not asked for it each time."""

from __future__ import annotations

import pytest
from bot_parts import ROOT
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.validator import Validator


def test_rasa_finds_nothing_wrong_with_the_shipped_files(caplog: pytest.LogCaptureFixture) -> None:
    files = [str(ROOT / name) for name in ("nlu", "stories")]
    importer = TrainingDataImporter.load_from_config(str(ROOT / "config.yml"), str(ROOT / "domain.yml"), files)
    validator = Validator.from_importer(importer)
    found = {
        "domain": validator.verify_domain_validity(),
        "intents": validator.verify_intents_in_stories(ignore_warnings=False),
        "examples": validator.verify_example_repetition_in_intents(ignore_warnings=False),
        "actions": validator.verify_actions_in_stories_rules(),
        "slots": validator.verify_form_slots(),
        "mappings": validator.verify_slot_mappings(),
        "structure": validator.verify_story_structure(ignore_warnings=False),
    }
    assert {name for name, is_right in found.items() if not is_right} == set(), caplog.text
