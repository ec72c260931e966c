"""The knowledge base: one loaded set of articles with its index, immutable once built."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from enum import Enum
from functools import lru_cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from faq_kb import quick_yaml
from faq_kb.articles import Article, Category, Heading, Reader
from faq_kb.categories import tree, with_missing
from faq_kb.folding import fold, fold_words, words_of
from faq_kb.index import CANDIDATES, Entry, Evidence, Index, entry_of
from faq_kb.loading import load_files
from faq_kb.pins import Pins
from faq_kb.vectors import Packed, joined, pack
from faq_kb.words import Synonyms, features_of

# Hong Kong, Taiwan and the mainland share it; an article's last day ends at their midnight.
SHOP_TIME = timezone(timedelta(hours=8))

# A question fits in this; what is longer is a letter, and its beginning says what it is about.
MAX_QUERY_CHARACTERS = 400

# English words that mean the same in every trade. Editors change the shop's own words; these stay behind them.
EVERYDAY = "everyday_words.yml"

# All thresholds stand here. A score is the probability that some article answers the question.
# At or above this one the best article's answer may be given: some 94 of 100 questions that have an answer reach it.
ANSWER_SCORE = 0.5
# At or above it an article is worth a "did you mean" button.
SUGGEST_SCORE = 0.15
# A runner-up with this share of the best one's probability makes the best one unclear. (Of our development questions 10
# in 400 are unclear so, and of these the best one is right in 6; with a share from 0.6 to 0.75, in 12 of 15.)
CLOSE_SHARE = 0.75

# How the evidence becomes a probability: a logistic regression over public question sets and sub-sets of them, of 10
# entries and more with 1 to 40 phrasings each, told apart from the questions of entries left out and of other trades.
_LOG_PROBABILITY, _KNOWN, _NEAREST, _LOG_WORDS, _LOG_ENTRIES, _LOG_PHRASINGS = 1.3, 1.1, 2.0, 0.6, 0.4, -0.7
_CONSTANT = 1.6
_NOT_FITTED = -0.9  # a likeness is surer of itself than a fitted model


class Decision(Enum):
    """What to do with what was found."""

    ANSWER = "answer"  # one article is clear
    SUGGEST = "suggest"  # several are close, or the best one is weak
    NONE = "none"  # nothing fits


@dataclass(frozen=True)
class Hit:
    """An article that may answer. The score of the best one is the probability that it does."""

    article_id: str
    score: float
    rule: str = "ranked"  # "exact": the question is one of the article's phrasings; "pinned": an editor said so

    @property
    def is_certain(self) -> bool:
        return self.rule in ("exact", "pinned")


def several_close(hits: Sequence[Hit]) -> list[Hit]:
    """The best ones, when the first of them is not clear; else none."""
    if not hits or hits[0].is_certain:
        return []
    close = [hit for hit in hits if hit.score >= CLOSE_SHARE * hits[0].score]
    return close if len(close) > 1 else []


@dataclass(frozen=True)
class _Read:
    """An article as the index takes it."""

    article: Article
    texts: tuple[object, ...]  # all that the rest was made from
    entry: Entry
    phrasings: int
    exact: tuple[str, ...]
    digest: bytes


class KnowledgeBase:
    """``before`` hurries: articles that stood in that set as they are now are not read again."""

    def __init__(
        self,
        articles: Iterable[Article],
        headings: Iterable[Heading] = (),
        *,
        today: Callable[[], date] | None = None,
        before: KnowledgeBase | None = None,
        synonyms: Synonyms | None = None,
    ) -> None:
        self.synonyms = synonyms or shipped_synonyms()
        self.articles: Mapping[str, Article] = MappingProxyType({article.id: article for article in articles})
        self.headings: Mapping[str, Heading] = MappingProxyType(with_missing(headings, self.articles.values()))
        self._today = today or (lambda: datetime.now(SHOP_TIME).date())
        self._dated = [article for article in self.articles.values() if article.valid_from or article.valid_until]
        self._limited = [article for article in self.articles.values() if article.channels or article.audience]
        self._pins = Pins(self.articles.values())
        if before and before.synonyms is not self.synonyms:
            before = None
        known: Mapping[str, _Read] = before._read if before else {}
        self._read: dict[str, _Read] = {
            id: _prepared(article, known.get(id), self.synonyms) for id, article in self.articles.items()
        }
        self.version = _version(self._read.values(), self.headings.values(), self.synonyms)
        self._exact = _exact(self._read.values())
        entries = [read.entry for read in self._read.values()]
        self._index: Index = Index(entries, self.synonyms, self._others(), before._index if before else None)
        self._base = self._answer_probability_base()

    @classmethod
    def load(cls, folder: Path) -> KnowledgeBase:
        """The articles and words of a folder; raises ``ArticleError`` when any file is broken."""
        from faq_kb.synonym_file import synonyms_in  # it builds upon the groups that are shipped here

        files = load_files(folder)
        articles = [article for file in files for article in file.articles]
        return cls(articles, [file.heading for file in files if file.heading], synonyms=synonyms_in(folder))

    def search(self, text: str, limit: int = 5, *, reader: Reader | None = None) -> list[Hit]:
        """The articles that fit best, best first; left out are those not for this reader or not of today."""
        text = text[:MAX_QUERY_CHARACTERS]
        folded = fold(text)
        away = self._away(reader)
        hits = self._certain(text, folded, away)
        away.update(hit.article_id for hit in hits)
        ranking = self._index.rank(folded, limit + len(away))
        if ranking is None:
            return hits[:limit]
        # In what the best one reaches, the others share by their probability.
        scale = self._answer_probability(ranking.evidence) / max(1e-9, ranking.probabilities[0])
        for position, probability in zip(ranking.positions, ranking.probabilities, strict=True):
            article_id = self._index.ids[position]
            if article_id not in away:
                hits.append(Hit(article_id, scale * probability))
        return hits[:limit]

    def _away(self, reader: Reader | None) -> set[str]:
        today = self._today()
        away = {article.id for article in self._dated if not article.is_valid_on(today)}
        if reader is not None:
            away.update(article.id for article in self._limited if not article.is_for(reader))
        return away

    def _certain(self, text: str, folded: str, away: set[str]) -> list[Hit]:
        """What needs no ranking: a pinned article, else the one whose phrasing this is."""
        pinned = self._pins.find(text, away)
        if pinned:
            return [Hit(pinned, 1.0, "pinned")]
        exact = self._exact.get(words_of(folded))
        return [Hit(exact, 1.0, "exact")] if exact and exact not in away else []

    def answerable(self, hits: Sequence[Hit]) -> bool:
        """Whether any article answers the question: the shipped decision at the shipped threshold."""
        return bool(hits) and hits[0].score >= ANSWER_SCORE

    def decide(self, hits: Sequence[Hit]) -> Decision:
        """Answer, ask "did you mean", or admit that nothing is known."""
        if not hits or hits[0].score < SUGGEST_SCORE:
            return Decision.NONE
        return Decision.ANSWER if self.answerable(hits) and not several_close(hits) else Decision.SUGGEST

    def categories(self, locale: str, *, reader: Reader | None = None) -> list[Category]:
        """The categories at the top, as customers browse them, in the order of files and of articles in them."""
        away = self._away(reader)
        return tree(self.headings, (one for one in self.articles.values() if one.id not in away), locale)

    def _others(self) -> Packed:
        texts = {fold(text) for article in self.articles.values() for text in article.not_asked_as}
        counter_examples = [text for text in sorted(texts) if fold_words(text) not in self._exact]
        told_apart = pack(features_of(text, self.synonyms) for text in counter_examples)
        return joined([background(self.synonyms), told_apart])

    def _answer_probability_base(self) -> float:
        """What the size of the set says: the more entries, the harder it is to be the most probable one."""
        phrasings = sum(read.phrasings for read in self._read.values())
        count = max(1, len(self.articles))
        compared, surer = (count, 0.0) if self._index.is_fitted else (min(count, CANDIDATES), _NOT_FITTED)
        return (
            _CONSTANT + surer + _LOG_ENTRIES * math.log(compared) + _LOG_PHRASINGS * math.log(max(1, phrasings / count))
        )

    def _answer_probability(self, evidence: Evidence) -> float:
        evidence_for = (
            self._base
            + _LOG_PROBABILITY * math.log(evidence.probability + 1e-4)
            + _KNOWN * evidence.known
            + _NEAREST * evidence.nearest
            + _LOG_WORDS * math.log1p(evidence.words)
        )
        return 1 / (1 + math.exp(-evidence_for))


@lru_cache(maxsize=1)
def shipped_synonyms() -> Synonyms:
    return Synonyms.parse(shipped_text("synonyms.yml"), shipped_text(EVERYDAY))


@lru_cache(maxsize=2)
def background(synonyms: Synonyms | None = None) -> Packed:
    """What people also say and no article answers."""
    lines = quick_yaml.read(shipped_text("background.yml"))
    return pack(features_of(fold(str(line)), synonyms or shipped_synonyms()) for line in lines)


def shipped_text(name: str) -> str:
    """A file of this package."""
    return resources.files("faq_kb").joinpath(name).read_text(encoding="utf-8")


def _prepared(article: Article, before: _Read | None, synonyms: Synonyms) -> _Read:
    if before and before.article is article:
        return before
    digest = hashlib.sha256(repr(article).encode()).digest()
    texts = (article.phrasings, article.keywords, tuple(article.answer.values()))
    if before and before.texts == texts:
        return replace(before, article=article, digest=digest)
    exact = dict.fromkeys(fold_words(text) for text in article.phrasings)
    kept = tuple(text for text in exact if text)
    return _Read(article, texts, _entry(article, synonyms), len(article.phrasings), kept, digest)


def _entry(article: Article, synonyms: Synonyms) -> Entry:
    hints = [fold(" ".join(article.keywords))] if article.keywords else []
    # An editor's id is a title in brief: delivery-time, card_arrival. A number or a code is not.
    title = re.sub(r"[-_]+", " ", article.id).lower()
    if re.fullmatch(r"[a-z]{2,}( [a-z]+)*", title):
        hints.append(title)
    # An answer's words lead to it too, if they are no more than a hint among the phrasings.
    hints += [fold(text) for text in article.answer.values()]
    phrasings = dict.fromkeys(fold(text) for text in article.phrasings)
    kept = [text for text in phrasings if text], [text for text in hints if text]
    return entry_of(article.id, *kept, synonyms)


def _exact(articles: Iterable[_Read]) -> dict[str, str]:
    """The article each folded phrasing leads to; a phrasing of two articles leads to neither for certain."""
    owners: dict[str, str] = {}
    twice = set()
    for read in articles:
        for text in read.exact:
            if owners.setdefault(text, read.article.id) != read.article.id:
                twice.add(text)
    for text in twice:
        del owners[text]
    return owners


def _version(articles: Iterable[_Read], headings: Iterable[Heading], synonyms: Synonyms) -> str:
    digest = hashlib.sha256(b"".join(read.digest for read in articles))
    for heading in headings:
        digest.update(repr(heading).encode())
    digest.update(synonyms.digest.encode())
    return digest.hexdigest()[:12]
