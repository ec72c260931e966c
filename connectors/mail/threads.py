"""Which conversation a mail belongs to.

The From of a mail proves nothing. A mail belongs to what went before when it answers a Message-ID that we made for
this very address, or goes on in the writer's own thread, or when our own mail server vouches for the address (DMARC).
Anything else begins a conversation of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

# Stands for the address itself, where it is proven.
PROVEN = "0"
_OURS = re.compile(r"<?([0-9a-f]{1,16})\.([0-9a-f]{32})\.([0-9a-f]{24})@([^>\s]+)>?")
_MOST_REFERENCES = 20
# The limit of a header is 998 bytes a line; ids longer than this are dropped rather than broken.
_LONGEST_ID = 250
_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]+>")


class Threads:
    """Makes our Message-IDs and knows them again; `secret` is the same on every gateway."""

    def __init__(self, secret: str, domain: str) -> None:
        self._secret = secret.encode()
        self._domain = domain.lower()

    def message_id(self, thread: str, key: str, address: str) -> str:
        """The Message-ID of a mail of ours; the same for the same key."""
        unique = hashlib.sha256(key.encode()).hexdigest()[:32]
        return f"<{thread}.{unique}.{self._proof(thread, unique, address)}@{self._domain}>"

    def is_ours(self, message_id: str) -> bool:
        """Whether it looks like one that we made: enough not to answer ourselves."""
        found = _OURS.fullmatch(message_id)
        return found is not None and found[4].lower() == self._domain

    def sender_of(self, address: str, own_id: str, earlier: Sequence[str], is_proven: bool) -> tuple[str, str]:
        """The sender as the gateway knows it, and the thread: by proof, by our own id, by the thread's beginning."""
        thread = next((thread for one in reversed(earlier) if (thread := self._thread_in(one, address))), None)
        if thread is None:
            beginning = earlier[0] if earlier else own_id
            thread = PROVEN if is_proven else hashlib.sha256(beginning.encode("utf-8", "replace")).hexdigest()[:16]
        return (address if thread == PROVEN else f"{thread}\x1f{address}"), thread

    def _thread_in(self, message_id: str, address: str) -> str | None:
        found = _OURS.fullmatch(message_id)
        if found is None or found[4].lower() != self._domain:
            return None
        expected = self._proof(found[1], found[2], address)
        return found[1] if hmac.compare_digest(expected, found[3]) else None

    def _proof(self, thread: str, unique: str, address: str) -> str:
        told = "\x1f".join((thread, unique, address.lower()))
        return hmac.new(self._secret, told.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:24]


def ids_in(*headers: str) -> list[str]:
    """The Message-IDs of these headers, in order, each once."""
    found = [one for header in headers for one in _ID.findall(header[:20_000]) if len(one) <= _LONGEST_ID]
    return list(dict.fromkeys(found))


def answers(reach: Mapping[str, object]) -> dict[str, str]:
    """The headers of a mail that answers what `reach` remembers."""
    to, earlier = reach.get("message_id"), reach.get("references")
    headers: dict[str, str] = {}
    if isinstance(to, str) and _ID.fullmatch(to):
        known = (
            [one for one in earlier if isinstance(one, str) and _ID.fullmatch(one)] if isinstance(earlier, list) else []
        )
        # The first tells where the thread began, the last what is answered.
        chain = list(dict.fromkeys([*known, to]))
        if len(chain) > _MOST_REFERENCES:
            chain = [chain[0], *chain[-_MOST_REFERENCES + 1 :]]
        headers = {"In-Reply-To": to, "References": " ".join(chain)}
    return headers
