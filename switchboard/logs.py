"""Log lines: a sentence for people, a stable word for machines, and never a line break, a colour or a card number from
outside."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import structlog

from faq_kb.masking import Masking

# Of one value; the rest is cut.
MAX_CHARACTERS = 500
_LONGEST_NUMBER = 80
_masking = Masking()
_PLAIN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class LineFormatter(logging.Formatter):
    """`2026-01-31T09:00:00Z INFO Ticket claimed event=ticket_claimed ticket=C-1007`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line per record; a traceback follows on lines of its own, indented."""
        at = datetime.fromtimestamp(record.created, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        extra = " ".join(
            f"{name}={_one_line(value)}" for name, value in sorted(vars(record).items()) if name not in _PLAIN
        )
        line = f"{at} {record.levelname} {_one_line(record.getMessage())}" + (f" {extra}" if extra else "")
        if record.exc_info:
            line += "\n" + "\n".join(
                "    " + _one_line(part) for part in self.formatException(record.exc_info).splitlines()
            )
        return line


def _one_line(value: object) -> str:
    # A number that the cut would go through is hidden before it.
    start = str(value)[: MAX_CHARACTERS + _LONGEST_NUMBER]
    return _masking.hide("".join(sign if sign.isprintable() else "\ufffd" for sign in start))[:MAX_CHARACTERS]


def _event_only(_logger: Any, _method: str, event: Mapping[str, Any]) -> str:
    return str(event.get("event", ""))


def configure(level: str) -> None:
    """Log to standard error; libraries only speak up from WARNING."""
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    # Rasa's channels tell structlog what a customer wrote when a request breaks off; only the event's name is kept.
    structlog.configure(
        processors=[_event_only],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    for name in ("switchboard", "handoff", "connectors", "faq_kb", "shop"):
        logging.getLogger(name).setLevel(level)
