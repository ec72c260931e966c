"""Small files of each kind that people send, and those that attackers do."""

from __future__ import annotations

import io
import struct
import tarfile
import wave
import zipfile
import zlib

from PIL import Image

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
CSV = "訂單,金額\nHG10023847,316\n".encode()
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(document.cookie)</script>"
RAR = b"Rar!\x1a\x07\x01\x00" + b"\x00" * 64
AMR = b"#!AMR\n" + b"\x3c" * 64
EXE = b"MZ" + b"\x00" * 200
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600
DOC = OLE + "WordDocument".encode("utf-16-le") + b"\x00" * 100
XLS = OLE + "Workbook".encode("utf-16-le") + b"\x00" * 100


def picture(form: str = "PNG", size: tuple[int, int] = (64, 40), **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#3a7f77").save(out, form, **more)
    return out.getvalue()


def photo_with_place() -> bytes:
    """A photograph that says where it was taken, and that it has to be turned."""
    exif = Image.Exif()
    exif[0x010F] = "Secret Camera"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    return picture("JPEG", (60, 40), exif=exif)


def photo_of_several() -> bytes:
    """A JPEG with a second picture behind the first, as phones write it: how bright, or how far away, each part is."""
    out = io.BytesIO()
    beside = Image.new("RGB", (32, 20), "#888888")
    Image.new("RGB", (64, 40), "#3a7f77").save(out, "MPO", save_all=True, append_images=[beside])
    return out.getvalue()


def huge_picture() -> bytes:
    """A PNG of a hundred bytes that says it has 50,000 pixels a side."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


def wav(seconds: float = 0.5) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\x00\x10" * int(8000 * seconds))
    return out.getvalue()


def mp4(handler: bytes = b"vide") -> bytes:
    head = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
    box = b"hdlr" + b"\x00" * 8 + handler + b"\x00" * 12
    return head + struct.pack(">I", len(box) + 4) + box + b"\x00" * 64


def webm(codec: bytes = b"A_OPUS") -> bytes:
    return b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm" + b"\x00" * 32 + codec + b"\x00" * 64


def zipped(*names: str, content: bytes = b"x") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names or ("notes.txt",):
            archive.writestr(name, content)
    return out.getvalue()


def docx() -> bytes:
    return zipped("[Content_Types].xml", "word/document.xml")


def xlsx() -> bytes:
    return zipped("[Content_Types].xml", "xl/workbook.xml")


def bomb() -> bytes:
    """Ten thousand times as large when it is unpacked."""
    return zipped("word/document.xml", "[Content_Types].xml", content=b"\0" * 30_000_000)


def tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("notes.txt"))
    return out.getvalue()
