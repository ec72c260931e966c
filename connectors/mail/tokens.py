"""The access token with which a mailbox signs in where passwords are refused: Microsoft 365 and Google, by OAuth 2.0.

https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
https://developers.google.com/identity/protocols/oauth2/web-server · https://developers.google.com/gmail/imap/xoauth2-protocol
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from connectors.access_token import AccessToken
from connectors.mail.settings import OAuth
from connectors.output import DeliveryFailed
from connectors.provider import Answer, Provider, failure

# A wrong secret stays wrong until somebody acts; what waits is sent within this time after that.
REFUSED_SECONDS = 300.0
_LATER = {"temporarily_unavailable", "server_error", "slow_down"}
_ERROR = re.compile(r"[a-z_]{1,40}")
# Microsoft's own number for what is the matter; the rest of its sentence is for people who have the logs.
_NUMBER = re.compile(r"\bAADSTS\d{4,9}\b")


class NoToken(DeliveryFailed):
    """Nothing leaves without a token, and nothing has left: what waits is sent when there is one."""

    is_told = True

    def __init__(self, why: DeliveryFailed) -> None:
        super().__init__(why.reason, why.detail, retry_after=why.retry_after, whole_account=True)


class Tokens:
    """The token of one mailbox, for IMAP and SMTP. Why there is none is told, until there is one."""

    def __init__(
        self, oauth: OAuth, tell: Callable[[str | None], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._form = dict(oauth.form)
        self._tell = tell
        self._provider = Provider(oauth.token_url)
        self._token = AccessToken(self._fetch, clock)

    async def get(self) -> str:
        """A token that holds. Raises NoToken."""
        return await self._token.get()

    async def get_instead_of(self, refused: str) -> str:
        """Another one, for a server did not accept this. Raises NoToken."""
        return await self._token.get_instead_of(refused)

    async def close(self) -> None:
        """Close the pool."""
        await self._provider.close()

    async def _fetch(self, _forced: bool) -> tuple[str, float]:
        try:
            answer = await self._provider.call("POST", "", form=self._form)
            token, seconds = answer.get("access_token"), answer.get("expires_in")
            if not answer.is_good or not isinstance(token, str) or not token.isascii() or not token.isprintable():
                raise refusal(answer)
        except DeliveryFailed as failed:
            self._tell(f"no access token: {failed.detail}")
            raise NoToken(failed) from failed
        renewed = answer.get("refresh_token")
        if isinstance(renewed, str) and "refresh_token" in self._form:
            self._form["refresh_token"] = renewed  # RFC 6749, 6: the old one may be over
        self._tell(None)
        is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
        return token, float(seconds) if is_number else 0.0


def refusal(answer: Answer) -> DeliveryFailed:
    """What an answer without a token means (RFC 6749, 5.2). Nothing of it is repeated but its codes."""
    error, description = answer.get("error"), answer.get("error_description")
    if not isinstance(error, str) or not _ERROR.fullmatch(error):
        return DeliveryFailed("unreachable", "no token in the answer") if answer.is_good else failure(answer)
    number = _NUMBER.search(description) if isinstance(description, str) else None
    said = f"{error} ({number[0]})" if number else error
    if error in _LATER or answer.status == 429 or answer.status >= 500:
        return DeliveryFailed("unreachable", said, retry_after=answer.retry_after)
    return DeliveryFailed("account", said, retry_after=REFUSED_SECONDS)
