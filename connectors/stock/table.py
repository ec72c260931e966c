"""Which stock channel gets which care. Anything else that was written for Rasa gets the plain one."""

from __future__ import annotations

from rasa.core.channels.channel import InputChannel

from connectors.output import Limits
from connectors.stock.care import Care
from connectors.stock.chat import BOT_FRAMEWORK, HANGOUTS, MATTERMOST, ROCKETCHAT, SLACK, WEBEXTEAMS
from connectors.stock.messaging import FACEBOOK, TELEGRAM, TWILIO, TWILIO_VOICE
from connectors.stock.socket import SOCKETIO

_TABLE: dict[str, Care] = {
    "rasa.core.channels.slack.SlackInput": SLACK,
    "rasa.core.channels.mattermost.MattermostInput": MATTERMOST,
    "rasa.core.channels.rocketchat.RocketChatInput": ROCKETCHAT,
    "rasa.core.channels.webexteams.WebexTeamsInput": WEBEXTEAMS,
    "rasa.core.channels.hangouts.HangoutsInput": HANGOUTS,
    "rasa.core.channels.botframework.BotFrameworkInput": BOT_FRAMEWORK,
    "rasa.core.channels.telegram.TelegramInput": TELEGRAM,
    "rasa.core.channels.facebook.FacebookInput": FACEBOOK,
    "rasa.core.channels.twilio.TwilioInput": TWILIO,
    "rasa.core.channels.twilio_voice.TwilioVoiceInput": TWILIO_VOICE,
    "rasa.core.channels.socketio.SocketIOInput": SOCKETIO,
    # Its callers are asked for a token, as those of `rest` are.
    "rasa.core.channels.callback.CallbackInput": Care(
        limits=Limits(text=20_000, buttons=50, button_title=200, images=True)
    ),
}


def care_for(kind: type[InputChannel]) -> Care:
    """The care for this kind of channel, or for the stock one that it extends."""
    for one in kind.__mro__:
        found = _TABLE.get(f"{one.__module__}.{one.__qualname__}")
        if found is not None:
            return found
    writes_later = kind.get_output_channel is not InputChannel.get_output_channel
    limits = Limits(text=4000, buttons=10, button_title=80, images=True)
    # What else it does with its own output channel while it takes a message, nobody knows.
    return Care(writes_later=writes_later, limits=limits, is_known=False)
