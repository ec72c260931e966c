"""SMS by a gateway of Hong Kong or the mainland that takes and makes HTTP requests: docs/channels/sms.md says how its
entry in credentials.yml describes it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse

from connectors.events import Event, Incoming, Receipt, Unused
from connectors.output import DeliveryFailed, Envelope, Limits, Output, Part
from connectors.provider import Answer, Provider, failure
from connectors.sms.gateway_settings import GatewaySettings, event_key, value_at
from connectors.sms.gateway_settings import read as settings_of
from connectors.sms.segments import MOST_CHARACTERS, segments, size_in
from connectors.webhook import Webhook

log = logging.getLogger(__name__)


class HttpSmsOutput(Output):
    """Sends one request a message."""

    contact_kind = "phone"

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._provider = Provider(settings.send_url)
        prefix = settings.prefix
        # The shop's name in its brackets belongs to the message and is charged with it.
        measure = size_in(settings.max_segments)
        self.limits = Limits(text=MOST_CHARACTERS, size=lambda text: measure(prefix + text), file_links=True)
        # A gateway that is given a key of ours sends once under it.
        self.repeats_safely = settings.key_field is not None

    @classmethod
    def name(cls) -> str:
        """As the input's."""
        return "sms"

    def known_as(self, contact: str) -> str:
        """Without what the gateway leaves out."""
        return contact.removeprefix(self._settings.left_out)

    async def post(self, part: Part, envelope: Envelope) -> str | None:
        """The gateway's id of the message."""
        settings = self._settings
        text = part.text or part.image or ""
        if not settings.is_registered(text):
            raise DeliveryFailed("content", "fits none of the registered templates", permanent=True)
        whole = text if text.startswith(settings.prefix) else settings.prefix + text
        body = {**settings.constants, settings.to_field: envelope.recipient, settings.text_field: whole}
        if settings.key_field:
            body[settings.key_field] = envelope.key
        headers = {"Authorization": settings.authorization} if settings.authorization else None
        if settings.sends_json:
            answer = await self._provider.call("POST", "", body=body, headers=headers)
        else:
            answer = await self._provider.call("POST", "", form=body, headers=headers)
        code = value_at(answer.body, settings.code_path) if settings.code_path else None
        if not answer.is_good or (settings.code_path and code not in settings.good_codes):
            raise self._failure(answer, code)
        cost = segments(whole)
        log.info(
            "SMS sent",
            extra={"event": "sms_sent", "channel": "sms", "segments": cost.count, "encoding": cost.encoding},
        )
        return value_at(answer.body, settings.id_path) if settings.id_path else None

    def costs(self, part: Part, envelope: Envelope) -> bool:
        """Every SMS."""
        return True

    async def close(self) -> None:
        """Close the pool."""
        await self._provider.close()

    def _failure(self, answer: Answer, code: str | None) -> DeliveryFailed:
        said = " ".join(filter(None, (code, value_at(answer.body, self._settings.message_path))))
        reason = self._settings.reasons.get(code or "")
        if reason is None:
            return failure(answer, said)
        if reason in ("busy", "unreachable"):
            return DeliveryFailed(reason, said, retry_after=answer.retry_after, whole_account=reason == "busy")
        return DeliveryFailed(reason, said, permanent=True)


class HttpSmsInput(Webhook):
    """One account at a gateway."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._output = HttpSmsOutput(settings)

    @classmethod
    def name(cls) -> str:
        """As in the URL."""
        return "sms"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> HttpSmsInput:
        """See docs/channels/sms.md."""
        return cls(settings_of(credentials or {}))

    def is_genuine(self, request: Request) -> bool:
        """By the one proof that the entry names."""
        return self._settings.proof.holds(request)

    def parse(self, request: Request) -> Any:
        """JSON of any shape, or a form; a field of a form may hold JSON."""
        return self._settings.parse(request.body)

    def acknowledgement(self, request: Request) -> HTTPResponse:
        """The word that the gateway waits for."""
        return response.text(self._settings.acknowledgement)

    def events_in(self, body: Any) -> Iterable[Any]:
        """Messages and reports, mixed or not."""
        return self._settings.events_in(body)

    def read(self, event: Any) -> Event | None:
        """A report has a state, a message has a text."""
        settings = self._settings
        state = value_at(event, settings.report_state)
        if state is not None:
            return self._receipt(event, state)
        sender, text = value_at(event, settings.from_path), value_at(event, settings.received_text)
        if sender is None or text is None:
            return Unused("neither message nor report")
        if text.strip().upper() in settings.opt_out_words:
            return Unused("opt-out word")
        return Incoming(sender, event_key(event, settings.received_id), text=text) if text.strip() else Unused("empty")

    def get_output_channel(self) -> HttpSmsOutput:
        """One for the account."""
        return self._output

    def _receipt(self, event: Any, state: str) -> Event:
        settings = self._settings
        message_id = value_at(event, settings.report_id)
        if message_id is None:
            return Unused("report without id")
        if state in settings.delivered:
            return Receipt("delivered", message_id)
        if state in settings.under_way:
            return Unused("under way")
        detail = value_at(event, settings.report_detail) or state
        reason = settings.reasons.get(detail) or settings.reasons.get(state) or "refused"
        return Receipt("failed", message_id, reason=reason, detail=detail)
