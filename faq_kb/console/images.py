"""Images of articles: known by their content, freed of what a camera wrote into them, named by their digest.

Read and written again by Pillow, which is kept well, checks lengths itself and is installed already (matplotlib of Rasa
needs it); a header check of our own could not take out what is hidden behind the header.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import warnings
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, ImageSequence

from faq_kb.console.errors import EditError

MAX_IMAGE_BYTES = 2_000_000
MAX_SIDE = 4096
# A short animation; more is a film, and a small file can hold very many frames.
MAX_PIXELS = 40_000_000
_ENDINGS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "GIF": "gif"}
FOLDER = "images"


class ImageRefused(EditError):
    """Expected a picture as PNG, JPEG, WebP or GIF."""

    code = "image_refused"
    status = 422


def store(folder: Path, content: bytes) -> str:
    """Keep an image beside the articles; returns the address articles name. Raises ImageRefused."""
    clean, ending = cleaned(content)
    name = f"{hashlib.sha256(clean).hexdigest()[:16]}.{ending}"
    images = folder / FOLDER
    images.mkdir(exist_ok=True)
    if not (images / name).exists():
        # A reader never sees half of it.
        part = images / f".{secrets.token_hex(8)}"
        with part.open("wb") as stream:
            stream.write(clean)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(images / name)
    return f"/help/images/{name}"


def cleaned(content: bytes) -> tuple[bytes, str]:
    """The same picture with nothing else in the file, and how its name ends. Raises ImageRefused."""
    if len(content) > MAX_IMAGE_BYTES:
        raise ImageRefused(f"Expected at most {MAX_IMAGE_BYTES:,} bytes.", reason="too_big")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=tuple(_ENDINGS)) as image:
                return _written(image), _ENDINGS[str(image.format)]
    except ImageRefused:
        raise
    except Exception as exc:
        # Whatever a broken or hostile file does to the reader, it is no picture.
        raise ImageRefused(reason="not_an_image") from exc


def _written(image: Image.Image) -> bytes:
    frames = int(getattr(image, "n_frames", 1))
    if max(image.size) > MAX_SIDE:
        raise ImageRefused(f"Expected at most {MAX_SIDE} pixels a side.", reason="too_large")
    if image.width * image.height * frames > MAX_PIXELS:
        raise ImageRefused("Expected fewer or smaller frames.", reason="too_large")
    out = io.BytesIO()
    if frames > 1:
        kept = [_bare(frame.copy()) for frame in ImageSequence.Iterator(image)]
        durations = [int(frame.info.get("duration", 100)) for frame in ImageSequence.Iterator(image)]
        more: dict[str, Any] = {"save_all": True, "append_images": kept[1:], "duration": durations, "loop": 0}
        kept[0].save(out, format=image.format, **more)
        return out.getvalue()
    image.load()
    turned = ImageOps.exif_transpose(image)
    profile = image.info.get("icc_profile")
    options: dict[str, Any] = {"icc_profile": profile} if profile and image.format != "GIF" else {}
    if image.format == "JPEG":
        options |= {"quality": 90, "optimize": True}
    if image.format == "WEBP":
        options |= {"quality": 90}
    _bare(turned).save(out, format=image.format, **options)
    return out.getvalue()


def _bare(image: Image.Image) -> Image.Image:
    """Without place, time, camera, comments, thumbnails."""
    image.info = {name: value for name, value in image.info.items() if name in ("transparency", "background")}
    return image
