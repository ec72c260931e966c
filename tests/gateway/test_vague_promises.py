"""Phrases that promise no time or too much: found in a draft, from a file that is followed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from gateway_parts import Start

from handoff import edited_file
from handoff.vague_promises import SHIPPED, VaguePromises, VaguePromisesError, read


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("好嘅，我哋會盡快幫你跟進同回覆", "vague", "盡快幫你跟進同回覆"),
        ("我们会尽快给您答复", "vague", "尽快给您答复"),
        ("客服會儘快與您聯絡，謝謝", "vague", "儘快與您聯絡"),
        ("We'll get  back to You soon.", "vague", "get  back to You"),
        ("I'll answer ASAP!", "vague", "ASAP"),
        ("聽日一定幫你退款", "unconfirmed", "一定幫你退款"),
        ("We guarantee it, and will be in touch", "unconfirmed", "guarantee"),
        ("運費三十蚊，盡快。我會回覆", None, ""),
        ("Please contact us", None, ""),
        ("a wasapi driver", None, ""),
        ("", None, ""),
    ],
)
def test_a_phrase_is_found_in_any_script_and_within_its_sentence(text: str, kind: str | None, said: str) -> None:
    found = VaguePromises(SHIPPED).find(text)
    assert (found.kind, text[found.start : found.end]) == (kind, said) if found else kind is None


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("vague:\n  en: [soon\n", "line 3: not valid YAML"),
        ("vague:\n  fr: [bientôt]\n", "line 2, vague.fr: unknown; known are zh-HK, zh-TW, zh-CN, en."),
        ("vogue:\n  en: [soon]\n", "line 1, vogue: unknown"),
        ("vague:\n  en: soon\n", "line 2, vague.en: expected a list"),
        ("vague:\n  en:\n    - soon\n    - '* soon'\n", "line 4, vague.en[1]: expected a phrase"),
        ("vague:\n  en:\n    - {a: b}\n", "line 3, vague.en[0]: expected a phrase"),
        (f"vague:\n  en: [{'x' * 61}]\n", "line 2, vague.en[0]: longer than 60"),
        ("vague:\n  en: [a]\n  en: [b]\n", "line 3, vague.en: stands twice"),
        ("- soon\n", "line 1: expected vague and unconfirmed"),
    ],
)
def test_a_broken_list_names_file_and_line(tmp_path: Path, written: str, complaint: str) -> None:
    path = tmp_path / "phrases.yml"
    path.write_text(written, encoding="utf-8")
    with pytest.raises(VaguePromisesError) as caught:
        read(path)
    assert str(caught.value).startswith("phrases.yml") and complaint in str(caught.value)


def test_long_drafts_and_odd_phrases_cost_little(tmp_path: Path) -> None:
    path = tmp_path / "phrases.yml"
    path.write_text("vague:\n  en: ['a*a*a*a*b', '(+)*[x']\n", encoding="utf-8")
    phrases = VaguePromises(path)
    began = time.process_time()
    assert phrases.find("a" * 10_000) is None
    assert time.process_time() - began < 5
    assert phrases.find("see (+) and [x") is not None


async def test_the_desk_is_told_of_it_and_the_last_good_list_stays(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edited_file, "LOOK_EVERY_SECONDS", 0)  # at every question, not twice a second
    path = tmp_path / "phrases.yml"
    path.write_text("vague:\n  en: [get back to you]\n", encoding="utf-8")
    gateway = await start(vague_promises_file=path)
    ben, sue = await gateway.seat("ben"), await gateway.seat("sue")

    async def vague(text: str) -> object:
        return (await ben.post("/moment", {"text": text, "language": "en"}))["vague"]

    assert await vague("We'll get back to you") == {"kind": "vague", "said": "get back to you"}
    assert await vague("We'll get back to you by tomorrow 5pm") is None, "it says when"
    assert await vague("Here it is") is None
    path.write_text("vague:\n  en: [soon]\n\n  xx: []\n", encoding="utf-8")
    assert await vague("We'll get back to you") is not None
    assert "phrases.yml, line 4" in (await sue.get("/promises?whose=all"))["phrases_problem"]
    assert (await ben.get("/promises"))["phrases_problem"] is None
    path.write_text("vague:\n  en: [soon]\n", encoding="utf-8")
    assert (await vague("We'll get back to you"), bool(await vague("soon"))) == (None, True)
    assert (await sue.get("/promises?whose=all"))["phrases_problem"] is None
