"""What each provider refuses by itself, and what the agent is told of it: by its own code, over its own wire."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from gateway_parts import FakeClock
from kit import Kit
from providers.server import Fault
from providers.wecom import ACCOUNT
from rasa.shared.utils.common import class_from_module_path
from test_instagram_channel import KIT as INSTAGRAM
from test_line_channel import KIT as LINE
from test_messenger_channel import KIT as MESSENGER
from test_sms_http import KIT as SMS_HTTP
from test_sms_twilio import KIT as TWILIO
from test_telegram_channel import KIT as TELEGRAM
from test_wechat_channel import KIT as WECHAT
from test_wechat_channel import MINI_KIT as MINI
from test_wecom_channel import KIT as WECOM
from test_weibo_channel import KIT as WEIBO
from test_whatsapp_channel import KIT as WHATSAPP

from connectors.output import Button, DeliveryFailed, Envelope, Part

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Refusal:
    """To whom, or after what, and how the provider says no; the reason, and the code that stands beside it."""

    kit: Kit
    reason: str
    code: str
    to: str = ""
    later: timedelta = timedelta()  # since the customer wrote, by the provider's clock
    after: Callable[[Any], None] = lambda _provider: None
    text: str = "an answer"
    choices: int = 0
    choice: str = "choice"  # the title of each, before its number
    again: bool = False  # it is tried again
    tagged: bool = False  # a person's, when the day is over by our clock as well


def refuses(kind: str) -> Callable[[Any], None]:
    """The provider says this to the next message."""
    return lambda provider: provider.faults.append(Fault(refuses=kind))


def _name_of(case: Refusal) -> str:
    return f"{case.kit.channel}-{case.code.partition(' ')[0]}-{case.reason}"


CASES = [
    Refusal(LINE, "unknown_recipient", "Failed to send messages", to="U" + "c" * 32),
    Refusal(LINE, "unknown_recipient", "'to'", to="ana"),
    Refusal(LINE, "quota", "monthly limit", after=refuses("quota")),
    Refusal(WHATSAPP, "window_closed", "131047", later=DAY),
    Refusal(WHATSAPP, "unknown_recipient", "131026", to="85299999999"),
    Refusal(WHATSAPP, "unknown_recipient", "131030", after=lambda one: setattr(one, "allowed", {"85290000000"})),
    Refusal(WHATSAPP, "account", "130497", after=refuses("country")),
    Refusal(WHATSAPP, "account", "131037", after=refuses("name")),
    Refusal(WHATSAPP, "refused", "131049", after=refuses("ecosystem")),
    Refusal(MESSENGER, "window_closed", "2018278", later=DAY),
    Refusal(MESSENGER, "window_closed", "2018278", later=7 * DAY, tagged=True),
    Refusal(MESSENGER, "account", "10:", later=2 * DAY, tagged=True, after=lambda one: setattr(one, "may_tag", False)),
    Refusal(MESSENGER, "unknown_recipient", "2018001", to="42"),
    Refusal(MESSENGER, "blocked", "551", after=lambda one: one.blocked.add("1000000001")),
    Refusal(MESSENGER, "blocked", "2018108", after=refuses("cannot_receive")),
    Refusal(MESSENGER, "blocked", "1545041", after=refuses("unavailable")),
    Refusal(MESSENGER, "unreachable", "1200", after=refuses("later"), again=True),
    Refusal(INSTAGRAM, "window_closed", "2534022", later=DAY),
    Refusal(INSTAGRAM, "unknown_recipient", "2534014", to="42"),
    Refusal(TELEGRAM, "unknown_recipient", "chat not found", to="3333"),
    Refusal(TELEGRAM, "blocked", "blocked by the user", after=lambda one: one.blocked.add("1111")),
    Refusal(TELEGRAM, "blocked", "deactivated", after=lambda one: one.gone.add("1111")),
    Refusal(TELEGRAM, "unknown_recipient", "initiate", after=lambda one: one.strangers.add("1111")),
    Refusal(WECHAT, "window_closed", "45015", later=2 * DAY),
    Refusal(WECHAT, "quota", "45047", after=lambda one: one.left.update(dict.fromkeys(one.left, 0))),
    Refusal(WECHAT, "unknown_recipient", "40003", to="nobody"),
    Refusal(WECHAT, "window_closed", "45015", after=lambda one: one.posts(WECHAT.payload("event-unsubscribe.xml"))),
    Refusal(MINI, "window_closed", "45015", later=2 * DAY),
    Refusal(WECOM, "window_closed", "95002", later=2 * DAY),
    Refusal(WECOM, "window_closed", "95013", after=refuses("ended")),
    Refusal(WECOM, "window_closed", "95018", after=lambda one: one.with_person.update(one.left)),
    Refusal(WECOM, "quota", "95001", after=lambda one: one.left.update(dict.fromkeys(one.left, 0))),
    Refusal(WECOM, "unknown_recipient", "40096", to="nobody"),
    Refusal(WECOM, "account", "95017", after=refuses("closed_api"), again=True),
    Refusal(WECOM, "account", "48002", after=refuses("account"), again=True),
    Refusal(WECHAT, "blocked", "48002", after=refuses("refused_by_them")),
    Refusal(WECHAT, "account", "48001", after=refuses("account")),
    Refusal(WEIBO, "blocked", "20301", later=2 * DAY),
    Refusal(WEIBO, "blocked", "20301", after=lambda one: one.posts(WEIBO.payload("event-unfollow.json"))),
    Refusal(WEIBO, "blocked", "20301", to="1404376560"),
    Refusal(WEIBO, "unknown_recipient", "10013", to="1"),
    Refusal(TWILIO, "unknown_recipient", "21211", to="+85200000000"),
    Refusal(TWILIO, "unknown_recipient", "21614", after=lambda one: one.landlines.add("+85291234567")),
    Refusal(TWILIO, "blocked", "21610", after=lambda one: one.posts(TWILIO.payload("stop.form"))),
    Refusal(TWILIO, "account", "21408", to="+44700900000"),
    Refusal(SMS_HTTP, "unknown_recipient", "2 ", to="10010"),
    Refusal(LINE, "content", "Length must be between 1 and 5000", text="很" * 5001),
    Refusal(LINE, "content", "Size must be between 0 and 13", choices=14),
    Refusal(LINE, "content", "Length must be between 0 and 20", choices=1, choice="c" * 20),
    Refusal(WHATSAPP, "content", "100", text="很" * 4097),
    Refusal(WHATSAPP, "content", "131009", text="很" * 1025, choices=1),
    Refusal(WHATSAPP, "content", "131009", choices=11),
    Refusal(WHATSAPP, "content", "131009", choices=2, choice="c" * 20),
    Refusal(MESSENGER, "content", "100", text="很" * 2001),
    Refusal(MESSENGER, "content", "100", choices=14),
    Refusal(INSTAGRAM, "content", "100", text="很" * 334),
    Refusal(TELEGRAM, "too_large", "too long", text="😀" * 2049),
    Refusal(TELEGRAM, "content", "text is empty", text=" "),
    Refusal(WECHAT, "too_large", "45002", text="很" * 683),
    Refusal(MINI, "content", "40008", choices=1),
    Refusal(WECOM, "too_large", "45002", text="很" * 683),
    Refusal(WECOM, "content", "40058", text="很" * 342, choices=1),
    Refusal(WECOM, "content", "40058", choices=11),
    Refusal(WEIBO, "content", "20012", text="很" * 300),
    Refusal(TWILIO, "too_large", "21617", text="c" * 1601),
    Refusal(TWILIO, "content", "21602", text=""),
    Refusal(SMS_HTTP, "refused", "20 ", text="很" * 671),
    Refusal(SMS_HTTP, "blocked", "4 ", after=lambda one: one.posts(SMS_HTTP.payload("reply-td.json"))),
]


@pytest.mark.parametrize("case", CASES, ids=_name_of)
async def test_what_a_provider_refuses_is_told_with_its_reason(case: Refusal) -> None:
    kit, clock = case.kit, FakeClock()
    async with kit.provider().running() as provider:
        provider.clock = clock
        _writes(kit, provider)
        channel = class_from_module_path(kit.class_path).from_credentials(kit.credentials(provider.address))
        output = channel.get_output_channel()
        try:
            case.after(provider)
            clock.now += case.later
            with pytest.raises(DeliveryFailed) as refused:
                await output.post(Part(case.text, _buttons(case)), _envelope(case, clock))
            told = (refused.value.reason, refused.value.permanent, case.code in refused.value.detail)
            assert told == (case.reason, not case.again, True), refused.value.detail
            assert provider.sent == []
        finally:
            await output.close()


def _writes(kit: Kit, provider: Any) -> None:
    """The first customer writes."""
    body = kit.message("hello", 1, 0)
    provider.ring(json.loads(body)) if kit is WECOM else provider.posts(body)


def _buttons(case: Refusal) -> tuple[Button, ...]:
    return tuple(Button(f"{case.choice} {number}", f"b1.{number}") for number in range(case.choices))


def _envelope(case: Refusal, clock: FakeClock) -> Envelope:
    """By our clock there is an hour left, of the day or, for a person, of the seven."""
    wrote = clock() - case.later if case.tagged else clock()
    if case.tagged and case.later >= 7 * DAY:
        wrote += HOUR
    return Envelope(
        case.to or case.kit.customers[0],
        reach={"open_kfid": ACCOUNT},
        wrote_at=wrote,
        now=clock(),
        is_person=case.tagged,
    )
