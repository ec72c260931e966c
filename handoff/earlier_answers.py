"""What people answered to questions like this one, as drafts for the next answer; nothing of another customer in them.

Questions are compared by pairs of Chinese characters and by words, the rare ones weighing more. What is compared is
kept in memory, of the newest answers, and follows the transcript whenever it is asked; the answers themselves are read
from the database when they are shown, and only those of conversations that had to do with the asker's teams.
"""

from __future__ import annotations

import functools
import math
import re
import threading
from collections import Counter, deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from faq_kb import redact
from faq_kb.folding import fold
from handoff import conversations, tickets, transcript
from handoff.models import Author, messages
from handoff.records import Agent, Conversation, Message, is_own_words, is_template, is_typed

KEPT = 4_000
# So far back the first asking reads; later ones read what is new.
LINES_BACK = 20_000
QUESTION_CHARS = 300
ANSWER_CHARS = range(8, 801)
LIKE_ENOUGH = 0.45
_RUN = re.compile(r"[a-z0-9]+|[^\W_a-z0-9]+")

_TITLES = "先生|小姐|女士|太太|同學|同学"
_SURNAMES = (
    "陳陈李黃黄張张王林吳吴劉刘蔡楊杨許许鄭郑謝谢洪郭邱曾廖賴赖徐周葉叶蘇苏莊庄呂吕江何蕭萧羅罗高潘簡简朱鍾钟游彭詹胡施沈余趙赵盧卢梁顏颜柯"
    "翁魏孫孙戴范方宋鄧邓杜傅侯曹薛丁卓馬马董温溫唐藍蓝石蔣蒋田康鄒邹白涂尤巫韓韩龔龚嚴严袁黎金歐欧陸陆馮冯譚谭區区伍麥麦關关鄺邝"
)
_NAMES = (
    re.compile(rf"[{_SURNAMES}][\u4e00-\u9fff]{{0,2}}(?={_TITLES})(?:{_TITLES})"),
    re.compile(r"^[\u4e00-\u9fff]{2,4}(?=[，,、]?\s*[你您]好)"),
    re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr)\.? +[A-Z][\w'-]+(?: +[A-Z][\w'-]+)?"),
    re.compile(
        r"(?:(?<=\bHi )|(?<=\bHey )|(?<=\bHello )|(?<=\bDear ))(?!(?:there|There|all|All)\b)"
        r"[A-Z][\w'-]*(?: +[A-Z][\w'-]*){0,2}"
    ),
)
# What only its own customer may read: an answer with such a thing in it is no draft for somebody else.
_PERSONAL = re.compile(
    r"\[(?:e-mail|id|card|number|phone)\]|••|https?://\S*[?#]\S"
    r"|[路街道巷弄村邨苑閣阁][^。！？\n]{0,10}?\d+\s*[號号樓楼座室]|\d+\s*[樓楼][^。！？\n]{0,4}室|\b(?:flat|room|unit)\s+\w*\d",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class EarlierAnswer:
    """A person's answer to a question like this one, with blanks where it named its customer or an order."""

    message_id: int
    text: str
    by: str
    at: datetime
    likeness: float


@dataclass(frozen=True)
class _Pair:
    answer_id: int
    conversation_id: str
    language: str
    tokens: frozenset[str]


class _Rarity:
    """What a token weighs among so many questions; each looked up once."""

    def __init__(self, questions: int, counts: Counter[str]) -> None:
        self._of = functools.lru_cache(maxsize=None)(lambda token: 1 + math.log((1 + questions) / (1 + counts[token])))
        self._whole = functools.lru_cache(maxsize=1)(self._weight)

    def likeness(self, wanted: frozenset[str], other: frozenset[str]) -> float:
        """Between 0 and 1: the weight of what both have, over the mean of what each has."""
        length = math.sqrt(self._whole(wanted) * self._weight(other))
        return self._weight(wanted & other) / length if length else 0.0

    def _weight(self, tokens: frozenset[str]) -> float:
        return sum(map(self._of, tokens))


class EarlierAnswers:
    """Finds them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pairs: deque[_Pair] = deque()
        self._counts: Counter[str] = Counter()
        self._asked: dict[str, str] = {}
        self._up_to: int | None = None

    def like(
        self, connection: Connection, conversation: Conversation, question: str, agent: Agent, limit: int = 2
    ) -> list[EarlierAnswer]:
        """The best ones in this conversation's language, each said once; none from this conversation itself."""
        wanted = tokens_of(question)
        with self._lock:
            self._follow(connection)
            ranked = self._ranked(wanted, conversation)
        seen = _may_see(connection, {pair.conversation_id for _, pair in ranked}, agent)
        found: dict[str, EarlierAnswer] = {}
        for likeness, pair in ranked:
            answer = transcript.one(connection, pair.answer_id) if pair.conversation_id in seen else None
            text = answer and impersonal(answer.text, _names_in(connection, answer))
            if answer and text:
                found.setdefault(fold(text), EarlierAnswer(answer.id, text, answer.name or "", answer.at, likeness))
            if len(found) == limit:
                break
        return list(found.values())

    def _ranked(self, wanted: frozenset[str], conversation: Conversation) -> list[tuple[float, _Pair]]:
        rarity = _Rarity(len(self._pairs), self._counts)
        scored = [
            (rarity.likeness(wanted, pair.tokens), pair)
            for pair in reversed(self._pairs)
            if pair.language == conversation.language
            and pair.conversation_id != conversation.id
            and not wanted.isdisjoint(pair.tokens)
        ]
        scored.sort(key=lambda one: -one[0])
        return [one for one in scored[:20] if one[0] >= LIKE_ENOUGH]

    def _follow(self, connection: Connection) -> None:
        """Takes in what was said since. A line that is committed late, below one already seen, is left out: no harm."""
        if self._up_to is None:
            newest = connection.execute(select(func.max(messages.c.id))).scalar_one() or 0
            self._up_to = max(0, newest - LINES_BACK)
        columns = [
            messages.c[name] for name in ("id", "conversation_id", "author", "text", "payload", "language", "body")
        ]
        said = (Author.CUSTOMER.value, Author.AGENT.value)
        query = select(*columns).where(messages.c.id > self._up_to, messages.c.author.in_(said))
        for row in connection.execute(query.order_by(messages.c.id).limit(LINES_BACK)):
            self._up_to = row.id
            if row.author == Author.CUSTOMER.value:
                if is_typed(row.payload, row.body):
                    before = self._asked.get(row.conversation_id, "")
                    self._asked[row.conversation_id] = f"{before} {row.text}"[-QUESTION_CHARS:]
                continue
            if is_template(row.body):
                continue
            # Only the first line after a question is its answer.
            tokens = tokens_of(self._asked.pop(row.conversation_id, ""))
            if len(tokens) > 1 and len(row.text) in ANSWER_CHARS and is_own_words(row.body):
                self._keep(_Pair(row.id, row.conversation_id, row.language, tokens))
        while len(self._asked) > KEPT:
            self._asked.pop(next(iter(self._asked)))

    def _keep(self, pair: _Pair) -> None:
        self._pairs.append(pair)
        self._counts.update(pair.tokens)
        if len(self._pairs) > KEPT:
            self._counts.subtract(self._pairs.popleft().tokens)


def tokens_of(question: str) -> frozenset[str]:
    """What a question is compared by; numbers and addresses are no part of what is asked."""
    runs = _RUN.findall(fold(redact(question[-QUESTION_CHARS:])))
    return frozenset(
        token
        for run in runs
        for token in ([run] if run[0].isascii() or len(run) == 1 else [run[at : at + 2] for at in range(len(run) - 1)])
    )


def impersonal(text: str, names: Sequence[str] = ()) -> str | None:
    """The text as a draft for another customer: names and orders as blanks; None when more of a person is in it."""
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = re.sub(re.escape(name), "{customer.name}", text, flags=re.IGNORECASE)
    for pattern in _NAMES:
        text = pattern.sub("{customer.name}", text)
    text = redact(text).replace("[order]", "{order.number}")
    return None if _PERSONAL.search(text) else text


def _names_in(connection: Connection, answer: Message) -> list[str]:
    """How the customer of this answer is called, as far as we know."""
    conversation = conversations.find(connection, answer.conversation_id)
    ticket = tickets.last_of(connection, answer.conversation_id)
    contact = (ticket.contact if ticket else None) or {}
    whole = [name for name in (conversation.customer_name, contact.get("name")) if name]
    # "Mary" of "Mary Chan"; one letter alone would be found everywhere.
    return [*whole, *(part for name in whole for part in str(name).split() if len(part) > 1)]


def _may_see(connection: Connection, conversation_ids: Collection[str], agent: Agent) -> set[str]:
    """Of these conversations those of this agent's teams; supervisors and who is in no team see all."""
    if agent.may_take_over or not agent.teams:
        return set(conversation_ids)
    last = tickets.last_of_each(connection, list(conversation_ids))
    return {one for one, ticket in last.items() if ticket.team in agent.teams}
