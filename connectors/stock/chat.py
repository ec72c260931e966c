"""Care for the stock channels of chat products: slack, mattermost, rocketchat, webexteams, hangouts, botframework."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import jwt
import requests
from jwt.algorithms import RSAAlgorithm
from rasa.core.channels.botframework import MICROSOFT_OAUTH2_URL, BotFramework
from rasa.core.channels.channel import InputChannel, OutputChannel
from rasa.core.channels.mattermost import MattermostBot
from rasa.core.channels.rocketchat import RocketChatBot
from rasa.core.channels.webexteams import WebexTeamsBot
from sanic.request import Request
from sanic.response import HTTPResponse, text
from sanic.response import json as as_json
from webexteamssdk import WebexTeamsAPI  # type: ignore[import-untyped]

from connectors.media import MediaPlace, kind_of
from connectors.output import Button, DeliveryFailed, Limits
from connectors.proof import asked_with, hex_sha1, hex_sha256, same, shown
from connectors.splitting import utf8_bytes
from connectors.stock import greetings
from connectors.stock.care import UNREADABLE, Care, Hands, Kept, Known, Reach, not_given, says_its_title
from switchboard.records import Attachment

MICROSOFT_HOSTS = (
    ".botframework.com",
    ".trafficmanager.net",
    ".botframework.azure.us",
    ".infra.gov.teams.microsoft.us",
)
SLACK_FILES = "files.slack.com"
BOT_FRAMEWORK_ISSUER = "https://api.botframework.com"
KEYS_ASKED_EVERY_SECONDS = 600
KEYS_MISSED_SECONDS, KEYS_WITHIN_SECONDS = 30, 10
SENT_WITHIN_SECONDS = 30
WEBEX_ANSWERS_WITHIN_SECONDS = 10
KEYS_LAST_SECONDS = 24 * 3600


def _in_json(_kept: Kept, answer: HTTPResponse, _late: str | None) -> HTTPResponse:
    """An acknowledgement as the provider reads it, in JSON: Mattermost shows customers a failure for "success"."""
    return as_json({}) if answer.status == 200 and answer.body in (b"", b"success", b"OK") else answer


# -- slack: https://api.slack.com/authentication/verifying-requests-from-slack ------------------------------------


def _slack_is_genuine(kept: Kept, request: Request) -> bool:
    stamp = shown(request, "x-slack-request-timestamp") or ""
    expected = "v0=" + hex_sha256(kept.channel.slack_signing_secret, f"v0:{stamp}:".encode() + request.body)
    if not (stamp.isascii() and stamp.isdigit() and same(shown(request, "x-slack-signature"), expected)):
        return False
    # The channel's own check knows the time: five minutes of age. What a forger makes it break on it logs as an error.
    return bool(kept.channel.is_request_from_slack_authentic(request))


# A message of a person; "also to the channel" and `/me` are of another kind. https://api.slack.com/events/message
_SLACK_SAID = (None, "thread_broadcast", "me_message")


async def _slack_take(_kept: Kept, request: Request, _hands: Hands) -> HTTPResponse | None:
    """https://api.slack.com/events/url_verification; the channel puts the word into quotation marks."""
    if (request.headers.get("content-type") or "").startswith("application/json") and "challenge" in request.json:
        return text(str(request.json["challenge"]))
    return None


def _slack_read(kept: Kept, request: Request) -> Known:
    # Slack's marks of a repeat make the channel drop it; whether it is one, the message's own id says.
    for header in (kept.channel.retry_reason_header, kept.channel.retry_num_header):
        if header:
            request.headers.pop(header, None)
    if (request.headers.get("content-type") or "").startswith("application/x-www-form-urlencoded"):
        payload = json.loads(parse_qs(request.body.decode())["payload"][0])  # Sanic logs what it cannot decode
        if not payload.get("actions"):
            return Known(unused=str(payload.get("type")))
        action = payload["actions"][0]
        message = payload.get("message") or {}
        return Known(
            f"{payload['user']['id']}:{message.get('ts')}:{action.get('action_ts') or payload.get('trigger_id')}",
            _slack_reach((payload.get("channel") or {}).get("id"), message.get("thread_ts") or message.get("ts")),
        )
    event = request.json["event"]
    files = tuple(map(_slack_file, event.get("files") or ()))
    is_said = bool(event.get("text")) and event.get("subtype") in _SLACK_SAID
    if event.get("bot_id") or not (is_said or files):
        return Known(unused=f"{event.get('type')} {event.get('subtype') or ''}".strip())
    words = event.get("text") or ""
    if not words:
        event["text"] = " "  # the channel takes nothing without a text
    # A mention comes twice, as `message` and as `app_mention`, each with an id of its own; the time stamp is one.
    return Known(
        f"{event.get('channel')}:{event.get('ts')}",
        _slack_reach(event.get("channel"), event.get("thread_ts") or event.get("ts")),
        text=None if words else "",
        attachments=files,
    )


def _slack_file(found: Any) -> Attachment:
    """https://api.slack.com/types/file; what is not on Slack's own host, nobody but the customer may open."""
    url, kind = str(found.get("url_private_download") or found.get("url_private") or ""), kind_of(found.get("mimetype"))
    if urlsplit(url).hostname != SLACK_FILES:
        return not_given(kind, found.get("name"))
    return Attachment(kind, {"url": url}, found.get("name"), found.get("mimetype"), found.get("size"))


async def _slack_open(kept: Kept, attachment: Attachment) -> MediaPlace:
    """With the scope `files:read`; without it Slack shows its page to sign in."""
    headers = {"Authorization": f"Bearer {kept.channel.slack_token}"}
    return MediaPlace(str(attachment.source["url"]), (SLACK_FILES,), headers)


def _slack_reach(channel: Any, thread: Any) -> dict[str, Any]:
    return {"channel": channel, "thread": thread}


def _slack_output(kept: Kept, reach: Reach) -> OutputChannel:
    thread = reach.get("thread") if kept.channel.use_threads else None
    output: OutputChannel = type(kept.channel).get_output_channel(kept.channel, reach.get("channel"), thread)
    return output


SLACK = Care(
    is_genuine=_slack_is_genuine,
    needs=("slack_signing_secret",),
    start=greetings.slack,
    read=_slack_read,
    take=_slack_take,
    output=_slack_output,
    limits=Limits(text=3000, buttons=5, button_title=75, images=True),
    open_media=_slack_open,
)


# -- mattermost: https://developers.mattermost.com/integrate/webhooks/outgoing/ ------------------------------------


def _mattermost_key(kept: Kept) -> str:
    """What our buttons carry in their address: Mattermost signs nothing when one is pressed."""
    return hashlib.sha256(f"mattermost buttons {kept.setting('webhook_token')}".encode()).hexdigest()


def _mattermost_prepare(kept: Kept) -> None:
    url = str(kept.channel.webhook_url or kept.url)
    kept.channel.webhook_url = f"{url}{'&' if '?' in url else '?'}{urlencode({'key': _mattermost_key(kept)})}"


def _mattermost_is_genuine(kept: Kept, request: Request) -> bool:
    if same(asked_with(request, "key"), _mattermost_key(kept)):
        return True
    body = _json_of(request)
    return same(str(body.get("token") or ""), kept.setting("webhook_token"))


def _mattermost_read(_kept: Kept, request: Request) -> Known:
    body = request.json
    if "trigger_word" not in body and "context" not in body:
        return Known(unused="no message")
    key = body.get("trigger_id") if "context" in body else body.get("post_id")
    given = body.get("file_ids") or ""
    ids = given if isinstance(given, list) else str(given).split(",")
    files = tuple(Attachment("file", {"id": str(one)}) for one in ids if one)
    return Known(
        str(key) if key else None,
        {"channel": body["channel_id"]},
        name=body.get("user_name"),
        # The word that calls the bot stands for the files.
        text="" if files and (body.get("text") or "").strip() == body.get("trigger_word") else None,
        attachments=files,
    )


async def _mattermost_open(kept: Kept, attachment: Attachment) -> MediaPlace:
    """https://api.mattermost.com/#tag/files/operation/GetFile"""
    url = f"{str(kept.channel.url).rstrip('/')}/files/{quote(str(attachment.source['id']), safe='')}"
    headers = {"Authorization": f"Bearer {kept.channel.token}"}
    return MediaPlace(url, (urlsplit(url).netloc,), headers, is_own=True)


def _mattermost_output(kept: Kept, reach: Reach) -> OutputChannel:
    channel = kept.channel
    return MattermostBot(channel.url, channel.token, reach.get("channel"), channel.webhook_url)


MATTERMOST = Care(
    is_genuine=_mattermost_is_genuine,
    needs=("webhook_token",),
    start=greetings.mattermost,
    read=_mattermost_read,
    output=_mattermost_output,
    in_thread=True,
    limits=Limits(text=16_000, buttons=5, button_title=80, images=True),
    prepare=_mattermost_prepare,
    open_media=_mattermost_open,
    finish=_in_json,
)


# -- rocketchat: https://docs.rocket.chat/docs/livechat-webhooks --------------------------------------------------


def _rocketchat_is_genuine(kept: Kept, request: Request) -> bool:
    name = "x-rocketchat-livechat-token"
    given = shown(request, name) if name in request.headers else str(_json_of(request).get("token") or "")
    return same(given, kept.setting("webhook_token"))


async def _rocketchat_take(kept: Kept, request: Request, hands: Hands) -> HTTPResponse:
    """Every message of the request; the channel itself reads the first."""
    body = request.json
    if body.get("type") not in (None, "Message"):
        # A session that begins or ends, or the button "Test": it tells once more what was said.
        hands.unused(str(body["type"]))
        return text("")
    if "visitor" not in body:
        body = {
            "_id": body.get("channel_id"),
            "messages": [
                {"_id": body.get("message_id"), "msg": body.get("text"), "username": body.get("user_name")},
            ],
        }
    for message in body.get("messages") or ():
        await _rocketchat_message(kept, message, body.get("_id"), hands)
    return text("")


async def _rocketchat_message(kept: Kept, message: Any, room: Any, hands: Hands) -> None:
    try:
        # Livechat's webhook names the file; its bytes are for who is signed in to the server.
        found = message.get("file") or message.get("fileUpload")
        files = (not_given(kind_of(found.get("type")), found.get("name")),) if found else ()
        words, key = message.get("msg"), message.get("_id")
        if not (words or files) or not room or message.get("agentId"):
            hands.unused("agents_line" if message.get("agentId") else "nothing")
            return
        known = Known(str(key) if key else None, {"room": room}, name=message.get("username"), attachments=files)

        async def on_new_message(made: Any) -> None:
            await hands.over(made, known)

        await kept.channel.send_message(words or "", message.get("username"), room, on_new_message, None)
    except UNREADABLE:  # the others are read all the same
        hands.unused("unreadable")


def _rocketchat_output(kept: Kept, _reach: Reach) -> OutputChannel:
    """Signed in once: Rocket.Chat counts sign-ins among the calls that it allows in a minute."""
    known: OutputChannel | None = getattr(kept.channel, "own_output", None)
    if known is None:
        known = kept.channel.own_output = RocketChatBot(
            kept.channel.user, kept.channel.password, kept.channel.server_url
        )
        known.rocket.call_api_post = _checked(kept, known.rocket, known.rocket.call_api_post)
    return known


def _checked(kept: Kept, rocket: Any, call: Callable[..., requests.Response]) -> Callable[..., requests.Response]:
    """The channel looks at no answer, so that a refusal would count as sent."""

    def checked(method: str, **said: Any) -> requests.Response:
        answer = call(method, **said)
        if answer.status_code == 401:  # the sign-in has run out
            rocket.login(kept.channel.user, kept.channel.password)
            answer = call(method, **said)
        answer.raise_for_status()
        return answer

    return checked


async def _rocketchat_start(kept: Kept) -> None:
    await asyncio.to_thread(_rocketchat_output, kept, {})


ROCKETCHAT = Care(
    is_genuine=_rocketchat_is_genuine,
    needs=("webhook_token",),
    start=_rocketchat_start,
    take=_rocketchat_take,
    output=_rocketchat_output,
    in_thread=True,
    limits=Limits(text=5000, buttons=5, button_title=80, images=True),
    # Rocket.Chat shows in the room what a button says.
    button=says_its_title,
    whole_titles=True,
)


# -- webexteams: https://developer.webex.com/docs/api/guides/webhooks#handling-requests-from-webex -----------------


def _webex_is_genuine(kept: Kept, request: Request) -> bool:
    return same(shown(request, "x-spark-signature"), hex_sha1(kept.setting("webhook_secret"), request.body))


async def _webex_take(kept: Kept, request: Request, hands: Hands) -> HTTPResponse:
    """The notice carries no text: it is fetched, in a thread, as the channel would in the loop."""
    body = request.json
    if body.get("resource") != "messages" or body.get("event") != "created":
        hands.unused(f"{body.get('resource')} {body.get('event')}")
        return text("")
    message = await asyncio.to_thread(kept.channel.api.messages.get, body["data"]["id"])
    files = tuple(Attachment("file", {"url": str(one)}) for one in message.files or ())
    if not (message.text or files) or message.personId == await _webex_me(kept):
        hands.unused("own_message" if message.text or files else "nothing")
        return text("")
    known = Known(str(message.id), {"room": message.roomId}, attachments=files)

    async def on_new_message(made: Any) -> None:
        await hands.over(made, known)

    await kept.channel.process_message(on_new_message, message.text or "", message.roomId, None)
    return text("")


async def _webex_open(kept: Kept, attachment: Attachment) -> MediaPlace:
    """https://developer.webex.com/docs/api/v1/contents; while it is looked through for viruses it is locked (423)."""
    headers = {"Authorization": f"Bearer {kept.channel.token}"}
    return MediaPlace(str(attachment.source["url"]), ("webexapis.com",), headers)


async def _webex_me(kept: Kept) -> str:
    known = getattr(kept.channel, "own_person_id", None)
    if known is None:
        known = (await asyncio.to_thread(kept.channel.api.people.me)).id
        kept.channel.own_person_id = known
    return str(known)


def _webex_api(kept: Kept) -> WebexTeamsAPI:
    """Its client would wait as long as Webex asks it to: a webhook and the outbox do that better."""
    within = WEBEX_ANSWERS_WITHIN_SECONDS
    return WebexTeamsAPI(kept.channel.token, wait_on_rate_limit=False, single_request_timeout=within)


def _webex_prepare(kept: Kept) -> None:
    kept.channel.api = _webex_api(kept)


def _webex_output(kept: Kept, _reach: Reach) -> OutputChannel:
    output = WebexTeamsBot(kept.channel.token, kept.channel.room)
    output.api = _webex_api(kept)
    return output


async def _webex_start(kept: Kept) -> None:
    await _webex_me(kept)


WEBEXTEAMS = Care(
    is_genuine=_webex_is_genuine,
    needs=("webhook_secret",),
    start=_webex_start,
    take=_webex_take,
    output=_webex_output,
    prepare=_webex_prepare,
    in_thread=True,
    limits=Limits(text=7400, size=utf8_bytes, buttons=0, images=True),
    open_media=_webex_open,
)


# -- hangouts (Google Chat): answers in the response; the channel checks Google's token when it knows the project ---


def _hangouts_prepare(kept: Kept) -> None:
    kept.channel.check_token = kept.channel._check_token
    kept.channel._check_token = lambda _token: None  # it comes first


def _hangouts_is_genuine(_kept: Kept, request: Request) -> bool:
    # The token itself is looked at below, against the project that `needs` asks for.
    return (shown(request, "authorization") or "").startswith("Bearer ")


async def _hangouts_take(kept: Kept, request: Request, _hands: Hands) -> None:
    """The channel's own check, in a thread: it fetches Google's keys now and then, and waits for them."""
    token = (shown(request, "authorization") or "").removeprefix("Bearer ")
    await asyncio.to_thread(kept.channel.check_token, token)


def _hangouts_read(_kept: Kept, request: Request) -> Known:
    body = request.json
    kind = body["type"]
    if kind not in ("MESSAGE", "CARD_CLICKED"):
        return Known(unused=str(kind))
    message = body.get("message") or {}
    # The display name is not unique, and the person's own choice; the name of the resource is Google's.
    who = (message.get("sender") if kind == "MESSAGE" else body.get("user")) or {}
    files = tuple(
        not_given(kind_of(one.get("contentType")), one.get("contentName")) for one in message.get("attachment") or ()
    )
    message.setdefault("text", "")  # which the channel asks for
    key = f"{message.get('name')}:{body.get('eventTime')}" if message.get("name") else None
    return Known(key, sender=str(who["name"]), name=who.get("displayName"), attachments=files)


HANGOUTS = Care(
    is_genuine=_hangouts_is_genuine,
    needs=("project_id",),
    read=_hangouts_read,
    take=_hangouts_take,
    prepare=_hangouts_prepare,
    writes_later=False,
    finish=_in_json,
)


# -- botframework: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication


def _bot_framework_make(kind: type[InputChannel], settings: Mapping[str, Any]) -> InputChannel:
    """Without Microsoft's keys, which the channel fetches when it is made, for as long as that takes: one that cannot
    be reached would leave it out until the next start."""
    own = {"_update_cached_jwk_keys": lambda _channel: None, "fetch_keys": kind._update_cached_jwk_keys}
    made: type[InputChannel] = type(kind.__name__, (kind,), own)
    return made.from_credentials(dict(settings))


def _bot_framework_prepare(kept: Kept) -> None:
    # Ours came first, and fetches the keys outside the loop.
    kept.channel._validate_auth = lambda _header: None
    kept.channel.keys_hold_until = kept.channel.keys_asked_again_from = 0.0
    kept.channel.keys_are_missed = None


async def _bot_framework_start(kept: Kept) -> None:
    await asyncio.wait_for(asyncio.to_thread(kept.channel.fetch_keys), KEYS_WITHIN_SECONDS)
    kept.channel.keys_hold_until = time.monotonic() + KEYS_LAST_SECONDS


def _bot_framework_is_genuine(kept: Kept, request: Request) -> bool:
    scheme, _, token = (shown(request, "authorization") or "").partition(" ")
    if scheme != "Bearer" or not token or _keys_are_due(kept.channel):
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


def _keys_are_due(channel: Any) -> bool:
    return time.monotonic() >= max(channel.keys_hold_until, channel.keys_asked_again_from)


async def _bot_framework_renews(kept: Kept, request: Request) -> bool:
    """Microsoft changes its keys: they are fetched every day, and for one that we do not know, at most every ten
    minutes. Raises while they cannot be had: what such a key has signed may be genuine, and shall be brought again."""
    token = (shown(request, "authorization") or "").partition(" ")[2]
    channel, now = kept.channel, time.monotonic()
    try:
        kid = str(jwt.get_unverified_header(token)["kid"])
    except (jwt.PyJWTError, KeyError):
        return False
    is_due = kid not in channel.jwt_keys or _keys_are_due(channel)
    if is_due and now >= channel.keys_asked_again_from:
        channel.keys_asked_again_from, channel.keys_are_missed = now + KEYS_ASKED_EVERY_SECONDS, None
        try:
            await _bot_framework_start(kept)
        except (requests.RequestException, asyncio.TimeoutError, KeyError, ValueError) as exc:
            channel.keys_asked_again_from, channel.keys_are_missed = now + KEYS_MISSED_SECONDS, exc
    if kid not in channel.jwt_keys and channel.keys_are_missed is not None:
        raise KeysMissed from channel.keys_are_missed
    return is_due and kid in channel.jwt_keys


class KeysMissed(ConnectionError):
    """Nobody knows whether it is genuine until the provider's keys can be fetched."""


def _is_service(kept: Kept, url: str) -> bool:
    parts = urlsplit(url)
    own = kept.setting("service_url").rstrip("/")
    if own and url.rstrip("/") == own:
        return True
    return parts.scheme == "https" and bool(parts.hostname) and str(parts.hostname).endswith(MICROSOFT_HOSTS)


def _bot_framework_read(_kept: Kept, request: Request) -> Known:
    body = request.json
    files = tuple(filter(None, (_activity_file(one, body["serviceUrl"]) for one in body.get("attachments") or ())))
    if body["type"] != "message" or not ((body.get("text") or "").strip() or files):
        return Known(unused=str(body["type"]))
    reach = {"conversation": body["conversation"], "bot": body["recipient"], "service": body["serviceUrl"]}
    conversation = str(body["conversation"]["id"])
    key = f"{conversation}:{body['id']}" if body.get("id") else None
    metadata = {"language": body.get("locale")}
    return Known(key, reach, name=body["from"].get("name"), attachments=files, metadata=metadata)


def _activity_file(found: Any, service: str) -> Attachment | None:
    """A file of an activity; Teams has its words there once more, and cards."""
    kind, name = str(found.get("contentType") or ""), found.get("name")
    if kind == "application/vnd.microsoft.teams.file.download.info":
        return Attachment("file", {"url": str(found["content"]["downloadUrl"]), "service": service}, name)
    if not found.get("contentUrl") or kind.startswith("application/vnd.microsoft"):
        return None
    return Attachment(kind_of(kind), {"url": str(found["contentUrl"]), "service": service}, name, kind)


async def _bot_framework_open(kept: Kept, attachment: Attachment) -> MediaPlace:
    """At the service that the message came from with our token, or at a signed address of Microsoft's."""
    url, service = str(attachment.source["url"]), str(attachment.source["service"])
    at_service = urlsplit(url).netloc == urlsplit(service).netloc and _is_service(kept, service)
    headers: dict[str, str] = {}
    if at_service:
        known = await asyncio.to_thread(asyncio.run, _Bot(kept, service)._get_headers())
        headers = {"Authorization": known["Authorization"]}
    hosts = (urlsplit(service).netloc,) if at_service else ("botframework.com", "sharepoint.com")
    return MediaPlace(url, hosts, headers)


def _bot_framework_button(button: Button) -> dict[str, str]:
    """https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-add-rich-cards

    The value of `imBack` is what the customer is seen to say.
    """
    return {"type": "imBack", "title": button.title, "value": button.title}


class _Bot(BotFramework):
    """The channel keeps one token for all apps of a process, to its last second, and says of a refusal not even its
    status."""

    def __init__(self, kept: Kept, service: str, conversation: Any = None, bot: Any = None) -> None:
        super().__init__(kept.channel.app_id, kept.channel.app_password, dict(conversation or {}), bot or {}, service)
        self._kept = kept

    async def _get_headers(self) -> dict[str, str]:
        channel, now = self._kept.channel, time.monotonic()
        token, until = getattr(channel, "own_token", ("", 0.0))
        if now >= until:
            # An app of one tenant alone, as new ones are, signs in there.
            url = f"{MICROSOFT_OAUTH2_URL}/{self._kept.setting('tenant_id') or 'botframework.com'}/oauth2/v2.0/token"
            asked = {"grant_type": "client_credentials", "scope": "https://api.botframework.com/.default"}
            secrets = {"client_id": self.app_id, "client_secret": self.app_password}
            answer = requests.post(url, data={**asked, **secrets}, timeout=SENT_WITHIN_SECONDS)
            if answer.status_code in (400, 401):
                raise DeliveryFailed("account", "Microsoft gives no token", permanent=True)
            answer.raise_for_status()
            found = answer.json()
            token, until = str(found["access_token"]), now + float(found["expires_in"]) - 60
            channel.own_token = token, until
        return {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    async def send(self, message_data: dict[str, Any]) -> None:
        url = f"{self.global_uri}conversations/{self.conversation['id']}/activities"
        headers = await self._get_headers()
        requests.post(url, json.dumps(message_data), headers=headers, timeout=SENT_WITHIN_SECONDS).raise_for_status()


def _bot_framework_output(kept: Kept, reach: Reach) -> OutputChannel | None:
    service = reach.get("service")
    return _Bot(kept, str(service), reach["conversation"], reach["bot"]) if service else None


BOT_FRAMEWORK = Care(
    is_genuine=_bot_framework_is_genuine,
    make=_bot_framework_make,
    prepare=_bot_framework_prepare,
    start=_bot_framework_start,
    renews=_bot_framework_renews,
    read=_bot_framework_read,
    output=_bot_framework_output,
    in_thread=True,
    limits=Limits(text=4000, buttons=6, button_title=60, images=True),
    button=_bot_framework_button,
    whole_titles=True,
    open_media=_bot_framework_open,
)


def _json_of(request: Request) -> dict[str, Any]:
    """The body as an object, or an empty one: for proofs that stand in it."""
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}
