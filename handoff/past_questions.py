"""What customers asked lately, with what names a person taken out: for trying articles before they are published."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from faq_kb import Reader
from faq_kb.redaction import redact
from faq_kb.replay import Question
from handoff import transcript

MAX_CHARACTERS = 300


def past_questions(connection: Connection, limit: int = 1000) -> list[Question]:
    """The newest questions that the assistant answered, the newest first."""
    return [
        Question(redact(message.text)[:MAX_CHARACTERS], message.language, reader=Reader(channel.partition(":")[0]))
        for message, channel in transcript.lately_answered(connection, limit)
        if not message.text.startswith("/")
    ]
