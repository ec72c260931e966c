"""What names a person is taken out of what customers wrote, and nothing else is."""

from __future__ import annotations

import pytest

from faq_kb.redaction import redact

NAMING = {
    "我張單HG10023847去咗邊": "我張單[order]去咗邊",
    "hg-10023847 please": "[order] please",
    "我email係ana.lee+shop@mail.example.com呀": "我email係[e-mail]呀",
    "call +852 9123 4567 or 9123-4567": "call [phone] or [phone]",
    "手機0912-345-678，市話(02)2345-6789": "手機[phone]，市話[phone]",
    "打13812345678給我": "打[phone]給我",
    "９１２３４５６７搵我": "[phone]搵我",
    "4111 1111 1111 1111 declined": "[card] declined",
    "6222021234567890123扣了两次": "[card]扣了两次",
    "身份证11010519491231002X": "身份证[id]",
    "身分證A123456789": "身分證[id]",
    "HKID A123456(7)": "HKID [id]",
    "SF1234567890123 到邊": "[order] 到邊",
}
NAMING_NOBODY = (
    "運費幾多？滿$400免運？",
    "7-11 取貨要幾日",
    "iPhone 15 Pro Max 256GB 有冇貨",
    "is it open 10:00-18:00 on 24/12/2026?",
    "買3件送1件，８折？",
    "尺寸 120 x 60 cm",
    "",
)


@pytest.mark.parametrize("text", NAMING)
def test_what_names_a_person_is_taken_out(text: str) -> None:
    assert redact(text) == NAMING[text]


@pytest.mark.parametrize("text", NAMING_NOBODY)
def test_what_names_nobody_stays_as_it_was_written(text: str) -> None:
    assert redact(text) == text


def test_redacting_twice_changes_nothing_more() -> None:
    for text in NAMING:
        assert redact(redact(text)) == redact(text)
