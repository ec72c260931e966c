"""The search beside two peers on the same phrasings and questions: BM25, and Rasa's DIETClassifier."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from rank_bm25 import BM25Okapi

from bench import faq_diet
from bench.faq_speed import QUESTIONS, SHOP
from bench.figures import Result
from bench.ours import ROOT
from bench.processes import Process, quiet_environment
from faq_kb import Article, Asked, Evaluation, Found, KnowledgeBase, articles_in, asking, evaluate, fold, load_articles
from faq_kb.evaluation import questions_in
from faq_kb.words import words_of

# Where the public sets lie; they are not part of the project.
DATA_VARIABLE = "SWITCHBOARD_BENCH_FAQ_DATA"
SIZES = (126, 200, 1_000, 10_000)
WITHIN_SECONDS = 3 * 3600
# Of our own articles DIET gets ten phrasings each, as it does of the others; with all of them it trains for hours.
FEW = 10


@dataclass(frozen=True)
class FaqSet:
    """What is asked of which articles."""

    title: str
    articles: Sequence[Article]
    questions: Sequence[Asked]
    out_of_scope: Sequence[Asked]
    for_diet: bool = True

    @property
    def phrasings(self) -> Mapping[str, Sequence[str]]:
        """What every side learns from, and nothing else."""
        return {article.id: article.phrasings for article in self.articles}

    @property
    def entries(self) -> dict[str, list[str]]:
        """The same for a process of its own."""
        return {id: list(phrasings) for id, phrasings in self.phrasings.items()}


def faq(data: Path | None, models: Path, tell: Callable[[str], None], quick: bool, train_diet: bool = True) -> Result:
    """Hits, refusals and speed. Without the public sets, or with DIET too slow (``quick``), the rest alone.

    DIET's models are kept in the folder ``models``: training them takes hours. Without ``train_diet`` it stands beside
    us in those sets alone for which there is a model already.
    """
    sets = list(_sets(data))
    result: Result = {"sets": {}, "speed": []}
    if data is None:
        result["skipped"] = f"the public sets; {DATA_VARIABLE} or --faq-data names their folder"
        tell(f"FAQ: without {result['skipped']}")
    sides: dict[str, Callable[[FaqSet, Callable[[str], None]], Result]] = {"switchboard": _ours, "bm25": _bm25}
    if not quick:
        sides["diet"] = partial(_diet, models)
    for one in sets:
        result["sets"][one.title] = {"entries": len(one.articles), "questions": len(one.questions)}
        for side, measured in sides.items():
            if side == "diet" and not (one.for_diet and (train_diet or faq_diet.is_kept(one.entries, models))):
                continue
            tell(f"FAQ: {one.title}, {side}")
            result["sets"][one.title][side] = measured(one, tell)
    for size in SIZES[:1] if quick else SIZES:
        tell(f"FAQ: speed with {size} articles")
        result["speed"].append(_speed(size, tell))
    return result


def data_folder(named: Path | None) -> Path | None:
    """The folder of the public sets, when there is one."""
    folder = named or Path(os.environ.get(DATA_VARIABLE) or "missing")
    return folder if folder.is_dir() else None


def _sets(data: Path | None) -> list[FaqSet]:
    shop = load_articles(SHOP)
    own = questions_in(QUESTIONS)
    if data is None:
        return [FaqSet("own articles, own questions", shop, own, [], for_diet=False)]
    banking, clinc, chat = data / "en_faq_banking77", data / "en_oos_clinc150", data / "zh_oos_chitchat"
    asked = questions_in(banking / "dev_queries.jsonl")
    chit_chat = [asked for path in sorted(chat.glob("*.jsonl")) for asked in questions_in(path)]
    return [
        FaqSet("BANKING77, 5 phrasings", list(articles_in(banking / "kb_k5.jsonl")), asked, []),
        FaqSet("BANKING77, 10 phrasings", list(articles_in(banking / "kb_k10.jsonl")), asked, []),
        FaqSet(
            "CLINC150, 10 phrasings",
            list(articles_in(clinc / "kb_k10.jsonl")),
            questions_in(clinc / "in_scope_dev.jsonl"),
            questions_in(clinc / "out_of_scope_dev.jsonl"),
        ),
        FaqSet("own articles, own questions, Chinese chit-chat", shop, own, chit_chat, for_diet=False),
        FaqSet(f"the same, {FEW} phrasings", [_shortened(article) for article in shop], own, chit_chat),
    ]


def _shortened(article: Article) -> Article:
    """With some of its phrasings, spread over all of them, so that each kind of language has its part."""
    asked_as = [text for text in article.phrasings if text not in article.question.values()]
    wanted = FEW - len(set(article.question.values()))
    return replace(article, asked_as=tuple(asked_as[:: max(1, len(asked_as) // wanted)][:wanted]))


def _ours(one: FaqSet, _tell: Callable[[str], None]) -> Result:
    found = _judged(one, asking(KnowledgeBase(one.articles)))
    # An id that reads like a title is a hint to us and to nobody else here.
    numbers = {article.id: f"e{number}" for number, article in enumerate(one.articles)}
    bare = [Article(numbers[a.id], a.category, a.question, a.answer, asked_as=a.asked_as) for a in one.articles]
    asked = [Asked(q.text, numbers.get(q.article_id or ""), q.variant) for q in one.questions]
    hits = evaluate(asking(KnowledgeBase(bare)), asked).hits
    return {**found, "hit_1_opaque_ids": hits.hit_1, "hit_3_opaque_ids": hits.hit_3}


def _bm25(one: FaqSet, _tell: Callable[[str], None]) -> Result:
    """The best phrasing of each entry, over words and, in Chinese, characters and pairs of them."""
    texts = [(id, text) for id, phrasings in one.phrasings.items() for text in phrasings]
    owners = np.array([id for id, _ in texts])
    index = BM25Okapi([words_of(fold(text)) for _, text in texts])

    def ask(text: str) -> Found:
        scores = index.get_scores(words_of(fold(text)))
        order = np.argsort(-scores, kind="stable")[:200]
        return Found(tuple(dict.fromkeys(owners[order].tolist()))[:10], float(scores[order[0]]), False)

    return _judged(one, ask)


def _diet(models: Path, one: FaqSet, tell: Callable[[str], None]) -> Result:
    texts = [asked.text for asked in (*one.questions, *one.out_of_scope)]
    task = {"entries": one.entries, "texts": texts, "models": str(models.resolve())}
    found = _in_a_process("bench.faq_diet", task, tell, f"FAQ: {one.title}, DIET")
    answers = {
        text: Found(tuple(ids), float(score), False) for text, (ids, score) in zip(texts, found["answers"], strict=True)
    }
    return {**_judged(one, answers.__getitem__), "training_seconds": found["seconds"]}


def _judged(one: FaqSet, ask: Callable[[str], Found]) -> Result:
    found: Evaluation = evaluate(ask, one.questions, [asked.text for asked in one.out_of_scope])
    result: Result = {"hit_1": found.hits.hit_1, "hit_3": found.hits.hit_3}
    if found.refusals:
        result |= {"auroc": found.refusals.auroc, "refused_at_95": found.refusals.refused_at_95}
    return result


def _in_a_process(module: str, task: object, tell: Callable[[str], None], saying: str) -> Result:
    with tempfile.TemporaryDirectory(prefix="bench-faq-") as made:
        folder = Path(made)
        (folder / "task.json").write_text(json.dumps(task, ensure_ascii=False), encoding="utf-8")
        command = [sys.executable, "-m", module, str(folder / "task.json"), str(folder / "answer.json")]
        with Process(saying, command, ROOT, quiet_environment(), folder / "log") as process:
            process.wait(WITHIN_SECONDS, tell, saying)
        found: Result = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
        return found


def _speed(size: int, tell: Callable[[str], None]) -> Result:
    with tempfile.TemporaryDirectory(prefix="bench-faq-") as made:
        folder = Path(made)
        (folder / "articles").mkdir()
        command = [
            sys.executable,
            "-m",
            "bench.faq_speed",
            str(size),
            str(folder / "articles"),
            str(folder / "out.json"),
        ]
        # One core, as a busy machine would give it.
        environment = quiet_environment(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
        with Process("the FAQ's speed", command, ROOT, environment, folder / "log") as process:
            process.wait(WITHIN_SECONDS, tell, f"FAQ: speed with {size} articles")
        found: Result = json.loads((folder / "out.json").read_text(encoding="utf-8"))
        return found
