"""What customers send comes from its provider into our store, and is shown in the desk."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import installed
import pytest
import test_wechat_channel
from aiohttp import web
from contract import _lines, _look
from gateway_parts import PASSWORD, Start
from kit import Customer
from PIL import Image
from playwright.async_api import async_playwright, expect
from providers.server import PICTURE, Provider
from waiting import eventually

from connectors.media import MediaPlace
from handoff import attachments
from switchboard.media_download import Download, NotFetched, may_ask


async def _file(customer: Customer) -> dict[str, Any]:
    """The file of the only message that has one."""
    (body,) = [line.body for line in await _lines(customer.gateway) if line.body.get("attachments")]
    return dict(body["attachments"][0])


async def _settled(customer: Customer) -> dict[str, Any]:
    """The file, once it is fetched or given up."""
    await _look(customer)
    deadline = asyncio.get_running_loop().time() + 15
    while attachments.is_awaited(file := await _file(customer)):
        assert asyncio.get_running_loop().time() < deadline, file
        await asyncio.sleep(0.01)
    return file


def _photo() -> bytes:
    out = io.BytesIO()
    Image.radial_gradient("L").resize((400, 300)).save(out, "JPEG")
    return out.getvalue()


class AtTheProvider:
    """Where the provider's route for files is answered by the test."""

    def __init__(self, provider: Provider) -> None:
        self.asked = 0
        self.answers: list[web.StreamResponse] = []
        self.good = lambda: web.Response(body=PICTURE, content_type="image/png")
        provider._media = self._answer  # type: ignore[attr-defined]

    async def _answer(self, _request: web.Request) -> web.StreamResponse:
        self.asked += 1
        return self.answers.pop(0) if self.answers else self.good()


class TestWeChatMedia:
    """Beside the contract: a provider that answers late, or never."""

    kit = test_wechat_channel.KIT
    picture = "message-image.xml"

    @pytest.fixture
    async def provider(self, kit: Any) -> Any:
        provider = kit.provider()
        self.files = AtTheProvider(provider)
        async with provider.running() as running:
            yield running

    async def test_a_provider_that_is_slow_to_have_it_is_asked_again_also_after_a_restart(
        self, start: Start, customer: Customer
    ) -> None:
        self.files.answers = [web.Response(status=502), web.json_response({"errcode": -1, "errmsg": "system busy"})]
        assert await customer.posts(customer.kit.payload(self.picture)) == 200
        await customer.provider.has_sent(1)
        await _look(customer)
        await eventually(lambda: self.files.asked == 1)
        await _look(customer)
        assert self.files.asked == 1, "not before its time"
        clock, bot = customer.gateway.clock, customer.gateway.bot
        await customer.gateway.stop()  # type: ignore[attr-defined]
        clock.forward(minutes=11)  # also where it was stopped in the middle
        customer = Customer(await start(bot=bot, clock=clock), customer.kit, customer.provider)
        await _look(customer)
        await eventually(lambda: self.files.asked == 2)
        clock.forward(minutes=11)
        assert (await _settled(customer))["kind"] == "image"
        assert self.files.asked == 3

    async def test_what_never_comes_is_given_up(self, customer: Customer) -> None:
        self.files.good = lambda: web.Response(status=500)
        assert await customer.posts(customer.kit.payload(self.picture)) == 200
        await customer.provider.has_sent(1)
        for asked in range(1, 10):
            await _look(customer)
            await eventually(lambda asked=asked: self.files.asked == asked)  # type: ignore[misc]
            customer.gateway.clock.forward(hours=2)
        assert (await _settled(customer))["source"]["refused"] == "not_given"
        await _look(customer)
        assert self.files.asked == 9

    @pytest.mark.browser
    async def test_it_comes_into_the_conversation_that_an_agent_has_open(self, customer: Customer) -> None:
        is_there = asyncio.Event()
        self.files.good = lambda: (
            web.Response(body=_photo(), content_type="image/jpeg") if is_there.is_set() else web.Response(status=502)
        )
        gateway = customer.gateway
        gateway.bot.hands_over("a person please")
        seat = await gateway.seat("ben")
        await customer.says("a person please")
        await customer.provider.has_sent(1)
        conversation = await seat.claim_only()
        await customer.provider.has_sent(2)  # somebody has joined; five more may go after what comes next
        assert await customer.posts(customer.kit.payload(self.picture)) == 200
        for number in range(5):
            await seat.post(f"/conversations/{conversation}/messages", {"text": f"line {number}"})
        await eventually(lambda: "line 4" in customer.provider.texts)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=installed.chromium(), args=installed.CHROMIUM_ARGUMENTS
            )
            page = await browser.new_page(locale="en")
            await page.clock.set_system_time(gateway.clock())
            await page.goto(f"{gateway.base}/desk")
            await page.get_by_test_id("login-name").fill("ben")
            await page.get_by_test_id("login-password").fill(PASSWORD)
            await page.get_by_test_id("login-submit").click()
            await expect(page.get_by_test_id("views")).to_be_visible()
            await page.goto(f"{gateway.base}/desk#/inbox/{conversation}")
            await expect(page.get_by_test_id("file-row")).to_contain_text("Only in the customer")
            await expect(page.get_by_test_id("file-picture")).to_have_count(0)
            await expect(page.get_by_test_id("reply-window")).to_contain_text("used up")
            is_there.set()
            gateway.clock.forward(minutes=11)
            await _settled(customer)
            picture = page.get_by_test_id("file-picture").locator("img")
            await expect(picture).to_be_visible()
            assert await picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 400
            await expect(page.get_by_test_id("file-row")).to_have_count(0)
            # Another one is no picture: that is said where it would stand.
            self.files.good = lambda: web.Response(body=b"MZ\x90", content_type="image/jpeg")
            another = customer.kit.payload(self.picture).replace(b"6054768590064713731", b"6054768590064713732")
            assert await customer.posts(another) == 200
            refused = page.get_by_test_id("file-row")
            await expect(refused).to_be_visible()
            await _look(customer)
            await expect(refused).to_contain_text("Not here: it is not what its name says")
            await browser.close()


# -- where it may be fetched ---------------------------------------------------------------------------------------


class Leading(Provider):
    """Leads to another address, and remembers what it was asked with."""

    def __init__(self) -> None:
        super().__init__()
        self.to = ""
        self.keys: list[str | None] = []

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/{path}", self._lead)]

    async def _lead(self, request: web.Request) -> web.Response:
        self.keys.append(request.headers.get("Authorization"))
        if request.path == "/file":
            return web.Response(body=PICTURE, headers={"Content-Disposition": 'attachment; filename="a.png"'})
        return web.Response(status=302, headers={"Location": self.to})


async def _bytes(place: MediaPlace) -> bytes:
    return b"".join([piece async for piece in Download(place, 1_000_000).pieces()])


async def test_attack_16_a_redirect_goes_to_the_named_hosts_alone_and_takes_no_key_along() -> None:
    async with Leading().running() as one, Leading().running() as other:
        hosts = (one.address.partition("://")[2],)
        key = {"Authorization": "Bearer secret"}
        for leads_to in (
            f"{other.address}/file",
            "http://169.254.169.254/file",
            "file:///etc/passwd",
            "//example.com/x",
        ):
            one.to = leads_to
            with pytest.raises(NotFetched) as refused:
                await _bytes(MediaPlace(f"{one.address}/x", hosts, key))
            assert refused.value.why == "another_host" and refused.value.for_good
        assert other.keys == []
        one.to = "/x"
        with pytest.raises(NotFetched):
            await _bytes(MediaPlace(f"{one.address}/x", hosts, key))
        both = (*hosts, other.address.partition("://")[2])
        one.to = f"{other.address}/file"
        assert await _bytes(MediaPlace(f"{one.address}/x", both, key)) == PICTURE
        assert other.keys == [None], "our key is for the first host"


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://fbcdn.net/a", True),
        ("https://scontent-hkg4-1.xx.fbcdn.net/a?b", True),
        ("http://scontent.xx.fbcdn.net/a", False),
        ("https://evilfbcdn.net/a", False),
        ("https://fbcdn.net.evil.example/a", False),
        ("https://fbcdn.net@evil.example/a", False),
        ("https://evil.example/fbcdn.net", False),
        ("https://x.fbcdn.net:8080/a", False),
        ("https://user@x.fbcdn.net/a", False),
        ("ftp://fbcdn.net/a", False),
        ("//fbcdn.net", False),
        ("", False),
    ],
)
def test_attack_16_hosts_are_named_whole_or_by_what_they_are_below(url: str, may: bool) -> None:
    assert may_ask(url, MediaPlace("https://fbcdn.net/first", ("fbcdn.net",))) is may


async def test_attack_16_a_name_that_leads_into_a_private_network_is_not_asked() -> None:
    async with Leading().running() as one:
        port = one.address.rpartition(":")[2]
        with pytest.raises(NotFetched):
            await _bytes(MediaPlace(f"http://localhost:{port}/file", (f"localhost:{port}",)))
        assert one.keys == []
