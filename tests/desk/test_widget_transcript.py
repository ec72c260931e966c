"""Keeping the chat: the customer downloads it, or has it mailed to the address that the shop knows."""

from __future__ import annotations

import email
import json
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from desk_office import LOCALES, PHONE, Office
from gateway_parts import free_port
from playwright.sync_api import Browser, expect
from rounds import some
from test_desk_looks import _look

pytestmark = pytest.mark.browser

SAID = {"zh-HK": "請問幾時到貨", "zh-TW": "請問何時到貨", "zh-CN": "请问什么时候到货", "en": "when does it arrive"}


class MailServer:
    """Takes every mail, until it is told to refuse."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuses = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuses:
            return "554 5.7.1 not now"
        content = envelope.content
        assert isinstance(content, bytes)
        mail = email.message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"


@pytest.fixture(scope="module")
def post() -> Iterator[tuple[MailServer, int]]:
    handler, port = MailServer(), free_port()
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=port,
        auth_require_tls=False,
        authenticator=lambda *_: AuthResult(success=True),
    )
    controller.start()
    yield handler, port
    controller.stop()


@pytest.fixture(scope="module")
def office(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory, post: tuple[MailServer, int]
) -> Iterator[Office]:
    entry = {
        "address": "service@shop.example",
        "imap_host": "127.0.0.1",
        "imap_port": free_port(),  # nobody reads the mailbox here
        "imap_user": "shop",
        "imap_password": "secret",
        "imap_security": "none",
        "smtp_host": "127.0.0.1",
        "smtp_port": post[1],
        "smtp_security": "none",
    }
    credentials = json.dumps({"rest": {}, "connectors.mail.EmailInput": entry})
    office = Office(chromium, tmp_path_factory.mktemp("office"), credentials=credentials)
    yield office
    office.close()
    assert office.problems == []


@pytest.mark.parametrize("locale", some(LOCALES, "zh-HK", "en"))
def test_a_signed_in_customer_downloads_the_chat_or_has_it_mailed(
    office: Office, post: tuple[MailServer, int], locale: str
) -> None:
    kind, options = ("phone", PHONE) if locale in ("zh-HK", "zh-CN") else ("desktop", {})
    page = office.page(locale, **options)
    page.goto(office.base)
    page.get_by_test_id("account").click()
    page.get_by_test_id(f"sign-in-c-000{LOCALES.index(locale) + 1}").click()
    page.get_by_test_id("bubble").click()
    expect(page.get_by_test_id("more")).to_be_hidden()
    page.get_by_test_id("composer").fill(SAID[locale])
    page.get_by_test_id("composer").press("Enter")
    expect(page.locator('[data-testid="message"][data-author="assistant"]')).to_be_visible()

    page.get_by_test_id("more").click()
    with page.expect_download() as saved:
        page.get_by_test_id("save-download").click()
    assert saved.value.suggested_filename.endswith(".html")
    mail, status = page.get_by_test_id("save-mail"), page.get_by_test_id("mail-status")
    expect(mail).to_contain_text("•••@example.com")
    post[0].refuses = locale == "en"
    before = len(post[0].mails)
    mail.click()
    if post[0].refuses:
        expect(status).to_contain_text("could not be mailed")
        post[0].refuses = False
        mail.click()
    expect(status).to_contain_text("•••@example.com")
    expect(mail).to_be_disabled()
    (mailed,) = post[0].mails[before:]
    assert "•" not in str(mailed["To"]) and str(mailed["To"]).endswith("@example.com")
    (file,) = mailed.iter_attachments()
    content = file.get_payload(decode=True)
    assert isinstance(content, bytes) and SAID[locale] in content.decode()
    found = _look(office, page, f"saving-{kind}-{locale}")
    page.get_by_test_id("sheet-back").click()
    expect(page.get_by_test_id("more")).to_be_focused()
    # The refused mail is written on the console by the browser; it was part of what is tried.
    office.problems[:] = [one for one in office.problems if "/widget/transcript" not in one]
    assert found == []
    page.context.close()
