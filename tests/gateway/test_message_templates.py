"""The file of approved templates: what a mistake is called, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from handoff.message_templates import SHIPPED, TemplatesError, read
from switchboard.settings import SettingsError, load

TITLE = "title: {zh-HK: 甲, zh-TW: 乙, zh-CN: 丙, en: D}"
GOOD = "texts: {en: {code: en, text: 'Hello {{1}}'}}"


def _file(tmp_path: Path, *fields: str, name: str = "news") -> Path:
    path = tmp_path / "templates.yml"
    body = "".join(f"    {one}\n" for one in fields)
    path.write_text(f"templates:\n  {name}:\n{body}", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ((GOOD,), "line 2, templates.news: the field title is missing."),
        ((TITLE,), "line 2, templates.news: the field texts is missing."),
        (("title: {en: D}", GOOD), "line 3, templates.news.title: the name in zh-HK, zh-TW, zh-CN is missing."),
        ((TITLE, GOOD), "line 4, templates.news.texts.en.text: expected no place to fill in"),
        (
            (TITLE, "variables: [order.number, case.number]", GOOD),
            "line 5, templates.news.texts.en.text: expected {{1}}",
        ),
        ((TITLE, "variables: [order.colour]", GOOD), "line 4, templates.news.variables[0]: is 'order.colour'"),
        ((TITLE, "variables: [{en: News}]", GOOD), "line 4, templates.news.variables[0]: the name in zh-HK"),
        ((TITLE, "texts: {fr: {code: fr, text: x}}"), "line 4, templates.news.texts.fr: unknown field"),
        ((TITLE, "texts: {}"), "line 4, templates.news.texts: expected at least one of"),
        ((TITLE, "texts: {en: {code: English, text: x}}"), "line 4, templates.news.texts.en.code: is 'English'"),
        ((TITLE, "texts: {en: {text: x}}"), "line 4, templates.news.texts.en: the field code is missing."),
        ((TITLE, f"texts: {{en: {{code: en, text: {'x' * 1025}}}}}"), "is longer than 1024 characters."),
        ((TITLE, "channels: [Whats App]", GOOD), "line 4, templates.news.channels[0]: is 'Whats App'"),
        ((TITLE, GOOD, "colour: red"), "line 5, templates.news.colour: unknown field"),
        ((TITLE, f"variables: [{', '.join(['case.number'] * 21)}]", GOOD), "variables: more than 20."),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, fields: tuple[str, ...], complaint: str) -> None:
    with pytest.raises(TemplatesError) as refused:
        read(_file(tmp_path, *fields))
    assert complaint in str(refused.value) and str(refused.value).startswith("templates.yml")
    environment = {"SWITCHBOARD_TEMPLATES_FILE": str(tmp_path / "templates.yml")}
    with pytest.raises(SettingsError) as stopped:
        load(tmp_path / "none.yml", environment)
    assert "templates_file" in str(stopped.value) and complaint in str(stopped.value)


def test_a_name_is_the_providers(tmp_path: Path) -> None:
    with pytest.raises(TemplatesError, match="lower-case letters"):
        read(_file(tmp_path, TITLE, "variables: [case.number]", GOOD, name="Order-News"))


def test_the_shipped_file_has_no_template_and_the_example_in_it_is_right(tmp_path: Path) -> None:
    assert read(SHIPPED).by_name == {}
    _, _, example = SHIPPED.read_text(encoding="utf-8").partition("\ntemplates: {}\n")
    path = tmp_path / "templates.yml"
    path.write_text("\n".join(line.removeprefix("#")[1:] for line in example.splitlines()), encoding="utf-8")
    (template,) = read(path).by_name.values()
    assert template.filled("en", ["Ana", "HG1", "it is here"]).startswith(
        "Hello Ana, about your order HG1: it is here."
    )
