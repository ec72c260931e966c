"""Tying a chat in a messaging app to an account at the shop: what does it, what undoes it, and what never does."""

from __future__ import annotations

import asyncio
import base64
import html
import json
import logging
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from gateway_parts import IDENTITY_SECRET, Gateway, Start
from kit import Customer
from providers.line import LineProvider
from providers.server import Fault, Provider, eventually
from providers.telegram import TelegramProvider
from sqlalchemy import select
from test_line_channel import KIT as LINE
from test_telegram_channel import KIT as TELEGRAM

from handoff import contact_proofs, conversations, customers
from handoff.models import Status, Tier, account_links, messages

SHOP = "https://shop.example/link?from=chat"


@dataclass
class App:
    """A customer's messaging app, with the browser beside it."""

    customer: Customer
    sender: str
    place: int = 0

    @property
    def gateway(self) -> Gateway:
        return self.customer.gateway

    @property
    def channel(self) -> str:
        return self.customer.kit.channel

    @property
    def texts(self) -> list[str]:
        return [one.text for one in self.customer.provider.sent if one.to == self.sender]

    async def says(self, text: str, answered: str) -> str:
        """What they say, until the answer has come."""
        before = len(self.texts)
        assert await self.customer.says(text, self.place) == 200
        await eventually(lambda: any(answered in one for one in self.texts[before:]), lambda: self.texts)
        return next(one for one in self.texts[before:] if answered in one)

    async def token(self) -> str:
        """Of a new link, as the shop's page reads it."""
        said = await self.says("link my account", SHOP)
        (url,) = re.findall(r"https://\S+", said)
        assert urlsplit(url).netloc == "shop.example" and "from=chat&" in url
        return parse_qs(urlsplit(url).query)["link_token"][0]

    def talk(self) -> conversations.Conversation:
        found = self.gateway.app.ctx.database.read_now(lambda c: conversations.open_one(c, self.channel, self.sender))
        assert found is not None
        return found

    def accounts(self) -> list[str]:
        own = [(self.channel, self.sender)]
        tied = self.gateway.app.ctx.database.read_now(lambda c: contact_proofs.accounts_linked(c, own))
        return [account for _, account in tied]

    def record(self) -> customers.Customer:
        return self.gateway.app.ctx.database.read_now(lambda c: customers.of(c, (self.channel, self.sender)))

    async def posts(self, identity: str, path: str = "/link", **more: str) -> tuple[int, str, Any]:
        data = {"identity": identity, **more}
        async with self.gateway.http.post(self.gateway.base + path, data=data, allow_redirects=False) as response:
            return response.status, html.unescape(await response.text()), response.headers

    async def confirms(self, identity: str, answer: str = "yes") -> tuple[int, str, Any]:
        return await self.posts(identity, "/link/answer", answer=answer)

    async def ties(self, customer_id: str = "c-0001") -> None:
        status, shown, _ = await self.confirms(signed(self.gateway, await self.token(), customer_id))
        assert status == 200 and "It's tied" in shown


def signed(
    gateway: Gateway, token: str | None, customer_id: str = "c-0001", key: str = IDENTITY_SECRET, **claims: Any
) -> str:
    """What the shop's own server signs."""
    now = int(gateway.clock().timestamp())
    given = {"sub": customer_id, "iat": now, "exp": now + 3600, "nonce": token, **claims}
    return jwt.encode({name: value for name, value in given.items() if value is not None}, key, algorithm="HS256")


@pytest.fixture
async def providers() -> AsyncIterator[tuple[LineProvider, TelegramProvider]]:
    async with LineProvider().running() as line, TelegramProvider().running() as telegram:
        yield line, telegram  # type: ignore[misc]


@pytest.fixture
async def gateway(
    start: Start, root: Path, providers: tuple[Provider, Provider], request: pytest.FixtureRequest
) -> Gateway:
    """On each database where the test names `database_url`."""
    database = request.getfixturevalue("database_url") if "database_url" in request.fixturenames else ""
    entries = {
        kit.class_path: kit.credentials(one.address) for kit, one in zip((LINE, TELEGRAM), providers, strict=True)
    }
    (root / "credentials.yml").write_text(json.dumps({"rest": {}, **entries}), encoding="utf-8")
    gateway = await start(default_language="en", account_link_url=SHOP, database_url=database)
    gateway.bot.says("link my account", {"custom": {"account_link": "link"}})
    gateway.bot.says("unlink my account", {"custom": {"account_link": "unlink"}})
    return gateway


@pytest.fixture
def ana(gateway: Gateway, providers: tuple[Provider, Provider]) -> App:
    return App(Customer(gateway, TELEGRAM, providers[1]), "1111")


@pytest.fixture
def bob(gateway: Gateway, ana: App) -> App:
    return App(ana.customer, "2222", place=1)


@pytest.fixture
def on_line(gateway: Gateway, providers: tuple[Provider, Provider]) -> App:
    return App(Customer(gateway, LINE, providers[0]), LINE.customers[0])


async def test_a_yes_at_the_page_ties_the_chat_and_the_customer_can_take_it_back(
    ana: App, gateway: Gateway, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sue = await gateway.seat("sue")
    page = await gateway.page(identity=gateway.identity("c-0001"))
    await page.say("from the shop's page")
    there = (await page.message("assistant", "from the shop"))["conversation"]
    token = await ana.token()
    identity = signed(gateway, token, aud=gateway.base)

    status, shown, headers = await ana.posts(identity)
    assert status == 200 and "Telegram · Ana" in shown and "陳美玲" in shown
    assert "Did somebody send you this link?" in shown and token not in shown.replace(identity, "")
    assert headers["Referrer-Policy"] == "no-referrer" and headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert ana.accounts() == [] and ana.talk().tier is Tier.ANONYMOUS, "nothing before the yes"

    status, shown, headers = await ana.confirms(identity)
    assert (status, "It's tied" in shown) == (200, True)
    await eventually(lambda: "now tied to your" in ana.texts[-1], lambda: ana.texts)
    talk = ana.talk()
    assert (talk.tier, talk.customer_id, talk.signed_in(gateway.clock())) == (Tier.IDENTITY, "c-0001", True)
    await ana.says("where is my order", "bot: where")
    assert gateway.bot.asked[-1]["metadata"]["identity"] == {
        "tier": "identity",
        "customer_id": "c-0001",
        "name": "陳美玲",
    }
    panel = await sue.get(f"/conversations/{talk.id}/customer?locale=en")
    assert there in [one["id"] for one in panel["past"]], "one history over both"
    assert [(one["account"], one["channel"]) for one in panel["customer"]["proof"]["links"]] == [("c-0001", "telegram")]
    assert [one["channel"] for one in panel["customer"]["places"]] == ["widget"]
    from_page = await sue.get(f"/conversations/{there}/customer?locale=en")
    assert [one["channel"] for one in from_page["customer"]["places"]] == ["telegram"]
    told = await sue.get(f"/conversations/{talk.id}/customer/history?locale=en")
    (tied,) = [one for one in told["changes"] if one["field"] == "tied"]
    assert (tied["by"], tied["after"]) == ("c-0001", {"channel": "telegram", "proof": "account", "value": "c-0001"})
    assert [one["account"] for one in told["merges"]] == ["c-0001"]

    stored = gateway.app.ctx.database.read_now(
        lambda c: (
            str(c.execute(select(account_links)).all()) + str(c.execute(select(messages.c.text, messages.c.body)).all())
        )
    )
    secret = base64.urlsafe_b64decode(token + "==")[16:]
    assert token not in stored and secret.hex() not in stored and token not in caplog.text

    await ana.says("unlink my account", "Untied")
    talk = ana.talk()
    assert (talk.tier, talk.customer_id, ana.accounts()) == (Tier.ANONYMOUS, None, [])
    assert len(ana.record().senders) == 1
    panel = await sue.get(f"/conversations/{talk.id}/customer?locale=en")
    assert panel["past"] == [] and panel["customer"]["places"] == []
    told = await sue.get(f"/conversations/{talk.id}/customer/history?locale=en")
    assert "untied" in [one["field"] for one in told["changes"]]


async def test_a_link_works_once_for_ten_minutes_and_only_the_newest(
    ana: App, gateway: Gateway, database_url: str
) -> None:
    first = await ana.token()
    second = await ana.token()
    assert first != second
    assert (await ana.posts(signed(gateway, first)))[0] == 410
    gateway.clock.forward(minutes=9, seconds=59)
    assert (await ana.posts(signed(gateway, second)))[0] == 200
    gateway.clock.forward(seconds=1)
    status, shown, _ = await ana.confirms(signed(gateway, second))
    assert status == 410 and "no longer works" in shown
    third = signed(gateway, await ana.token())
    told = await asyncio.gather(*(ana.confirms(third) for _ in range(4)))
    assert sorted(one[0] for one in told) == [200, 410, 410, 410]
    assert (await ana.posts(third))[0] == 410
    assert len([one for one in ana.texts if "now tied" in one]) <= 1


FORGED: dict[str, Callable[[Gateway, str], str]] = {
    "no nonce": lambda g, _token: signed(g, None),
    "wrong key": lambda g, token: signed(g, token, key="another-key-of-at-least-32-bytes-long"),
    "alg none": lambda g, token: jwt.encode({"sub": "c-0001", "nonce": token, "exp": 2**31}, "", algorithm="none"),
    "expired": lambda g, token: signed(g, token, exp=int(g.clock().timestamp()) - 60),
    "of another shop": lambda g, token: signed(g, token, aud="https://other.example"),
    "nothing": lambda _g, _token: "",
    "the token itself": lambda _g, token: token,
}
GUESSED: dict[str, Callable[[str], str]] = {
    "guessed": lambda _token: "A" * 54,
    "last sign": lambda token: token[:-1] + ("A" if token[-1] != "A" else "Q"),
    "secret of another": lambda token: token[:22] + "A" * 32,
    "short": lambda token: token[:-1],
    "long": lambda token: token + "A",
    "wide": lambda token: "ａ" * 54,
}


async def test_what_the_shop_did_not_sign_for_this_link_ties_nothing(ana: App, gateway: Gateway) -> None:
    token = await ana.token()
    for name, forge in FORGED.items():
        for path in ("/link", "/link/answer"):
            status, shown, _ = await ana.posts(forge(gateway, token), path, answer="yes")
            assert status == 403 and "Nothing was tied" in shown, name
    for name, guess in GUESSED.items():
        assert (await ana.confirms(signed(gateway, guess(token))))[0] == 410, name
    for body in (b"\xff\xfe", b"identity=" + b"a" * 5000, b"identity=a&identity=b"):
        async with gateway.http.post(
            f"{gateway.base}/link", data=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
        ) as answer:
            assert answer.status == 403
    assert ana.accounts() == []
    # Nor does what was signed for a link sign anybody in at the widget.
    refused = await gateway.session(identity=signed(gateway, token), status=401)
    assert refused["error"]["details"]["reason"] == "for_a_link"
    assert (await ana.confirms(signed(gateway, token)))[0] == 200, "the link itself was good all the while"


async def test_a_no_ends_the_link_and_no_page_leads_anywhere_else(ana: App, gateway: Gateway) -> None:
    identity = signed(gateway, await ana.token())
    for path in ("/link?next=//evil.example", "/link/answer?next=//evil.example"):
        status, shown, headers = await ana.posts(identity, path, answer="no", redirect_uri="https://evil.example")
        assert status == 200 and "evil" not in shown and "Location" not in headers
    assert (await ana.confirms(identity))[0] == 410 and ana.accounts() == []


async def test_two_customers_at_once_are_each_tied_to_their_own_account(
    ana: App, bob: App, gateway: Gateway, database_url: str
) -> None:
    hers, his = signed(gateway, await ana.token(), "c-0001"), signed(gateway, await bob.token(), "c-0002")
    told = await asyncio.gather(ana.confirms(hers), bob.confirms(his))
    assert [one[0] for one in told] == [200, 200]
    assert (ana.accounts(), bob.accounts()) == (["c-0001"], ["c-0002"])
    assert {ana.record().senders, bob.record().senders} == {(("telegram", "1111"),), (("telegram", "2222"),)}


async def test_a_chat_of_one_account_becomes_no_other_accounts(ana: App, bob: App, gateway: Gateway) -> None:
    await ana.ties("c-0001")
    await bob.ties("c-0001")
    assert len(ana.record().senders) == 2, "two chats of one customer"
    gateway.clock.forward(hours=2)
    status, shown, _ = await ana.confirms(signed(gateway, await ana.token(), "c-0002"))
    assert status == 409 and "belongs to another account" in shown
    assert ana.accounts() == ["c-0001"] and ana.talk().customer_id == "c-0001"
    await ana.says("unlink my account", "Untied")
    assert (len(ana.record().senders), bob.accounts()) == (1, ["c-0001"])
    gateway.clock.forward(hours=1)
    await ana.ties("c-0002")
    assert ana.accounts() == ["c-0002"] and len(ana.record().senders) == 1


async def test_of_fifty_wishes_for_a_link_three_an_hour_get_one(ana: App, bob: App, gateway: Gateway) -> None:
    await asyncio.gather(*(ana.customer.says("link my account", 0, number=number) for number in range(1, 51)))
    await eventually(lambda: len(ana.texts) == 50, lambda: len(ana.texts), 30)
    assert len([one for one in ana.texts if SHOP in one]) == 3
    assert all("try again in" in one for one in ana.texts if SHOP not in one)
    await bob.token()
    gateway.clock.forward(minutes=61)
    ana.customer._number = 50
    await ana.token()


async def test_the_tie_lasts_over_conversations_and_a_new_one_shows_no_orders(ana: App, gateway: Gateway) -> None:
    await ana.ties()
    first = ana.talk()
    gateway.app.ctx.database.write_now(
        lambda c: conversations.move(c, first, Status.CLOSED, gateway.clock(), "test", "closed")
    )
    gateway.clock.forward(hours=30)
    await ana.says("me again", "bot: me again")
    talk = ana.talk()
    assert (talk.id != first.id, talk.tier, talk.customer_id) == (True, Tier.CONTACT, "c-0001")
    assert gateway.bot.asked[-1]["metadata"]["identity"]["customer_id"] is None
    assert gateway.bot.asked[-1]["metadata"]["may_link"] is True
    await ana.ties()
    assert ana.talk().signed_in(gateway.clock())


async def test_the_question_for_an_order_offers_the_link_and_the_agent_can_end_it(ana: App, gateway: Gateway) -> None:
    ben = await gateway.seat("ben")
    gateway.bot.says("my order", {"custom": {"asks_who": True}}, {"text": "Which order?"})
    await ana.says("my order", "Which order?")
    (button,) = ana.customer.provider.sent[-1].buttons
    assert button[0] == "Link my account"
    await ana.customer.taps(button[1])
    await eventually(lambda: SHOP in ana.texts[-1], lambda: ana.texts)
    gateway.clock.forward(hours=1)
    await ana.ties()
    await ana.says("my order", "Which order?")
    await eventually(lambda: ana.texts[-1] == "Which order?")
    assert ana.customer.provider.sent[-1].buttons == [], "who is known is not asked"
    talk = ana.talk().id
    (link,) = (await ben.get(f"/conversations/{talk}/customer"))["customer"]["proof"]["links"]
    path = f"/conversations/{talk}/customer/untie"
    assert (await ben.post(path, {"link": "nothing"}, status=400))["error"]["code"] == "bad_input"
    shown = await ben.post(path, {"link": link["id"]})
    assert shown["customer"]["proof"]["links"] == [] and ana.accounts() == []
    await eventually(lambda: "Ben has untied" in ana.texts[-1], lambda: ana.texts)


async def test_only_where_the_provider_makes_sure_who_writes(gateway: Gateway) -> None:
    (line,) = await gateway.rest("link my account")
    assert "can't be tied here" in line["text"]
    page = await gateway.page()
    await page.say("link my account")
    assert "sign in at the" in (await page.message("system"))["text"]


async def test_line_itself_asks_its_user_before_anything_is_tied(
    on_line: App, providers: tuple[LineProvider, Provider], gateway: Gateway
) -> None:
    line = providers[0]
    identity = signed(gateway, await on_line.token())
    status, _, headers = await on_line.posts(identity)
    assert status == 200 and f"form-action 'self' {line.address};" in headers["Content-Security-Policy"]
    line.faults.append(Fault(503))
    assert (await on_line.confirms(identity))[0] == 503
    status, _, headers = await on_line.confirms(identity)
    assert status == 303 and headers["Location"].startswith(f"{line.address}/dialog/bot/accountLink?linkToken=")
    assert headers["Referrer-Policy"] == "no-referrer"
    assert (await on_line.confirms(identity))[0] == 410, "used when the browser went to LINE"
    assert on_line.accounts() == []

    async with gateway.http.get(headers["Location"]) as shown:
        assert (shown.status, await shown.text()) == (200, "LINE: linked")
    (call,) = line.calls
    stranger = call.replace(LINE.customers[0].encode(), LINE.customers[1].encode())
    made_up = re.sub(rb'"nonce": "[0-9a-f]+"', b'"nonce": "0123456789abcdef"', call)
    for body in (stranger, made_up):
        assert (await on_line.customer.sends(LINE.sign(body)))[0] == 200
    assert on_line.accounts() == [] and gateway.app.ctx.channels.events_unused()["line"]["account_link"] == 2
    for _ in range(2):  # LINE repeats what it believes was lost
        assert await on_line.customer.posts(call) == 200
    assert on_line.accounts() == ["c-0001"] and on_line.talk().customer_id == "c-0001"
    await eventually(lambda: "now tied" in on_line.texts[-1], lambda: on_line.texts)
    assert len([one for one in on_line.texts if "now tied" in one]) == 1
    assert line.sent[-1].how == "reply" and line.sent[-1].buttons[0][0] == "Untie it"
    await on_line.customer.taps(line.sent[-1].buttons[0][1])
    await eventually(lambda: "Untied" in on_line.texts[-1], lambda: on_line.texts)
    assert on_line.accounts() == []


async def test_who_opens_somebody_elses_line_link_ties_nothing(
    on_line: App, providers: tuple[LineProvider, Provider], gateway: Gateway
) -> None:
    line = providers[0]
    line.at_browser = LINE.customers[1]
    _, _, headers = await on_line.confirms(signed(gateway, await on_line.token()))
    async with gateway.http.get(headers["Location"]) as shown:
        assert await shown.text() == "LINE: not linked"
    async with gateway.http.get(headers["Location"]) as shown:
        assert shown.status == 400, "a link token works once"
    assert (await on_line.customer.sends(LINE.sign(line.calls[0])))[0] == 200
    await eventually(lambda: "was not tied" in on_line.texts[-1], lambda: on_line.texts)
    assert on_line.accounts() == []
