"""Search: the right article in every variant, an honest no, and bounded work."""

from __future__ import annotations

import dataclasses
import json
import random
import time
from datetime import date
from pathlib import Path

import pytest

from faq_kb import Article, ArticleError, Decision, Hit, KnowledgeBase, fold, rank_file
from faq_kb.index import Index


@pytest.fixture
def knowledge(folder: Path) -> KnowledgeBase:
    return KnowledgeBase.load(folder)


@pytest.mark.parametrize(
    ("text", "article_id"),
    [
        ("幾時送到呀", "delivery-time"),
        ("幾天會送到", "delivery-time"),
        ("多久到货", "delivery-time"),
        ("how long until it is delivered", "delivery-time"),
        ("郵費係幾多", "delivery-fee"),
        ("快递费多少钱", "delivery-fee"),
        ("what are the shipping costs", "delivery-fee"),
        ("點退貨呀", "returns-how"),
        ("我想把东西退回去", "returns-how"),
        ("can i return my bag", "returns-how"),
        ("我想 return 件貨", "returns-how"),
    ],
)
def test_a_question_finds_its_article_in_every_variant(knowledge: KnowledgeBase, text: str, article_id: str) -> None:
    hits = knowledge.search(text)
    assert hits[0].article_id == article_id
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(0 <= hit.score <= 1 for hit in hits)


def test_a_phrasing_of_the_article_is_certain(knowledge: KnowledgeBase) -> None:
    hits = knowledge.search("  到貨要幾天 ")
    assert hits[0] == Hit("delivery-time", 1.0, "exact")
    assert knowledge.decide(hits) is Decision.ANSWER


@pytest.mark.parametrize(
    "text", ["你食咗飯未", "台北天氣好嗎", "who won the football match", "😀😀😀", "12345", "", "   "]
)
def test_what_no_article_answers_is_refused(knowledge: KnowledgeBase, text: str) -> None:
    hits = knowledge.search(text)
    assert not knowledge.answerable(hits)
    assert knowledge.decide(hits) is not Decision.ANSWER


def test_a_counter_example_is_not_answered_by_the_article(knowledge: KnowledgeBase) -> None:
    hits = knowledge.search("幾時收到退款")
    assert not (knowledge.decide(hits) is Decision.ANSWER and hits[0].article_id == "returns-how")


@pytest.mark.alone
@pytest.mark.parametrize(
    "text", ["a" * 100_000, "退" * 100_000, "\x00\x01\x02", "<script>alert(1)</script>", "'; DROP TABLE x", "\u202eabc"]
)
def test_hostile_text_is_answered_quickly_or_not_at_all(knowledge: KnowledgeBase, text: str) -> None:
    began = time.perf_counter()
    assert len(knowledge.search(text, limit=2)) <= 2
    assert time.perf_counter() - began < 2


HINTED = (
    Article("wrapping", "c", {"en": "Can it be a present?"}, {"en": "Yes, in tissue."}, keywords=("ribbon", "絲帶")),
    Article("hours", "c", {"en": "When are you open?"}, {"en": "Daily until nine; the parking garage closes at ten."}),
    Article("fee", "c", {"en": "How much is shipping?"}, {"en": "Thirty dollars."}),
    Article("jobs", "c", {"en": "Are you hiring?"}, {"en": "Write to us."}),
)


@pytest.mark.parametrize("text", ["ribbon", "do you have a ribbon", "有冇絲帶"])
def test_a_keyword_alone_leads_to_its_article(text: str) -> None:
    assert KnowledgeBase(HINTED).search(text)[0].article_id == "wrapping"
    without = [dataclasses.replace(one, keywords=()) for one in HINTED]
    assert "wrapping" not in [hit.article_id for hit in KnowledgeBase(without).search(text)[:1]]


@pytest.mark.parametrize("text", ["parking garage", "when does the garage close"])
def test_the_words_of_an_answer_alone_lead_to_its_article(text: str) -> None:
    assert KnowledgeBase(HINTED).search(text)[0].article_id == "hours"
    without = [dataclasses.replace(one, answer={"en": "x"}) for one in HINTED]
    hits = KnowledgeBase(without).search("parking garage")
    assert not hits or hits[0].score < KnowledgeBase(HINTED).search("parking garage")[0].score


def test_an_article_is_neither_found_nor_browsed_before_its_first_day() -> None:
    sale = Article("sale", "c", {"en": "winter sale dates"}, {"en": "x"}, valid_from=date(2025, 12, 1))
    articles = [sale, Article("gift", "c", {"en": "gift wrapping"}, {"en": "x"})]
    today = date(2025, 11, 30)
    knowledge = KnowledgeBase(articles, today=lambda: today)
    assert all(hit.article_id != "sale" for hit in knowledge.search("winter sale dates"))
    assert [one.id for one in knowledge.categories("en")[0].articles] == ["gift"]
    # The same set, when the day has come.
    today = date(2025, 12, 1)
    assert knowledge.search("winter sale dates")[0].article_id == "sale"
    assert [one.id for one in knowledge.categories("en")[0].articles] == ["sale", "gift"]


def test_articles_out_of_their_days_are_neither_found_nor_browsed() -> None:
    def article(id: str, text: str, until: date | None) -> Article:
        return Article(id, "sale", {"en": text}, {"en": "x"}, valid_until=until)

    articles = [article("old", "summer sale dates", date(2025, 8, 31)), article("new", "gift wrapping", None)]
    in_time = KnowledgeBase(articles, today=lambda: date(2025, 8, 31))
    too_late = KnowledgeBase(articles, today=lambda: date(2025, 9, 1))
    assert in_time.search("summer sale dates")[0].article_id == "old"
    assert all(hit.article_id != "old" for hit in too_late.search("summer sale dates"))
    assert [a.id for a in too_late.categories("en")[0].articles] == ["new"]


def test_categories_come_in_the_reader_s_language(knowledge: KnowledgeBase) -> None:
    assert [category.name for category in knowledge.categories("zh-CN")] == ["配送", "退货"]
    assert [article.id for article in knowledge.categories("en")[0].articles] == ["delivery-time", "delivery-fee"]


def test_the_version_changes_with_the_content_alone(folder: Path) -> None:
    first = KnowledgeBase.load(folder).version
    assert KnowledgeBase.load(folder).version == first
    path = folder / "delivery.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("三十蚊", "四十蚊"), encoding="utf-8")
    assert KnowledgeBase.load(folder).version != first


def test_an_empty_set_finds_nothing() -> None:
    knowledge = KnowledgeBase([])
    assert knowledge.search("anything") == []
    assert knowledge.decide([]) is Decision.NONE


def test_one_article_without_phrasings_does_no_harm() -> None:
    knowledge = KnowledgeBase(
        [Article("a", "c", {}, {"en": "x"}), Article("b", "c", {"en": "gift cards"}, {"en": "y"})]
    )
    assert knowledge.search("gift cards")[0].article_id == "b"


def test_a_file_of_queries_is_ranked(tmp_path: Path) -> None:
    entries = [
        {"id": "lost_card", "questions": ["I lost my card", "my card is missing"], "answer": "Block it."},
        {"id": "top_up", "questions": ["How do I top up?"]},
        {"id": "X-17", "questions": ["what is the exchange rate"]},
    ]
    kb, queries, out = tmp_path / "kb.jsonl", tmp_path / "queries.jsonl", tmp_path / "out.jsonl"
    kb.write_text("\n".join(map(json.dumps, entries)), encoding="utf-8")
    asked = ["cannot find my card", "add money to my account", "exchange rates", "who painted this"]
    queries.write_text(
        "\n".join(json.dumps({"qid": n, "text": text}) for n, text in enumerate(asked)), encoding="utf-8"
    )
    rank_file(kb, queries, out)
    answers = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [answer["qid"] for answer in answers] == [0, 1, 2, 3]
    assert [answer["ranking"][0] for answer in answers[:3]] == ["lost_card", "top_up", "X-17"]
    assert [answer["answered"] for answer in answers] == [True, True, True, False]
    assert all(set(answer) == {"qid", "ranking", "score", "answered"} for answer in answers)


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("{", ""),
        ("[]", ""),
        ('{"questions": []}', "id"),
        ('{"id": "a", "questions": "b"}', "questions"),
        ('{"id": "a", "questions": [1]}', "questions"),
        ('{"id": "a", "questions": [], "answer": 1}', "answer"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, field: str) -> None:
    (tmp_path / "kb.jsonl").write_text('{"id": "z", "questions": ["q"]}\n' + line, encoding="utf-8")
    (tmp_path / "queries.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(ArticleError) as refused:
        rank_file(tmp_path / "kb.jsonl", tmp_path / "queries.jsonl", tmp_path / "out.jsonl")
    (problem,) = refused.value.problems
    assert (problem.file, problem.line, problem.field) == ("kb.jsonl", 2, field)
    assert not (tmp_path / "out.jsonl").exists()


def test_a_set_too_large_to_fit_is_still_searched(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr("faq_kb.prototypes.MOST_PHRASINGS", 3)
    knowledge = KnowledgeBase.load(folder)
    assert knowledge.search("邮费多少")[0].article_id == "delivery-fee"
    assert not knowledge.answerable(knowledge.search("台北天氣好嗎"))


def numbered(count: int, phrasings: int = 1) -> list[Article]:
    """Articles about things with names of their own, asked for in several ways."""
    ways = ("where do i find {}", "{} 在哪裡買", "price of {} please", "i lost my {}", "is {} still made", "{} 幾錢")
    names = [first + middle + last for first in SYLLABLES for middle in SYLLABLES for last in SYLLABLES]
    return [
        Article(
            f"n{n}", "c", {}, {"en": f"About {name}."}, asked_as=tuple(way.format(name) for way in ways[:phrasings])
        )
        for n, name in enumerate(names[:count])
    ]


SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprst" for vowel in "aeiou"]


@pytest.mark.alone
def test_ten_thousand_articles_are_searched_and_edited() -> None:
    articles = numbered(10_000, 2)
    knowledge = KnowledgeBase(articles)
    name = articles[6543].asked_as[0].rpartition(" ")[2]
    assert knowledge.search(f"how can i get a {name}")[0].article_id == "n6543"
    assert not knowledge.answerable(knowledge.search("你今日開唔開心"))
    articles[77] = dataclasses.replace(articles[77], asked_as=(*articles[77].asked_as, "the zwiebelkuchen one"))
    began = time.perf_counter()
    edited = KnowledgeBase(articles, before=knowledge)
    assert time.perf_counter() - began < 15
    assert edited.search("zwiebelkuchen, the one i mean")[0].article_id == "n77"
    assert edited.version != knowledge.version
    anew = Index([read.entry for read in edited._read.values()], edited.synonyms, edited._others())
    asked = fold("zwiebelkuchen, the one i mean")
    assert edited._index.rank(asked, 5) == anew.rank(asked, 5)


@pytest.mark.parametrize("phrasings", [1, 3])
@pytest.mark.parametrize(
    ("before", "count", "most"),
    [(30, 40, 3_000), (45, 45, 3_000), (30, 40, 1), (200, 201, 1), (200, 200, 1), (200, 195, 1)],
)
def test_a_set_read_again_is_the_set_built_anew(
    monkeypatch: pytest.MonkeyPatch, phrasings: int, before: int, count: int, most: int
) -> None:
    monkeypatch.setattr("faq_kb.prototypes.MOST_PHRASINGS", most)
    old, new = numbered(before, phrasings), numbered(count, phrasings)
    new[3] = dataclasses.replace(new[3], asked_as=("all about umbrellas",))
    again, anew = KnowledgeBase(new, before=KnowledgeBase(old)), KnowledgeBase(new)
    assert again.version == anew.version
    for text in ("umbrella", "price of bababo", "幾錢", "where is it"):
        assert again.search(text) == anew.search(text)


def test_any_order_of_edits_of_a_large_set_ends_as_the_set_built_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faq_kb.prototypes.MOST_PHRASINGS", 1)
    monkeypatch.setattr("faq_kb.vectors.MANY_ENTRIES", 100)
    draw = random.Random(4)
    articles = numbered(260, 3)
    spare = [articles.pop() for _ in range(30)]
    knowledge = KnowledgeBase(articles)
    for number in range(12):
        place = draw.randrange(len(articles))
        article = articles[place]
        match draw.choice(("say", "say", "unsay", "counter", "delete", "add")):
            case "say":
                asked = (*article.asked_as, f"the zwiebel{number}kuchen of the house")
                articles[place] = dataclasses.replace(article, asked_as=asked)
            case "unsay":
                articles[place] = dataclasses.replace(article, asked_as=article.asked_as[:1])
            case "counter":
                articles[place] = dataclasses.replace(article, not_asked_as=(f"my own {number} things",))
            case "delete":
                del articles[place]
            case "add":
                articles.insert(place, spare.pop())
        knowledge = KnowledgeBase(articles, before=knowledge)
        anew = KnowledgeBase(articles)
        assert knowledge.version == anew.version
        for text in (
            "zwiebel0kuchen",
            "price of bababo",
            "幾錢",
            "where is it",
            f"is {article.id} made",
            "my own things",
        ):
            assert knowledge.search(text) == anew.search(text)


def test_many_phrasings_are_merged_and_every_one_still_counts() -> None:
    things = ("kettle", "blanket", "lantern", "bicycle")
    verbs = [first + last for first in SYLLABLES[:20] for last in SYLLABLES[:25]]
    articles = [
        Article(thing, "c", {}, {}, asked_as=tuple(f"can i {verb} the {thing}" for verb in verbs)) for thing in things
    ]
    knowledge = KnowledgeBase(articles)
    assert [knowledge.search(f"please {verbs[400]} my {thing}")[0].article_id for thing in things] == list(things)
    assert knowledge.search(articles[2].asked_as[499])[0] == Hit("lantern", 1.0, "exact")


def test_phrasings_that_differ_in_marks_alone_do_no_harm() -> None:
    same = tuple("how long" + "?" * n for n in range(40))
    knowledge = KnowledgeBase(
        [Article("a", "c", {}, {}, asked_as=same), Article("b", "c", {}, {}, asked_as=("how much",))]
    )
    assert knowledge.search("how long is it")[0].article_id == "a"
