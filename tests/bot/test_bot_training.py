"""What the bot is trained from is what Rasa's own importer reads, read once."""

from __future__ import annotations

from pathlib import Path

import yaml
from rasa.shared.importers.importer import TrainingDataImporter

from switchboard.bot_training import ShopFiles

ROOT = Path(__file__).parent.parent.parent


def _importer(config: Path) -> TrainingDataImporter:
    where = [str(ROOT / "nlu"), str(ROOT / "stories")]
    return TrainingDataImporter.load_from_config(str(config), str(ROOT / "domain.yml"), where)


def test_training_data_are_what_rasas_own_importer_gives(tmp_path: Path) -> None:
    config = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    del config["importers"]
    stock_config = tmp_path / "config.yml"
    stock_config.write_text(yaml.safe_dump(config), encoding="utf-8")
    ours, stock = _importer(ROOT / "config.yml"), _importer(stock_config)
    for language in ("zh", "en"):
        assert ours.get_nlu_data(language).fingerprint() == stock.get_nlu_data(language).fingerprint()
    assert ours.get_domain().fingerprint() == stock.get_domain().fingerprint()
    assert ours.get_stories().fingerprint() == stock.get_stories().fingerprint()
    examples = ours.get_nlu_data().nlu_examples
    assert len(examples) == len(stock.get_nlu_data().nlu_examples) > 3000


def test_files_are_read_once() -> None:
    files = ShopFiles(str(ROOT / "config.yml"), str(ROOT / "domain.yml"), [str(ROOT / "nlu"), str(ROOT / "stories")])
    assert files.get_nlu_data("zh") is files.get_nlu_data("en") is files.get_nlu_data()
    assert files.get_domain() is files.get_domain()


def test_an_example_that_is_changed_is_another_one() -> None:
    files = ShopFiles(training_data_paths=[str(ROOT / "nlu" / "smalltalk.yml")])
    example = files.get_nlu_data().training_examples[0]
    before = example.fingerprint()
    example.set("intent", example.get("intent"))
    assert example.fingerprint() == before
    example.set("intent", "another")
    assert example.fingerprint() != before
