"""WeChat's Official Accounts and mini-programs, against the contract and Tencent's own samples."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import parse_qs, urlencode

import pytest
from contract import (
    GivesFiles,
    SignsTheTime,
    WebhookContract,
    _eventually_standing,
    _lines,
    _look,
    _shared,
    _tries_again,
    rows_of,
)
from kit import Customer, Hook, Kit
from providers import tencent
from providers.server import Fault
from providers.wechat import APP_ID, APP_SECRET, USERS, MiniProgramProvider, WeChatProvider
from waiting import eventually

from connectors.access_token import AccessToken
from connectors.wechat import WeChatInput
from connectors.wechat.callbacks import fields_of
from connectors.wechat.crypto import Envelope, NotOurs, signature
from switchboard.media_download import may_ask
from switchboard.records import Attachment

WORD = "spamtest"


def _sign(body: bytes, word: str = WORD, receiver: str = APP_ID, aes_key: str = tencent.AES_KEY) -> Hook:
    sealed = tencent.seal(body, receiver, aes_key)
    return Hook(
        tencent.envelope(sealed, "gh_10f6c3c3ac5a"),
        {"Content-Type": "text/xml"},
        tencent.query(word, sealed, openid=USERS[0]),
    )


def _message(text: str, number: int, sender: int, more: str = "") -> bytes:
    return (
        f"<xml><ToUserName><![CDATA[gh_10f6c3c3ac5a]]></ToUserName><FromUserName><![CDATA[{USERS[sender]}]]>"
        f"</FromUserName><CreateTime>{1772424000 + number}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{text}]]></Content><MsgId>{sender}{number:018d}</MsgId>{more}</xml>"
    ).encode()


def _tap(payload: str, number: int, sender: int) -> bytes:
    return _message("Choice", number, sender, f"<bizmsgmenuid><![CDATA[{payload}]]></bizmsgmenuid>")


def _forgeries(body: bytes) -> list[Hook]:
    right = _sign(body)
    given = {name: values[0] for name, values in parse_qs(right.query[1:]).items()}

    def asked(**change: str | None) -> str:
        return "?" + urlencode({name: value for name, value in {**given, **change}.items() if value is not None})

    other = tencent.envelope(tencent.seal(body, APP_ID), "gh_10f6c3c3ac5a")
    return [
        Hook(right.body),
        Hook(body, right.headers, right.query),  # the plain body under the proof of an envelope
        Hook(other, right.headers, right.query),  # another envelope
        Hook(right.body, right.headers, asked(msg_signature=None)),
        Hook(right.body, right.headers, asked(msg_signature="")),
        Hook(right.body, right.headers, asked(msg_signature="é")),
        Hook(right.body, right.headers, asked(msg_signature=given["msg_signature"].upper())),
        Hook(right.body, right.headers, asked(msg_signature=given["signature"])),
        Hook(right.body, right.headers, asked(timestamp="1772424001")),
        Hook(right.body, right.headers, asked(nonce="1")),
        Hook(right.body, right.headers, asked(nonce=None)),
        _sign(body, word="another account's word"),
        _sign(body, receiver="wx0000000000000000"),
        _sign(body, aes_key=tencent.AES_KEY[::-1]),
    ]


def _credentials(url: str) -> dict[str, str]:
    return {
        "app_id": APP_ID,
        "app_secret": APP_SECRET,
        "token": WORD,
        "aes_key": tencent.AES_KEY,
        "api_url": url,
    }


KIT = Kit(
    channel="wechat",
    class_path="connectors.wechat.WeChatInput",
    answers_within=5,
    provider=WeChatProvider,
    credentials=_credentials,
    message=_message,
    tap=_tap,
    sign=_sign,
    customers=USERS,
    forgeries=_forgeries,
    picture="message-image.xml",
    sends={"image/png": "image"},
    max_text=682,
    max_buttons=10,
    lacks={
        "key": "WeChat has none",
        "documents": "no interface gives the bytes of a document",
    },
    payloads={
        "message-text.xml": ("我的包裹到哪里了？",),
        "message-menu-tap.xml": (),  # a choice that we never gave this customer
        "message-image.xml": ("media:image",),
        "message-voice.xml": ("media:audio",),
        "message-voice-recognised.xml": ("media:audio",),
        "message-video.xml": ("media:video",),
        "message-shortvideo.xml": ("media:video",),
        "message-location.xml": ("media:location",),
        "message-link.xml": ("蓝色连衣裙\nhttps://shop.example/p/1",),
        "message-file.xml": ("media:file",),
        "message-unknown-kind.xml": (),
        "event-click.xml": ("转人工客服",),
        "event-view.xml": (),
        "event-subscribe.xml": (),
        "event-unsubscribe.xml": (),
        "event-scan.xml": (),
        "event-location.xml": (),
        "event-template-sent.xml": (),
        "event-unknown-kind.xml": (),
        "event-subscribe-by-code.xml": (),
        "event-scancode-push.xml": (),
        "event-scancode-wait.xml": (),
        "event-photo-taken.xml": (),
        "event-photo-chosen.xml": (),
        "event-album.xml": (),
        "event-location-chosen.xml": (),
        "event-view-mini-program.xml": (),
        "event-mass-sent.xml": (),
        "event-subscription-asked.xml": (),
        "event-subscription-changed.xml": (),
        "event-subscription-sent.xml": (),
        "event-session-created.xml": (),
        "event-session-closed.xml": (),
        "event-session-passed.xml": (),
        "event-verified.xml": (),
        "event-article-published.xml": (),
        "message-sticker.xml": ("【收到不支持的消息类型，暂无法显示】",),
    },
)

MINI_KIT = Kit(
    channel="wechat_mini",
    class_path="connectors.wechat.MiniProgramInput",
    answers_within=5,
    provider=MiniProgramProvider,
    credentials=_credentials,
    message=_message,
    tap=_tap,
    sign=_sign,
    customers=USERS,
    forgeries=_forgeries,
    picture="message-image.xml",
    sends={"image/png": "image"},
    max_text=682,
    max_buttons=10,
    lacks={
        "key": "WeChat has none",
        "documents": "customers of a mini-program send text, pictures and pages",
        "choices": "a mini-program has no menus: they are numbers",
    },
    payloads={
        "message-text.xml": ("尺码怎么选？",),
        "message-text-in-json.json": ("有现货吗？",),
        "message-image.xml": ("media:image",),
        "message-page.xml": ("蓝色连衣裙\npages/product?id=1",),
        "message-unknown-kind.xml": (),
        "event-enter.xml": (),
        "event-unknown-kind.xml": (),
        "event-subscription-asked.xml": (),
        "event-media-checked.xml": (),
        "event-session-created.xml": (),
        "message-link.xml": ("蓝色连衣裙\nhttps://shop.example/p/1",),
    },
)


class TestWeChat(GivesFiles, SignsTheTime, WebhookContract):
    kit = KIT

    async def test_attack_17_the_echo_goes_back_only_to_who_knows_our_word(self, customer: Customer) -> None:
        url = f"{customer.gateway.base}/webhooks/wechat/webhook"
        for word, status in ((WORD, 200), ("another", 403)):
            async with customer.gateway.http.get(url + tencent.query(word, None, echostr="<b>1")) as response:
                assert (response.status, response.content_type) == (status, "text/plain")
                assert await response.text() == ("<b>1" if status == 200 else "")
        async with customer.gateway.http.get(url + "?echostr=1") as response:
            assert response.status == 403

    async def test_lines_of_a_turn_are_one_of_the_five_with_their_choices_at_the_end(self, customer: Customer) -> None:
        gateway, provider = customer.gateway, customer.provider
        choice = [{"title": "Yes", "payload": "/yes"}]
        gateway.bot.says("three", {"text": "one", "buttons": choice}, {"text": "two"}, {"text": "three"})
        await customer.says("three")
        (sent,) = await provider.has_sent(1)
        assert (sent.how, sent.text, [title for title, _ in sent.buttons]) == (
            "msgmenu",
            "one\n\ntwo\n\nthree",
            ["Yes"],
        )
        await eventually(lambda: [state for state, _ in rows_of(customer)] == ["sent"] * 3, lambda: rows_of(customer))
        assert len({found for _, found in rows_of(customer)}) == 1
        await customer.taps(sent.buttons[0][1])
        await provider.has_sent(2)
        assert gateway.bot.asked[-1]["message"] == "/yes"
        # What was sent before the customer wrote again does not count.
        gateway.clock.forward(minutes=1)
        # 1,500 bytes each: no two are one, and the choices have room beside the last.
        long = [letter * 499 + "。" for letter in "一二三"]
        gateway.bot.says("long", {"text": long[0], "buttons": choice}, *({"text": text} for text in (*long[1:], "end")))
        await customer.says("long")
        await provider.has_sent(6)
        assert provider.texts[2:] == [*long, "end"] and provider.sent[5].buttons
        seat = await gateway.seat("ben")
        await eventually(lambda: {state for state, _ in rows_of(customer)} == {"sent"})
        (talk,) = (await seat.get("/conversations?view=all"))["conversations"]
        shown = await seat.get(f"/conversations/{talk['id']}")
        assert shown["window"]["left"] == provider.left[USERS[0]] == 1

    async def test_wechat_hears_the_word_that_ends_its_repeats(self, customer: Customer) -> None:
        assert await customer.sends(_sign(_message("hello", 1, 0))) == (200, "success")

    async def test_entities_and_document_types_are_not_read(self, customer: Customer) -> None:
        bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><xml><MsgType>&a;</MsgType></xml>'
        assert (await customer.sends(_sign(bomb)))[0] == 400

    async def test_kinds_that_nobody_knows_are_counted(self, customer: Customer) -> None:
        for name in ("message-unknown-kind.xml", "event-unknown-kind.xml"):
            assert await customer.posts(self.kit.payload(name)) == 200
        counted = customer.gateway.app.ctx.channels.exchanges["wechat"].counted
        assert counted == {"message hologram": 1, "event something_new": 1}

    async def test_an_event_without_an_id_is_known_by_who_and_when(self, customer: Customer) -> None:
        for _ in range(3):
            assert await customer.posts(self.kit.payload("event-click.xml")) == 200
        await customer.provider.has_sent(1)
        assert [asked["message"] for asked in customer.gateway.bot.asked] == ["转人工客服"]

    async def test_the_token_is_asked_for_once_and_kept(self, customer: Customer) -> None:
        await asyncio.gather(*(customer.says(f"line {number}", sender=number % 2) for number in range(6)))
        await customer.provider.has_sent(6)
        assert len(customer.provider.token_asked) == 1

    async def test_a_token_that_somebody_replaced_is_fetched_again_and_nothing_is_lost(
        self, customer: Customer
    ) -> None:
        await customer.says("one")
        await customer.provider.has_sent(1)
        customer.provider.end_token()
        await customer.says("two")
        await customer.provider.has_sent(2)
        assert customer.provider.texts == ["bot: one", "bot: two"]
        assert [asked["force_refresh"] for asked in customer.provider.token_asked] == [False, False]

    async def test_a_wrong_secret_is_shown_to_the_operator_and_what_waits_is_sent_when_it_is_right(
        self, customer: Customer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await eventually(lambda: customer.provider.token_asked)  # at the start
        monkeypatch.setattr("providers.wechat.APP_SECRET", "changed in the console")
        customer.provider.end_token()
        await customer.says("hello")
        await _eventually_standing(customer.gateway, "bot: hello", "pending", reason="account")
        (problem,) = customer.gateway.app.ctx.channels.problems
        assert (problem.channel, problem.why) == ("wechat", "no access token: 40125: invalid appsecret")
        monkeypatch.setattr("providers.wechat.APP_SECRET", APP_SECRET)
        await _tries_again(customer.gateway, lambda: customer.provider.sent)
        assert customer.gateway.app.ctx.channels.problems == []

    @pytest.mark.parametrize(
        "kind, state, reason",
        [
            ("system", "pending", "unreachable"),
            ("window", "failed", "window_closed"),
            ("quota", "failed", "quota"),
            ("account", "failed", "account"),
        ],
    )
    async def test_wechats_refusals_are_told_in_words_the_desk_has(
        self, customer: Customer, kind: str, state: str, reason: str
    ) -> None:
        customer.provider.faults.append(Fault(refuses=kind))
        await customer.says("hello")
        await _eventually_standing(customer.gateway, "bot: hello", state, reason=reason)
        if state == "pending":
            await _tries_again(customer.gateway, lambda: customer.provider.sent)

    async def test_an_account_without_menus_gets_numbers_and_their_answers_are_understood(
        self, customer: Customer
    ) -> None:
        bot = customer.gateway.bot
        customer.provider.has_menus = False
        bot.says(
            "menu", {"text": "Which?", "buttons": [{"title": "A", "payload": "/a"}, {"title": "B", "payload": "/b"}]}
        )
        for count in (1, 3):
            await customer.says("menu")
            sent = await customer.provider.has_sent(count)
            assert (sent[-1].how, sent[-1].buttons) == ("text", []) and "2. B" in sent[-1].text
            await customer.says("2")
            await customer.provider.has_sent(count + 1)
            assert bot.asked[-1]["message"] == "/b"

    async def test_five_messages_in_48_hours_are_shown_and_then_it_is_closed(self, customer: Customer) -> None:
        gateway = customer.gateway
        gateway.bot.hands_over("a person please")
        seat = await gateway.seat("ben")
        await customer.says("a person please")
        await customer.provider.has_sent(1)
        conversation = await seat.claim_only()
        sent = len(await customer.provider.has_sent(2))
        window = (await seat.get(f"/conversations/{conversation}"))["window"]
        assert window == {
            "open": True,
            "until": "2026-03-04T04:00:00+00:00",
            "left": 5 - sent,
            "after": "nothing",
        }
        gateway.clock.forward(hours=48)
        seat = await gateway.seat("ben")
        assert (await seat.get(f"/conversations/{conversation}"))["window"]["open"] is False
        await seat.post(f"/conversations/{conversation}/messages", {"text": "Too late."})
        await _eventually_standing(gateway, "Too late.", "failed", reason="window_closed")

    async def test_a_tap_on_the_accounts_menu_opens_a_minute_and_three_messages(self, customer: Customer) -> None:
        gateway = customer.gateway
        gateway.bot.hands_over("转人工客服")
        seat = await gateway.seat("ben")
        assert await customer.posts(self.kit.payload("event-click.xml")) == 200
        await customer.provider.has_sent(1)
        conversation = await seat.claim_only()
        sent = len(await customer.provider.has_sent(2))
        window = (await seat.get(f"/conversations/{conversation}"))["window"]
        assert (window["until"], window["left"]) == ("2026-03-02T04:01:00+00:00", 3 - sent)

    async def test_the_place_of_a_picture_is_wechats_own_host_with_our_token(self, customer: Customer) -> None:
        await customer.posts(self.kit.payload("message-image.xml"))
        await eventually(lambda: customer.provider.tokens)
        channel = WeChatInput.from_credentials(_credentials(customer.provider.address))
        place = await channel.open_media(Attachment("image", {"id": "photo"}))
        await channel.get_output_channel().close()
        async with customer.gateway.http.get(place.url) as response:
            assert response.content_type == "image/png" and place.hosts == (response.url.authority,)

    async def test_a_film_is_fetched_from_the_address_that_wechat_says(self, customer: Customer) -> None:
        assert await customer.shares("message-video.xml") == 200
        (film,) = await _shared(customer, 1)
        assert (film["kind"], film["type"]) == ("video", "video/mp4")

    @pytest.mark.parametrize(
        "place", ["http://127.0.0.1/x", "http://169.254.169.254/", "https://evil.example/", "x", ""]
    )
    async def test_attack_23_a_film_is_not_fetched_from_anywhere_else(self, place: str) -> None:
        channel = WeChatInput.from_credentials(_credentials("https://api.weixin.qq.com"))
        found = channel.elsewhere(json.dumps({"video_url": place}).encode())
        assert found is None or not may_ask(found.url, found)
        assert channel.elsewhere(b"[") is None and channel.elsewhere(b'{"video_url": "http://["}') is None

    @pytest.mark.parametrize(
        "place", ["http://203.205.158.77/vweixinp.tc.qq.com/f.mp4?k=1", "http://x.video.qq.com/f.mp4"]
    )
    async def test_tencents_addresses_of_films_may_be_asked(self, place: str) -> None:
        channel = WeChatInput.from_credentials(_credentials("https://api.weixin.qq.com"))
        found = channel.elsewhere(json.dumps({"video_url": place}).encode())
        assert found is not None and may_ask(found.url, found)

    async def test_a_token_that_somebody_replaced_costs_a_picture_one_try(self, customer: Customer) -> None:
        customer.gateway.bot.hands_over("a person please")
        seat = await customer.gateway.seat("ben")
        await customer.says("a person please")
        await customer.provider.has_sent(1)
        await seat.claim_only()
        await customer.provider.has_sent(2)
        customer.provider.end_token()
        assert await customer.shares(self.kit.picture) == 200
        await _look(customer)
        await eventually(lambda: customer.provider.files_asked == 1)
        customer.gateway.clock.forward(minutes=11)
        (file,) = await _shared(customer, 1)
        assert file["id"] and customer.provider.files_asked == 2


class TestMiniProgram(GivesFiles, WebhookContract):
    kit = MINI_KIT


class TestPlainMode:
    """The signature of plain mode covers no body, so it has to be asked for."""

    kit = KIT

    async def test_it_takes_the_signature_over_the_query(self, start, root, provider) -> None:  # type: ignore[no-untyped-def]
        entry = {**_credentials(provider.address), "plain_mode": True}
        del entry["aes_key"]
        (root / "credentials.yml").write_text(json.dumps({self.kit.class_path: entry}), encoding="utf-8")
        customer = Customer(await start(default_language="en"), self.kit, provider)
        body = _message("hello", 1, 0)
        assert (await customer.sends(Hook(body, {}, tencent.query("another", None))))[0] == 403
        assert (await customer.sends(Hook(body)))[0] == 403
        provider.posts(body)
        logged = tencent.query(WORD, None)
        assert await customer.sends(Hook(body, {}, logged)) == (200, "success")
        await provider.has_sent(1)
        customer.gateway.clock.forward(seconds=301)
        assert (await customer.sends(Hook(_message("whatever I like", 2, 0), {}, logged)))[0] == 403
        assert len(await _lines(customer.gateway)) == 2


# -- Tencent's own samples ---------------------------------------------------------------------------------------

# https://developer.work.weixin.qq.com/document/path/90968
WECOM_WORD, WECOM_KEY = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
WECOM_CORP = "wx5823bf96d3bd56c7"
WECOM_MESSAGE = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3"
    "TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gs"
    "ijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUa"
    "x5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIG"
    "HBZZIs2pDBS8R07+qN+E7Q=="
)
WECOM_ECHO = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
# The sample of the Official Accounts' own library.
WECHAT_MESSAGE = (
    "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PGHQHFVAFmOD2LdJF9FrXp"
    "bUAh0B5GIItb52sn896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jisa+h6tEDYsVticbSnyU8dKOIbgU6ux5VTjg3yt+WGzjlp"
    "Kn6NPhRjpA912xMezR4kw6KWwMrCVKSVCZciVGCgavjIQ6X8tCOp3yZbGpy0VxpAe+77TszTfRd5RJSVO/HTnifJpXgCSUdUue1v6h0EIBYYI1BD"
    "1DlD+C0CR8e6OewpusjZ4uBl9FyJvnhvQl+q5rv1ixrcpCumEPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE="
)


def test_tencents_samples_open_and_their_signatures_are_ours() -> None:
    assert (
        signature(WECOM_WORD, "1409659813", "1372623149", WECOM_MESSAGE) == "477715d11cdb4164915debcba66cb864d751f3e6"
    )
    assert signature(WECOM_WORD, "1409659589", "263014780", WECOM_ECHO) == "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"
    opened = fields_of(Envelope(WECOM_KEY, WECOM_CORP).open(WECOM_MESSAGE))
    assert {**opened, "Content": "hello", "MsgId": "4561255354251345929", "FromUserName": "mycreate"} == opened
    assert Envelope(WECOM_KEY, WECOM_CORP).open(WECOM_ECHO).isdigit()
    assert signature(WORD, "1409735669", "1320562132", WECHAT_MESSAGE) == "5d197aaffba7e9b25a30732f161a50dee96bd5fa"
    opened = fields_of(Envelope(tencent.AES_KEY, APP_ID).open(WECHAT_MESSAGE))
    assert (opened["Content"], opened["MsgId"]) == ("abcdteT", "6054768590064713728")


@pytest.mark.parametrize(
    "sealed",
    [
        "",
        "=",
        "é",
        "AAAA",
        "A" * 64,
        WECHAT_MESSAGE[:-4],
        WECHAT_MESSAGE[24:],
        tencent.seal(b"x", "wx0"),
        "A" * 63 + "=",
    ],
    # A seal is another at every start, and two workers must find the same tests.
    ids=["empty", "sign", "no_ascii", "short", "long", "end_cut", "beginning_cut", "for_another", "bad_padding"],
)
def test_what_is_not_sealed_for_us_does_not_open(sealed: str) -> None:
    with pytest.raises(NotOurs):
        Envelope(tencent.AES_KEY, APP_ID).open(sealed)


async def test_a_token_that_stays_refused_is_asked_for_anew_and_not_more_often_than_wechat_allows() -> None:
    asked: list[bool] = []
    now = 0.0

    async def fetch(forced: bool) -> tuple[str, float]:
        asked.append(forced)
        return f"token {sum(asked)}", 7200.0

    token = AccessToken(fetch, lambda: now)
    assert await token.get() == await token.get() == "token 0" and asked == [False]
    assert await token.get_instead_of("token 0") == "token 1" and asked == [False, False, True]
    assert await token.get_instead_of("token 0") == "token 1" and len(asked) == 3, "somebody brought one meanwhile"
    assert await token.get_instead_of("token 1") == "token 1" and asked[3:] == [False], "too early for another"
    now += 7200 - 299
    assert await token.get() == "token 1" and asked[4:] == [False]


@pytest.mark.parametrize("lacks", ["app_id", "app_secret", "token", "aes_key"])
def test_an_entry_that_lacks_something_says_what(lacks: str) -> None:
    entry = _credentials("http://127.0.0.1")
    del entry[lacks]
    with pytest.raises(Exception, match=f"wechat: `{lacks}` is missing"):
        WeChatInput.from_credentials(entry)
    if lacks == "aes_key":
        with pytest.raises(Exception, match="43 characters"):
            WeChatInput.from_credentials({**entry, "aes_key": "short"})
