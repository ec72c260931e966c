"""Stock Rasa channels on the gateway: who may speak through `rest`, what mounts, and how an agent's reply gets out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gateway_parts import Gateway, Start
from rasa.core.channels import BUILTIN_CHANNELS
from waiting import eventually

from switchboard import channels

TOKENS = "app:token-of-the-app,other:token-of-another"
# Plausible settings, none of them real.
CREDENTIALS: dict[str, Any] = {
    "rest": None,
    "callback": {"url": "http://127.0.0.1:9/callback"},
    "facebook": {"verify": "v", "secret": "s" * 32, "page-access-token": "t" * 64},
    "slack": {"slack_token": "xoxb-1", "slack_channel": "C1", "slack_signing_secret": "s" * 32},
    "mattermost": {
        "url": "http://127.0.0.1:9/api/v4",
        "token": "t" * 26,
        "webhook_url": "http://127.0.0.1:9/hook",
        "webhook_token": "w",
    },
    "rocketchat": {"user": "bot", "password": "p", "server_url": "http://127.0.0.1:9", "webhook_token": "w"},
    "twilio": {"account_sid": "AC" + "0" * 32, "auth_token": "0" * 32, "twilio_number": "whatsapp:+14155238886"},
    "twilio_voice": {"initial_prompt": "hello", "auth_token": "0" * 32},
    "webexteams": {"access_token": "t" * 64, "room": "r", "webhook_secret": "w"},
    "hangouts": {"project_id": "1"},
    "telegram": {"access_token": "1:" + "a" * 35, "verify": "bot", "webhook_url": "https://127.0.0.1:9/hook"},
    "botframework": {"app_id": "a", "app_password": "p"},
    "socketio": {"session_persistence": True},
}
ASK_THEIR_PROVIDERS = {
    "botframework",
    "facebook",
    "mattermost",
    "rocketchat",
    "slack",
    "telegram",
    "twilio",
    "webexteams",
}


async def _post(gateway: Gateway, body: Any, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    given = {"data": body} if isinstance(body, bytes) else {"json": body}
    async with gateway.http.post(f"{gateway.base}/webhooks/rest/webhook", headers=headers, **given) as response:
        return response.status, await response.json()


async def test_rest_asks_for_a_token_except_from_the_loopback_address_in_the_demo(start: Start) -> None:
    body = {"sender": "ana", "message": "hello there"}
    demo = await start(api_tokens=TOKENS)
    real = await start(api_tokens=TOKENS, demo="false")
    assert (await _post(demo, body))[0] == 200
    status, answer = await _post(real, body)
    assert (status, answer["error"]["code"]) == (401, "token_required")
    for gateway in (demo, real):
        for headers in (
            {"Authorization": "Bearer token-of-the-app"},
            {"Authorization": "bearer  token-of-the-app"},
            {"X-API-Token": "token-of-another"},
        ):
            assert (await _post(gateway, body, headers))[0] == 200, headers
        for headers in (
            {"Authorization": "Bearer token-of-the-ap"},
            {"Authorization": "Bearer app"},
            {"Authorization": "Bearer app:token-of-the-app"},
            {"Authorization": "Basic token-of-the-app"},
            {"X-API-Token": "TOKEN-OF-THE-APP"},
        ):
            status, answer = await _post(gateway, body, headers)
            if gateway is real or not headers.get("Authorization", "").startswith("Basic"):
                assert (status, answer["error"]["code"]) == (401, "token_required"), headers


async def test_attack_19_a_request_that_was_forwarded_or_comes_from_a_page_is_not_local(start: Start) -> None:
    gateway = await start(api_tokens=TOKENS)
    body = {"sender": "ana", "message": "hello there"}
    for name, value in (
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Forwarded-For", ""),
        ("Forwarded", "for=127.0.0.1"),
        ("X-Real-IP", "::1"),
        ("X-Forwarded-Host", "localhost"),
        ("Via", "1.1 proxy"),
        ("Origin", "https://evil.example"),
    ):
        status, _ = await _post(gateway, body, {name: value})
        assert status == 401, name
    assert gateway.bot.asked == []


async def test_attack_8_equal_senders_of_two_callers_are_two_conversations(start: Start) -> None:
    gateway = await start(api_tokens=TOKENS)
    body = {"sender": "42", "message": "hello there", "metadata": {"message_id": "1"}}
    for token in ("token-of-the-app", "token-of-another"):
        status, answer = await _post(gateway, body, {"Authorization": f"Bearer {token}"})
        assert status == 200 and answer == [{"recipient_id": "42", "text": "bot: hello there"}]
    await _post(gateway, body)
    assert len({asked["sender"] for asked in gateway.bot.asked}) == 3


async def test_attack_3_a_caller_chooses_no_channel_and_no_identity(start: Start) -> None:
    gateway = await start()
    page = await gateway.page()
    await page.say("hello")
    conversation = (await page.message("assistant"))["conversation"]
    seat = await gateway.seat("ben")
    body = {
        "sender": "ana",
        "message": "hello there",
        "input_channel": "widget",
        "metadata": {"identity": {"tier": "identity", "customer_id": "c-0001"}, "language": "zh-TW", "waiting": True},
    }
    assert (await _post(gateway, body))[0] == 200
    asked = gateway.bot.asked[-1]
    assert asked["sender"] != conversation and asked["metadata"]["channel"] == "rest"
    assert asked["metadata"]["identity"]["tier"] == "anonymous" and asked["metadata"]["waiting"] is False
    assert {row["channel"] for row in (await seat.get("/conversations"))["conversations"]} == {"widget", "rest"}


async def test_attack_15_wrong_bodies_are_refused_with_the_field(gateway: Gateway) -> None:
    good = {"sender": "ana", "message": "hello there"}
    for change, field in (
        ({"sender": None}, "sender"),
        ({"sender": ""}, "sender"),
        ({"sender": 42}, "sender"),
        ({"sender": "x" * 121}, "sender"),
        ({"sender": "a\x1fb"}, "sender"),
        ({"sender": "a\0b"}, "sender"),
        ({"sender": "\ud800"}, "sender"),
        ({"sender": "a\nb\x1b[31m\x7f"}, "sender"),
        ({"message": None}, "message"),
        ({"message": "   "}, "message"),
        ({"message": ["x"]}, "message"),
        ({"message": "x" * 200_001}, "message"),
        ({"metadata": "x"}, "metadata"),
        ({"metadata": [1]}, "metadata"),
    ):
        status, answer = await _post(gateway, {**good, **change})
        assert (status, answer["error"]["details"].get("field")) == (400, field), change
    for body in ([], "x", 5, None, b"", b"{", b"\xff"):
        assert (await _post(gateway, body))[0] == 400, body
    for metadata in (
        {"message_id": {}},
        {"message_id": "\ud800"},
        {"language": 5},
        {"language": "\0"},
        {"\0": "\ud800"},
    ):
        status, answer = await _post(gateway, {**good, "metadata": metadata})
        assert (status, answer[0]["text"]) == (200, "bot: hello there"), metadata
    status, answer = await _post(gateway, {**good, "message": "x" * 100_000, "metadata": {"language": "en"}})
    assert status == 200 and "2000" in answer[0]["text"]


async def test_an_agents_reply_reaches_a_rest_customer_with_their_next_message(gateway: Gateway) -> None:
    gateway.bot.hands_over("a person please")
    seat = await gateway.seat("ben")
    await gateway.rest("a person please")
    conversation = await seat.claim_only()
    for text in ("Good day", "What is it about?"):
        await seat.post(f"/conversations/{conversation}/messages", {"text": text})
    lines = await gateway.rest("are you there?")
    texts = [line["text"] for line in lines if "text" in line]
    assert texts[-2:] == ["Good day", "What is it about?"] and "Ben" in texts[0]
    assert {"author": {"kind": "agent", "name": "Ben"}} in [line.get("custom") for line in lines]
    assert await gateway.rest("and now?") == [], "each line once"
    assert await gateway.rest("hello", sender="bob") == [{"recipient_id": "bob", "text": "bot: hello"}]


async def test_rest_streams_as_stock_rasa_does(start: Start) -> None:
    gateway = await start()
    body = {"sender": "ana", "message": "hello there"}
    async with gateway.http.post(f"{gateway.base}/webhooks/rest/webhook?stream=true", json=body) as response:
        lines = [json.loads(line) for line in (await response.text()).splitlines()]
    assert lines == [{"recipient_id": "ana", "text": "bot: hello there"}]


async def test_every_stock_channel_mounts_and_one_that_fails_is_left_out(
    start: Start, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(CREDENTIALS) == set(BUILTIN_CHANNELS) - channels.NOT_CHANNELS, "a channel of Rasa is missing here"
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # no test reaches the network
    (root / "credentials.yml").write_text(json.dumps(CREDENTIALS), encoding="utf-8")
    gateway = await start()
    async with gateway.http.get(f"{gateway.base}/readyz") as response:
        assert response.status == 200
        left_out = {one["channel"]: one["why"] for one in (await response.json())["channels_left_out"]}
    # Where the provider is not there the channel runs, and the operator reads of it.
    assert set(left_out) - ASK_THEIR_PROVIDERS == {"socketio"}
    assert "allow_insecure" in left_out["socketio"]
    assert "a" * 35 not in str(left_out), "no secret"
    for name in set(CREDENTIALS) - {"socketio"}:
        async with gateway.http.get(f"{gateway.base}/webhooks/{name}/") as response:
            assert response.status == 200, name
    async with gateway.http.get(f"{gateway.base}/webhooks/socketio/") as response:
        assert response.status == 404
    assert (await gateway.rest("hello"))[0]["text"] == "bot: hello"
    async with gateway.http.post(
        f"{gateway.base}/webhooks/callback/webhook", json={"sender": "c", "message": "hi"}
    ) as answer:
        assert answer.status == 200
    await eventually(lambda: len(gateway.bot.asked) == 2)
    assert [asked["metadata"]["channel"] for asked in gateway.bot.asked] == ["rest", "callback"]


async def test_socketio_is_mounted_only_by_somebody_who_knows_what_it_is(start: Start, root: Path) -> None:
    (root / "credentials.yml").write_text("rest:\nsocketio:\n  allow_insecure: true\n", encoding="utf-8")
    gateway = await start()
    async with gateway.http.get(f"{gateway.base}/webhooks/socketio/") as response:
        assert response.status == 200
    async with gateway.http.get(f"{gateway.base}/readyz") as response:
        assert (await response.json())["channels_left_out"] == []


async def test_a_channel_nobody_knows_is_reported_and_the_others_run(
    start: Start, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (root / "credentials.yml").write_text(
        "rest:\ncmdline:\nsms:\n  token: hunter2\nswitchboard.settings.Settings:\nno.such.Module:\nslack:\n",
        encoding="utf-8",
    )
    gateway = await start()
    async with gateway.http.get(f"{gateway.base}/readyz") as response:
        left_out = (await response.json())["channels_left_out"]
    names = ["sms", "switchboard.settings.Settings", "no.such.Module", "slack"]
    assert [one["channel"] for one in left_out] == names
    logged = [one for one in caplog.records if getattr(one, "event", "") == "channel_left_out"]
    assert [(one.channel, one.error) for one in logged] == [(one["channel"], one["why"]) for one in left_out]
    supervisor, agent = await gateway.seat("sue"), await gateway.seat("ben")
    assert (await supervisor.get("/inbox"))["channels_left_out"] == left_out
    assert (await agent.get("/inbox"))["channels_left_out"] == [], "an agent can do nothing about it"
    assert "hunter2" not in str(left_out)
    assert (await gateway.rest("hello"))[0]["text"] == "bot: hello"


@pytest.mark.parametrize("text", ["rest: [", "- rest", "rest:\n  a: ${NOT_SET_ANYWHERE}\n", "!!python/object:os.x {}"])
async def test_attack_36_a_broken_credentials_file_is_one_sentence(start: Start, root: Path, text: str) -> None:
    (root / "credentials.yml").write_text(f"{text}\n# token: hunter2\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"credentials\.yml") as caught:
        channels.read_credentials(root / "credentials.yml")
    assert "hunter2" not in str(caught.value) and "\n" not in str(caught.value)
