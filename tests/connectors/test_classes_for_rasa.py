"""A channel that somebody wrote for Rasa, named by its class path: what the gateway gives it without our base."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from gateway_parts import Gateway, Start
from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, text
from stock_wire import name_in_credentials
from waiting import eventually

PAPER = f"{__name__}.PaperInput"


class PaperOutput(OutputChannel):
    """Writes on paper."""

    def __init__(self, written: list[tuple[str, str]]) -> None:
        self.written = written

    @classmethod
    def name(cls) -> str:
        return "paper"

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        self.written.append((recipient_id, text))


class PaperInput(InputChannel):
    """As the pages of Rasa show how to write one; it shows that it has read a message before it hands it on."""

    written: list[tuple[str, str]] = []

    @classmethod
    def name(cls) -> str:
        return "paper"

    def get_output_channel(self) -> OutputChannel:
        return PaperOutput(self.written)

    def get_metadata(self, request: Request) -> dict[str, Any]:
        return {"message_id": request.json["id"], "language": "en"}

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        made = Blueprint("paper_webhook")

        @made.route("/webhook", methods=["POST"])
        async def webhook(request: Request) -> HTTPResponse:
            output, body = self.get_output_channel(), request.json
            await output.send_text_message(body["from"], "read")
            metadata = self.get_metadata(request)
            await on_new_message(UserMessage(body["text"], output, body["from"], "paper", metadata=metadata))
            return text("thank you")

        return made


class BrokenInput(PaperInput):
    """Breaks where it is mounted."""

    @classmethod
    def name(cls) -> str:
        return "broken"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        raise OSError("hunter2")


@pytest.fixture
def written() -> list[tuple[str, str]]:
    PaperInput.written.clear()
    return PaperInput.written


async def _writes(gateway: Gateway, text: str, number: int, **more: Any) -> int:
    body = {"from": "ana", "text": text, "id": number, **more}
    async with gateway.http.post(f"{gateway.base}/webhooks/paper/webhook", json=body) as response:
        return response.status


async def test_a_class_without_our_base_gets_the_line_the_queue_and_the_outbox(
    start: Start, root: Path, written: list[tuple[str, str]]
) -> None:
    name_in_credentials(root, {PAPER: None, f"{__name__}.BrokenInput": None})
    gateway = await start(default_language="en")
    seat, supervisor = await gateway.seat("ben"), await gateway.seat("sue")
    gateway.bot.hands_over("a person please")
    for _ in range(3):
        assert await _writes(gateway, "hello", 1) == 200
    await eventually(lambda: ("ana", "bot: hello") in written, lambda: written)
    assert written.count(("ana", "read")) == 3, "it has its own output channel while it takes a message"
    await _writes(gateway, "a person please", 2)
    await eventually(lambda: len(gateway.bot.asked) == 2)
    assert [one["message"] for one in gateway.bot.asked] == ["hello", "a person please"], "each once"
    await eventually(lambda: len(written) == 6, lambda: written)
    assert "2. Leave the queue" in written[-1][1], "it knows no buttons"
    await _writes(gateway, "2", 3)
    await eventually(lambda: len(written) == 8, lambda: written)
    assert (await seat.get("/inbox"))["queue"] == [], "and its customers answer with a number"
    await _writes(gateway, "a person please", 4)
    await eventually(lambda: len(written) == 10, lambda: written)
    conversation = await seat.claim_only()
    gateway.clock.forward(hours=1)
    await seat.post(f"/conversations/{conversation}/messages", {"text": "Here I am."})
    await eventually(lambda: ("ana", "Here I am.") in written, lambda: written)
    assert await _writes(gateway, {"no": "text"}, 5) == 200, "what it breaks on is acknowledged"  # type: ignore[arg-type]
    async with gateway.http.get(f"{gateway.base}/readyz") as response:
        ready = await response.json()
    left_out = [{"channel": "broken", "why": "OSError while it was mounted"}]
    assert ready["channels_left_out"] == left_out == (await supervisor.get("/inbox"))["channels_left_out"]
    assert ready["events_unused"] == {"paper": {"unreadable": 1}}
