"""The envelope that Tencent puts around what it sends to us: who signed it, and what is inside.

https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Message_encryption_and_decryption_instructions.html
https://developer.work.weixin.qq.com/document/path/90968
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_KEY_CHARACTERS = 43
_BLOCK = 16
_LARGEST_PADDING = 32
_RANDOM_BYTES, _LENGTH_BYTES = 16, 4


class NotOurs(ValueError):
    """An envelope that does not open with our key, or is for somebody else."""


def signature(*parts: str) -> str:
    """SHA-1 over the sorted parts, one of them the secret word, as Tencent and Weibo sign."""
    return hashlib.sha1("".join(sorted(parts)).encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


class Envelope:
    """Opens envelopes for one receiver: the AppID, or the corp id at WeCom."""

    def __init__(self, encoding_aes_key: str, receiver: str) -> None:
        """Raises ValueError for a key that is none."""
        if len(encoding_aes_key) != _KEY_CHARACTERS:
            raise ValueError(f"an EncodingAESKey has {_KEY_CHARACTERS} characters")
        self._key = base64.b64decode(encoding_aes_key + "=", validate=True)
        self._receiver = receiver.encode()

    def open(self, encrypted: str) -> bytes:
        """What is inside. Raises NotOurs."""
        try:
            raw = base64.b64decode(encrypted, validate=True)
        except ValueError as exc:
            raise NotOurs("no base64") from exc
        if not raw or len(raw) % _BLOCK:
            raise NotOurs("no whole blocks")
        decryptor = Cipher(algorithms.AES(self._key), modes.CBC(self._key[:_BLOCK])).decryptor()
        padded = decryptor.update(raw) + decryptor.finalize()
        padding = padded[-1]
        if not 1 <= padding <= _LARGEST_PADDING or padded[-padding:] != bytes([padding]) * padding:
            raise NotOurs("the padding is wrong")
        plain = padded[_RANDOM_BYTES:-padding]
        end = _LENGTH_BYTES + int.from_bytes(plain[:_LENGTH_BYTES], "big")
        if end > len(plain) or not hmac.compare_digest(plain[end:], self._receiver):
            raise NotOurs("for another receiver")
        return plain[_LENGTH_BYTES:end]
