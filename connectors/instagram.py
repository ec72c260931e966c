"""Messages of an Instagram professional account, through its page:
https://developers.facebook.com/docs/messenger-platform/instagram"""

from __future__ import annotations

from connectors.messenger import MessengerInput, MessengerOutput
from connectors.output import Limits
from connectors.splitting import utf8_bytes

PICTURE_BYTES = 8_000_000
FILE_BYTES = 25_000_000


class InstagramOutput(MessengerOutput):
    """Sends as the account. A text is measured in bytes: a thousand of them are 333 Chinese characters."""

    echoes_names = False  # its API knows no `metadata`
    # https://developers.facebook.com/docs/messenger-platform/instagram/features/send-message
    limits = Limits(
        text=1000,
        size=utf8_bytes,
        buttons=13,
        button_title=20,
        button_size=len,
        payload=1000,
        images=True,
        files={"image/*": PICTURE_BYTES, "audio/*": FILE_BYTES, "video/*": FILE_BYTES},
    )

    @classmethod
    def name(cls) -> str:
        """As the input's."""
        return "instagram"


class InstagramInput(MessengerInput):
    """One account, by the token of the page that it is connected with; `page_id` is the account's own id."""

    tells_of = "instagram"
    output = InstagramOutput

    @classmethod
    def name(cls) -> str:
        """As in the URL."""
        return "instagram"
