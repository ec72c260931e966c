"""From a folded sentence to the features it is compared by: words, meanings, pairs of both, pieces of words.

A model with few phrasings to learn from lives on what its features bring along, so words are brought to a stem,
words that mean the same are tied by the synonym file, and Chinese, which has no spaces, is read as characters and
pairs of neighbours.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import add
from typing import NamedTuple

from faq_kb import quick_yaml
from faq_kb.folding import fold

# The kinds of features; each is weighted on its own, so that the many pieces do not drown the few words.
BLOCKS = ("words", "characters", "meanings", "pairs", "pieces")
WORDS, CHARACTERS, MEANINGS, PAIRS, PIECES = range(len(BLOCKS))

_CHINESE = "\u3400-\u9fff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"[^\W_{_CHINESE}]+|[{_CHINESE}]+")

_CONTRACTIONS = (
    (re.compile(r"\bcan'?t\b|\bcannot\b"), "can not"),
    (re.compile(r"\bwon'?t\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"\b(do|does|did|is|are|was|were|has|have|had|would|could|should)nt\b"), r"\1 not"),
    (re.compile(r"'(?:m|re|ve|ll|d|s)\b"), ""),
)

_IRREGULAR = """
am is are was were been being: be
has had having: have
does did done doing: do
goes went gone going: go
gets got gotten getting: get
bought: buy
paid: pay
sent: send
took taken: take
lost: lose
stole stolen: steal
made: make
gave given: give
broke broken: break
found: find
came: come
saw seen: see
knew known: know
told: tell
said: say
thought: think
kept: keep
left: leave
forgot forgotten: forget
chose chosen: choose
spent: spend
withdrew withdrawn withdrawal withdrawals: withdraw
froze frozen: freeze
began begun: begin
wrote written: write
spoke spoken: speak
shown: show
meant: mean
wore worn: wear
ate eaten: eat
children: child
people: person
worse worst: bad
better best: good
mine: my
me myself: i
your yours: you
"""
_STEMS = {
    form: stem.strip()
    for forms, _, stem in (line.partition(":") for line in _IRREGULAR.strip().splitlines())
    for form in forms.split()
}

# Words that carry no meaning in a pair.
_EMPTY_WORDS = (
    "i my a an the to of for in on at it this that is be am do can could would will have you please and or with"
)
_EMPTY = frozenset(_EMPTY_WORDS.split())

# Words that a question is made with and that say nothing about what it is about. (Folded, as all that is read here.)
_ASKING = re.compile(
    "为什么|怎么样|怎么办|怎么|什么时候|什么时间|什么|哪里|哪个|哪家|哪种|哪些|多久|多少|可不可以|能不能|是不是|有没有|会不会|"
    "可以|不可以|不能|不会|不要|不是|知道|觉得|想要|请问|这个|那个|这些|那些|这么|这里|那里|我们|你们|他们|"
    "一下|一个|现在|刚刚|已经|还是|还没|没有|因为|所以|如果|但是|的话|[我你他的了吗呢是有在会能要想不没很都也就这那和跟把被给让吧啊谁几个]"
)

# How far apart two words of a pair may stand, and how long a piece of a word is.
_PAIR_REACH = 4
_PIECES = (2, 3, 4, 5)


class Features(NamedTuple):
    """What a sentence is compared by: its blocks in the order of ``BLOCKS``, and what carries its content, each
    with the block in which it stands."""

    blocks: tuple[Mapping[str, int], ...]
    content: tuple[tuple[int, str], ...]


class Synonyms:
    """Which words mean the same. A meaning is a number; a word may have several."""

    def __init__(self, groups: Iterable[Sequence[str]], digest: str = "") -> None:
        self.digest = digest
        self._meanings: dict[tuple[str, ...], list[str]] = {}
        chinese = set()
        for number, group in enumerate(groups):
            for word in group:
                folded = fold(word)
                key = (folded,) if _is_chinese(folded) else tuple(stems(folded))
                meanings = self._meanings.setdefault(key, [])
                if f"={number}" not in meanings:
                    meanings.append(f"={number}")
                if _is_chinese(folded):
                    chinese.add(folded)
        self._longest = max((len(key) for key in self._meanings), default=0)
        longest_first = sorted(chinese, key=lambda word: (-len(word), word))
        self._chinese = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    @classmethod
    def parse(cls, *texts: str) -> Synonyms:
        """The groups of YAML files, one after the other."""
        return cls([group for text in texts for group in groups_in(text)])

    def in_chinese(self, run: str) -> Iterator[tuple[int, int, list[str]]]:
        """Where the run holds a known word: start, end, meanings."""
        for found in self._chinese.finditer(run):
            yield found.start(), found.end(), self._meanings[(found.group(),)]

    def at(self, words: Sequence[str], start: int) -> tuple[int, list[str]]:
        """How many words from ``start`` make the longest known expression, and its meanings."""
        for length in range(min(self._longest, len(words) - start), 0, -1):
            meanings = self._meanings.get(tuple(words[start : start + length]))
            if meanings:
                return length, meanings
        return 1, []


def groups_in(text: str) -> list[list[str]]:
    """Groups of words, as our own files hold them."""
    return [[str(word) for word in group] for group in quick_yaml.read(text) or []]


def features_of(folded: str, synonyms: Synonyms) -> Features:
    """The features of a folded sentence, by block, each with how often it occurs."""
    reader = _Reader(synonyms)
    for token in _TOKEN.findall(_expand(folded)):
        if _is_chinese(token):
            reader.chinese(token)
        else:
            reader.latin(token)
    return reader.features()


class _Reader:
    """Reads the tokens of one sentence."""

    def __init__(self, synonyms: Synonyms) -> None:
        self._synonyms = synonyms
        self._words: list[str] = []
        self._characters: list[str] = []
        self._meanings: list[str] = []
        self._pieces: list[str] = []
        self._content: list[tuple[int, str]] = []
        self._chain: list[list[str]] = []  # the sentence as words and meanings in their order
        self._latin: list[str] = []  # a run of words, for expressions of several

    def latin(self, token: str) -> None:
        self._latin.append(_stem(token))
        self._pieces += _pieces_of(token)

    def chinese(self, run: str) -> None:
        self._end_latin()
        self._characters += run
        self._characters += map(add, run, run[1:])
        last = 0
        for start, end, meanings in self._synonyms.in_chinese(run):
            self._plain_chinese(run[last:start])
            self._mean(meanings, about=_ASKING.fullmatch(run, start, end) is None)
            last = end
        self._plain_chinese(run[last:])

    def features(self) -> Features:
        self._end_latin()
        pairs = [item for items in self._chain for item in items]
        for place, items in enumerate(self._chain):
            near = [item for others in self._chain[place + 1 : place + 1 + _PAIR_REACH] for item in others]
            pairs += [f"{a}~{b}" if a < b else f"{b}~{a}" for a in items for b in near]
        blocks = (self._words, self._characters, self._meanings, pairs, self._pieces)
        return Features(tuple(map(_counted, blocks)), tuple(dict.fromkeys(self._content)))

    def _end_latin(self) -> None:
        words, start = self._latin, 0
        while start < len(words):
            length, meanings = self._synonyms.at(words, start)
            if meanings:
                self._mean(meanings)
            elif words[start] not in _EMPTY:
                self._chain.append([words[start]])
                self._content.append((WORDS, words[start]))
            start += length
        self._words += words
        self._latin = []

    def _plain_chinese(self, run: str) -> None:
        self._chain += [[gram] for gram in map(add, run, run[1:])]
        for part in _ASKING.split(run):
            self._content += [(CHARACTERS, gram) for gram in (map(add, part, part[1:]) if len(part) > 1 else part)]

    def _mean(self, meanings: list[str], about: bool = True) -> None:
        self._meanings += meanings
        self._chain.append(meanings)
        if about:
            self._content.append((MEANINGS, meanings[0]))


def words_of(folded: str) -> list[str]:
    """The words of a folded sentence alone: stems, and of Chinese the characters and pairs of neighbours."""
    found: list[str] = []
    for token in _TOKEN.findall(_expand(folded)):
        found += [*token, *map(add, token, token[1:])] if _is_chinese(token) else [_stem(token)]
    return found


def stems(folded: str) -> list[str]:
    return [token if _is_chinese(token) else _stem(token) for token in _TOKEN.findall(_expand(folded))]


def _expand(folded: str) -> str:
    if "'" in folded or "nt" in folded or "cannot" in folded:
        for pattern, full in _CONTRACTIONS:
            folded = pattern.sub(full, folded)
    return folded


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    """A crude English stem: good enough to tie arrive, arrives, arrived and arriving."""
    if word in _STEMS:
        return _STEMS[word]
    if len(word) <= 3 or not word.isascii() or word[0].isdigit():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for suffix in ("ing", "ed"):
        root = word.removesuffix(suffix)
        if root != word and len(root) >= 3 and re.search("[aeiouy]", root):
            word = root[:-1] if len(root) > 3 and root[-1] == root[-2] and root[-1] not in "ls" else root
            break
    if len(word) > 3 and word.endswith("e"):
        word = word[:-1]
    return word[:-1] + "i" if len(word) > 3 and word.endswith("y") else word


@lru_cache(maxsize=20_000)
def _pieces_of(word: str) -> tuple[str, ...]:
    padded = f" {word} "
    return tuple(padded[start : start + size] for size in _PIECES for start in range(len(padded) - size + 1))


def _counted(features: list[str]) -> Mapping[str, int]:
    once = dict.fromkeys(features, 1)
    # In most sentences nothing stands twice.
    return once if len(once) == len(features) else Counter(features)


def _is_chinese(token: str) -> bool:
    return bool(token) and ("\u3400" <= token[0] <= "\u9fff" or token[0] >= "\U00020000")
