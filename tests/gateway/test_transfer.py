"""Images, and articles as tables: what goes out does no harm, what comes in is what it says or is refused."""

from __future__ import annotations

import csv
import io
import time
import zipfile
from pathlib import Path
from typing import Any

import aiohttp
import openpyxl
import pytest
from gateway_parts import Gateway, Start
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from test_editing import FEE, Console, console

from faq_kb.console import transfer
from faq_kb.content import ContentRefused, normal


def picture(kind: str, size: tuple[int, int] = (40, 20), **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, format=kind, **more)
    return out.getvalue()


async def send(eddy: Console, path: str, content: bytes, status: int = 200, field: str = "file", **more: str) -> Any:
    form = aiohttp.FormData()
    form.add_field(field, content, filename="../../evil.php", content_type="text/html")
    for name, value in more.items():
        form.add_field(name, value)
    url, headers = f"{eddy.gateway.base}/faq/api{path}", {"X-CSRF-Token": eddy.csrf}
    async with eddy.http.post(url, data=form, headers=headers) as response:
        answer = await response.json()
        assert response.status == status, answer
        return answer


async def fetched(eddy: Console, path: str) -> bytes:
    async with eddy.http.get(f"{eddy.gateway.base}{path}") as response:
        assert response.status == 200
        return await response.read()


# -- images ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "ending"), [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp"), ("GIF", "gif")])
async def test_an_image_is_kept_by_its_content_and_served(start: Start, kind: str, ending: str) -> None:
    eddy = await console(await start())
    url = (await send(eddy, "/images", picture(kind), field="image"))["url"]
    assert url.startswith("/help/images/") and url.endswith(f".{ending}")
    assert Image.open(io.BytesIO(await fetched(eddy, url))).size == (40, 20)
    assert (await send(eddy, "/images", picture(kind), field="image"))["url"] == url
    await eddy.save(image=url)
    assert (await eddy.publish())["live"]


async def test_what_a_camera_wrote_is_taken_out_and_the_picture_turned(start: Start) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "SECRET-CAMERA"
    exif.get_ifd(0x8825)[1] = "N"
    content = picture("JPEG", exif=exif, comment=b"SECRET-COMMENT")
    assert b"SECRET" in content
    eddy = await console(await start())
    served = await fetched(eddy, (await send(eddy, "/images", content, field="image"))["url"])
    image = Image.open(io.BytesIO(served))
    assert b"SECRET" not in served and not image.getexif() and image.size == (20, 40)


def bomb() -> bytes:
    out = io.BytesIO()
    frames = [Image.new("P", (2000, 2000), number % 250) for number in range(12)]
    frames[0].save(out, format="GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


@pytest.mark.alone
@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<html><script>alert(1)</script></html>",
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 100,
        b"GIF89a<script>alert(1)</script>",
        b"\xff\xd8\xff\xe0" + b"x" * 500,
        b"%PDF-1.4",
        picture("PNG", (4097, 10)),
        picture("PNG", (12_000, 12_000)),
        picture("BMP"),
        picture("TIFF"),
        bomb(),
        picture("JPEG")[:-200],
    ],
    ids=["svg", "html", "png", "gif", "jpeg", "pdf", "wide", "huge", "bmp", "tiff", "frames", "cut"],
)
async def test_what_is_no_picture_or_too_large_a_one_is_refused(start: Start, root: Path, content: bytes) -> None:
    eddy = await console(await start())
    began = time.monotonic()
    assert (await send(eddy, "/images", content, 422, field="image"))["error"]["code"] == "image_refused"
    assert time.monotonic() - began < 3
    assert not (root / "faq_kb" / "articles" / "images").exists()


async def test_a_large_body_is_read_for_editors_only_and_not_past_its_bound(start: Start) -> None:
    gateway = await start()
    large = picture("PNG") + b"\x00" * 1_500_000
    ben = await console(gateway, "ben")
    assert (await send(ben, "/images", large, 403, field="image"))["error"]["code"] == "not_allowed"
    eddy = await console(gateway)
    url = (await send(eddy, "/images", large, field="image"))["url"]
    assert len(await fetched(eddy, url)) < 1000, "what was behind the picture is gone"
    assert (await send(eddy, "/images", b"x" * 2_100_000, 413, field="image"))["error"]["code"] == "body_too_large"
    eddy = await console(gateway)
    assert (await send(eddy, "/images", b"", 400, field="image"))["error"]["code"] == "bad_input"


# -- tables ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_what_is_exported_changes_nothing_when_it_comes_back(start: Start, kind: str) -> None:
    eddy = await console(await start())
    await eddy.save(
        answer={"en": '- one\n- two, "three"\n=1+1', "zh-HK": "＝三十蚊"},
        asked_as=["=cmd|' /C calc'!A0", "+852", "@me", "'=x"],
        links=[{"label": {"en": "Map"}, "url": "https://shop.example/map"}],
        pins=[{"exact": "how much: now"}],
        valid_until="2026-12-31",
        channels=["widget"],
    )
    await eddy.publish()
    table = await fetched(eddy, f"/faq/api/export?format={kind}")
    told = await send(eddy, "/import", table)
    assert told == {"rows": 2, "new": [], "changed": [], "problems": []}


async def test_no_cell_that_goes_out_is_a_formula(gateway: Gateway) -> None:
    eddy = await console(gateway)
    dangerous = ("=1+1", "+1", "-1", "@SUM(A1)", "＝1", "＋1", "－1", "＠x")
    for text in dangerous:
        await eddy.save(answer={"en": text}, asked_as=[text])
        await eddy.publish()
        rows = list(csv.reader(io.StringIO((await fetched(eddy, "/faq/api/export")).decode("utf-8-sig"))))
        cells = [cell for row in rows[1:] for cell in row]
        sheet = openpyxl.load_workbook(io.BytesIO(await fetched(eddy, "/faq/api/export?format=xlsx"))).active
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
        cells += [str(cell.value) for row in sheet.iter_rows(min_row=2) for cell in row if cell.value]
        assert f"'{text}" in cells and not any(cell.startswith(tuple("=+-@\t\r＝＋－＠")) for cell in cells)


async def test_an_import_makes_drafts_and_publishes_nothing(gateway: Gateway) -> None:
    eddy = await console(gateway)
    table = (
        "id,category,question.en,answer.en,asked_as\r\n"
        f'{FEE},,What does shipping cost?,HK$40.,"shipping fee\r\n郵費"\r\n'
        "gift-wrap,delivery,Do you wrap gifts?,Yes.,\r\n"
        "../evil,delivery,x,y,\r\n"
        "lost,nowhere,x,y,\r\n"
    ).encode()
    rehearsed = await send(eddy, "/import", table, dry_run="1")
    assert (rehearsed["new"], rehearsed["changed"], rehearsed["rows"]) == (["gift-wrap"], [FEE], 4)
    assert [(one["row"], one["field"]) for one in rehearsed["problems"]] == [(4, "id"), (5, "category")]
    assert (await eddy.get(f"/articles/{FEE}"))["draft"] is None
    assert await send(eddy, "/import", table) == rehearsed
    article = await eddy.get(f"/articles/{FEE}")
    assert article["published"]["answer"]["en"] == "HK$30."
    content = article["draft"]["content"]
    assert content["answer"] == {"zh-HK": "三十蚊。", "zh-TW": "一百元。", "zh-CN": "十二元。", "en": "HK$40."}
    assert content["asked_as"] == ["shipping fee", "郵費"]
    assert (await eddy.get("/articles/gift-wrap"))["draft"]["content"]["answer"] == {"en": "Yes."}


async def test_an_import_does_not_write_over_what_somebody_drafts(gateway: Gateway) -> None:
    eddy, sue = await console(gateway), await console(gateway, "sue")
    await sue.save(answer={"en": "HK$50."}, keywords=["fee"])
    table = f"id,answer.en,image\r\n{FEE},HK$40.,/a.png\r\n".encode()
    told = await send(eddy, "/import", table)
    assert [(one["row"], one["field"], one["code"]) for one in told["problems"]] == [(2, "answer.en", "edit_conflict")]
    assert (await eddy.get(f"/articles/{FEE}"))["draft"]["content"]["answer"] == {"en": "HK$50."}
    table = f"id,image\r\n{FEE},/a.png\r\n".encode()
    assert (await send(eddy, "/import", table))["changed"] == [FEE]
    content = (await eddy.get(f"/articles/{FEE}"))["draft"]["content"]
    assert (content["image"], content["answer"], content["keywords"]) == ("/a.png", {"en": "HK$50."}, ["fee"])


def zipped(*parts: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return out.getvalue()


def sheet_with(entity: bytes) -> bytes:
    good = transfer.as_xlsx([])
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        parts = [(part.filename, archive.read(part)) for part in archive.infolist()]
    return zipped(*((name, entity + content if "sheet1" in name else content) for name, content in parts))


@pytest.mark.alone
@pytest.mark.parametrize(
    "table",
    [
        b"",
        b"a,b\r\n1,2\r\n",
        b"id,id\r\na,b\r\n",
        b"id,onclick\r\na,b\r\n",
        "id,answer.en\r\nä,ö\r\n".encode("latin-1"),
        b"PK\x03\x04 no archive",
        zipped(("xl/workbook.xml", b"\x00" * 70_000_000)),
        zipped(*((f"{number}.xml", b"x") for number in range(300))),
        sheet_with(b'<!DOCTYPE a [<!ENTITY b "cccccccccc"><!ENTITY d "&b;&b;&b;&b;">]>'),
        b"id\r\n" + b"a\r\n" * 20_002,
    ],
    ids=["empty", "no id", "twice", "unknown", "latin", "cut", "bomb", "parts", "entities", "rows"],
)
async def test_what_is_no_table_is_refused_at_once(start: Start, table: bytes) -> None:
    eddy = await console(await start())
    began = time.monotonic()
    answer = await send(eddy, "/import", table, 422 if table else 400)
    assert answer["error"]["code"] == ("import_refused" if table else "bad_input")
    assert time.monotonic() - began < 5


@given(
    st.lists(st.text(max_size=20), max_size=4),
    st.dictionaries(st.sampled_from(["en", "zh-HK"]), st.text(max_size=40)),
    st.booleans(),
)
def test_any_content_comes_back_as_it_went(phrases: list[str], texts: dict[str, str], as_xlsx: bool) -> None:
    try:
        content = normal({"question": texts, "answer": texts, "asked_as": [p.replace("\n", " ") for p in phrases]})
    except ContentRefused:
        return
    write = transfer.as_xlsx if as_xlsx else transfer.as_csv
    (row,) = transfer.read_table(write([("a-b", "delivery", content)]))
    assert (row.article_id, row.category, row.problems) == ("a-b", "delivery", ())
    assert row.onto(normal({})) == content
