"""What agents attach, beside the contract: too large, not of the channel's kinds, and an upload that fails."""

from __future__ import annotations

import installed
import pytest
import sample_files
import test_telegram_channel
import test_wechat_channel
import test_weibo_channel
import test_whatsapp_channel
from contract import _attached, _eventually_standing, _tries_again
from gateway_parts import PASSWORD, Seat
from kit import Customer
from playwright.async_api import async_playwright, expect
from providers.server import PICTURE, Fault


async def _claimed(customer: Customer) -> tuple[Seat, str]:
    """An agent who has this customer."""
    customer.gateway.bot.hands_over("a person please")
    seat = await customer.gateway.seat("ben")
    await customer.says("a person please")
    await customer.provider.has_sent(1)
    conversation = await seat.claim_only()
    await customer.provider.has_sent(2)
    return seat, conversation


class TestWhatsApp:
    kit = test_whatsapp_channel.KIT

    async def test_a_film_that_is_larger_than_the_channel_takes_is_refused_before_it_is_sent(
        self, customer: Customer
    ) -> None:
        seat, conversation = await _claimed(customer)
        film = sample_files.mp4() + b"\0" * 16_000_000
        line = {"text": "See here.", "attachments": [await _attached(seat, conversation, film, "how.mp4")]}
        refused = await seat.post(f"/conversations/{conversation}/messages", line, status=409)
        assert refused["error"]["code"] == "attachments_not_taken"
        assert refused["error"]["details"] == {"name": "how.mp4", "limit": 16_000_000}
        assert "See here." not in customer.provider.texts

    async def test_a_file_that_never_gets_through_holds_what_follows_for_three_tries(self, customer: Customer) -> None:
        seat, conversation = await _claimed(customer)
        provider = customer.provider
        provider.uploads_break_off = True  # type: ignore[attr-defined]
        line = {"text": "Like this?", "attachments": [await _attached(seat, conversation, PICTURE, "cup.png")]}
        await seat.post(f"/conversations/{conversation}/messages", line)
        await seat.post(f"/conversations/{conversation}/messages", {"text": "It is the blue one."})
        await _tries_again(customer.gateway, lambda: len(provider.sent) == 4)
        assert provider.texts[2:] == ["Like this?", "It is the blue one."]
        assert provider.uploads_begun == 3  # type: ignore[attr-defined]
        await _eventually_standing(customer.gateway, "Like this?", "failed", reason="no_answer")


class TestTelegram:
    kit = test_telegram_channel.KIT

    async def test_a_long_screenshot_is_known_for_one_before_it_is_sent(self, customer: Customer) -> None:
        seat, conversation = await _claimed(customer)
        screenshot = sample_files.picture(size=(30, 601))
        line = {"text": "See here.", "attachments": [await _attached(seat, conversation, screenshot, "all.png")]}
        await seat.post(f"/conversations/{conversation}/messages", line)
        sent = (await customer.provider.has_sent(4))[-1]
        assert (sent.how, sent.file and sent.file[0]) == ("sendDocument", "all.png")
        assert not any(one.path.endswith("/sendPhoto") for one in customer.provider.asked)


class TestWeibo:
    kit = test_weibo_channel.KIT

    async def test_a_link_to_a_file_is_of_that_file_ends_after_a_week_and_a_bad_one_is_a_page(
        self, customer: Customer
    ) -> None:
        seat, conversation = await _claimed(customer)
        gateway = customer.gateway
        words = {
            "text": "這是您的發票。",
            "attachments": [await _attached(seat, conversation, sample_files.PDF, "a.pdf")],
        }
        await seat.post(f"/conversations/{conversation}/messages", words)
        said = (await customer.provider.has_sent(3))[-1].text
        first, name, link = said.split("\n")
        assert (first, name) == ("這是您的發票。", "a.pdf (link works for 7 days):")
        secret = {"attachments": [await _attached(seat, conversation, sample_files.PDF, "b.pdf")]}
        noted = await seat.post(f"/conversations/{conversation}/messages", {**secret, "text": "ours", "note": True})
        sign = gateway.app.ctx.file_links.url_of
        of_note = sign(noted["message"]["attachments"][0]["id"], gateway.clock())

        async def opens(url: str, language: str = "zh-TW") -> tuple[int, str, str]:
            async with gateway.http.get(url, headers={"Accept-Language": language}) as response:
                return response.status, response.content_type, await response.text(errors="replace")

        status, kind, content = await opens(link)
        assert (status, kind, content[:4]) == (200, "application/pdf", "%PDF")
        token = link.rpartition("/")[2]
        for wrong in (token[:-1], token + "A", token.swapcase(), token[8:], "é", "x" * 4000, token.partition(".")[0]):
            status, kind, page = await opens(f"{gateway.base}/f/{wrong}")
            assert (status, kind) == (404, "text/html") and "找不到這個檔案" in page, wrong
        assert "找不到这个文件" in (await opens(of_note, "zh-CN"))[2], "a note is for colleagues alone"
        gateway.clock.forward(days=6, hours=23)
        assert (await opens(link))[0] == 200
        gateway.clock.forward(hours=2)
        status, kind, page = await opens(link)
        assert (status, kind) == (403, "text/html") and "This link has expired" in page, "in the customer's language"


class TestWeChat:
    kit = test_wechat_channel.KIT

    async def test_a_picture_waits_for_a_provider_that_is_broken_and_what_comes_after_it_too(
        self, customer: Customer
    ) -> None:
        seat, conversation = await _claimed(customer)
        provider = customer.provider
        provider.end_token()  # type: ignore[attr-defined]
        provider.faults.extend([Fault(502), Fault(503), Fault(refuses="system")])
        line = {"text": "Like this?", "attachments": [await _attached(seat, conversation, PICTURE, "cup.png")]}
        await seat.post(f"/conversations/{conversation}/messages", line)
        await seat.post(f"/conversations/{conversation}/messages", {"text": "It is the blue one."})
        await _tries_again(customer.gateway, lambda: len(provider.sent) == 5)
        assert [(one.text, bool(one.file)) for one in provider.sent[2:]] == [
            ("Like this?", False),
            ("", True),
            ("It is the blue one.", False),
        ]

    @pytest.mark.browser
    async def test_the_desk_says_before_what_the_channel_does_not_take(self, customer: Customer) -> None:
        _seat, conversation = await _claimed(customer)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=installed.chromium(), args=installed.CHROMIUM_ARGUMENTS
            )
            page = await browser.new_page(locale="en")
            await page.clock.set_system_time(customer.gateway.clock())
            await page.goto(f"{customer.gateway.base}/desk")
            await page.get_by_test_id("login-name").fill("ben")
            await page.get_by_test_id("login-password").fill(PASSWORD)
            await page.get_by_test_id("login-submit").click()
            await expect(page.get_by_test_id("views")).to_be_visible()
            await page.goto(f"{customer.gateway.base}/desk#/inbox/{conversation}")
            attach, note = page.get_by_test_id("attach-files"), page.get_by_test_id("tray-note")
            await expect(page.get_by_test_id("reply-window")).to_contain_text("You can answer until")
            await attach.set_input_files(
                [
                    {"name": "cup.png", "mimeType": "image/png", "buffer": PICTURE},
                    {"name": "invoice.pdf", "mimeType": "application/pdf", "buffer": sample_files.PDF},
                ]
            )
            await expect(note).to_contain_text("takes no files like invoice.pdf")
            await expect(page.get_by_test_id("desk-send")).to_be_disabled()
            await page.get_by_test_id("tray-item").filter(has_text="invoice.pdf").get_by_test_id("tray-remove").click()
            await expect(note).to_be_hidden()
            await page.get_by_test_id("desk-send").click()
            sent = (await customer.provider.has_sent(3))[-1]
            assert sent.file and sent.file[0] == "cup.png"
            await browser.close()
