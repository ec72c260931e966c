"""SMS: by Twilio, or by any gateway that takes and makes HTTP requests. Both are called `sms`."""

from connectors.sms.http_gateway import HttpSmsInput
from connectors.sms.twilio import TwilioSmsInput

__all__ = ["HttpSmsInput", "TwilioSmsInput"]
