"""What editors do: each operation checks, does it in one transaction, and tells after that.

Publishing writes the files inside the transaction that records it, so that neither is there without the other but for
a crash between the two, in which the files win: they are the truth.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy.engine import Connection

from faq_kb import drafts, history, misses, publishing, synonym_file, usefulness
from faq_kb.articles import Article
from faq_kb.console import shapes
from faq_kb.console.errors import (
    ArticleRefused,
    Conflict,
    EditError,
    FilesKeepChanging,
    IdInUse,
    NotWritable,
    UnknownArticle,
    UnknownCategory,
    UnknownDraft,
    UnknownRevision,
)
from faq_kb.content import Content, content_of, version_of
from faq_kb.drafts import Draft, DraftGone, EditConflict, Saving
from faq_kb.follower import KnowledgeFollower
from faq_kb.history import Published, Revision, Standing
from faq_kb.loading import is_id, source_of
from faq_kb.merging import merge
from faq_kb.problems import ArticleError, Problem
from faq_kb.search import KnowledgeBase
from faq_kb.writing import Change, Edit, IdTaken, NoSuchCategory, NotFound

log = logging.getLogger(__name__)
T = TypeVar("T")

# As often is a publication made anew on files that somebody else changed under it.
TRIES = 5
# Of a file with an error on each line the first ones are enough to be told.
MOST_TOLD = 5


class Editor(Protocol):
    """Who edits."""

    @property
    def login(self) -> str: ...

    @property
    def name(self) -> str: ...


class Storage(Protocol):
    """The database: one function, one transaction."""

    async def read(self, work: Callable[[Connection], T]) -> T: ...

    async def write(self, work: Callable[[Connection], T]) -> T: ...


class Editing:
    """The articles of one folder, their drafts and their history."""

    def __init__(
        self, folder: Path, follower: KnowledgeFollower, storage: Storage, clock: Callable[[], datetime]
    ) -> None:
        self.folder = folder
        self.follower = follower
        self.storage = storage
        self.clock = clock
        self._standing: dict[str, Standing] | None = None
        self._noticing = asyncio.Lock()
        self._published: list[Callable[[list[Revision]], Awaitable[None]]] = []

    def on_publish(self, listener: Callable[[list[Revision]], Awaitable[None]]) -> None:
        """Call ``listener`` with what was published from here, once it is live."""
        self._published.append(listener)

    # -- drafts ------------------------------------------------------------------------------------------------

    async def save(self, editor: Editor, saving: Saving, miss_id: int | None = None) -> Draft:
        """Keep an edit, merged with what others saved meanwhile; `miss_id` is a question it is to answer.

        Raises Conflict, ArticleRefused, UnknownCategory.
        """
        self.check_place(saving)
        now = self.clock()

        def work(connection: Connection) -> Draft:
            draft = drafts.save(connection, saving, editor.login, now)
            if miss_id is not None:
                misses.begin_draft(connection, [miss_id], draft.id)
            return draft

        try:
            return await self.storage.write(work)
        except EditConflict as exc:
            theirs = await self.draft(saving.article_id)
            raise Conflict.of(exc, theirs.category if theirs else None) from exc

    def check_place(self, saving: Saving) -> None:
        if not is_id(saving.article_id):
            raise ArticleRefused([_problem("id", "expected small letters, digits and single hyphens", "bad_id")])
        if saving.category not in self.follower.files:
            raise ArticleRefused([_problem("category", "expected one of the categories", "unknown_category")])

    async def discard(self, article_id: str, version: int) -> None:
        """Forget a draft. Raises UnknownDraft, or Conflict when it is another version by now."""

        def work(connection: Connection) -> None:
            misses.draft_dropped(connection, drafts.take(connection, article_id, version).id)

        await self._guarded(article_id, work)

    async def mark_deletion(self, editor: Editor, article_id: str, draft_version: int | None = None) -> Draft:
        """Begin the deletion of an article; publishing carries it out."""
        article, draft = self.article(article_id), await self.draft(article_id)
        known = (draft.version if draft else 0) if draft_version is None else draft_version
        return await self.save(editor, Saving(article_id, article.category, None, known, content_of(article)))

    async def review(self, editor: Editor, article_id: str, note: str) -> Draft:
        now = self.clock()
        return await self._guarded(article_id, lambda c: drafts.send_to_review(c, article_id, note, editor.login, now))

    async def schedule(self, editor: Editor, article_id: str, publish_at: datetime) -> Draft:
        """Let a draft go live by itself; one that could not be published now is refused now."""
        draft = await self._draft(article_id)
        await self._ready_to_publish(draft)
        now = self.clock()
        return await self._guarded(article_id, lambda c: drafts.schedule(c, article_id, publish_at, editor.login, now))

    async def unschedule(self, editor: Editor, article_id: str) -> Draft:
        now = self.clock()
        return await self._guarded(article_id, lambda c: drafts.unschedule(c, article_id, editor.login, now))

    async def draft(self, article_id: str) -> Draft | None:
        return await self.storage.read(lambda c: drafts.of_article(c, article_id))

    async def _draft(self, article_id: str) -> Draft:
        draft = await self.draft(article_id)
        if draft is None:
            raise UnknownDraft()
        return draft

    async def _guarded(self, article_id: str, work: Callable[[Connection], T]) -> T:
        try:
            return await self.storage.write(work)
        except DraftGone as exc:
            raise await self._gone(article_id) from exc

    async def _gone(self, article_id: str) -> EditError:
        """Why a draft is not what somebody took it for."""
        draft = await self.draft(article_id)
        if draft is None:
            return UnknownDraft()
        return Conflict.of(EditConflict([], draft.content, draft.updated_by, draft.version), draft.category)

    # -- publishing --------------------------------------------------------------------------------------------

    async def publish(
        self, editor: Editor, article_id: str, draft_version: int, note: str | None = None
    ) -> dict[str, Any]:
        """Write a draft into its file; the answer says whether this gateway serves it already.

        What changed in the file since the draft was begun is merged; the same field changed in two ways raises
        Conflict, and a set that would be broken ArticleRefused.
        """
        for _ in range(TRIES):
            draft = await self._draft(article_id)
            if draft.version != draft_version:
                raise await self._gone(article_id)
            ready = await self._ready_to_publish(draft)

            def take(connection: Connection) -> None:
                taken = drafts.take(connection, article_id, draft_version)
                misses.draft_published(connection, taken.id, article_id)

            action = "delete" if draft.deletes else "publish"
            try:
                return await self._carry_out(ready, action, editor, draft.note if note is None else note, take)
            except publishing.FilesChanged:
                continue
            except DraftGone as exc:
                raise await self._gone(article_id) from exc
        raise FilesKeepChanging()

    async def _ready_to_publish(self, draft: Draft) -> _Ready:
        """The files with the draft in them. Raises Conflict, once, when the article on disk says something else."""
        try:
            return await in_thread(self._ready, lambda edit: put_draft(edit, draft))
        except _Overtaken as exc:
            overtaken = exc
        now = self.clock()
        rebased = await self._guarded(
            draft.article_id, lambda c: drafts.rebase(c, draft, overtaken.merged, overtaken.published, now)
        )
        conflict = EditConflict(overtaken.fields, overtaken.published, history.FILE, rebased.version)
        raise Conflict.of(conflict, rebased.category)

    async def revert(self, editor: Editor, article_id: str, revision_id: int, to: str) -> dict[str, Any]:
        """Publish an article as it was before a revision, or after it."""
        revision = await self.storage.read(lambda c: history.find(c, revision_id))
        if revision is None or revision.article_id != article_id:
            raise UnknownRevision()
        content = revision.before if to == "before" else revision.after

        def change(edit: Edit) -> None:
            if content is not None:
                known = edit.category_of(article_id)
                edit.put(article_id, known or revision.category, content)
            elif edit.content(article_id) is not None:
                edit.delete(article_id)

        return await self._change(editor, change, "revert", f"{to} {revision_id}")

    async def rename(self, editor: Editor, article_id: str, to: str) -> dict[str, Any]:
        """Give an article another id, in its file, in others' related ones and for its draft."""
        if not is_id(to):
            raise ArticleRefused([_problem("id", "expected small letters, digits and single hyphens", "bad_id")])
        if await self.draft(to) is not None:
            raise IdInUse()
        now = self.clock()

        def follow(connection: Connection) -> None:
            drafts.rename(connection, article_id, to, now)
            misses.rename(connection, article_id, to)
            usefulness.rename(connection, article_id, to)

        told = await self._change(
            editor,
            lambda edit: edit.rename(article_id, to),
            history.RENAME,
            f"{article_id} > {to}",
            also=follow,
        )
        return {**told, "id": to}

    async def add_category(
        self, editor: Editor, category: str, name: dict[str, str], parent: str | None
    ) -> dict[str, Any]:
        return await self._change(editor, lambda edit: edit.add_category(category, name, parent), "publish", "")

    async def change_category(
        self, editor: Editor, category: str, name: dict[str, str], parent: str | None
    ) -> dict[str, Any]:
        return await self._change(editor, lambda edit: edit.change_category(category, name, parent), "publish", "")

    def synonyms(self) -> tuple[list[str], str]:
        """The lines of words that mean the same, and their version."""
        place = publishing.place_of(self.folder, publishing.last_journal(self.folder), synonym_file.NAME)
        if place is None:
            return synonym_file.shipped_lines(), ""
        content = place.read_bytes()
        return content.decode("utf-8-sig", "replace").replace("\r\n", "\n").split("\n"), _digest(content)[:12]

    async def save_synonyms(self, editor: Editor, lines: list[str], version: str) -> dict[str, Any]:
        """Publish words that mean the same. Raises ArticleRefused, and Conflict when they are others by now."""
        content = synonym_file.content_of(lines)

        def work() -> None:
            synonym_file.synonyms_of(content)
            known, current = self.synonyms()
            if current != version:
                raise Conflict(fields=["lines"], theirs=known, theirs_by="", version=current)
            was = publishing.digest_of(self.folder / synonym_file.NAME)
            publishing.publish(self.folder, {synonym_file.NAME: was}, {synonym_file.NAME: content})

        try:
            await in_thread(work)
        except ArticleError as exc:
            raise ArticleRefused(exc.problems) from exc
        except publishing.FilesChanged as exc:
            raise FilesKeepChanging() from exc
        except (OSError, publishing.PublisherBusy) as exc:
            raise NotWritable() from exc
        log.info("Words were published", extra={"event": "words_published", "editor": editor.login})
        told = await self._told([])
        return {**told, "version": _digest(content)[:12]}

    async def publish_due(self) -> None:
        """Publish what was scheduled and whose time has come; what cannot go live says why and waits for a person."""
        now = self.clock()
        for draft in await self.storage.read(lambda c: drafts.due(c, now)):
            try:
                await self.publish(_Scheduled(draft.updated_by), draft.article_id, draft.version)
            except (UnknownDraft, Conflict) as exc:
                if isinstance(exc, Conflict) and exc.details["fields"]:
                    await self._fail(draft, exc)
                # Otherwise another gateway was quicker, or somebody changed it this moment.
            except (FilesKeepChanging, NotWritable):
                log.warning("A scheduled article waits", extra={"event": "schedule_waits", "article": draft.article_id})
            except EditError as exc:
                await self._fail(draft, exc)

    async def _fail(self, draft: Draft, exc: EditError) -> None:
        fields, problems = exc.details.get("fields", []), exc.details.get("problems", [])
        failure = drafts.Failure(exc.code, fields, problems[:MOST_TOLD])
        log.warning("A scheduled article could not be published", extra={"event": "schedule_failed", "code": exc.code})
        version = exc.details.get("draft_version", draft.version)
        await self.storage.write(lambda c: drafts.fail(c, draft.article_id, version, failure))

    async def _change(
        self,
        editor: Editor,
        change: Callable[[Edit], None],
        action: str,
        note: str,
        also: Callable[[Connection], None] | None = None,
    ) -> dict[str, Any]:
        """Publish a change that no draft holds."""
        for _ in range(TRIES):
            ready = await in_thread(self._ready, change)
            try:
                return await self._carry_out(ready, action, editor, note, also)
            except publishing.FilesChanged:
                continue
        raise FilesKeepChanging()

    def _begun(self) -> Edit:
        files = publishing.published_files(self.folder)
        return Edit(files, source_of(self.folder / "a").removesuffix("/a"), self.follower.files)

    def _ready(self, change: Callable[[Edit], None], edit: Edit | None = None) -> _Ready:
        """The files with a change made; all that can fail from what an editor wrote fails here."""
        edit = edit or self._begun()
        try:
            change(edit)
            files = edit.finish()
        except ArticleError as exc:
            raise ArticleRefused(exc.problems) from exc
        except IdTaken as exc:
            raise IdInUse() from exc
        except NoSuchCategory as exc:
            raise UnknownCategory() from exc
        except NotFound as exc:
            raise UnknownArticle() from exc
        # An id is unique in the whole folder, so the change relies on every file of it.
        expected = {f"{name}.yml": _digest(content) for name, content in edit.before.items()}
        return _Ready({f"{name}.yml": content for name, content in files.items()}, expected, tuple(edit.changes))

    async def _carry_out(
        self, ready: _Ready, action: str, editor: Editor, note: str, also: Callable[[Connection], None] | None
    ) -> dict[str, Any]:
        """Publish in one transaction with its revisions; then serve it here at once. Raises FilesChanged."""

        def work(connection: Connection) -> list[Revision]:
            history.write_alone(connection)
            if also is not None:
                also(connection)
            published = [
                Published(one.article_id, one.category, one.before, one.after, action) for one in ready.changes
            ]
            made = history.record(connection, published, editor.login, note, "", self.clock())
            if ready.files:
                publishing.publish(self.folder, {**dict.fromkeys(ready.files), **ready.expected}, ready.files)
            return made

        try:
            made = await self.storage.write(work)
        except (OSError, publishing.PublisherBusy) as exc:
            log.error("Articles could not be written", exc_info=exc, extra={"event": "articles_not_writable"})
            raise NotWritable() from exc
        return await self._told(made)

    async def _told(self, made: list[Revision]) -> dict[str, Any]:
        """Serve it here at once, without waiting for the follower's next look."""
        await in_thread(self.follower.look)
        knowledge = self.follower.current
        if made:
            await self.storage.write(lambda c: history.served(c, [one.id for one in made], knowledge.version))
        log.info(
            "Articles were published",
            extra={"event": "articles_published", "articles": [one.article_id for one in made]},
        )
        for listener in self._published:
            await listener(made)
        live = all(_is_served(knowledge, one) for one in made)
        return {"version": knowledge.version, "live": live, "at": shapes.moment(self.clock())}

    # -- reading -----------------------------------------------------------------------------------------------

    async def tried(self, draft: Draft | None) -> dict[str, bytes]:
        """The files as they would be with this draft, by name. Raises ArticleRefused."""

        def work() -> dict[str, bytes]:
            edit = self._begun()
            if draft is None:
                return {f"{category}.yml": content for category, content in edit.before.items()}
            ready = self._ready(lambda edit: put_draft(edit, draft, mine_wins=True), edit)
            files = {**{f"{category}.yml": content for category, content in edit.before.items()}, **ready.files}
            return {name: content for name, content in files.items() if content is not None}

        return await in_thread(work)

    def article(self, article_id: str) -> Article:
        found = self.follower.current.articles.get(article_id)
        if found is None:
            raise UnknownArticle()
        return found

    # -- what was changed on disk ------------------------------------------------------------------------------

    async def notice_files(self) -> None:
        """Record what was changed on disk by other means than this console. Called with each set that is served."""
        async with self._noticing:
            now = self.clock()
            files = self.follower.files
            version = self.follower.current.version
            standing = {
                article.id: Standing(article.category, content_of(article))
                for file in files.values()
                for article in file.articles
            }
            broken = frozenset(category for category, file in files.items() if file.problems)
            digests = {category: file.digest for category, file in files.items()}

            def work(connection: Connection) -> bool:
                history.write_alone(connection)
                on_disk = publishing.published_files(self.folder)
                if {name: _digest(content) for name, content in on_disk.items()} != digests:
                    return False  # changed again since: the next set will tell
                history.record_files(connection, standing, self._standing, broken, version, now)
                return True

            if await self.storage.write(work):
                self._standing = standing


@dataclass(frozen=True)
class _Ready:
    """A publication that only needs to be carried out: files by name, what they rely on, what becomes of articles."""

    files: Mapping[str, bytes | None]
    expected: Mapping[str, str]
    changes: tuple[Change, ...]


class _Overtaken(Exception):
    """The article on disk has changed since the draft was begun, in the same fields."""

    def __init__(self, fields: list[str], published: Content | None, merged: Content | None) -> None:
        super().__init__(", ".join(fields))
        self.fields, self.published, self.merged = fields, published, merged


class _Scheduled:
    """The editor whose schedule is carried out."""

    def __init__(self, login: str) -> None:
        self.login = self.name = login


def put_draft(edit: Edit, draft: Draft, *, mine_wins: bool = False) -> None:
    """Write a draft into an edit; what the files say by now is merged with it."""
    published = edit.content(draft.article_id)
    if published is None and draft.base is not None and edit.broken:
        raise ArticleError(edit.broken)  # it was not deleted: nobody can read its file
    if published not in (draft.base, draft.content):
        if published is None or draft.content is None:
            if not mine_wins:
                raise _Overtaken(["deletes"], published, draft.content)
            draft = replace(draft, base=published)
            return put_draft(edit, draft)
        merged, fields = merge(draft.base, draft.content, published)
        if fields and not mine_wins:
            raise _Overtaken(fields, published, merged)
        edit.put(draft.article_id, draft.category, merged)
    elif draft.content is not None:
        edit.put(draft.article_id, draft.category, draft.content)
    elif published is not None:
        edit.delete(draft.article_id)


def _is_served(knowledge: KnowledgeBase, revision: Revision) -> bool:
    article = knowledge.articles.get(revision.article_id)
    return version_of(content_of(article) if article else None) == version_of(revision.after)


def _problem(field: str, message: str, code: str) -> Problem:
    return Problem("", 0, field, message, code)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def in_thread(work: Callable[..., T], *arguments: Any) -> T:
    """Off the event loop: reading, writing and comparing files takes long enough to be felt."""
    return await asyncio.get_running_loop().run_in_executor(None, work, *arguments)
