"""Folding text so that three kinds of Chinese and English meet. One way, for matching only, never for display.

OpenCC's round trips corrupt text and its phrase tables make one character fold in two ways, depending on its
neighbours. Its character table alone, plus what it leaves alone because Hong Kong and Taiwan differ, always folds
the same character to the same character, which is what matching needs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Optional

import opencc

# Hong Kong, Taiwan and the mainland write these differently and OpenCC's t2s table keeps both.
_VARIANTS = {
    "著": "着",
    "裏": "里",
    "裡": "里",
    "綫": "线",
    "衞": "卫",
    "啓": "启",
    "羣": "群",
    "麪": "面",
    "牀": "床",
    "峯": "峰",
    "邨": "村",
    "甚": "什",
    "妳": "你",
    "您": "你",
    "祂": "他",
    "她": "他",
    "它": "他",
    "牠": "他",
    "佢": "他",
    "揾": "找",
    "搵": "找",
    "攞": "拿",
    "睇": "看",
    "俾": "给",
    "畀": "给",
    "喺": "在",
    "嚟": "来",
    "嘅": "的",
    "咗": "了",
    "唔": "不",
    "冇": "没",
    "哋": "们",
    "嗰": "那",
    "啲": "些",
    "乜": "咩",
    "計": "计",
    "帐": "账",
    "帳": "账",
    "碼": "码",
    "佔": "占",
    "週": "周",
    "僱": "雇",
    "喫": "吃",
    "銹": "锈",
    "粧": "妆",
    "粵": "粤",
    "污": "污",
    "汙": "污",
    "颱": "台",
    "檯": "台",
    "枱": "台",
    "匯": "汇",
    "彙": "汇",
    "迴": "回",
    "製": "制",
    "祕": "秘",
    "餵": "喂",
    "鷄": "鸡",
    "剎": "刹",
    "覆": "复",
    "瞭": "了",
    "託": "托",
    "箇": "个",
}

# Grammar words of written Cantonese, as they stand after the characters are folded. The shop's own words
# (運費, 快遞 ...) are not grammar: they stand in synonyms.yml, where editors reach them.
_CANTONESE = {
    "几时": "什么时候",
    "几点钟": "什么时间",
    "几耐": "多久",
    "几多": "多少",
    "边度": "哪里",
    "边处": "哪里",
    "去边": "去哪里",
    "去了边": "去了哪里",
    "在边": "在哪里",
    "到边": "到哪里",
    "去边度": "去哪里",
    "去了边度": "去了哪里",
    "在边度": "在哪里",
    "到边度": "到哪里",
    "边个": "谁",
    "边间": "哪家",
    "边种": "哪种",
    "点解": "为什么",
    "点样": "怎么",
    "点算": "怎么办",
    "点先": "怎么才",
    "点可以": "怎么可以",
    "点用": "怎么用",
    "点退": "怎么退",
    "点改": "怎么改",
    "点查": "怎么查",
    "点买": "怎么买",
    "点付": "怎么付",
    "点拿": "怎么拿",
    "点找": "怎么找",
    "点做": "怎么做",
    "点计": "怎么算",
    "点收": "怎么收",
    "点寄": "怎么寄",
    "点换": "怎么换",
    "点取": "怎么取",
    "点登": "怎么登",
    "点申": "怎么申",
    "咩": "什么",
    "咩野": "什么",
    "咩嘢": "什么",
    "嘢": "东西",
    "而家": "现在",
    "家下": "现在",
    "依家": "现在",
    "宜家": "现在",
    "呢个": "这个",
    "呢度": "这里",
    "呢些": "这些",
    "呢d": "这些",
    "呢张": "这张",
    "呢件": "这件",
    "呢种": "这种",
    "系咪": "是不是",
    "系不系": "是不是",
    "不系": "不是",
    "系度": "在这里",
    "系": "是",
    "没得": "不能",
    "得不得": "可以",
    "可不可以": "可以",
    "能不能": "可以",
    "有没有": "有",
    "咁": "这么",
    "仲": "还",
    "仲未": "还没",
    "都未": "还没",
    "不该": "请问",
    "同埋": "和",
    "返": "回",
    "翻": "回",
    "听日": "明天",
    "寻日": "昨天",
    "今日": "今天",
    "落单": "下单",
    "定系": "还是",
    "啱": "合适",
    "啱啱": "刚刚",
    "啱先": "刚才",
    "头先": "刚才",
    "屋企": "家",
    "返工": "上班",
    "放工": "下班",
    "钟意": "喜欢",
    "礼拜": "星期",
    "咋办": "怎么办",
    "啥时": "什么时",
    "啥": "什么",
    "怎样": "怎么",
    "如何": "怎么",
    "多久时间": "多久",
    "不啱": "不合适",
    "倾": "谈",
    "嗌": "叫",
    "郁": "动",
}
# 関係/系統 and the like must survive the copula.
_KEPT_WORDS = ("关系", "系统", "系列", "联系", "体系", "翻译", "返利")

_WORDS = re.compile(r"\w+")

# Said at the end of a sentence, they carry mood and nothing to search for.
_FINAL_PARTICLES = "呀啊啦喇嘞㗎架噃喎㖞囉啰咯嚹啫咋吗呢吧呐哦喔嘛哩哪耶欸诶哈的"
_ANYWHERE_PARTICLES = "㗎啫嘞噃喎㖞囉啰呀啊啦喇嚹嘛喔哦耶欸诶吖"


def fold(text: str) -> str:
    """The form of ``text`` in which customers and editors of any variant write the same; for matching only."""
    folded = _fold_characters(text)
    if not folded.isascii():
        folded = _final_particles().sub("", folded)
        folded = _cantonese().sub(lambda found: _replacement(found.group()), folded)
        folded = folded.translate(_particle_table())
    return " ".join(folded.split())


def fold_words(text: str) -> str:
    """``fold`` without punctuation: equal when two people asked the same, however they put their marks."""
    return words_of(fold(text))


def words_of(folded: str) -> str:
    """Folded text without punctuation."""
    return " ".join(_WORDS.findall(folded))


def fold_keeping_length(text: str) -> str:
    """Like ``fold`` character by character: offsets into the result are offsets into ``text``."""
    return "".join(_fold_one(character) for character in text)


def _fold_characters(text: str) -> str:
    if text.isascii():
        return text.lower()
    composed = unicodedata.normalize("NFKC", text).lower()
    return unicodedata.normalize("NFD", composed).translate(_folds())


# More than any shop's texts hold; somebody may send us all of Unicode.
_MOST_FOLDS = 50_000


class _Folds(dict[int, Optional[int]]):
    """What becomes of each character: nothing of an accent or of what is not seen, of others themselves or their
    simplified form. Filled as characters are met; looking each up anew takes most of the time of folding."""

    def __missing__(self, code: int) -> int | None:
        is_mark = unicodedata.category(chr(code)) in ("Mn", "Cf", "Me")
        folded = None if is_mark else ord(_character_table().get(code, chr(code)))
        if len(self) < _MOST_FOLDS:
            self[code] = folded
        return folded


@lru_cache(maxsize=1)
def _folds() -> _Folds:
    return _Folds()


@lru_cache(maxsize=8192)
def _fold_one(character: str) -> str:
    normal = unicodedata.normalize("NFKC", character).lower()
    return normal.translate(_character_table()) if len(normal) == 1 else character


@lru_cache(maxsize=1)
def _character_table() -> Mapping[int, str]:
    """Traditional to simplified for each character of its own, from OpenCC's tables."""
    converter = opencc.OpenCC("t2s")
    table: dict[int, str] = {}
    for start, end in ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF)):
        block = [chr(code) for code in range(start, end + 1)]
        # A line each, so that no phrase forms between neighbours.
        for character, simple in zip(block, converter.convert("\n".join(block)).split("\n"), strict=True):
            if simple != character and len(simple) == 1:
                table[ord(character)] = simple
    table.update({ord(character): simple for character, simple in _VARIANTS.items()})
    table.update({ord("’"): "'", ord("‘"): "'", ord("“"): '"', ord("”"): '"'})
    return table


@lru_cache(maxsize=1)
def _particle_table() -> Mapping[int, str]:
    return {ord(character): " " for character in _ANYWHERE_PARTICLES}


@lru_cache(maxsize=1)
def _final_particles() -> re.Pattern[str]:
    return re.compile(rf"(?<=\w)[{_FINAL_PARTICLES}]+(?=[\s?!.,;~…。、]*(?:$|[?!.,;~…。、\n]))")


@lru_cache(maxsize=1)
def _cantonese() -> re.Pattern[str]:
    words = sorted((*_CANTONESE, *_KEPT_WORDS), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words)))


def _replacement(word: str) -> str:
    return _CANTONESE.get(word, word)
