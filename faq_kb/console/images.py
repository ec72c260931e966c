"""Images of articles: known by their content, freed of what a camera wrote into them, named by their digest."""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from pathlib import Path

from faq_kb import pictures
from faq_kb.console.errors import EditError

MAX_IMAGE_BYTES = 2_000_000
MAX_SIDE = 4096
MAX_PIXELS = 40_000_000
FOLDER = "images"


class ImageRefused(EditError):
    """Expected a picture as PNG, JPEG, WebP or GIF."""

    code = "image_refused"
    status = 422


def store(folder: Path, content: bytes) -> str:
    """Keep an image beside the articles; returns the address articles name. Raises ImageRefused."""
    clean = cleaned(content)
    name = f"{hashlib.sha256(clean.content).hexdigest()[:16]}.{clean.ending}"
    images = folder / FOLDER
    images.mkdir(exist_ok=True)
    if not (images / name).exists():
        # A reader never sees half of it.
        part = images / f".{secrets.token_hex(8)}"
        with part.open("wb") as stream:
            stream.write(clean.content)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(images / name)
    return f"/help/images/{name}"


def cleaned(content: bytes) -> pictures.Picture:
    """The same picture with nothing else in the file. Raises ImageRefused."""
    if len(content) > MAX_IMAGE_BYTES:
        raise ImageRefused(f"Expected at most {MAX_IMAGE_BYTES:,} bytes.", reason="too_big")
    try:
        return pictures.rewritten(io.BytesIO(content), pictures.Bounds(MAX_SIDE, MAX_PIXELS))
    except pictures.PictureTooLarge as exc:
        most = f"Expected at most {MAX_SIDE} pixels a side, and fewer or smaller frames."
        raise ImageRefused(most, reason="too_large") from exc
    except pictures.NotAPicture as exc:
        raise ImageRefused(reason="not_an_image") from exc
