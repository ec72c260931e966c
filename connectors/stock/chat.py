"""Care for the stock channels of chat products: slack, mattermost, rocketchat, webexteams, hangouts, botframework."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
from jwt.algorithms import RSAAlgorithm
from rasa.core.channels.botframework import BotFramework
from rasa.core.channels.channel import OutputChannel
from rasa.core.channels.mattermost import MattermostBot
from sanic.request import Request
from sanic.response import HTTPResponse, text

from connectors.output import Limits
from connectors.proof import hex_sha1, same
from connectors.stock.care import Care, HandOver, Kept, Known, Reach

MICROSOFT_HOSTS = (
    ".botframework.com",
    ".trafficmanager.net",
    ".botframework.azure.us",
    ".infra.gov.teams.microsoft.us",
)
BOT_FRAMEWORK_ISSUER = "https://api.botframework.com"


# -- slack: https://api.slack.com/authentication/verifying-requests-from-slack ------------------------------------


def _slack_is_genuine(kept: Kept, request: Request) -> bool:
    # The channel's own check: HMAC over the raw body in constant time, five minutes of age.
    return bool(kept.channel.is_request_from_slack_authentic(request))


def _slack_read(kept: Kept, request: Request) -> Known:
    # Slack's marks of a repeat make the channel drop it; whether it is one, the message's own id says.
    for header in (kept.channel.retry_reason_header, kept.channel.retry_num_header):
        if header:
            request.headers.pop(header, None)
    if (request.headers.get("content-type") or "").startswith("application/x-www-form-urlencoded"):
        payload = json.loads(request.form["payload"][0])
        action = payload["actions"][0]
        message = payload.get("message") or {}
        return Known(
            f"{payload['user']['id']}:{message.get('ts')}:{action.get('action_ts') or payload.get('trigger_id')}",
            _slack_reach((payload.get("channel") or {}).get("id"), message.get("thread_ts") or message.get("ts")),
        )
    body = request.json
    if "challenge" in body:
        return Known()
    event = body["event"]
    if not event.get("text") or event.get("bot_id") or event.get("subtype"):
        return Known(unused=f"{event.get('type')} {event.get('subtype') or ''}".strip())
    # A mention comes twice, as `message` and as `app_mention`, each with an id of its own; the time stamp is one.
    return Known(
        f"{event.get('channel')}:{event.get('ts')}",
        _slack_reach(event.get("channel"), event.get("thread_ts") or event.get("ts")),
    )


def _slack_reach(channel: Any, thread: Any) -> dict[str, Any]:
    return {"channel": channel, "thread": thread}


def _slack_output(kept: Kept, reach: Reach) -> OutputChannel:
    thread = reach.get("thread") if kept.channel.use_threads else None
    output: OutputChannel = type(kept.channel).get_output_channel(kept.channel, reach.get("channel"), thread)
    return output


SLACK = Care(
    is_genuine=_slack_is_genuine,
    needs=("slack_signing_secret",),
    read=_slack_read,
    output=_slack_output,
    limits=Limits(text=3000, buttons=5, button_title=75, images=True),
)


# -- mattermost: https://developers.mattermost.com/integrate/webhooks/outgoing/ ------------------------------------


def _mattermost_key(kept: Kept) -> str:
    """What our buttons carry in their address: Mattermost signs nothing when one is pressed."""
    return hashlib.sha256(f"mattermost buttons {kept.setting('webhook_token')}".encode()).hexdigest()


def _mattermost_prepare(kept: Kept) -> None:
    url = str(kept.channel.webhook_url or kept.url)
    kept.channel.webhook_url = f"{url}{'&' if '?' in url else '?'}{urlencode({'key': _mattermost_key(kept)})}"


def _mattermost_is_genuine(kept: Kept, request: Request) -> bool:
    if same(request.args.get("key"), _mattermost_key(kept)):
        return True
    body = _json_of(request)
    return same(str(body.get("token") or ""), kept.setting("webhook_token"))


def _mattermost_read(_kept: Kept, request: Request) -> Known:
    body = request.json
    if "trigger_word" not in body and "context" not in body:
        return Known(unused="no message")
    key = body.get("trigger_id") if "context" in body else body.get("post_id")
    return Known(str(key) if key else None, {"channel": body["channel_id"]}, name=body.get("user_name"))


def _mattermost_output(kept: Kept, reach: Reach) -> OutputChannel:
    channel = kept.channel
    return MattermostBot(channel.url, channel.token, reach.get("channel"), channel.webhook_url)


MATTERMOST = Care(
    is_genuine=_mattermost_is_genuine,
    needs=("webhook_token",),
    read=_mattermost_read,
    output=_mattermost_output,
    in_thread=True,
    limits=Limits(text=16_000, buttons=5, button_title=80, images=True),
    prepare=_mattermost_prepare,
)


# -- rocketchat: https://docs.rocket.chat/docs/livechat-webhooks --------------------------------------------------


def _rocketchat_is_genuine(kept: Kept, request: Request) -> bool:
    given = request.headers.get("x-rocketchat-livechat-token") or str(_json_of(request).get("token") or "")
    return same(given, kept.setting("webhook_token"))


async def _rocketchat_take(kept: Kept, request: Request, hand_over: HandOver) -> HTTPResponse:
    """Every message of the request; the channel itself reads the first."""
    body = request.json
    room = body.get("_id") if "visitor" in body else body.get("channel_id")
    if "visitor" in body:
        messages = [(one.get("_id"), one.get("msg"), one.get("username")) for one in body.get("messages") or ()]
    else:
        messages = [(body.get("message_id"), body.get("text"), body.get("user_name"))]
    for key, words, writer in messages:
        if not words or not room:
            continue
        known = Known(str(key) if key else None, {"room": room}, name=writer)

        async def on_new_message(message: Any, known: Known = known) -> None:
            await hand_over(message, known)

        await kept.channel.send_message(words, writer, room, on_new_message, None)
    return text("")


ROCKETCHAT = Care(
    is_genuine=_rocketchat_is_genuine,
    needs=("webhook_token",),
    take=_rocketchat_take,
    in_thread=True,
    limits=Limits(text=5000, buttons=5, button_title=80, images=True),
    # Rocket.Chat shows in the room what a button says.
    titles_as_payloads=True,
)


# -- webexteams: https://developer.webex.com/docs/api/guides/webhooks#handling-requests-from-webex -----------------


def _webex_is_genuine(kept: Kept, request: Request) -> bool:
    return same(request.headers.get("x-spark-signature"), hex_sha1(kept.setting("webhook_secret"), request.body))


async def _webex_take(kept: Kept, request: Request, hand_over: HandOver) -> HTTPResponse:
    """The notice carries no text: it is fetched, in a thread, as the channel would in the loop."""
    body = request.json
    if body.get("resource") != "messages" or body.get("event") != "created":
        return text("")
    message = await asyncio.to_thread(kept.channel.api.messages.get, body["data"]["id"])
    if not message.text or message.personId == await _webex_me(kept):
        return text("")
    known = Known(str(message.id), {"room": message.roomId})

    async def on_new_message(made: Any) -> None:
        await hand_over(made, known)

    await kept.channel.process_message(on_new_message, message.text, message.roomId, None)
    return text("")


async def _webex_me(kept: Kept) -> str:
    known = getattr(kept.channel, "own_person_id", None)
    if known is None:
        known = (await asyncio.to_thread(kept.channel.api.people.me)).id
        kept.channel.own_person_id = known
    return str(known)


WEBEXTEAMS = Care(
    is_genuine=_webex_is_genuine,
    needs=("webhook_secret",),
    take=_webex_take,
    in_thread=True,
    limits=Limits(text=7000, buttons=0, images=True),
)


# -- hangouts (Google Chat): answers in the response; the channel checks Google's token when it knows the project ---


def _hangouts_is_genuine(kept: Kept, request: Request) -> bool:
    # The token itself is checked by the channel, against the project that `needs` asks for.
    return bool(request.headers.get("authorization", "").startswith("Bearer "))


def _hangouts_read(_kept: Kept, request: Request) -> Known:
    body = request.json
    kind = body["type"]
    if kind not in ("MESSAGE", "CARD_CLICKED"):
        return Known(unused=str(kind))
    message = body.get("message") or {}
    # The display name is not unique, and the person's own choice; the name of the resource is Google's.
    who = (message.get("sender") if kind == "MESSAGE" else body.get("user")) or {}
    key = f"{message.get('name')}:{body.get('eventTime')}" if message.get("name") else None
    return Known(key, sender=str(who["name"]), name=who.get("displayName"))


HANGOUTS = Care(is_genuine=_hangouts_is_genuine, needs=("project_id",), read=_hangouts_read, writes_later=False)


# -- botframework: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication


def _bot_framework_is_genuine(kept: Kept, request: Request) -> bool:
    scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
    if scheme != "Bearer" or not token:
        return False
    try:
        key: Any = RSAAlgorithm.from_jwk(json.dumps(kept.channel.jwt_keys[jwt.get_unverified_header(token)["kid"]]))
        claims = jwt.decode(
            token,
            key=key,
            algorithms=["RS256"],
            audience=kept.channel.app_id,
            issuer=BOT_FRAMEWORK_ISSUER,
            leeway=300,
        )
    except (jwt.PyJWTError, KeyError, ValueError, TypeError):
        return False
    # Our key goes to this address with every answer.
    service = str(_json_of(request).get("serviceUrl") or "")
    said = claims.get("serviceurl", claims.get("serviceUrl"))
    return _is_service(kept, service) and (said is None or str(said).rstrip("/") == service.rstrip("/"))


def _is_service(kept: Kept, url: str) -> bool:
    parts = urlsplit(url)
    own = kept.setting("service_url").rstrip("/")
    if own and url.rstrip("/") == own:
        return True
    return parts.scheme == "https" and bool(parts.hostname) and str(parts.hostname).endswith(MICROSOFT_HOSTS)


def _bot_framework_read(_kept: Kept, request: Request) -> Known:
    body = request.json
    if body["type"] != "message" or not (body.get("text") or "").strip():
        return Known(unused=str(body["type"]))
    reach = {"conversation": body["conversation"], "bot": body["recipient"], "service": body["serviceUrl"]}
    conversation = str(body["conversation"]["id"])
    return Known(f"{conversation}:{body['id']}" if body.get("id") else None, reach, name=body["from"].get("name"))


def _bot_framework_output(kept: Kept, reach: Reach) -> OutputChannel | None:
    if not reach.get("service"):
        return None
    channel = kept.channel
    return BotFramework(
        channel.app_id, channel.app_password, dict(reach["conversation"]), reach["bot"], str(reach["service"])
    )


BOT_FRAMEWORK = Care(
    is_genuine=_bot_framework_is_genuine,
    read=_bot_framework_read,
    output=_bot_framework_output,
    in_thread=True,
    limits=Limits(text=4000, buttons=6, button_title=60, images=True),
)


def _json_of(request: Request) -> dict[str, Any]:
    """The body as an object, or an empty one: for proofs that stand in it."""
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}
