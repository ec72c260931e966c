"""What an editor can be refused. Each error has a code that never changes and an HTTP status."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from faq_kb.articles import LOCALES
from faq_kb.drafts import EditConflict
from faq_kb.problems import Problem


class EditError(Exception):
    """The edit could not be made."""

    code = "edit_error"
    status = 400

    def __init__(self, message: str | None = None, **details: Any) -> None:
        super().__init__(message or (self.__doc__ or "").strip())
        self.details = details


class BadRequest(EditError):
    """The request is not understood."""

    code = "bad_input"


class UnknownArticle(EditError):
    """There is no such article."""

    code = "unknown_article"
    status = 404


class UnknownDraft(EditError):
    """There is no such draft."""

    code = "unknown_draft"
    status = 404


class UnknownRevision(EditError):
    """There is no such revision of this article."""

    code = "unknown_revision"
    status = 404


class UnknownCategory(EditError):
    """There is no such category."""

    code = "unknown_category"
    status = 404


class NotOpen(EditError):
    """Somebody else has taken these questions up already."""

    code = "misses_not_open"
    status = 409


class IdInUse(EditError):
    """There is already one of this id."""

    code = "id_taken"
    status = 409


class Conflict(EditError):
    """Somebody else changed the same; nothing of either is lost."""

    code = "edit_conflict"
    status = 409

    @classmethod
    def of(cls, conflict: EditConflict, category: str | None = None) -> Conflict:
        return cls(
            fields=conflict.fields,
            theirs=conflict.theirs,
            theirs_by=conflict.theirs_by,
            draft_version=conflict.version,
            **({"category": category} if category else {}),
        )


class FilesKeepChanging(EditError):
    """Somebody else is writing the same files; try again in a moment."""

    code = "files_changed"
    status = 409


class NotWritable(EditError):
    """The folder of articles cannot be written to."""

    code = "articles_not_writable"
    status = 503


class ArticleRefused(EditError):
    """The article cannot be published like this."""

    code = "article_refused"
    status = 422

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__(problems=[problem_shape(problem) for problem in problems])


def problem_shape(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "field": problem.field,
        "message": problem.message,
        "told": {locale: problem.message_in(locale) for locale in LOCALES},
        "code": problem.code,
        "level": problem.level.value,
        "params": dict(problem.params),
    }
