"""What stock channels ask their provider at the start, which Rasa never does: whether it is there and takes our key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
import requests

from connectors.meta import GRAPH, VERSION, graph_failure
from connectors.output import DeliveryFailed
from connectors.provider import Answer, failure, key_refused
from connectors.stock.care import Kept

WITHIN_SECONDS = 10
SLACK = "https://slack.com"
TWILIO = "https://api.twilio.com"
GRAPH_URL = f"{GRAPH}/{VERSION}"


async def slack(kept: Kept) -> None:
    """https://api.slack.com/methods/auth.test; what is wrong stands in an answer that is called good."""
    answer = await _asked(SLACK, "POST", "/api/auth.test", headers=_bearer(kept.setting("slack_token")))
    if answer.get("ok") is not True:
        raise key_refused(str(answer.get("error") or ""))


async def mattermost(kept: Kept) -> None:
    """https://api.mattermost.com/#tag/users/operation/GetUser; `url` ends in /api/v4."""
    await _asked(kept.setting("url"), "GET", "/users/me", headers=_bearer(kept.setting("token")))


async def facebook(kept: Kept) -> None:
    """https://developers.facebook.com/docs/graph-api/overview#me"""
    query = {"fields": "id", "access_token": kept.setting("page-access-token")}
    await _asked(kept.setting("graph_url") or GRAPH_URL, "GET", "/me", graph_failure, params=query)


async def twilio(kept: Kept) -> None:
    """https://www.twilio.com/docs/iam/api/account#fetch-an-account-resource"""
    account = kept.setting("account_sid")
    key = {"Authorization": aiohttp.encode_basic_auth(account, kept.setting("auth_token"))}
    await _asked(TWILIO, "GET", f"/2010-04-01/Accounts/{account}.json", headers=key)


async def _asked(
    url: str, method: str, path: str, means: Callable[[Answer], DeliveryFailed] = failure, **request: Any
) -> Answer:
    """By the proxy of the surroundings, if there is one, as these channels send. Raises DeliveryFailed, and for a
    refusal what it `means`."""
    answer = await asyncio.to_thread(_ask, method, f"{url.rstrip('/')}{path}", request)
    if not answer.is_good:
        raise means(answer)
    return answer


def _ask(method: str, url: str, request: Mapping[str, Any]) -> Answer:
    try:
        found = requests.request(method, url, timeout=WITHIN_SECONDS, allow_redirects=False, **request)
    except requests.RequestException as exc:
        raise DeliveryFailed("unreachable", type(exc).__name__) from exc
    try:
        said = found.json()
    except ValueError:
        said = None
    return Answer(found.status_code, {name.lower(): value for name, value in found.headers.items()}, said)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
