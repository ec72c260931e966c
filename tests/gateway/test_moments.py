"""The moment that an agent's line promises, in four languages; by the shop's clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from handoff.moments import in_words, moment_in

HONG_KONG = ZoneInfo("Asia/Hong_Kong")
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=HONG_KONG)  # a Monday


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("聽日下晝三點前覆你", "03-03 15:00"),
        ("我哋聽朝十點前搵你", "03-03 10:00"),
        ("今晚八點前話你知", "03-02 20:00"),
        ("今日收工前覆你", "03-02 18:00"),
        ("後日之前會有答案", "03-04 18:00"),
        ("星期五下晝四點半前覆你", "03-06 16:30"),
        ("禮拜五前一定覆", "03-06 18:00"),
        ("下星期三早上回你電話", "03-11 12:00"),
        ("兩個鐘頭內覆你", "03-02 14:00"),
        ("半個鐘內覆你", "03-02 12:30"),
        ("個半鐘內覆你", "03-02 13:30"),
        ("3個工作天內回覆您", "03-05 18:00"),
        ("明天下午前回覆您", "03-03 12:00"),
        ("明天下午回覆您", "03-03 18:00"),
        ("週四中午前給您答覆", "03-05 12:00"),
        ("3月5日下午4點前回覆", "03-05 16:00"),
        ("30分鐘內回覆您", "03-02 12:30"),
        ("后天下午三点半之前回复您", "03-04 15:30"),
        ("周五17:00前回复您", "03-06 17:00"),
        ("24小时内给您答复", "03-03 12:00"),
        ("下周一上午回复", "03-09 12:00"),
        ("5号前回复您", "03-05 18:00"),
        ("两天内回复您", "03-04 18:00"),
        ("I'll get back to you by Friday 5pm", "03-06 17:00"),
        ("You will hear from me tomorrow before noon", "03-03 12:00"),
        ("by tomorrow morning", "03-03 12:00"),
        ("We'll reply within 24 hours", "03-03 12:00"),
        ("within two working days", "03-04 18:00"),
        ("by the end of the day", "03-02 18:00"),
        ("on 5 March at 3:30 pm", "03-05 15:30"),
        ("next Tuesday", "03-03 18:00"),
        ("this afternoon", "03-02 18:00"),
        ("I'll call you at 4pm", "03-02 16:00"),
        ("at 9am", "03-03 09:00"),
        ("好的，我幫你睇下", None),
        ("你張單 2月20日 寄出咗", None),
        ("HG10023847 共 3 件，$128.50", None),
        ("Thanks, I have sent it", None),
        ("送貨費三十蚊", None),
        ("", None),
    ],
)
def test_the_moment_of_a_promise_is_found(text: str, due: str | None) -> None:
    found = moment_in(text, NOW, HONG_KONG, "zh-TW")
    assert (found and f"{found.due_at:%m-%d %H:%M}") == due
    if found:
        assert 0 <= found.start < found.end <= len(text)


def test_a_date_in_digits_is_read_as_the_place_reads_it() -> None:
    for language, due in (("zh-TW", "03-04"), ("en", "04-03")):
        found = moment_in("3/4 前回覆", NOW, HONG_KONG, language)
        assert found is not None and f"{found.due_at:%m-%d}" == due


def test_no_text_breaks_it_and_nothing_past_or_far_away_is_proposed() -> None:
    for text in ("2月30日", "99月99日", "25:99", "10000 days", "in 999 days", "一" * 5000, "\ud800", "昨日下晝三點"):
        assert moment_in(text, NOW, HONG_KONG, "zh-HK") is None, text


def test_a_moment_is_said_in_four_languages() -> None:
    said = {language: in_words(NOW, language, HONG_KONG) for language in ("zh-HK", "zh-TW", "zh-CN", "en")}
    assert said == {
        "zh-HK": "3月2日（星期一）12:00",
        "zh-TW": "3月2日（週一）12:00",
        "zh-CN": "3月2日（周一）12:00",
        "en": "Monday 2 March at 12:00",
    }
