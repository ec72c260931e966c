"""Files both ways: what is taken for what, who may have it, what bounds it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import sample_files as files
from desk_parts import waiting
from full_disk import no_file_over, small_disk
from gateway_parts import Gateway, Seat, Start
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from faq_kb.masking import Masking
from handoff import attachments, search
from handoff.attachment_store import AttachmentStore
from handoff.database import Database
from switchboard.incoming_files import IncomingFiles
from switchboard.records import Attachment, Inbound


async def upload(
    gateway: Gateway, token: str, content: bytes, name: str = "photo.png", status: int = 200
) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    address = f"{gateway.base}/widget/attachments"
    async with gateway.http.post(address, data=content, params={"name": name}, headers=headers) as response:
        answer = await response.json()
        assert response.status == status, answer
        return dict(answer["attachment"] if status == 200 else answer["error"])


async def fetch(gateway: Gateway, token: str, identity: str, **headers: str) -> tuple[int, Any, bytes]:
    headers = {"Authorization": f"Bearer {token}", **headers}
    async with gateway.http.get(f"{gateway.base}/widget/attachments/{identity}", headers=headers) as response:
        return response.status, response.headers, await response.read()


async def send(gateway: Gateway, token: str, text: str, *ids: str, client_id: str = "m1") -> dict[str, Any]:
    frame = {"type": "message", "client_id": client_id, "text": text, "attachments": list(ids)}
    headers = {"Authorization": f"Bearer {token}"}
    async with gateway.http.post(f"{gateway.base}/widget/frames", json=frame, headers=headers) as response:
        return dict((await response.json())["frames"][0])


async def attach(seat: Seat, conversation: str, content: bytes, name: str, status: int = 200) -> dict[str, Any]:
    address = f"{seat.gateway.base}/desk/api/conversations/{conversation}/attachments"
    headers = {"X-CSRF-Token": seat.csrf}
    async with seat.http.post(address, data=content, params={"name": name}, headers=headers) as response:
        answer = await response.json()
        assert response.status == status, answer
        return dict(answer["attachment"] if status == 200 else answer["error"])


async def opened(seat: Seat, identity: str) -> tuple[int, Any, bytes]:
    async with seat.http.get(f"{seat.gateway.base}/desk/api/attachments/{identity}") as response:
        return response.status, response.headers, await response.read()


def kept(gateway: Gateway) -> list[Path]:
    return [path for path in gateway.settings.attachments_path.rglob("*") if path.is_file()]


async def test_a_picture_and_its_words_reach_the_agent_and_a_pdf_comes_back(gateway: Gateway) -> None:
    page = await gateway.page()
    token = page.session["token"]
    photo = await upload(gateway, token, files.picture("JPEG"), "IMG 1.jpg")
    assert (photo["kind"], photo["name"], photo["type"]) == ("image", "IMG 1.jpg", "image/jpeg")
    assert (photo["width"], photo["height"]) == (64, 40)
    accepted = await send(gateway, token, "it came broken", photo["id"])
    assert accepted["message"]["attachments"] == [photo] and accepted["message"]["text"] == "it came broken"
    assert (await page.message("assistant"))["text"] == "bot: it came broken", "words are understood as usual"

    ben = await gateway.seat("ben")
    conversation = accepted["message"]["conversation"]
    shown = await ben.get(f"/conversations/{conversation}")
    assert shown["messages"][0]["attachments"] == [photo] and shown["takes_files"]
    status, headers, content = await opened(ben, photo["id"])
    assert status == 200 and headers["Content-Type"] == "image/jpeg" and len(content) == photo["bytes"]
    invoice = await attach(ben, conversation, files.PDF, "invoice.pdf")
    await ben.post(
        f"/conversations/{conversation}/messages", {"text": "", "attachments": [invoice["id"]], "client_id": "a1"}
    )
    line = await page.message("agent")
    assert line["attachments"] == [invoice] and line["wordless"] and line["text"] == "[File]"
    status, headers, content = await fetch(gateway, token, invoice["id"])
    assert (status, content) == (200, files.PDF)
    assert headers["Content-Disposition"] == "attachment; filename=\"invoice.pdf\"; filename*=UTF-8''invoice.pdf"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


async def test_a_picture_without_a_word_asks_nothing_that_is_answered_with_an_article(gateway: Gateway) -> None:
    seat, page = await gateway.seat("ben"), await waiting(gateway, locale="zh-HK")
    token, conversation = page.session["token"], await seat.claim_only()
    await send(gateway, token, "", (await upload(gateway, token, files.picture()))["id"])
    shown = await seat.get(f"/conversations/{conversation}")
    assert shown["messages"][-1]["text"] == "［相片］"
    found = await seat.get(f"/conversations/{conversation}/suggestions")
    assert "相片" not in found["question"] and found["suggestions"] == [], found


async def test_files_without_a_word_are_kept_and_a_person_is_offered(start: Start) -> None:
    gateway = await start()
    for locale, received in (("zh-HK", "收到。"), ("zh-TW", "收到了。"), ("zh-CN", "收到了。"), ("en", "Got it.")):
        page = await gateway.page(locale=locale)
        token = page.session["token"]
        ids = [(await upload(gateway, token, files.picture()))["id"] for _ in range(2)]
        accepted = await send(gateway, token, " ", *ids)
        assert accepted["message"]["wordless"] and accepted["message"]["text"].endswith("× 2")
        answer = await page.message("system", received)
        assert len(answer["buttons"]) == 1
    assert gateway.bot.asked == [], "the assistant cannot see it"


TAKEN = [
    ("photo.png", files.picture(), "image", "image/png", "photo.png"),
    ("photo.png", files.picture("JPEG"), "image", "image/jpeg", "photo.jpg"),
    ("IMG_2.jpg", files.photo_of_several(), "image", "image/jpeg", "IMG_2.jpg"),
    ("shot", files.picture("WEBP"), "image", "image/webp", "shot.webp"),
    ("anim.gif", files.picture("GIF"), "image", "image/gif", "anim.gif"),
    ("voice.wav", files.wav(), "audio", "audio/wav", "voice.wav"),
    ("voice.amr", files.AMR, "audio", "audio/amr", "voice.amr"),
    ("voice.webm", files.webm(), "audio", "audio/webm", "voice.webm"),
    ("clip.webm", files.webm(b"V_VP9 A_OPUS"), "video", "video/webm", "clip.webm"),
    ("clip.mp4", files.mp4(), "video", "video/mp4", "clip.mp4"),
    ("voice.mp4", files.mp4(b"soun"), "audio", "audio/mp4", "voice.m4a"),
    ("a.pdf", files.PDF, "file", "application/pdf", "a.pdf"),
    ("a.doc", files.DOC, "file", "application/msword", "a.doc"),
    ("a.xls", files.XLS, "file", "application/vnd.ms-excel", "a.xls"),
    ("a.xls", files.xlsx(), "file", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "a.xlsx"),
    (
        "a.docx",
        files.docx(),
        "file",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "a.docx",
    ),
    ("a.txt", b"hello", "file", "text/plain", "a.txt"),
    ("a.csv", "訂單,金額\n".encode("big5"), "file", "text/csv", "a.csv"),
    ("scan.pdf", b"\r\nscanner\r\n" + files.PDF, "file", "application/pdf", "scan.pdf"),
    ("big.csv", "訂單,金額\n".encode() * 400_000, "file", "text/csv", "big.csv"),
    ("a.csv", "订单,金额\n".encode("gb18030"), "file", "text/csv", "a.csv"),
    ("a.zip", files.zipped(), "file", "application/zip", "a.zip"),
    ("a.rar", files.RAR, "file", "application/vnd.rar", "a.rar"),
    ("a.tar", files.tar(), "file", "application/x-tar", "a.tar"),
    ("page.txt", files.HTML, "file", "text/plain", "page.txt"),
]
REFUSED = [
    ("table.png", files.CSV, "not_what_it_says"),
    ("archive.png", files.zipped(), "not_what_it_says"),
    ("page.pdf", files.HTML, "not_what_it_says"),
    ("logo.png", files.SVG, "not_what_it_says"),
    ("logo.svg", files.SVG, "kind"),
    ("page.html", files.HTML, "kind"),
    ("photo.jpg.html", files.HTML, "kind"),
    ("late.txt", b"hello\n" * 300_000 + b"\x00\x01", "not_what_it_says"),
    ("film.mkv", files.webm().replace(b"\x84webm", b"\x88matroska"), "kind"),
    ("setup.exe", files.EXE, "kind"),
    ("setup.pdf", files.EXE, "not_what_it_says"),
    ("report.docx", files.zipped(), "not_what_it_says"),
    ("macro.docx", files.zipped("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "macros"),
    ("setup.doc", files.OLE, "not_what_it_says"),
    ("huge.png", files.huge_picture(), "pixels"),
    ("cut.png", files.picture()[:60], "broken"),
    ("nothing.txt", b"", "empty"),
]


async def test_a_file_is_what_is_in_it_and_a_name_that_says_otherwise_is_refused(start: Start) -> None:
    gateway = await start(attachments_per_minute=1000)
    token = (await gateway.session())["token"]
    for name, content, kind, media_type, called in TAKEN:
        found = await upload(gateway, token, content, name)
        assert (found["kind"], found["type"], found["name"]) == (kind, media_type, called), name
        status, headers, _ = await fetch(gateway, token, found["id"])
        is_shown = headers["Content-Disposition"].startswith("inline")
        assert status == 200 and is_shown == (kind != "file") and headers["Content-Type"].startswith(media_type), name
    there = len(kept(gateway))
    for name, content, reason in REFUSED:
        refused = await upload(gateway, token, content, name, 422)
        assert (refused["code"], refused["details"]["reason"]) == ("attachment_refused", reason), name
    assert len(kept(gateway)) == there, "nothing is left of what was refused"


async def test_what_is_hidden_in_a_picture_is_not_kept(start: Start) -> None:
    gateway = await start()
    token = (await gateway.session())["token"]
    found = await upload(gateway, token, files.photo_with_place(), "IMG_1.jpeg")
    _, _, content = await fetch(gateway, token, found["id"])
    with Image.open(io.BytesIO(content)) as image:
        assert image.size == (40, 60) == (found["width"], found["height"]), "it stands upright"
        assert dict(image.getexif()) == {} and b"Secret Camera" not in content
    polyglot = files.picture("GIF") + b"/*<script>alert(1)</script>*/"
    found = await upload(gateway, token, polyglot, "fun.gif")
    assert b"script" not in (await fetch(gateway, token, found["id"]))[2]
    both = files.photo_of_several()
    found = await upload(gateway, token, both, "IMG_2.jpg")
    _, _, content = await fetch(gateway, token, found["id"])
    assert (found["width"], found["height"]) == (64, 40) and content.count(b"\xff\xd8\xff") == 1 < both.count(
        b"\xff\xd8\xff"
    )
    large = await upload(gateway, token, files.picture("JPEG", (5000, 100)), "wide.jpg")
    assert (large["width"], large["height"]) == (4096, 82)


async def test_an_archive_bomb_stays_packed(start: Start) -> None:
    gateway = await start()
    token = (await gateway.session())["token"]
    bomb = files.bomb()
    found = await upload(gateway, token, bomb, "report.docx")
    assert found["bytes"] == len(bomb) and (await fetch(gateway, token, found["id"]))[2] == bomb
    many = files.zipped(*(f"{number}/[Content_Types].xml" for number in range(6000)))
    assert (await upload(gateway, token, many, "many.zip"))["type"] == "application/zip"


NAMES = [
    ("../../etc/passwd.txt", "passwd.txt"),
    ("C:\\Users\\ana\\note.txt", "note.txt"),
    ("", "file.txt"),
    ("...", "file.txt"),
    ("invoice\u202etxt.txt", "invoicetxt.txt"),
    ("a\x00b\r\nc.txt", "ab c.txt"),
    ("發票 (1).txt", "發票 (1).txt"),
    ('x"; filename="evil.txt', "x ; filename= evil.txt"),
    ("e" + "\u0301" * 200 + ".txt", "é\u0301\u0301\u0301.txt"),
    ("長" * 300 + ".txt", "長" * 116 + ".txt"),
    ("4111111111111111.txt", "••••1111.txt"),
]


async def test_a_name_keeps_nothing_that_moves_hides_or_breaks(start: Start) -> None:
    gateway = await start(attachments_per_minute=1000)
    token = (await gateway.session())["token"]
    for given, expected in NAMES:
        found = await upload(gateway, token, b"hello", given)
        assert found["name"].replace("•••• ", "••••") == expected, given
        _, headers, _ = await fetch(gateway, token, found["id"])
        assert headers["Content-Disposition"].isascii() and "\n" not in headers["Content-Disposition"]
    assert all(path.name.isalnum() for path in kept(gateway)), "no name of a customer is a name on the disk"
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept(gateway))


async def test_only_who_may_see_the_conversation_gets_its_files(gateway: Gateway) -> None:
    ana, eve = await gateway.session(), await gateway.session()
    photo = await upload(gateway, ana["token"], files.picture())
    ben = await gateway.seat("ben")
    assert (await opened(ben, photo["id"]))[0] == 404, "not sent yet"
    assert (await send(gateway, eve["token"], "mine now", photo["id"]))["code"] == "unknown_attachment"
    accepted = await send(gateway, ana["token"], "", photo["id"])
    assert (await send(gateway, ana["token"], "", photo["id"])) == accepted, "a repeat is the first result"
    twice = await send(gateway, ana["token"], "again", photo["id"], client_id="m2")
    assert twice["code"] == "unknown_attachment"
    for token in (eve["token"], "", "x"):
        status, _, content = await fetch(gateway, token, photo["id"])
        assert status == (404 if token == eve["token"] else 401) and photo["id"].encode() not in content
    for wrong in ("../" + photo["id"], photo["id"].upper() + "0", "%00", "1e3", "-1"):
        assert (await fetch(gateway, ana["token"], wrong))[0] in (400, 404)
    conversation = accepted["message"]["conversation"]
    assert (await opened(ben, photo["id"]))[0] == 200
    eddy = await gateway.seat("eddy")
    assert (await opened(eddy, photo["id"]))[0] == 403
    async with gateway.http.get(f"{gateway.base}/desk/api/attachments/{photo['id']}") as response:
        assert response.status == 401
    address = f"{gateway.base}/desk/api/conversations/{conversation}/attachments?name=a.pdf"
    async with ben.http.post(address, data=files.PDF) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (403, "csrf_refused")
    secret = await attach(ben, conversation, files.PDF, "for-us.pdf")
    await ben.post(
        f"/conversations/{conversation}/messages", {"text": "look", "note": True, "attachments": [secret["id"]]}
    )
    assert (await fetch(gateway, ana["token"], secret["id"]))[0] == 404, "a note's file is the desk's"
    cleo = await gateway.seat("cleo")
    assert (await opened(cleo, secret["id"]))[0] == 200
    await ben.post(
        f"/conversations/{conversation}/messages", {"text": "mine", "attachments": [secret["id"]]}, status=404
    )
    await gateway.http.post(
        f"{gateway.base}/widget/frames", json={"type": "logout"}, headers={"Authorization": f"Bearer {ana['token']}"}
    )
    assert (await fetch(gateway, ana["token"], photo["id"]))[0] == 401, "who signed out has no right any more"


async def test_too_much_is_refused_with_a_limit_and_nothing_is_kept(start: Start) -> None:
    gateway = await start(max_attachment_megabytes=1, attachments_per_minute=3)
    session = await gateway.session()
    assert session["settings"]["max_attachment_bytes"] == 1_000_000
    token = session["token"]
    refused = await upload(gateway, token, b"a" * 1_000_001, "a.txt", 413)
    assert (refused["code"], refused["details"]["limit"]) == ("attachment_too_large", 1_000_000)

    async def pieces() -> Any:
        for _ in range(12):
            yield b"a" * 100_000

    address, headers = f"{gateway.base}/widget/attachments", {"Authorization": f"Bearer {token}"}
    async with gateway.http.post(address, data=pieces(), params={"name": "a.txt"}, headers=headers) as response:
        assert response.status == 413, "also when no length was told"
    assert kept(gateway) == []
    await upload(gateway, token, b"a" * 1_000_000, "a.txt")
    limited = await upload(gateway, token, b"a", "a.txt", 429)
    assert limited["code"] == "rate_limited" and limited["details"]["retry_after"] > 0
    one = await upload(gateway, (await gateway.session())["token"], b"a", "a.txt")
    for given in ("x", [1], [one["id"]] * 2, ["x"] * 11, [""], {"a": 1}):
        frame = {"type": "message", "client_id": "m", "text": "a", "attachments": given}
        async with gateway.http.post(f"{gateway.base}/widget/frames", json=frame, headers=headers) as response:
            assert (await response.json())["frames"][0]["code"] == "bad_input"


async def _refused_for_room(gateway: Gateway, token: str, seat: Seat, conversation: str, content: bytes) -> None:
    for answer in (
        await upload(gateway, token, content, "a.txt", 507),
        await attach(seat, conversation, content, "a.txt", 507),
    ):
        assert answer["code"] == "storage_full"
    assert kept(gateway) == []
    rows = await gateway.app.ctx.database.read(
        lambda c: c.execute(select(func.count()).select_from(attachments.attachments)).scalar()
    )
    assert rows == 0


async def test_a_full_disk_is_said_and_nothing_is_half_kept(start: Start) -> None:
    gateway = await start(max_attachment_megabytes=20)
    ben, page = await gateway.seat("ben"), await gateway.page()
    await page.say("good day")
    talk = str((await page.message("customer", "good day"))["conversation"])
    token, content = page.session["token"], b"a" * 6_000_000
    with no_file_over(4_000_000):
        await _refused_for_room(gateway, token, ben, talk, content)
        assert (await upload(gateway, token, b"small", "a.txt"))["bytes"] == 5
    assert (await upload(gateway, token, content, "a.txt"))["bytes"] == len(content), "there is room again"


async def test_a_mail_is_taken_in_without_the_file_that_has_no_room(gateway: Gateway) -> None:
    settings, database, masking = gateway.settings, gateway.app.ctx.database, Masking(())
    store = AttachmentStore(settings.attachments_path, database, masking, 20_000_000, gateway.clock)
    sent = Inbound(
        "email", "ana@example.com", "Two files", attachments=(
            Attachment("file", name="big.txt", size_bytes=6_000_000, content=b"a" * 6_000_000),
            Attachment("file", name="small.txt", size_bytes=5, content=b"small"),
        ),
    )  # fmt: skip
    with no_file_over(4_000_000):
        taken = await IncomingFiles(store, masking, 2000).received(sent)
    big, small = taken.attachments
    assert (taken.text, big.stored, big.source["refused"]) == ("Two files", None, "storage_full")
    assert small.stored is not None and small.stored["name"] == "small.txt" and len(kept(gateway)) == 1


@pytest.mark.parametrize("options", ["size=1m", "size=20m,nr_inodes=2"], ids=["no space", "no room for a folder"])
async def test_a_small_file_system_that_is_full_is_said_and_nothing_is_half_kept(start: Start, options: str) -> None:
    gateway = await start(max_attachment_megabytes=20)
    ben, page = await gateway.seat("ben"), await gateway.page()
    await page.say("good day")
    talk = str((await page.message("customer", "good day"))["conversation"])
    with small_disk(gateway.settings.attachments_path, options):
        await _refused_for_room(gateway, page.session["token"], ben, talk, b"a" * 3_000_000)
    await upload(gateway, page.session["token"], b"a" * 3_000_000, "a.txt")


async def test_a_full_disk_of_the_database_is_said_and_nothing_is_half_kept(start: Start, tmp_path: Path) -> None:
    place = tmp_path / "small"
    with small_disk(place, "size=16m"):
        gateway = await start(database_url=f"sqlite:///{place / 'switchboard.db'}")
        token = (await gateway.session())["token"]
        filler = place / "filler"
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(b"a" * 4096):
                pass
        refused = await upload(gateway, token, b"a" * 100, "a.txt", 507)
        assert refused["code"] == "storage_full" and kept(gateway) == []
        filler.unlink()
        assert (await upload(gateway, token, b"a" * 100, "a.txt"))["bytes"] == 100, "there is room again"
        await gateway.close()


async def test_who_sends_slowly_or_everything_at_once_holds_nothing_up(start: Start) -> None:
    gateway = await start(attachments_per_minute=1000)
    token = (await gateway.session())["token"]
    let_go = asyncio.Event()

    async def waits() -> Any:
        yield b"a"
        await let_go.wait()
        yield b"b"

    async def one() -> int:
        headers = {"Authorization": f"Bearer {token}"}
        address = f"{gateway.base}/widget/attachments?name=a.txt"
        async with gateway.http.post(address, data=waits(), headers=headers) as response:
            return response.status

    held = [asyncio.create_task(one()) for _ in range(10)]
    while len(kept(gateway)) < 10:
        await asyncio.sleep(0.01)
    assert (await upload(gateway, token, b"a", "a.txt", 429))["code"] == "rate_limited"
    let_go.set()
    assert await asyncio.gather(*held) == [200] * 10
    await upload(gateway, token, b"a", "a.txt")

    gateway.app.config.REQUEST_TIMEOUT = 1
    there = len(kept(gateway))
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.settings.port)
    head = f"POST /widget/attachments?name=a.txt HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    writer.write(f"{head}Content-Length: 1000\r\n\r\n".encode())

    async def drip() -> None:
        while True:
            writer.write(b"a")
            await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    assert b" 408 " in await asyncio.wait_for(reader.readline(), 8)
    dripping.cancel()
    writer.close()
    assert len(kept(gateway)) == there, "and nothing of it is left"


async def test_a_player_gets_the_part_it_asks_for(start: Start) -> None:
    gateway = await start()
    token = (await gateway.session())["token"]
    sound = files.wav()
    found = await upload(gateway, token, sound, "voice.wav")
    for asked, status, span in (
        ("bytes=0-", 200, sound),
        ("bytes=0-0", 206, sound[:1]),
        ("bytes=10-19", 206, sound[10:20]),
        ("bytes=100-", 206, sound[100:]),
        ("bytes=-5", 206, sound[-5:]),
        ("bytes=10-999999", 206, sound[10:]),
        ("bytes=999999-", 416, b""),
        ("bytes=9-3", 416, b""),
        ("bytes=0-1,4-5", 200, sound),
        ("items=1", 200, sound),
    ):
        given, headers, content = await fetch(gateway, token, found["id"], Range=asked)
        assert (given, content) == (status, span), asked
        assert int(headers["Content-Length"]) == len(span)
    status, headers, _ = await fetch(gateway, token, found["id"])
    again, _, content = await fetch(gateway, token, found["id"], **{"If-None-Match": headers["ETag"]})
    assert (again, content) == (304, b"") and headers["Cache-Control"] == "private, no-cache"


async def test_what_was_never_sent_is_gone_after_a_day(gateway: Gateway) -> None:
    token = (await gateway.session())["token"]
    sent, left = [await upload(gateway, token, files.PDF, "a.pdf") for _ in range(2)]
    await send(gateway, token, "", sent["id"])
    (gateway.settings.attachments_path / "crashed.part").write_bytes(b"half")
    store = gateway.app.ctx.watches["files"]
    gateway.clock.forward(hours=23)
    await store.look()
    assert (await fetch(gateway, token, left["id"]))[0] == 200
    gateway.clock.forward(hours=2)
    await store.look()
    assert (await fetch(gateway, token, left["id"]))[0] == 404 and (await fetch(gateway, token, sent["id"]))[0] == 200
    assert (await send(gateway, token, "late", left["id"], client_id="m2"))["code"] == "unknown_attachment"


async def test_no_bytes_are_left_that_nothing_is_known_of(gateway: Gateway) -> None:
    """What is known of a file is kept before its bytes and forgotten after them; a crash leaves none behind."""
    store = gateway.app.ctx.watches["files"]

    async def body() -> AsyncIterator[bytes]:
        yield files.PDF

    with pytest.raises(IntegrityError):
        await store.receive(body(), "a.pdf", "agent:999", agent_id=999)
    assert kept(gateway) == []

    token = (await gateway.session())["token"]
    left = await upload(gateway, token, files.PDF, "a.pdf")
    place = store.path_of(left["id"])
    place.unlink()
    (place / "in the way").mkdir(parents=True)
    gateway.clock.forward(hours=25)
    with pytest.raises(OSError):
        await store.look()
    (place / "in the way").rmdir()
    place.rmdir()
    place.write_bytes(files.PDF)
    assert await store.look() == 1, "it is still known, and tried again"
    assert kept(gateway) == [] and await store.look() == 0


async def test_search_transcript_and_erasure_know_of_files(gateway: Gateway) -> None:
    session = await gateway.session()
    token = session["token"]
    receipt = await upload(gateway, token, files.PDF, "順豐單據.pdf")
    accepted = await send(gateway, token, "", receipt["id"])
    spare = await upload(gateway, token, files.PDF, "spare.pdf")
    ben = await gateway.seat("ben")

    def index(database: Database) -> Any:
        return database.write(lambda c: search.add(c, search.waiting(c), gateway.clock()))

    for _ in range(100):
        hits = (await ben.get("/search?q=单据"))["hits"]
        if hits:
            break
        await asyncio.sleep(0.05)
    assert [(hit["message"], "順豐單據.pdf" in hit["text"]) for hit in hits] == [(accepted["message"]["id"], True)]
    headers = {"Authorization": f"Bearer {token}"}
    async with gateway.http.get(f"{gateway.base}/widget/transcript?format=txt", headers=headers) as response:
        assert "順豐單據.pdf" in await response.text()
    store = gateway.app.ctx.watches["files"]
    visitor = await gateway.app.ctx.database.read(
        lambda c: c.exec_driver_sql("SELECT sender FROM conversations").scalar_one()
    )
    assert await store.forget([accepted["message"]["conversation"]], attachments.customer("widget", visitor)) == 2
    assert kept(gateway) == []
    for one in (receipt, spare):
        assert (await fetch(gateway, token, one["id"]))[0] == 404
    assert (await opened(ben, receipt["id"]))[0] == 404


def test_no_customer_of_any_channel_owns_what_an_agent_sent_up() -> None:
    assert attachments.customer("agent", "5") != attachments.agent(5)


async def test_a_channel_that_takes_no_files_says_so_to_the_agent(start: Start) -> None:
    gateway = await start()
    gateway.bot.hands_over("person")
    await gateway.rest("person")
    ben = await gateway.seat("ben")
    conversation = await ben.claim_only()
    assert not (await ben.get(f"/conversations/{conversation}"))["takes_files"]
    invoice = await attach(ben, conversation, files.PDF, "invoice.pdf")
    body = {"text": "here", "attachments": [invoice["id"]]}
    refused = await ben.post(f"/conversations/{conversation}/messages", body, status=409)
    assert refused["error"]["code"] == "attachments_not_taken"
    await ben.post(f"/conversations/{conversation}/messages", {**body, "note": True})


@pytest.mark.parametrize("name", ["a.png", "a.txt"])
async def test_a_page_elsewhere_sends_nothing(start: Start, name: str) -> None:
    gateway = await start()
    token = (await gateway.session())["token"]
    headers = {"Authorization": f"Bearer {token}", "Origin": "https://evil.example"}
    address = f"{gateway.base}/widget/attachments?name={name}"
    async with gateway.http.post(address, data=b"x", headers=headers) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (403, "origin_refused")
    async with gateway.http.options(address, headers={"Origin": gateway.base}) as response:
        assert response.status == 200 or response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == gateway.base
