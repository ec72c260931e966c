"""What is wrong with an article file: one record, one exception, and how an editor is told in their language."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as record_field
from enum import Enum
from functools import lru_cache
from importlib import resources
from typing import Any


class Level(Enum):
    """How bad a problem is."""

    ERROR = "error"  # must be mended; a broken file can not go live
    WARNING = "warning"  # it can, and somebody should look at it


@dataclass(frozen=True)
class Problem:
    """One thing an editor has to mend, at the place where it stands.

    ``message`` says what was expected, in English; ``code`` never changes, so that a page may say it in the
    editor's language, with ``params`` filled in.
    """

    file: str
    line: int
    field: str
    message: str
    code: str = "invalid"
    level: Level = Level.ERROR
    params: Mapping[str, str | int] = record_field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return self.told("en")

    def told(self, locale: str) -> str:
        """The whole line: where it is, and what was expected there."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        message = self.message_in(locale)
        return f"{where}: {self.field}: {message}" if self.field else f"{where}: {message}"

    def message_in(self, locale: str) -> str:
        """What was expected, in the editor's language; in English where nobody has translated it."""
        text = _texts()["problems"].get(self.code, {}).get(locale)
        if text is None:
            return self.message
        named = {**self.params, "script": self._script_in(locale)}
        try:
            told = text.format(**named)
        except KeyError:
            return self.message
        return f"{self.params['id']}: {told}" if "id" in self.params else told

    def _script_in(self, locale: str) -> str:
        return str(_texts()["scripts"].get(self.params.get("script", ""), {}).get(locale, ""))

    def as_json(self, locale: str = "en") -> dict[str, Any]:
        return {
            "file": self.file,
            "line": self.line,
            "field": self.field,
            "level": self.level.value,
            "code": self.code,
            "message": self.message_in(locale),
            "params": dict(self.params),
        }


def summary(problems: Sequence[Problem], locale: str) -> str:
    """How many errors and warnings there are, in a sentence."""
    errors = sum(problem.level is Level.ERROR for problem in problems)
    texts = _texts()["summary"]
    return str(texts.get(locale, texts["en"]).format(errors=errors, warnings=len(problems) - errors))


@lru_cache(maxsize=1)
def _texts() -> Mapping[str, Any]:
    read = json.loads(resources.files("faq_kb").joinpath("problem_texts.json").read_text(encoding="utf-8"))
    return dict(read)


class ArticleError(Exception):
    """The articles cannot be read."""

    code = "articles_unreadable"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems[:3]) or self.__doc__)
