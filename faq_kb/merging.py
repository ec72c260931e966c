"""Two people changed one article: what each changed since both saw the same, put together field by field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from faq_kb.content import FIELDS, Content, empty


def merge(base: Content | None, mine: Content, theirs: Content) -> tuple[Content, list[str]]:
    """Both changes together, and the fields that each changed in another way; those hold mine.

    Texts are compared a locale at a time. Of lists the additions and removals of both are kept, so two editors who
    each add a phrasing never meet.
    """
    base = base or empty()
    merged: Content = {}
    conflicts: list[str] = []
    for name, kind in FIELDS.items():
        if kind == "texts":
            locales = dict.fromkeys([*theirs[name], *mine[name]])
            texts = {}
            for locale in locales:
                one = [side[name].get(locale) for side in (base, mine, theirs)]
                text, agrees = _one_of(*one)
                if not agrees:
                    conflicts.append(f"{name}.{locale}")
                if text is not None:
                    texts[locale] = text
            merged[name] = texts
        elif kind == "list":
            merged[name] = _both(base[name], mine[name], theirs[name])
        else:
            merged[name], agrees = _one_of(base[name], mine[name], theirs[name])
            if not agrees:
                conflicts.append(name)
    return merged, conflicts


def _one_of(base: Any, mine: Any, theirs: Any) -> tuple[Any, bool]:
    if mine == theirs or theirs == base:
        return mine, True
    return (theirs, True) if mine == base else (mine, False)


def _both(base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> list[str]:
    if mine in (base, theirs):
        return list(theirs)
    if theirs == base:
        return list(mine)
    gone = {text for text in base if text not in mine or text not in theirs}
    kept = [text for text in mine if text not in gone]
    return kept + [text for text in theirs if text not in gone and text not in kept]
