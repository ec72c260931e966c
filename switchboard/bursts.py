"""Several short messages in one breath: who waits behind whom, and which of them are one question.

What already waits when a turn begins is taken along, so nobody waits for it. Only a line that plainly announces another
one ("我想問", "my order", a trailing comma) is given a moment, and no longer than until the next line is there.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from faq_kb import fold_keeping_length
from handoff.records import Conversation, Message
from switchboard.records import Inbound, Receipt
from switchboard.wishes import plainly_asks_for_person

# A customer who announces and announces is answered after this many windows.
MOST_WINDOWS = 3
# Nobody announces at length.
_LONGEST_ANNOUNCEMENT = 60

# Words as they look folded (faq_kb.folding): Simplified, lower case, 唔 as 不, 啲 and 嘅 as themselves.
_GREETING = r"(你好|您好|哈[啰喽罗]|hi|hello|hey|喂|早晨|早安|早|在吗|不好意思|不该|麻烦你?|亲|唔该)?[\s,，!！~]*"
_ANNOUNCES = re.compile(
    _GREETING + r"("
    r"(我?想)?(请问|问下|问问|问一下|请教)(你|你哋|你们|下|一下|您)*|我?想问(你|下|一下|个问题)*"
    r"|(我|有)(有|个|件|啲|点|D)?(事|嘢|野|问题|东西)(想|要)?(问|请教)(你|你哋|你们|下|一下)*"
    r"|我?(想|要)(查|查询|了解|知|知道|睇|看)(下|一下)?|帮我(查|睇|看|check)?(下|一下)?|打扰(下|一下|了)?"
    r"|(我(的|嘅|啲|个|张|件|份)|(那|嗰|呢|这)(个|张|件))(单|订单|order|快递|包裹|快件|件|货|货品|parcel|退款)|我(单|订单)"
    r"|不好意思|关于.{0,8}|是这样的?|系咁嘅?|系咁样?嘅?"
    r"|excuse me|(just )?(a |one )?(quick |small )?question|i('ve| have| got)? ?(got )?a (quick )?question"
    r"|(i )?(just )?(wanna|want to|would like to|'?d like to|wanted to|need to) (ask|know|check)( you)?( something)?"
    r"|(can|could|may) i ask( you)?( something)?|(my|the|that) (order|parcel|package|refund|delivery|stuff|item)"
    r"|so|um+|well|ok so|actually|about (my|the|that) \w+"
    r")[呀啊呢吓嘅哈]*"
)
_DANGLES = re.compile(
    r"([,，、;；:：]|同埋|仲有|另外|还有|以及|因为|但系|但是|不过|如果|例如|譬如"
    r"|\b(and|but|because|cos|if|also|the|my|plus))$"
)


def announces_more(text: str) -> bool:
    """Whether this line says by itself that another one follows."""
    if len(text) > _LONGEST_ANNOUNCEMENT:
        return False
    folded = fold_keeping_length(text).strip(" .。~～!！…")
    return bool(_ANNOUNCES.fullmatch(folded) or _DANGLES.search(folded))


def may_be_joined(inbound: Inbound) -> bool:
    """Whether it is a line of text like any other: no button, no article picked, no wish for a person."""
    is_text = inbound.payload is None and inbound.picked_article is None and not inbound.text.startswith("/")
    return is_text and not inbound.asks_person and not plainly_asks_for_person(inbound.text)


def was_plain_text(entry: Message) -> bool:
    """Whether a stored message is such a line."""
    is_text = entry.payload is None and not entry.body.get("wordless") and not entry.text.startswith("/")
    return is_text and not plainly_asks_for_person(entry.text)


@dataclass(frozen=True)
class Taken:
    """A stored message, what of its conversation is still unfinished, and what its channel can take along now."""

    entry: Message
    conversation: Conversation
    known: bool = False
    earlier: list[Message] = field(default_factory=list)
    pending: list[Message] = field(default_factory=list)
    notice: list[Message] = field(default_factory=list)  # that a number in it was hidden


@dataclass(eq=False)
class Waiting:
    """A message that was handed over and is not answered yet; the turn before may have done its work."""

    inbound: Inbound
    taken: Taken | None = None
    receipt: Receipt | None = None


@dataclass(eq=False)
class _Conversation:
    present: int = 0
    hurried: bool = False
    queue: list[Waiting] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Bursts:
    """The messages of each conversation that are here and not answered, in the order in which they came."""

    def __init__(self, window_seconds: float) -> None:
        self.window_seconds = window_seconds
        self._conversations: dict[str, _Conversation] = {}

    def present(self, key: str) -> int:
        """How many messages of this conversation are here, the one whose turn it is among them."""
        return self._conversations[key].present if key in self._conversations else 0

    @contextmanager
    def arrived(self, key: str, inbound: Inbound) -> Iterator[Waiting]:
        """The message waits for its turn; whatever happens, it is gone afterwards."""
        here, mine = self._conversations.setdefault(key, _Conversation()), Waiting(inbound)
        here.present += 1
        here.queue.append(mine)
        here.changed.set()
        try:
            yield mine
        finally:
            here.present -= 1
            self.leave_queue(key, mine)
            if not here.present:
                del self._conversations[key]

    @contextmanager
    def under_way(self, key: str) -> Iterator[None]:
        """A message that is stored already is here until it is answered, by itself or with others."""
        here = self._conversations.setdefault(key, _Conversation())
        here.present += 1
        here.changed.set()
        try:
            yield
        finally:
            here.present -= 1
            if not here.present:
                del self._conversations[key]

    def begin(self, key: str, line: Waiting | None = None) -> None:
        """Its turn came."""
        self._conversations[key].hurried = False
        if line is not None:
            self.leave_queue(key, line)

    def leave_queue(self, key: str, line: Waiting) -> None:
        """It waits no longer: another took it along, or it is done."""
        with contextlib.suppress(ValueError):
            self._conversations[key].queue.remove(line)

    def first(self, key: str) -> Waiting | None:
        """Who waits longest."""
        queue = self._conversations[key].queue
        return queue[0] if queue else None

    async def another(self, key: str, seconds: float) -> bool:
        """Wait until another message waits for its turn. False when none came in time, or when there is no more."""
        self.listen(key)
        await self.heard(key, seconds)
        return bool(self._conversations[key].queue)

    def listen(self, key: str) -> None:
        """What arrives from here on is heard."""
        self._conversations[key].changed.clear()

    async def heard(self, key: str, seconds: float) -> bool:
        """Wait until something arrives. False when nothing does in time, or when there is no more time."""
        here = self._conversations[key]
        if not here.hurried:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(here.changed.wait(), seconds)
        return here.changed.is_set() and not here.hurried

    def hurry(self, key: str) -> None:
        """Something else happens in this conversation: whoever waits for another message waits no longer."""
        if key in self._conversations:
            self._conversations[key].hurried = True
            self._conversations[key].changed.set()
