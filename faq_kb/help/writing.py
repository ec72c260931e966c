"""Writing a page: templates, the pages' own words, dates as each locale writes them. Everything is escaped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from faq_kb.articles import LOCALES
from faq_kb.markup import html

FOLDER = Path(__file__).parent
MAX_DESCRIPTION_CHARACTERS = 160
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


class Writer:
    """Fills the templates. ``design`` changes when a template, a style or a word of the pages does."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
        self._templates.filters["answer"] = lambda text: Markup(html(text))  # noqa: S704  (it escapes what it is given)
        self.design = _digest()

    def page(self, template: str, locale: str, **shown: Any) -> bytes:
        """One page in the words of a locale."""
        words = Words(locale)
        written = self._templates.get_template(f"{template}.html").render(
            locale=locale, t=words.say, day=words.day, **shown
        )
        return written.encode()


class Words:
    """The pages' own words in one locale."""

    def __init__(self, locale: str) -> None:
        self.locale = locale
        self._texts = catalogue()[locale]

    def say(self, key: str, **values: object) -> str:
        return self._texts[key].format(**values) if values else self._texts[key]

    def day(self, day: date) -> str:
        if self.locale == "en":
            return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
        return f"{day.year} 年 {day.month} 月 {day.day} 日"


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Mapping[str, str]]:
    return {one: json.loads((FOLDER / "texts" / f"{one}.json").read_text(encoding="utf-8")) for one in LOCALES}


def description(text: str) -> str:
    """The beginning of a text, for lists of search engines."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_DESCRIPTION_CHARACTERS else line[: MAX_DESCRIPTION_CHARACTERS - 1].rstrip() + "…"


def _digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(path for part in ("templates", "static", "texts") for path in (FOLDER / part).iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
