"""The markup of answers: what is rendered, that nothing else is, and that no text takes long."""

from __future__ import annotations

import json
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faq_kb.markup import blocks, html, plain, refused_links

CASES = json.loads((Path(__file__).parent / "markup_cases.json").read_text(encoding="utf-8"))
SIGNS = st.text(alphabet="*[]()\\-1. \n\ta字</:#<>&\"'", max_size=60)


@pytest.mark.parametrize("case", CASES, ids=[case["text"][:30] for case in CASES])
def test_the_subset_is_read_and_nothing_else(case: dict[str, str]) -> None:
    assert html(case["text"]) == case["html"]
    assert plain(case["text"]) == case["plain"]


def test_blocks_go_into_json() -> None:
    read = blocks("**a** [b](/c)\nd\n\n2. e")
    assert json.loads(json.dumps(read)) == [
        {
            "kind": "paragraph",
            "children": [
                {"kind": "strong", "children": [{"kind": "text", "text": "a"}]},
                {"kind": "text", "text": " "},
                {"kind": "link", "url": "/c", "children": [{"kind": "text", "text": "b"}]},
                {"kind": "break"},
                {"kind": "text", "text": "d"},
            ],
        },
        {"kind": "list", "ordered": True, "start": 2, "items": [[{"kind": "text", "text": "e"}]]},
    ]


def test_a_path_gets_the_site_before_it_in_text() -> None:
    assert plain("[help](/help/a)", "https://shop.example/") == "help (https://shop.example/help/a)"


def test_a_link_that_is_none_is_reported() -> None:
    assert refused_links("[a](/ok) [b](javascript:x) [c](ftp://x)") == ["javascript:x", "ftp://x"]


class _Page(HTMLParser):
    """Notes every element and attribute a browser would make."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ("p", "br", "strong", "em", "ul", "ol", "li", "a")
        for name, value in attrs:
            assert (tag, name) in (("a", "href"), ("a", "rel"), ("ol", "start"))
            if name == "href":
                assert value and value.startswith(("/", "https://", "http://", "mailto:", "tel:"))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@given(SIGNS)
def test_any_text_becomes_well_formed_and_harmless_html(text: str) -> None:
    page = _Page()
    page.feed(html(text))
    page.close()
    assert page.open == []


@given(st.text(alphabet="ab字 <>&\"'\n", max_size=60))
def test_text_without_signs_keeps_every_character(text: str) -> None:
    page = _Page()
    page.feed(html(text))
    page.close()
    assert "".join(page.text.split()) == "".join(text.split())


@pytest.mark.alone
@pytest.mark.parametrize(
    "unit",
    [
        "*",
        "**",
        "***",
        "**a ",
        "*a",
        "[",
        "]",
        "[a](",
        "](",
        "[a](b",
        "[*",
        "**[",
        "[a](/b)",
        "\\",
        "- ",
        "- a\n",
        "1. a\n",
        "\n",
        "a\n\n",
        "  \n",
        " ",
        "<",
        "**a*b[c",
        "[\\a",
        "[[a]",
        "*a **b [c](",
        "a*",
        "字",
    ],
)
def test_a_hundred_kilobytes_of_signs_take_no_time(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    assert any(_seconds(text) < 2 for _ in range(3))


def _seconds(text: str) -> float:
    began = time.process_time()
    html(text)
    plain(text)
    return time.process_time() - began
