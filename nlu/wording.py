"""How a message is put: whether it asks, asks for something to be done, or says no. Words of four kinds of language.

"How do I cancel an order" and "please cancel my order" are one job in nearly the same words; what tells them apart
are the small words around it, which the classifier hardly weighs. They are few, so they stand here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from faq_kb import fold_keeping_length

# Words as they look folded (faq_kb.folding): Simplified, lower case, 唔 as 不, 冇 as 没, 俾 as 给, 乜 as 咩.
_ASKS = re.compile(
    r"[?？]|怎|如何|点(样|搞|整|做|改|退|取消|换|先|可以|用|算|解|寄|知|查)|几(多|耐|时|日|天)|多(久|少|长)"
    r"|什么|啥|咩|边(度|间|个)|去(了|咗)?边|哪|为什么|吗|嘛|么$|(?P<verb>得|行|好|系|是|会|要|够|使|洗|用|能|有)[不没](?P=verb)|有没得|可[不否]可?以?"
    r"|能否|可否|是否|会否|还能|[仲还]可以|[得行可]以?[不未没吗]$|还是|定系|收到未|[不未没]$"
    r"|^(what|which|who|why|when|where|how|is|are|am|do|does|did|can i|could i|may i|should i|will|would i|has|have)\b"
    r"|\b(how (do|can|to|long|much|many|does|would|should)|can i|could i|may i|do i|am i|are you|is it|is there|"
    r"what (is|are|if|happens)|where (do|can)|who pays?|is that|what'?s)\b"
)
# Somebody is to do something, however politely it is put: "can you cancel it for me?"
_REQUESTS = re.compile(
    r"帮我|帮手|替我|代我|不该|麻烦|(?<![申邀])请(?!问)|拜托|求你|(?<![还退返])给我"
    r"|\b(please|pls|plz|can (you|u)|could (you|u)|would (you|u)|will you|help|for me|kindly)\b"
)
_NEGATES = re.compile(
    r"(?<!要)不要|(?<![系])不系|(?<![是])不是|不(好|使|用|想|需|必|取消|退|换|改)(?!意思)|别(?!的|人)|甭|算了|算啦"
    r"|\b(no|not|don'?t|dont|never|stop|nope|nah|wait)\b"
)

# Which of several: the second parcel, the last of the orders just shown.
_ORDINALS = (
    (1, re.compile(r"第一|头一|最上|\b(first|1st|top)\b")),
    (2, re.compile(r"第二|\b(second|2nd)\b")),
    (3, re.compile(r"第三|\b(third|3rd)\b")),
    (-1, re.compile(r"最[后尾]|\b(last one|bottom)\b")),
)


@dataclass(frozen=True)
class Wording:
    asks: bool = False
    requests: bool = False
    negates: bool = False
    ordinal: int = 0

    @classmethod
    def of(cls, text: str) -> Wording:
        folded = fold_keeping_length(text[:500]).strip(" 。.!！~")
        return cls(
            bool(_ASKS.search(folded)),
            bool(_REQUESTS.search(folded)),
            bool(_NEGATES.search(folded)),
            next((place for place, words in _ORDINALS if words.search(folded)), 0),
        )

    @property
    def asks_in_general(self) -> bool:
        """A question that asks nobody to do anything."""
        return self.asks and not self.requests

    def as_fields(self) -> dict[str, bool | int]:
        """What an action may know, of what is so."""
        fields = {"asks": self.asks_in_general, "negates": self.negates, "ordinal": self.ordinal}
        return {name: value for name, value in fields.items() if value}


# What is put neither way.
PLAIN = Wording()
