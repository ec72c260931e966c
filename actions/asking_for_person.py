"""Whether somebody who asks for a person says what for as well."""

from __future__ import annotations

import re

# What somebody who asks for a person says anyway. What is left over says what for, when it is so many characters; a
# word of Latin letters is worth two.
_ASKING_FOR_PERSON = re.compile(
    "真人|人工|客[服戶户]|專[員人]|专[员人]|職員|职员|店員|店员|經理|经理|主管|同事|機[器械]人|机[器械]人|服務員?|服务员?|cs|bot"
    "|我|你[們哋们]?|想|要|搵|找|轉接?|转接?|駁|接|叫|請問?|请问?|麻煩|麻烦|唔該|可[唔不]可以|可以|能不能|能|幫忙?|帮忙?|同|跟|和|傾|講|說話?|说话?"
    "|聊|嗎|吗|呀|啊|啦|喇|嘅|的|好|快[點啲点]?|即刻|立刻|馬上|马上|而家|現在|现在|出[嚟來来]|謝謝?|谢谢?|多謝|個|个|有[冇沒没]有?|到|下|一|俾|给|給|人"
    r"|\b(?:hi|hello|can|could|may|i|you|your|please|pls|plz|just|want|need|would|like|wanna|to|talk|speak|chat|with|a|an|the|real|live"
    r"|actual|human|being|person|people|agent|someone|somebody|anyone|representative|rep|operator|manager|staff|team|customer|service"
    r"|care|support|get|give|connect|transfer|put|pass|me|through|on|over|now|thanks?|thank|asap|let|there|is|from|of|not?|don't|do"
    r"|is there|at|in|for|your|and|or|this|that|it|s|d|m|ll|t)\b",
    re.IGNORECASE,
)
_CHINESE = re.compile("[\u3400-\u9fff]")
_LATIN = re.compile(r"[a-z0-9]{2,}")
_WORTH_OF_WORD, _MORE = 2, 4


def says_more(words: str) -> bool:
    """Of a sentence that is known to ask for a person."""
    rest = _ASKING_FOR_PERSON.sub(" ", words.lower())
    return len(_CHINESE.findall(rest)) + _WORTH_OF_WORD * len(_LATIN.findall(rest)) >= _MORE
