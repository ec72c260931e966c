"""The trained bot as the gateway meets it: two real processes on loopback, asked over Rasa's `rest` channel."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
from ports import free_port
from waiting import answers, wait_until

ROOT = Path(__file__).parent.parent.parent
START_WITHIN_SECONDS = 120
ENDPOINTS = """
action_endpoint: {{url: "{actions}/webhook", enable_selective_domain: true}}
tracker_store: {{type: switchboard.bot_memory.BoundedTrackerStore}}
nlg: {{type: switchboard.bot_voice.VariedVoice}}
"""


@dataclass
class Answer:
    """What the bot said to one message."""

    lines: list[dict[str, Any]]

    @property
    def text(self) -> str:
        return "\n".join(line["text"] for line in self.lines if line.get("text"))

    @property
    def buttons(self) -> list[dict[str, str]]:
        return [button for line in self.lines for button in line.get("buttons") or ()]

    @property
    def marks(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for line in self.lines:
            found.update(line.get("custom") or {})
        return found

    def payload(self, beginning: str) -> str:
        """The payload of the first button that begins so."""
        return next(button["payload"] for button in self.buttons if button["payload"].startswith(beginning))


@dataclass
class Bot:
    """A running bot; `talk` opens conversations with it."""

    address: str
    actions: str
    shop_url: str
    actions_log: Path

    def talk(self, language: str = "zh-HK", **metadata: Any) -> Talk:
        return Talk(self, {"language": language, **metadata})

    def parse(self, text: str) -> dict[str, Any]:
        response = requests.post(f"{self.address}/model/parse", json={"text": text}, timeout=30)
        response.raise_for_status()
        return dict(response.json())


@dataclass
class Talk:
    """One conversation, with the metadata that the gateway would send."""

    bot: Bot
    metadata: dict[str, Any]
    id: str = field(default_factory=lambda: uuid4().hex)

    def say(self, text: str, **metadata: Any) -> Answer:
        body = {
            "sender": self.id,
            "message": text,
            "metadata": {
                "waiting": False,
                "channel": "widget",
                "identity": {"tier": "anonymous"},
                **self.metadata,
                **metadata,
            },
        }
        response = requests.post(f"{self.bot.address}/webhooks/rest/webhook", json=body, timeout=30)
        response.raise_for_status()
        lines = response.json()
        assert lines, f"the bot was silent after {text!r}"
        return Answer(lines)


class Processes:
    """Bot and action server; they die with the tests."""

    def __init__(self, model: Path, data: Path) -> None:
        self._running: list[subprocess.Popen[bytes]] = []
        actions_port, bot_port = free_port(), free_port()
        self.bot = Bot(
            f"http://127.0.0.1:{bot_port}",
            f"http://127.0.0.1:{actions_port}",
            f"sqlite:///{data / 'shop.db'}",
            data / "actions.log",
        )
        endpoints = data / "endpoints.yml"
        endpoints.write_text(ENDPOINTS.format(actions=self.bot.actions), encoding="utf-8")
        environment = {
            **os.environ,
            "RASA_TELEMETRY_ENABLED": "false",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
            "SWITCHBOARD_DATA_DIR": str(data),
            "SANIC_HOST": "127.0.0.1",
        }
        self._start(
            ["rasa_sdk", "--actions", "actions", "--port", str(actions_port)], environment, data / "actions.log"
        )
        self._start(
            [
                *("rasa", "run", "--connector", "rest", "--enable-api", "--interface", "127.0.0.1"),
                *("--port", str(bot_port), "--model", str(model), "--endpoints", str(endpoints)),
            ],
            environment,
            data / "bot.log",
        )

    def _start(self, module: list[str], environment: dict[str, str], log: Path) -> None:
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *module],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._running.append(process)

    def wait_until_ready(self) -> None:
        def is_up(url: str) -> bool:
            assert all(process.poll() is None for process in self._running), "a process stopped at start; see its log"
            return answers(url)

        for url in (f"{self.bot.actions}/health", f"{self.bot.address}/webhooks/rest/"):
            wait_until(partial(is_up, url), START_WITHIN_SECONDS, f"{url} answers")

    def stop(self) -> None:
        for process in self._running:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
