"""What Tencent's servers do around a message, after their documentation: seal it, sign it, and give out tokens.

https://developer.work.weixin.qq.com/document/path/90968 · https://developers.weixin.qq.com/doc/oplatform/developers/dev/AccessToken.html
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlencode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from handoff.clock import utc_now

AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


def sign(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def seal(body: bytes, receiver: str, aes_key: str = AES_KEY) -> str:
    key = base64.b64decode(aes_key + "=")
    plain = secrets.token_bytes(16) + len(body).to_bytes(4, "big") + body + receiver.encode()
    padding = 32 - len(plain) % 32
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()).decode()


def envelope(sealed: str, receiver: str) -> bytes:
    return f"<xml><ToUserName><![CDATA[{receiver}]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()


# By whose clock a callback is signed. Who meets a gateway with a clock of its own sets it.
clock: Callable[[], datetime] = utc_now


def query(word: str, sealed: str | None, **more: str) -> str:
    """The query of a callback; each has a nonce of its own."""
    timestamp, nonce = str(int(clock().timestamp())), secrets.token_hex(5)
    given = {"signature": sign(word, timestamp, nonce), "timestamp": timestamp, "nonce": nonce, **more}
    if sealed is not None:
        given.update(encrypt_type="aes", msg_signature=sign(word, timestamp, nonce, sealed))
    return "?" + urlencode(given)
