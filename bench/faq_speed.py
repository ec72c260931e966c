"""How fast the search is with so many articles: `python -m bench.faq_speed ARTICLES FOLDER ANSWER.json`.

In a process of its own, whose memory can be weighed. The articles stand in files of fifty and are followed as the
gateway follows them. Those beyond the shop's own are copies of these, each about a thing that has a name of its own.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import yaml

from bench.figures import percentile
from bench.ours import ROOT
from faq_kb import KnowledgeBase, KnowledgeFollower, questions_in

IN_A_FILE = 50
PHRASINGS = 8
QUESTIONS = ROOT / "tests" / "faq_kb" / "questions" / "development.jsonl"
SHOP = ROOT / "faq_kb" / "articles"
EDITS = 5
LIVE_WITHIN_SECONDS = 120
_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in ("a", "e", "i", "o", "u", "an", "er")]


def main(count: int, folder: Path) -> dict[str, Any]:
    """Milliseconds of a search, seconds until an edit is live, memory of the index."""
    _write(count, folder)
    before = psutil.Process().memory_info().rss
    began = time.perf_counter()
    follower = KnowledgeFollower(folder)
    built = time.perf_counter() - began
    memory = psutil.Process().memory_info().rss - before
    texts = [asked.text for asked in questions_in(QUESTIONS)]
    knowledge = follower.current
    _times_ms(knowledge, texts[:50])
    times = _times_ms(knowledge, texts * 3)
    again = [_made_again(knowledge, number) for number in range(EDITS)]
    follower.start()
    try:
        live, slowest = zip(*(_edit(follower, folder, number, texts) for number in range(EDITS)), strict=True)
    finally:
        follower.stop()
    return {
        "articles": len(knowledge.articles),
        "phrasings": sum(len(article.phrasings) for article in knowledge.articles.values()),
        "p50_ms": round(percentile(times, 0.5), 3),
        "p99_ms": round(percentile(times, 0.99), 3),
        "build_seconds": round(built, 2),
        # What a changed phrasing takes, the model fitted again included, with nobody asking.
        "again_seconds": round(percentile(again, 0.5), 2),
        "edit_seconds": round(sorted(live)[EDITS // 2], 2),
        "edit_worst_seconds": round(max(live), 2),
        # While an edit is taken up; the old index serves.
        "p99_while_editing_ms": round(max(slowest), 2),
        "memory_mb": round(memory / 1e6),
    }


def _times_ms(knowledge: KnowledgeBase, texts: list[str]) -> list[float]:
    times = []
    for text in texts:
        began = time.perf_counter()
        knowledge.search(text)
        times.append((time.perf_counter() - began) * 1000)
    return times


def _made_again(knowledge: KnowledgeBase, number: int) -> float:
    articles = list(knowledge.articles.values())
    articles[number] = replace(articles[number], asked_as=(*articles[number].asked_as, "the apfel in the schrank"))
    began = time.perf_counter()
    KnowledgeBase(articles, knowledge.headings.values(), before=knowledge)
    return time.perf_counter() - began


def _edit(follower: KnowledgeFollower, folder: Path, number: int, texts: list[str]) -> tuple[float, float]:
    """Seconds from saving until the new answer and the new phrasing are found, and the p99 of searches meanwhile."""
    path = sorted(folder.glob("*.yml"))[number * 7 % len(list(folder.glob("*.yml")))]
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    article, word = content["articles"][0], f"zwiebel{number}kuchen"
    article["answer"]["en"] = f"Changed {number}."
    article.setdefault("asked_as", []).append(f"the {word} of the house")
    changed = _dumped(content)
    path.write_text(changed, encoding="utf-8")
    saved, times = time.perf_counter(), []
    while True:
        times += _times_ms(follower.current, [texts[len(times) % len(texts)]])
        time.sleep(0.005)
        if follower.current.articles[article["id"]].answer_in("en") == f"Changed {number}.":
            hits = follower.current.search(f"do you have {word}")
            if hits and hits[0].article_id == article["id"]:
                return time.perf_counter() - saved, percentile(times, 0.99)
        if time.perf_counter() - saved > LIVE_WITHIN_SECONDS:
            raise SystemExit("an edit never came to be served")


def _write(count: int, folder: Path) -> None:
    shop = [
        article
        for path in sorted(SHOP.glob("*.yml"))
        for article in yaml.safe_load(path.read_text("utf-8"))["articles"]
    ]
    articles = shop[:count] if count <= len(shop) else list(_copies(shop, count))
    for start in range(0, len(articles), IN_A_FILE):
        content = {"category": {"en": f"Part {start}"}, "articles": articles[start : start + IN_A_FILE]}
        (folder / f"part-{start}.yml").write_text(_dumped(content), encoding="utf-8")


def _copies(shop: list[dict[str, Any]], count: int) -> Iterator[dict[str, Any]]:
    draw = random.Random(1)
    for number in range(count):
        article = shop[number % len(shop)]
        thing = "".join(draw.choice(_SYLLABLES) for _ in range(3))
        asked = [*article["question"].values(), *article.get("asked_as", [])]
        about = [f"{text} {thing}" for text in draw.sample(asked, min(PHRASINGS, len(asked)))]
        yield {
            "id": f"copy-{number}",
            "question": {"en": about[0]},
            "asked_as": about[1:],
            "answer": {locale: f"{thing}: {text}"[:200] for locale, text in article["answer"].items()},
        }


def _dumped(content: dict[str, Any]) -> str:
    text: str = yaml.dump(content, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=10_000)
    return text


if __name__ == "__main__":
    Path(sys.argv[3]).write_text(json.dumps(main(int(sys.argv[1]), Path(sys.argv[2]))), encoding="utf-8")
