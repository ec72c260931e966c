"""What is read out of mails: own words, codes, HTML, threads, machines; and nothing that comes breaks it."""

from __future__ import annotations

import json
import random
import time

import pytest
from kit import PAYLOADS
from mutations import mutated
from rounds import rounds

from connectors.events import Incoming
from connectors.mail import EmailInput
from connectors.mail.charsets import decoded, header_text
from connectors.mail.html_text import text_of
from connectors.mail.output import refusal
from connectors.mail.quotes import own_words
from connectors.mail.reading import Letter, Unreadable, answer_subject, read
from connectors.mail.threads import Threads, answers
from connectors.output import DeliveryFailed, Envelope
from connectors.own import BadSetting

OWN = ["service@shop.example"]
FILES = sorted((PAYLOADS / "email").iterdir())


@pytest.mark.parametrize(
    ("mail", "words"),
    [
        ("好的\n\n在 2026年3月2日 週一 10:00，Shop <a@b.c> 寫道：\n> hi", "好的"),
        ("好的\n\n在 2026年3月2日，下午3:04，示範商店\n<a@b.c> 寫道：\n\n> hi", "好的"),
        ("好的\n\nShop <a@b.c> 于2026年3月2日周一 10:00写道：\n\n舊文", "好的"),
        ("好呀\n\nShop <service@shop.example> 於 2026年3月2日 週一 下午12:01寫道：\n\nold, no marks", "好呀"),
        ("好的\n发件人：a\n发送时间：b\n收件人：c\n主题：d\n\nold", "好的"),
        ("好的\n寄件者: a\n寄件日期: b\n收件者: c\n主旨: d\nold", "好的"),
        ("好\n---- 回复的原邮件 ----\n| 发件人 | x |", "好"),
        ("好\n-----Original Message-----\nFrom: x", "好"),
        ("好\n\n________________________________\nFrom: a\nSent: b\nTo: c\nold", "好"),
        ("ok\n\nOn Mon, Mar 2, 2026 at 10:00 AM Shop\n<a@b.c> wrote:\n\n> hi\n> you", "ok"),
        ("はい\n\n2026年3月2日(月) 10:00 Shop <a@b.c>:\n> hi", "はい"),
        ("Ja\n\nAm 02.03.26 um 10:00 schrieb Shop <a@b.c>:\n> hi", "Ja"),
        ("On Mon, Mar 2, 2026 at 10:00 AM Shop <a@b.c> wrote:\n> size?\nXL\n> color?\nred", "XL\nred"),
        ("Where is it?\n\n-- \nAna\n+852 9123 4567", "Where is it?"),
        ("Please send HG10023847\n\nBest regards,\nAna Chan\nTel 2345 6789", "Please send HG10023847"),
        ("幾時到？\n\n從我的 iPhone 傳送", "幾時到？"),
        ("什么时候到\n发自我的iPhone", "什么时候到"),
        ("when?\n\nGet Outlook for iOS", "when?"),
        # What people write themselves stays.
        ("Hi\nThanks, but where is HG10023847?\nIt is late.", "Hi\nThanks, but where is HG10023847?\nIt is late."),
        ("I want:\n- one\n- two\nplease", "I want:\n- one\n- two\nplease"),
        (
            "On Monday your colleague wrote:\nwe refund.\nWhere is it?",
            "On Monday your colleague wrote:\nwe refund.\nWhere is it?",
        ),
        ("from: the beginning I thought\nit is ok", "from: the beginning I thought\nit is ok"),
        ("Best regards, and where is it?\nAna", "Best regards, and where is it?\nAna"),
        ("> all of it is quoted", "> all of it is quoted"),
    ],
)
def test_own_words_without_what_is_quoted_and_signed(mail: str, words: str) -> None:
    assert own_words(mail) == words
    assert own_words(mail.replace("\n", "\r\n")) == words


@pytest.mark.parametrize(
    ("sign", "times"),
    [
        ("On " + "a " * 400, 400),
        ("On a\n", 50_000),
        ("From: a\n", 50_000),
        ("2026年1月1日", 30_000),
        ("<", 200_000),
        ("-", 200_000),
        ("甲<a@b>", 40_000),
        ("Best regards\n", 20_000),
        ("<div><blockquote>", 12_000),
        ("&", 200_000),
        ("<p>", 60_000),
    ],
)
def test_no_mail_takes_long_to_cut(sign: str, times: int) -> None:
    hostile = sign * times
    began = time.process_time()
    own_words(hostile)
    text_of(hostile)
    assert time.process_time() - began < 6


@pytest.mark.parametrize(
    ("content", "declared", "text"),
    [
        ("請問幾時送到？".encode("big5"), "big5", "請問幾時送到？"),
        ("佢喺邊度，冇收到喎".encode("big5hkscs"), "big5", "佢喺邊度，冇收到喎"),
        ("朱镕基路，€20".encode("gb18030"), "gb2312", "朱镕基路，€20"),
        ("請問".encode(), "gb2312", "請問"),
        ("請問".encode(), "iso-8859-1", "請問"),
        ("请问什么时候到货".encode("gbk"), "utf-8", "请问什么时候到货"),
        ("我想退貨，請問要怎麼做？".encode("big5"), "gb2312", "我想退貨，請問要怎麼做？"),
        ("我想退货，请问要怎么做？".encode("gb18030"), "big5", "我想退货，请问要怎么做？"),
        ("請問這個還有貨嗎".encode("big5"), None, "請問這個還有貨嗎"),
        ("お問い合わせ".encode("iso-2022-jp"), "iso-2022-jp", "お問い合わせ"),
        ("請問".encode("utf-16"), "utf-16", "請問"),
        ("café".encode("latin1"), "iso-8859-1", "café"),
        ("请问".encode("hz"), "hz-gb-2312", "请问"),
        (b"plain", "no-such-code", "plain"),
        (b"plain", "base64", "plain"),
    ],
)
def test_bytes_are_read_as_what_they_are(content: bytes, declared: str | None, text: str) -> None:
    assert decoded(content, declared) == text


def test_headers_are_read_in_pieces_in_raw_bytes_and_when_broken() -> None:
    split = "=?big5?B?vdCw3Q==?= =?big5?B?tFis0Q==?="
    assert header_text(split).startswith("請問")
    assert header_text("=?utf-8?B?!!!?=") is not None
    assert header_text("=?no-such?Q?abc?=") == "abc"
    assert header_text("陳大文".encode("big5").decode("ascii", "surrogateescape")) == "陳大文"
    assert header_text("a\r\n b\tc") == "a b c"


def test_html_becomes_words_and_nothing_is_run_or_fetched() -> None:
    html = (
        '<div style="DISPLAY: none">preheader<b>x</b></div><p onclick="x()">你好<br>see '
        '<a href="javascript:alert(1)">this</a> <a href="https://x.example/a">that</a></p>'
        "<svg><script>1</script></svg>"
        '<img src="https://t.example/p.gif" alt="a cup"><table><tr><td>S</td><td>HK$8</td></tr></table>'
        "<div>On 2 Mar 2026, at 10:00, Shop wrote:<br></div>"
        "<blockquote><p>old<blockquote>older</blockquote></blockquote>"
    )
    text = text_of(html)
    assert text.split("\n")[:4] == ["你好", "see this that (https://x.example/a)", "", "a cup"]
    assert own_words(text).endswith("S HK$8")
    assert "> > older" in text and not any(word in text for word in ("alert", "preheader", "p.gif", "script", "1<"))


def test_a_thread_goes_on_by_our_id_for_that_address_alone() -> None:
    threads = Threads("secret", "shop.example")
    ours = threads.message_id("0123456789abcdef", "key", "ana@example.com")
    assert ours == threads.message_id("0123456789abcdef", "key", "ana@example.com")
    assert threads.is_ours(ours) and not threads.is_ours("<a@shop.example>")
    known = "0123456789abcdef\x1fana@example.com"
    assert threads.sender_of("ana@example.com", "<x@y>", ["<first@y>", ours], False)[0] == known
    for other in (
        threads.sender_of("ben@example.com", "<x@y>", [ours], False)[0],
        Threads("other", "shop.example").sender_of("ana@example.com", "<x@y>", [ours], False)[0],
        threads.sender_of("ana@example.com", "<x@y>", [ours.replace("0123", "1123")], False)[0],
    ):
        assert other != known and other.rpartition("\x1f")[2] in ("ana@example.com", "ben@example.com")
    assert threads.sender_of("ana@example.com", "<x@y>", [], True)[0] == "ana@example.com"
    begun = threads.sender_of("ana@example.com", "<first@y>", [], False)
    assert begun == threads.sender_of("ana@example.com", "<second@y>", ["<first@y>"], False)


def test_the_headers_of_an_answer_stay_short_and_sound() -> None:
    chain = [f"<{number}@x.example>" for number in range(100)]
    made = answers({"message_id": "<last@x.example>", "references": chain})
    assert made["In-Reply-To"] == "<last@x.example>"
    assert made["References"].split()[0] == "<0@x.example>" and made["References"].split()[-1] == "<last@x.example>"
    assert len(made["References"].split()) == 20
    assert answers({"message_id": "<a@b>\r\nBcc: <c@d>", "references": "x"}) == {}
    for subject in ("回覆：Re: a", "Re: a", "RE[2]: a", "回复: 答复：a", "a"):
        assert answer_subject(subject) == "Re: a"


@pytest.mark.parametrize(
    ("code", "message", "reason", "permanent", "whole_account"),
    [
        (550, "5.1.1 User unknown", "unknown_recipient", True, False),
        (550, "5.7.1 Blocked by policy", "blocked", True, False),
        (552, "Message too large", "too_large", True, False),
        (535, "5.7.8 Bad credentials", "account", False, True),
        (451, "4.7.1 Greylisted", "busy", False, False),
        (421, "4.7.0 Too many connections", "busy", False, True),
    ],
)
def test_replies_of_mail_servers_have_a_reason(
    code: int, message: str, reason: str, permanent: bool, whole_account: bool
) -> None:
    failed = refusal(code, message, about_recipient=True)
    assert (failed.reason, failed.permanent, failed.whole_account) == (reason, permanent, whole_account)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"address": "no address"}, "`address` must be"),
        ({"imap_security": "none"}, "`imap_security: none` would send"),
        ({"smtp_security": "ssl"}, "`smtp_security` must be"),
        ({"imap_port": "99999"}, "`imap_port` must be"),
        ({"aliases": "a@b.c"}, "`aliases` must be"),
        ({"imap_pasword": "typo"}, "`imap_pasword` is no setting"),
        ({"taken_folder": "INBOX"}, "three different folders"),
        ({"imap_password": ""}, "`imap_password` is missing"),
    ],
)
def test_a_wrong_entry_says_what_is_wrong_and_no_password(wrong: dict[str, object], said: str) -> None:
    entry = {
        "address": OWN[0],
        "imap_host": "imap.x.example",
        "imap_password": "very-secret",
        "smtp_host": "smtp.x.example",
    }
    with pytest.raises(Exception, match=said) as refused:
        EmailInput.from_credentials({**entry, **wrong})
    assert "very-secret" not in str(refused.value)
    assert issubclass(refused.type, BadSetting) or "is missing" in said
    assert "very-secret" not in repr(EmailInput.from_credentials(entry).settings)


def test_attack_14_mutated_mails_are_read_or_put_aside_and_never_an_error() -> None:
    chance = random.Random(20260302)
    channel = EmailInput.from_credentials(
        {"address": OWN[0], "imap_host": "i.x.example", "imap_password": "p", "smtp_host": "s.x.example"}
    )
    read_ones = 0
    for number in range(rounds(600)):
        raw = mutated(chance, FILES[number % len(FILES)].read_bytes(), FILES[(number * 7) % len(FILES)].read_bytes())
        try:
            letter = read(raw, OWN, "mx.shop.example")
        except Unreadable as exc:
            assert len(str(exc)) < 60, "nothing of the mail in it"
            continue
        read_ones += 1
        assert channel.unused(letter) is None or isinstance(channel.unused(letter), str)
        incoming = channel.incoming(letter)
        assert incoming.sender.rpartition("\x1f")[2] == letter.address and len(incoming.sender) <= 200
        _is_sound(letter)
        answer = _answer(channel, incoming)
        assert answer is None or (answer.count(b"\nTo:") == 1 and b"\nBcc:" not in answer)
    assert read_ones > 100


@pytest.mark.parametrize(
    "subject", ["=?utf-8?q?a=0ABcc:_v@e.org?=", "=?unknown-8bit?q?=ff?= 好", "a\r\nBcc: v@e.org", "\x00"]
)
def test_no_subject_becomes_a_header_or_stops_an_answer(subject: str) -> None:
    channel = EmailInput.from_credentials(
        {
            "address": OWN[0],
            "imap_host": "i.x.example",
            "imap_password": "p",
            "smtp_host": "s.x.example",
            "name": subject,
        }
    )
    mail = channel.get_output_channel().written("好", Envelope("ana@example.com", reach={"subject": subject}))
    names = [line.partition(b":")[0] for line in mail.as_bytes().split(b"\r\n\r\n")[0].split(b"\r\n")]
    assert names.count(b"To") == 1 and b"Bcc" not in names


def _answer(channel: EmailInput, incoming: Incoming) -> bytes | None:
    """What we would answer, as it leaves; None for an address that no mail server knows."""
    reach = json.loads(json.dumps(dict(incoming.reach), ensure_ascii=False).encode())
    envelope = Envelope(incoming.sender.rpartition("\x1f")[2], reach=reach)
    try:
        return channel.get_output_channel().written("好", envelope).as_bytes()
    except DeliveryFailed:
        return None


def _is_sound(letter: Letter) -> None:
    assert letter.address.isascii() and "\n" not in letter.subject + letter.name + "".join(letter.earlier)
    assert len(letter.text) <= 200_000 and len(letter.key) == 64
    (letter.words + letter.subject + letter.name).encode("utf-8")
