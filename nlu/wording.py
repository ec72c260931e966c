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
    r"|什么|啥|咩|谁|边(度|间|个)|去(了|咗)?边|哪|为什么|吗|嘛|么$|(?P<verb>得|行|好|系|是|会|要|够|使|洗|用|能|有)[不没](?P=verb)|有没得|可[不否]可?以?"
    r"|能否|可否|是否|会否|还能|[仲还]可以|[得行可]以?[不未没吗]$|还是|定系|收到未|[不未没]$"
    r"|^(what|which|who|why|when|where|how|is|are|am|do|does|did|can i|could i|may i|should i|will|would i|has|have)\b"
    r"|\b(how (do|can|to|long|much|many|does|would|should)|can i|could i|may i|do i|am i|are you|is it|is there|"
    r"what (is|are|if|happens)|where (do|can)|who pays?|is that|what'?s)\b"
)
# How a thing is done, which is not why it is not done yet ("怎么还没退") or what is wrong ("怎么回事").
_ASKS_HOW = re.compile(
    r"怎(么样?|样)?(?=退|换|取消|改|更改|修改|申请|办|操作|弄|搞|才)|如何|点样?(?=退|换|取消|改|申请|办|搞|整|做)|(退|换)[货款].*(流程|步骤|点搞|点样|怎么(办理|弄|操作))"
    r"|\bhow (do|can|should|would|to)\b"
)
# Somebody is to do something, however politely it is put: "can you cancel it for me?"
_REQUESTS = re.compile(
    r"帮我|帮手|替我|代我|不该|麻烦|(?<![申邀])请(?!问)|拜托|求你|(?<![还退返])给我"
    r"|\b(please|pls|plz|can (you|u)|could (you|u)|would (you|u)|will you|help|for me|kindly)\b"
)
_NEGATES = re.compile(
    r"(?<!要)不要|(?<![系])不系|(?<![是])不是|(?<!对)不对|不啱|[搞选打写按]错|不(好|使|用|想|需|必|取消|退|换|改)(?!意思)|别(?!的|人)|甭|算了|算啦"
    r"|\b(no(?! (problem|worries))|not|don'?t|dont|never|stop|nope|nah|wait|wrong (one|order|number))\b"
)
# What takes nothing back, though it holds a no.
_NO_WITHOUT_NO = re.compile(
    r"[不没][该错]|[不没](所谓|关系|问题|毛病|事|介意|好意思|客气)|不用(谢|客气|担心)|[不没]有?异议|对[不没]对|系[不没]系|是[不没]是"
    r"|\b(no (problem|worries|prob|objections?|issues?|more questions)|np|why not|not a problem|don'?t (mind|worry))\b"
)
# Where something is to be done at a yes, none of these is one: a no anywhere, a condition, time to think.
_WITHHOLDS = re.compile(
    r"[不没未别甭勿莫咪吾免否错]|木有|费事|5[使驶駛]|^算|慢着|慢住|等|且慢|住先|先(?=[\s,，。!！~呀啊啦]|$)|先(等|问|看|睇|想|谂)"
    r"|[谂想](下|一下|谂|想|清楚|多)|考虑|犹豫|再(说|讲|算|睇|看)|迟[啲点些]|晚[点些]|或者|可能|也许|说不定|如果|假如|万一|要是|除非"
    r"|但|不过|停|算[了啦]|反悔|后悔|改主意|不定|[🤔✋🛑👎❌🙅🚫]"
    r"|\b(no|not|nope|nah|never|none|cannot|without|wait|hold on|hang on|stop|hmm+|umm*|maybe|perhaps|later|think"
    r"|thinking|secs?|seconds?|mins?|minutes?|moment|unless|until|if|but|except|instead|depends|unsure|hesitat\w*"
    r"|let me|reconsider|changed my mind|n|nvm|neither|nothing|incorrect|wrong|ng sai|first|should i|keep it|leave it"
    r"|(do|does|did|is|are|was|were|wo|would|could|should|ca|have|has)n['’]?t)\b"
)
# "Do it" asks nothing.
_DO_IT = re.compile(r"^(please )?(do|will do)( (it|that|so|this|them))?\b(?! (i|you|we))")
# Not the order in hand. "The other one" may be anything that was spoken of, "the other order" is always an order.
_OTHER_ORDER = re.compile(
    r"(另一?|另外一?|另外那|其他|别的|之前那)(张|笔|个|份)?(订?单|order)|另(一|外一?|外那)(张|笔)|不[是系][这呢](张|笔|份)"
    r"|\b(other|another|different|earlier|previous|wrong) order\b"
)
_OTHER = re.compile(r"另(一|外一?|外那)[个单]|\b(the )?(other|another) one\b|\bwrong one\b")
# About no order that is there: "if I order now, does it go out today?", "how long does it take usually?"
_NO_ORDER_YET = re.compile(
    r"(现在|而家|依家|如果|[午点]前)就?(落单|落order|下单|拍|买|订|付款|order)|\b(if|when) (i|we) (order|buy|pay)\b"
    r"|\b(order|buy|ordering|buying) (it |this )?(right )?now\b"
    r"|\bdo (you|u|ya|you guys) (also )?(deliver|ship|send|post)\b"
    r"|[送寄派][不没][送寄派]|有[没不]有?[送寄派]|可以[送寄]到"
    r"|一般|通常|平时|大概要|\b(usually|normally|generally|in general)\b"
)

# "That thing of that one": whatever a classifier makes of it, it says nothing.
_SAYS_NOTHING = re.compile(r"(?=.*(东西|嘢))([这那嗰呢]|个|的|嘅|东西|嘢|啲|些|样|啊|呀|\s)+")

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
    asks_how: bool = False
    requests: bool = False
    negates: bool = False
    withholds: bool = False  # no plain yes: a no somewhere, a condition, a question, time to think
    ordinal: int = 0
    other: str = ""  # "order" where another order is meant, "one" where another of something is
    about_no_order: bool = False

    @classmethod
    def of(cls, text: str) -> Wording:
        folded = fold_keeping_length(text[:500]).strip(" 。.!！~")
        asks, requests = bool(_ASKS.search(folded)), bool(_REQUESTS.search(folded))
        return cls(
            asks,
            bool(_ASKS_HOW.search(folded)),
            requests,
            bool(_NEGATES.search(folded)),
            bool(_WITHHOLDS.search(_NO_WITHOUT_NO.sub(" ", folded)))
            or (asks and not requests and not _DO_IT.search(folded)),
            next((place for place, words in _ORDINALS if words.search(folded)), 0),
            "order" if _OTHER_ORDER.search(folded) else "one" if _OTHER.search(folded) else "",
            bool(_NO_ORDER_YET.search(folded)),
        )

    @staticmethod
    def says_nothing(text: str) -> bool:
        """Whether there is nothing in the text but words that point at something."""
        return bool(_SAYS_NOTHING.fullmatch(fold_keeping_length(text[:60]).strip(" 。.!！~?？,")))

    @property
    def asks_in_general(self) -> bool:
        """A question that asks nobody to do anything."""
        return self.asks and not self.requests

    def as_fields(self) -> dict[str, bool | int | str]:
        """What an action may know, of what is so."""
        fields: dict[str, bool | int | str] = {
            "asks": self.asks_in_general,
            "negates": self.negates,
            "withholds": self.withholds,
            "ordinal": self.ordinal,
            "other": self.other,
        }
        return {name: value for name, value in fields.items() if value}


# What is put neither way.
PLAIN = Wording()
