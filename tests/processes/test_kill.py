"""kill -9 of any process, at any moment: no accepted message is lost, none is doubled, the ticket still waits."""

from __future__ import annotations

import json
import random
import threading
import urllib.error
import urllib.request
from typing import Any

import pytest
from rounds import rounds
from running_switchboard import Running
from waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.bot]


def _call(running: Running, path: str, body: Any = None, token: str = "") -> Any:
    request = urllib.request.Request(running.base + path, method="POST" if body is not None else "GET")
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, json.dumps(body).encode() if body is not None else None, timeout=40) as answer:
        return json.loads(answer.read())


class Customer:
    """A page on the fallback transport that sends each line until it is accepted, always under the same id."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.token = _call(running, "/widget/session", {"inbox": "demo", "locale": "en"})["token"]
        self.accepted: list[str] = []

    def say(self, text: str, client_id: str, seconds: float = 90) -> dict[str, Any]:
        frame = {"type": "message", "client_id": client_id, "text": text}
        return self.send(frame, seconds)

    def send(self, frame: dict[str, Any], seconds: float = 90) -> dict[str, Any]:
        def accepted() -> dict[str, Any] | None:
            try:
                frames = _call(self.running, "/widget/frames", frame, self.token)["frames"]
            except (urllib.error.URLError, OSError, ValueError):
                return None  # nobody listens just now
            assert frames[0]["type"] == "accepted", frames
            return dict(frames[0])

        answer = wait_until(accepted, seconds, f"{frame} is accepted")
        self.accepted.append(frame["client_id"])
        assert answer is not None
        return answer

    def transcript(self) -> list[dict[str, Any]]:
        return list(_call(self.running, "/widget/poll?after=0", token=self.token)["messages"])

    def state(self) -> dict[str, Any]:
        body = {"inbox": "demo", "locale": "en", "token": self.token}
        return dict(_call(self.running, "/widget/session", body)["state"])


def _settled(customer: Customer, expected: int, seconds: float = 60) -> list[dict[str, Any]]:
    """The transcript once each of the customer's lines has been answered."""

    def settled() -> list[dict[str, Any]]:
        lines = customer.transcript()
        own = [line for line in lines if line["author"] == "customer"]
        return lines if len(own) >= expected and lines[-1]["author"] != "customer" else []

    return wait_until(settled, seconds, "each line is answered")


@pytest.mark.parametrize("moment", range(rounds(1)))
@pytest.mark.parametrize("victim", ["gateway", "bot", "actions"])
def test_a_killed_process_loses_and_doubles_nothing_and_a_waiting_ticket_still_waits(
    running: Running, victim: str, moment: int
) -> None:
    agent, waiting = _DeskAgent(running), Customer(running)
    waiting.send({"type": "person", "client_id": "person"})
    before = waiting.state()
    assert before["status"] == "waiting"
    customer = Customer(running)
    texts = [f"how long does delivery take, question {number}?" for number in range(8)]
    killer = random.Random(f"{victim}{moment or ''}")
    old = running.pid(victim)
    timer = threading.Timer(0.05 + killer.random() * 0.3, lambda: running.kill(victim))
    timer.start()
    for number, text in enumerate(texts):
        customer.say(text, client_id=f"{victim}-{number}")
    timer.join()
    running.wait_for_another(victim, old)
    lines = _settled(customer, len(texts))
    said = [line["text"] for line in lines if line["author"] == "customer"]
    assert said == texts, "each exactly once, in order"
    assert len({line["id"] for line in lines}) == len(lines)
    for index, line in enumerate(lines):
        if line["author"] == "customer":
            assert lines[index + 1]["author"] in ("assistant", "system"), "no silence"
    # Eight such questions may have brought this customer into the queue as well, before the other.
    if customer.state()["status"] == "waiting":
        customer.send({"type": "leave_queue", "client_id": "leave"})
    now = waiting.state()
    assert (now["status"], now["case"], now["position"]) == ("waiting", before["case"], before["position"])
    assert [row["number"] for row in agent.inbox()["queue"]].count(before["case"]) == 1
    waiting.send({"type": "leave_queue", "client_id": "leave"})


class _DeskAgent:
    """An agent who is signed in, over plain HTTP."""

    def __init__(self, running: Running) -> None:
        self.running = running
        body = json.dumps({"login": "ben", "password": "demo-ben-1234"}).encode()
        request = urllib.request.Request(running.base + "/desk/api/login", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]

    def inbox(self) -> dict[str, Any]:
        request = urllib.request.Request(self.running.base + "/desk/api/inbox", headers={"Cookie": self.cookie})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return dict(json.loads(answer.read()))
