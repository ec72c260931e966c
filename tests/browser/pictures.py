"""The pictures of the README, from a running demo: python -m tests.browser.pictures http://127.0.0.1:8000"""

from __future__ import annotations

import sys

from playwright.sync_api import expect, sync_playwright

from ..installed import CHROMIUM_ARGUMENTS, chromium
from .browser_parts import ROOT, Room

PICTURES = ROOT / "docs" / "images"


def take(base: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGUMENTS)
        room = Room(browser, base, "pictures")
        ben = room.agent("ben", "en")
        customer = room.customer("en")
        customer.sign_in("c-0004")
        customer.ask("How do returns work?")
        customer.say("HG10024222 status")
        customer.page.get_by_test_id("order-card").last.wait_for()
        customer.page.screenshot(path=str(PICTURES / "widget.png"), animations="disabled")

        customer.part("person-button").click()
        customer.wait_in_line()
        ben.take(customer.case())
        other = room.customer("zh-HK")
        other.ask("運費點計㗎")
        other.say("我想同真人傾")
        other.wait_in_line()
        ben.type("Hello Alex, the bag arrived yesterday. Would you like to return it?")
        expect(customer.lines("agent")).to_have_count(1)
        customer.say("Yes please, the strap is too short.")
        ben.hears("the strap")
        ben.page.screenshot(path=str(PICTURES / "desk.png"), animations="disabled")
        other.part("leave-queue").click()
        expect(other.part("waiting-banner")).to_be_hidden()
        ben.close_conversation()
        room.leave()
        browser.close()


if __name__ == "__main__":
    take(sys.argv[1])
