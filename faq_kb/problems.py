"""What is wrong with an article file: one record, one exception."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as record_field
from enum import Enum


class Level(Enum):
    """How bad a problem is."""

    ERROR = "error"  # the file can not go live
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
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.field}: {self.message}" if self.field else f"{where}: {self.message}"


class ArticleError(Exception):
    """The articles cannot be read."""

    code = "articles_unreadable"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems[:3]) or self.__doc__)
