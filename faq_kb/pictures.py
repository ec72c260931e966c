"""Pictures as people send them, written anew: the same picture and nothing else in the file.

Read and written by Pillow, which is kept well, checks lengths itself and is installed already (matplotlib of Rasa needs
it); a header check of our own could not take out what is hidden behind the header: a place, a camera, a script.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import IO, Any

from PIL import Image, ImageOps, ImageSequence

ENDINGS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "GIF": "gif"}


@dataclass(frozen=True)
class Bounds:
    """How large a picture may be. With `shrinks` one with longer sides is made smaller, else it is refused."""

    max_side: int
    max_pixels: int  # over all frames; more is a film, and a small file can hold very many
    shrinks: bool = False


@dataclass(frozen=True)
class Picture:
    """A clean picture."""

    content: bytes
    ending: str
    width: int
    height: int


class NotAPicture(Exception):
    """This cannot be read as a PNG, JPEG, WebP or GIF."""


class PictureTooLarge(Exception):
    """There are more pixels in it than we take."""


def rewritten(stream: IO[bytes], bounds: Bounds) -> Picture:
    """The picture in this stream, clean. Raises NotAPicture, PictureTooLarge; the size is looked at before the pixels
    are unpacked."""
    try:
        with warnings.catch_warnings():
            # How much is too much, we say ourselves.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(stream, formats=tuple(ENDINGS)) as image:
                return _written(image, bounds)
    except PictureTooLarge:
        raise
    except Image.DecompressionBombError as exc:
        raise PictureTooLarge() from exc
    except Exception as exc:
        # Whatever a broken or hostile file does to the reader, it is no picture.
        raise NotAPicture() from exc


def _written(image: Image.Image, bounds: Bounds) -> Picture:
    kind, frames = str(image.format), int(getattr(image, "n_frames", 1))
    if kind == "MPO":
        # What phones hang behind a JPEG, how bright or how far away each part is, is no film; the first is the picture.
        kind, frames = "JPEG", 1
    # A JPEG unpacks to three bytes a pixel, others to four, and the frames of a film are held all at once.
    most = bounds.max_pixels if kind == "JPEG" else bounds.max_pixels // 2
    if image.width * image.height * frames > most:
        raise PictureTooLarge()
    if max(image.size) > bounds.max_side and (not bounds.shrinks or frames > 1):
        raise PictureTooLarge()
    out = io.BytesIO()
    if frames > 1:
        size = image.size
        kept = [_bare(frame.copy()) for frame in ImageSequence.Iterator(image)]
        durations = [int(frame.info.get("duration", 100)) for frame in ImageSequence.Iterator(image)]
        more: dict[str, Any] = {"save_all": True, "append_images": kept[1:], "duration": durations, "loop": 0}
        kept[0].save(out, format=kind, **more)
        return Picture(out.getvalue(), ENDINGS[kind], *size)
    if kind == "JPEG" and bounds.shrinks:
        image.draft(None, (bounds.max_side, bounds.max_side))  # unpacked at a half or a quarter where that is enough
    image.load()
    profile = image.info.get("icc_profile")
    turned = ImageOps.exif_transpose(image)
    if bounds.shrinks:
        turned.thumbnail((bounds.max_side, bounds.max_side))
    options: dict[str, Any] = {"icc_profile": profile} if profile and kind != "GIF" else {}
    if kind == "JPEG":
        options |= {"quality": 90, "optimize": True}
    if kind == "WEBP":
        options |= {"quality": 90}
    _bare(turned).save(out, format=kind, **options)
    return Picture(out.getvalue(), ENDINGS[kind], *turned.size)


def _bare(image: Image.Image) -> Image.Image:
    """Without place, time, camera, comments, thumbnails."""
    image.info = {name: value for name, value in image.info.items() if name in ("transparency", "background")}
    return image
