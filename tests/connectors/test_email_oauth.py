"""A mailbox that signs in by OAuth: dovecot and an SMTP server that take tokens alone, and who gives them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from contract import _eventually_standing
from gateway_parts import Start
from ports import free_port
from providers.dovecot import PASSWORD, Dovecot
from providers.mail import MailProvider
from providers.server import Fault, Provider
from providers.tokens import CLIENT, CONSENT, SCOPE, SECRET, TENANT, TokenProvider
from test_email_channel import KIT, Correspondent, _credentials, _until
from waiting import eventually

from connectors.mail import EmailInput
from connectors.mail.settings import settings_from
from connectors.mail.tokens import Tokens
from connectors.output import DeliveryFailed

KINDS = ("microsoft", "google")
PORT = free_port()


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    server = Dovecot(introspection=f"http://127.0.0.1:{PORT}/introspect")
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
async def tokens() -> AsyncIterator[TokenProvider]:
    async with TokenProvider(PORT).running() as running:
        assert isinstance(running, TokenProvider)
        yield running


@pytest.fixture
async def provider(dovecot: Dovecot, tokens: TokenProvider) -> AsyncIterator[Provider]:
    mails = MailProvider(dovecot, tokens=tokens)
    async with mails.running() as running:
        tokens.user = mails.user
        yield running


@pytest.fixture
def begin(start: Start, root: Path, provider: MailProvider) -> Callable[..., Any]:
    async def begin(kind: str, **changed: Any) -> Correspondent:
        entry = {**_entry(kind, provider), **changed}
        (root / "credentials.yml").write_text(json.dumps({KIT.class_path: entry}), encoding="utf-8")
        return Correspondent(await start(default_language="en"), KIT, provider)

    return begin


def _oauth(kind: str) -> dict[str, Any]:
    more = {"oauth_tenant": TENANT} if kind == "microsoft" else {"oauth_refresh_token": CONSENT}
    path = f"/{TENANT}/oauth2/v2.0/token" if kind == "microsoft" else "/token"
    entry = {"oauth": kind, "oauth_client_id": CLIENT, "oauth_client_secret": SECRET, **more}
    return {**entry, "oauth_token_url": f"http://127.0.0.1:{PORT}{path}"}


def _entry(kind: str, provider: MailProvider) -> dict[str, Any]:
    entry = {**_credentials(provider.address), **_oauth(kind)}
    del entry["imap_password"]
    return entry


@pytest.mark.parametrize("kind", KINDS)
async def test_a_mail_is_fetched_and_answered_with_one_token(
    begin: Any, tokens: TokenProvider, provider: MailProvider, kind: str
) -> None:
    customer = await begin(kind)
    assert await customer.says("hello") == 200
    await provider.has_sent(1)
    assert provider.texts == ["bot: hello"] and await customer.troubles() == []
    secret = {"client_id": CLIENT, "client_secret": SECRET}
    asked = {
        "microsoft": {"grant_type": "client_credentials", "scope": SCOPE, **secret},
        "google": {"grant_type": "refresh_token", "refresh_token": CONSENT, **secret},
    }
    assert tokens.forms == [asked[kind]]


async def test_a_token_that_the_servers_take_no_more_is_replaced_without_a_word(
    begin: Any, tokens: TokenProvider, provider: MailProvider, dovecot: Dovecot
) -> None:
    customer = await begin("microsoft")
    await customer.says("one")
    await provider.has_sent(1)
    tokens.revoke()
    await customer.says("two")
    await provider.has_sent(2)
    assert len(tokens.given) == 2, "asked for by SMTP"
    tokens.revoke()
    await asyncio.to_thread(provider.postman.leave)
    await asyncio.to_thread(dovecot.stop)
    await asyncio.to_thread(dovecot.start)
    await customer.says("three")
    await provider.has_sent(3)
    assert len(tokens.given) == 3, "asked for by IMAP"
    await _until(customer, lambda whys: whys == [])


@pytest.mark.parametrize(
    ("kind", "said"), [("microsoft", "invalid_client (AADSTS7000222)"), ("google", "invalid_grant")]
)
async def test_a_secret_that_is_over_is_one_trouble_and_what_waits_leaves_when_it_is_renewed(
    begin: Any,
    tokens: TokenProvider,
    provider: MailProvider,
    caplog: pytest.LogCaptureFixture,
    kind: str,
    said: str,
) -> None:
    with caplog.at_level("DEBUG"):
        customer = await begin(kind)
        await customer.says("one")
        await provider.has_sent(1)
        tokens.is_over = True
        tokens.revoke()
        await customer.says("two")
        await _eventually_standing(customer.gateway, "bot: two", "pending", reason="account")
        assert await customer.troubles() == [f"no access token: {said}"]
        assert (await customer.ready())["status"] == "ready", "the other channels run"
        asked = len(tokens.forms)
        customer.gateway.clock.forward(seconds=250)
        customer.gateway.app.ctx.outbox.nudge()
        await customer.says("three")
        await eventually(lambda: len(customer.gateway.bot.asked) == 3)
        assert len(tokens.forms) == asked, "the account rests"
        tokens.is_over = False
        customer.gateway.clock.forward(seconds=100)
        customer.gateway.app.ctx.outbox.nudge()
        await provider.has_sent(3)
    assert provider.texts == ["bot: one", "bot: two", "bot: three"]
    await _until(customer, lambda whys: whys == [])
    written = "\n".join(f"{one.getMessage()} {one.__dict__}" for one in caplog.records if not _is_servers(one.name))
    assert not [one for one in (SECRET, CONSENT, *tokens.given) if one in written]


async def test_a_mailbox_without_a_token_at_the_start_is_fetched_once_there_is_one(
    begin: Any, tokens: TokenProvider, provider: MailProvider
) -> None:
    tokens.is_over = True
    customer = await begin("google")
    await _until(customer, lambda whys: whys == ["no access token: invalid_grant"])
    await customer.brings(KIT.message("hello", 1, 0))
    tokens.is_over = False
    assert await customer.until_taken() == 200
    await provider.has_sent(1)
    await _until(customer, lambda whys: whys == [])


async def test_whoever_gives_tokens_may_be_away(begin: Any, tokens: TokenProvider, provider: MailProvider) -> None:
    await tokens.stop()
    customer = await begin("microsoft")
    await _until(customer, lambda whys: whys == ["no access token: ClientConnectorError"])
    tokens.faults.extend([Fault(503), Fault(200, body={"error": "temporarily_unavailable"})])
    await tokens.start()
    assert await customer.says("hello") == 200
    await provider.has_sent(1)
    assert not tokens.faults


async def test_a_mailbox_that_the_application_may_not_use_is_said_of_both_servers(
    begin: Any, tokens: TokenProvider, provider: MailProvider
) -> None:
    customer = await begin("microsoft", imap_user="somebody-else")
    wanted = {f"the {one} server does not accept the access token" for one in ("IMAP", "SMTP")}
    await _until(customer, lambda whys: set(whys) == wanted)


async def test_smtp_may_have_a_password_of_its_own(begin: Any, dovecot: Dovecot, tokens: TokenProvider) -> None:
    async with MailProvider(dovecot).running() as relay:
        customer = await begin("google", smtp_port=int(relay.address.split()[0]), smtp_password=PASSWORD)
        assert await customer.says("hello") == 200
        await relay.has_sent(1)
        assert await customer.troubles() == []


async def test_a_token_is_replaced_before_its_end_and_fetched_once_for_all_who_wait(tokens: TokenProvider) -> None:
    now, told = 0.0, list[Any]()
    tokens.rotates = CONSENT
    oauth = settings_from({**_oauth("google"), "address": "a@shop.example", "imap_host": "i", "smtp_host": "s"}).oauth
    assert oauth is not None and SECRET not in repr(oauth) and CONSENT not in repr(oauth)
    one = Tokens(oauth, told.append, lambda: now)
    first = set(await asyncio.gather(*(one.get() for _ in range(10))))
    assert first == {tokens.given[0]}
    now = 3598 - 300.0
    assert await one.get() == tokens.given[0]
    now = 3599 - 300.0
    assert await one.get() == tokens.given[1]
    tokens.rotates = "1//0g-another-consent"
    now += 3600
    await one.get()
    now += 3600
    with pytest.raises(DeliveryFailed):
        await one.get()
    assert tokens.forms[-1]["refresh_token"] == tokens.rotates
    assert told == [None, None, None, "no access token: invalid_grant"]
    await one.close()


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ("a page", 200, "unreachable"),
        ({"access_token": "a\r\nb", "expires_in": 1}, 200, "unreachable"),
        ({"access_token": 5}, 200, "unreachable"),
        ({"error": "<b>Secret</b>"}, 400, "refused"),
        ({"error": {"message": "x"}}, 403, "account"),
        ({"error": "server_error"}, 400, "unreachable"),
        ({"error": "invalid_client", "error_description": 7}, 401, "account"),
        ("a page", 500, "unreachable"),
    ],
)
async def test_an_answer_without_a_token_is_never_taken_for_one(
    tokens: TokenProvider, body: Any, status: int, reason: str
) -> None:
    tokens.faults.append(Fault(status, body=body))
    oauth = settings_from({**_oauth("google"), "address": "a@shop.example", "imap_host": "i", "smtp_host": "s"}).oauth
    assert oauth is not None
    one = Tokens(oauth, lambda _why: None)
    with pytest.raises(DeliveryFailed) as failed:
        await one.get()
    await one.close()
    assert failed.value.reason == reason and failed.value.whole_account and not failed.value.permanent
    assert "Secret" not in failed.value.detail


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"oauth": "yahoo"}, "must be microsoft or google"),
        ({"oauth": None}, "needs `oauth: microsoft` or `oauth: google`"),
        ({"imap_password": "x"}, "two ways to sign in"),
        ({"oauth_client_secret": ""}, "`oauth_client_secret` is missing"),
        ({"oauth_tenant": "", "oauth_token_url": ""}, "`oauth_tenant` is missing"),
        ({"oauth_tenant": "a/../b", "oauth_token_url": ""}, "`oauth_tenant` must be"),
        ({"oauth": "google"}, "`oauth_refresh_token` is missing"),
        ({"oauth_token_url": "http://tokens.example/token"}, "must begin with https"),
    ],
)
def test_what_an_entry_lacks_is_said(changed: dict[str, Any], said: str) -> None:
    entry = {**_oauth("microsoft"), "address": "a@shop.example", "imap_host": "i", "smtp_host": "s", **changed}
    with pytest.raises(Exception, match=said):
        EmailInput.from_credentials({name: value for name, value in entry.items() if value is not None})


def _is_servers(logger: str) -> bool:
    """What the servers of the tests log of themselves."""
    return logger.startswith(("mail.", "aiohttp.access"))
