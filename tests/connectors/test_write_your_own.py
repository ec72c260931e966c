"""The channel of docs/channels/write-your-own.md, as that page writes it, against the contract."""

from __future__ import annotations

import hashlib
import hmac
import re
import sys
from pathlib import Path
from types import ModuleType

from contract import WebhookContract
from kit import Hook, Kit, as_json
from providers.pigeon import CUSTOMERS, SECRET, TOKEN, PigeonProvider

PAGE = Path(__file__).resolve().parents[2] / "docs" / "channels" / "write-your-own.md"
MOST_LINES = 100


def _written(page: str) -> ModuleType:
    """The page's file, as the module that it would be."""
    found = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert found
    module = ModuleType("connectors.pigeon")
    exec(compile(found[1], str(PAGE), "exec"), module.__dict__)
    return module


sys.modules["connectors.pigeon"] = _written(PAGE.read_text(encoding="utf-8"))


def _sign(body: bytes, secret: str = SECRET) -> Hook:
    return Hook(body, {"X-Pigeon-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()})


def _event(kind: str, number: int, sender: int, **fields: object) -> bytes:
    return as_json({"events": [{"type": kind, "id": f"{sender}-{number}", "from": CUSTOMERS[sender], **fields}]})


KIT = Kit(
    channel="pigeon",
    class_path="connectors.pigeon.PigeonInput",
    provider=PigeonProvider,
    credentials=lambda url: {"secret": SECRET, "token": TOKEN, "api_url": url},
    message=lambda text, number, sender: _event("message", number, sender, text=text),
    tap=lambda payload, number, sender: _event("tap", number, sender, data=payload),
    sign=_sign,
    customers=CUSTOMERS,
    forgeries=lambda body: [_sign(body, "another"), Hook(body + b" ", _sign(body).headers)],
    picture="picture.json",
    gives_files=False,
    max_text=1000,
    max_buttons=3,
    blocked="refused",
    lacks={
        "typing": "pigeons show none",
        "documents": "a class without open_media names pictures alone",
        "fetching": "the class has no open_media",
        "files": "the page writes none",
        "key": "Pigeon Post has none",
    },
    payloads={
        "message.json": ("我個包裹去咗邊？",),
        "picture.json": ("media:image",),
        "tap.json": (),
        "delivered.json": (),
        "read.json": (),
        "unknown-kind.json": (),
        "batch-with-one-bad.json": ("first", "third"),
    },
)


class TestPigeon(WebhookContract):
    kit = KIT


def test_the_page_takes_its_reader_through_it_in_under_a_hundred_lines() -> None:
    assert len(PAGE.read_text(encoding="utf-8").splitlines()) < MOST_LINES
