"""What the shop can explain: articles in files, found by search, live the second they are saved."""

from faq_kb.articles import FALLBACKS, LOCALES, Article, Category, Heading, Link, Pin, Reader, in_locale
from faq_kb.check import check
from faq_kb.content import ContentRefused
from faq_kb.evaluation import Asked, Evaluation, Found, asking, evaluate, questions_in
from faq_kb.folding import fold, fold_keeping_length
from faq_kb.follower import KnowledgeFollower
from faq_kb.jsonl import articles_in
from faq_kb.loading import load_articles
from faq_kb.problems import ArticleError, Level, Problem, summary
from faq_kb.rank import rank_file
from faq_kb.redaction import redact
from faq_kb.replay import Outcome, Question, Replay, replay
from faq_kb.search import Decision, Hit, KnowledgeBase

__all__ = [
    "FALLBACKS",
    "LOCALES",
    "Article",
    "ArticleError",
    "Asked",
    "Category",
    "ContentRefused",
    "Decision",
    "Evaluation",
    "Found",
    "Heading",
    "Hit",
    "KnowledgeBase",
    "KnowledgeFollower",
    "Level",
    "Link",
    "Outcome",
    "Pin",
    "Problem",
    "Question",
    "Reader",
    "Replay",
    "articles_in",
    "asking",
    "check",
    "evaluate",
    "fold",
    "fold_keeping_length",
    "in_locale",
    "load_articles",
    "questions_in",
    "rank_file",
    "redact",
    "replay",
    "summary",
]
