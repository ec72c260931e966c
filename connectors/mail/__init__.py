"""E-mail: fetched by IMAP, answered by SMTP. `EmailInput` is the channel."""

from connectors.mail.channel import EmailInput

__all__ = ["EmailInput"]
