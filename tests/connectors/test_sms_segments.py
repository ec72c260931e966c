"""How many SMS a text is."""

from __future__ import annotations

import pytest

from connectors.sms.segments import Segments, segments


@pytest.mark.parametrize(
    ("text", "encoding", "count"),
    [
        ("", "GSM-7", 1),
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 306, "GSM-7", 2),
        ("a" * 307, "GSM-7", 3),
        ("€" * 80, "GSM-7", 1),
        ("€" * 81, "GSM-7", 2),
        ("€" * 153, "GSM-7", 3),  # the escape and its character stay together: 76 in each
        ("è" * 160, "GSM-7", 1),
        ("ê" * 70, "UCS-2", 1),
        ("a" * 69 + "’", "UCS-2", 1),
        ("a" * 70 + "’", "UCS-2", 2),
        ("包" * 70, "UCS-2", 1),
        ("包" * 71, "UCS-2", 2),
        ("包" * 134, "UCS-2", 2),
        ("包" * 135, "UCS-2", 3),
        ("👋" * 35, "UCS-2", 1),
        ("👋" * 36, "UCS-2", 2),
        ("👋" * 67, "UCS-2", 3),  # no half of one: 33 in each
    ],
)
def test_a_text_is_so_many(text: str, encoding: str, count: int) -> None:
    assert segments(text) == Segments(encoding, count)
