"""Visitor tokens: what a widget's page holds. Signed, of one inbox, expiring, and revocable through their version."""

from __future__ import annotations

from dataclasses import dataclass

from itsdangerous import BadData, URLSafeTimedSerializer

from handoff.errors import TokenRefused

LASTS_SECONDS = 180 * 24 * 3600
MAX_TOKEN_CHARS = 512


@dataclass(frozen=True)
class VisitorToken:
    """What a token says, once its signature held."""

    visitor_id: str
    inbox: str
    version: int


class VisitorTokens:
    """Signs and reads visitor tokens with this installation's secret."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeTimedSerializer(secret, salt="switchboard.visitor")

    def sign(self, token: VisitorToken) -> str:
        """The token as text."""
        return str(self._serializer.dumps([token.visitor_id, token.inbox, token.version]))

    def read(self, text: object) -> VisitorToken:
        """Raises TokenRefused for anything that this installation did not sign, or that is too old."""
        if not isinstance(text, str) or not 0 < len(text) <= MAX_TOKEN_CHARS or not text.isascii():
            raise TokenRefused()
        try:
            visitor_id, inbox, version = self._serializer.loads(text, max_age=LASTS_SECONDS)
        except (BadData, ValueError, TypeError) as exc:
            raise TokenRefused() from exc
        return VisitorToken(str(visitor_id), str(inbox), int(version))
