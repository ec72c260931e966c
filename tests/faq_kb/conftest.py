"""A small knowledge base on disk that a test may change."""

from __future__ import annotations

from pathlib import Path

import pytest

DELIVERY = """\
category: {zh-HK: 送貨, zh-TW: 配送, zh-CN: 配送, en: Delivery}
articles:
  - id: delivery-time
    question: {zh-HK: 幾耐送到?, zh-TW: 多久會送到?, zh-CN: 多久能送到?, en: How long does delivery take?}
    asked_as: [落單後幾日收到貨, 到货要几天, when will it arrive]
    answer: {zh-HK: 三日內送到。, zh-TW: 三天內送達。, zh-CN: 三天内送达。, en: Within three days.}
    related: [delivery-fee]
  - id: delivery-fee
    question: {zh-HK: 運費幾多?, zh-TW: 運費多少?, zh-CN: 运费多少?, en: How much is shipping?}
    asked_as: [送貨收幾錢, free shipping]
    answer: {zh-HK: 三十蚊。, zh-TW: 八十元。, zh-CN: 十元。, en: Thirty dollars.}
"""
RETURNS = """\
category: {zh-HK: 退貨, zh-TW: 退貨, zh-CN: 退货, en: Returns}
articles:
  - id: returns-how
    question: {zh-HK: 點樣退貨?, zh-TW: 如何退貨?, zh-CN: 怎么退货?, en: How do I return something?}
    asked_as: [想退返件貨, 七天无理由退货, send it back]
    not_asked_as: [幾時收到退款]
    answer: {zh-HK: 十四日內寄回。, zh-TW: 七天內寄回。, zh-CN: 七天内寄回。, en: Send it back within 14 days.}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "faq_kb" / "articles"
    folder.mkdir(parents=True)
    (folder / "delivery.yml").write_text(DELIVERY, encoding="utf-8")
    (folder / "returns.yml").write_text(RETURNS, encoding="utf-8")
    return folder
