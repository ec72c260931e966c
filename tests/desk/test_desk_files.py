"""Files both ways, in the browsers of a customer and an agent."""

from __future__ import annotations

import io
from typing import Any

import pytest
import sample_files as files
from desk_office import LOCALES, PASSWORD, PHONE, Office
from full_disk import no_file_over
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from rounds import sampled, themes
from sqlalchemy import func, select
from test_desk_looks import _complaints

from handoff.models import tickets

pytestmark = pytest.mark.browser

PASTE = """(field, base64) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([bytes], "image.png", { type: "image/png" }));
  field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true, composed: true }));
}"""
DROP = """(place, [name, text]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], name));
  for (const type of ["dragover", "drop"]) {
    place.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true, composed: true }));
  }
}"""


def photo(width: int = 1200, height: int = 900) -> bytes:
    shade = Image.radial_gradient("L").resize((width, height))
    out = io.BytesIO()
    Image.merge("RGB", [shade, shade.rotate(180), Image.new("L", shade.size, 120)]).save(out, "JPEG")
    return out.getvalue()


def choose(field: Locator, *chosen: tuple[str, bytes]) -> None:
    field.set_input_files(
        [{"name": name, "mimeType": "application/octet-stream", "buffer": content} for name, content in chosen]
    )


def waiting(page: Page, state: str, name: str) -> Locator:
    return page.locator(f'[data-testid="tray-item"][data-state="{state}"]').filter(has_text=name)


def take(agent: Page, customer: Page) -> None:
    """Take this customer: an earlier one whose agent is gone may wait again."""
    expect(customer.get_by_test_id("waiting-banner")).to_be_visible()
    take_case(agent, customer.evaluate("document.querySelector('switchboard-chat').conversation.state.case"))


def take_case(agent: Page, case: str) -> None:
    agent.locator(f'[data-testid="queue-row"][data-ticket="{case}"]').get_by_test_id("claim").click()


def is_seen(picture: Locator) -> None:
    """The browser has the picture, and not only a place for it."""
    expect(picture).to_be_visible()
    picture.evaluate("(image) => image.decode()")


def test_a_picture_and_a_voice_note_go_to_the_agent_and_a_pdf_comes_back(office: Office) -> None:
    ben, customer = office.agent("ben", "en"), office.customer("en")
    choose(customer.get_by_test_id("attach"), ("IMG_1.jpg", photo()), ("voice.wav", files.wav()), ("a.png", files.CSV))
    expect(waiting(customer, "ready", "voice.wav")).to_be_visible()
    expect(waiting(customer, "failed", "a.png")).to_contain_text("Not what its name says")
    waiting(customer, "failed", "a.png").get_by_test_id("tray-remove").click()
    customer.get_by_test_id("composer").fill("It came broken")
    customer.get_by_test_id("send").click()
    expect(customer.get_by_test_id("tray")).to_be_hidden()
    mine = customer.locator('[data-author="customer"][data-state="sent"]')
    is_seen(mine.locator("img"))
    expect(customer.locator('[data-author="assistant"]')).to_contain_text("bot: It came broken")
    customer.get_by_test_id("person-button").click()
    expect(customer.get_by_test_id("waiting-banner")).to_be_visible()

    take(ben, customer)
    is_seen(ben.get_by_test_id("file-picture").locator("img"))
    voice = ben.get_by_test_id("file-audio")
    assert _can_play(voice)
    assert voice.evaluate("(sound) => sound.duration") == pytest.approx(0.5, abs=0.05)
    ben.get_by_test_id("file-picture").click()
    is_seen(ben.get_by_test_id("viewer").locator("img"))
    ben.keyboard.press("Escape")
    expect(ben.get_by_test_id("viewer")).to_be_hidden()

    choose(ben.get_by_test_id("attach-files"), ("退款單.pdf", files.PDF))
    expect(waiting(ben, "ready", "退款單.pdf")).to_be_visible()
    ben.reload()
    expect(waiting(ben, "ready", "退款單.pdf")).to_be_visible()  # kept as the draft is
    ben.get_by_test_id("desk-send").click()
    expect(ben.get_by_test_id("tray")).to_be_hidden()
    theirs = customer.locator('[data-author="agent"]').get_by_test_id("file-row")
    expect(theirs).to_contain_text("退款單.pdf")
    with customer.expect_download() as download:
        theirs.click()
    assert download.value.suggested_filename == "退款單.pdf"
    assert download.value.path().read_bytes() == files.PDF
    with ben.expect_download() as download:
        ben.get_by_test_id("file-row").click()
    assert download.value.path().read_bytes() == files.PDF

    customer.get_by_test_id("composer").evaluate(PASTE, _in_base64(files.picture()))
    expect(waiting(customer, "ready", "image.png")).to_be_visible()
    customer.get_by_test_id("panel").evaluate(DROP, ["list.csv", "a,b\n"])
    expect(waiting(customer, "ready", "list.csv")).to_be_visible()
    customer.get_by_test_id("send").click()
    expect(ben.get_by_test_id("file-row").filter(has_text="list.csv")).to_be_visible()
    ben.get_by_test_id("desk-composer").evaluate(PASTE, _in_base64(files.picture()))
    expect(waiting(ben, "ready", "image.png")).to_be_visible()
    ben.get_by_test_id("desk-composer").evaluate(DROP, ["page.html", "<script>"])
    expect(waiting(ben, "failed", "page.html")).to_contain_text("cannot be sent")
    assert _complaints(ben) + _complaints(customer) == []


def test_a_voice_note_is_recorded_in_the_page_and_heard_at_the_desk(office: Office) -> None:
    ben, customer = office.agent("ben", "en"), office.customer("en", permissions=["microphone"])
    customer.get_by_test_id("record").click()
    expect(customer.get_by_test_id("recorder")).to_contain_text("0:01")
    expect(customer.get_by_test_id("send")).to_be_disabled()
    office.shot(customer, "en-files-recording-desktop-light")
    customer.get_by_test_id("record-drop").click()
    expect(customer.get_by_test_id("recorder")).to_be_hidden()
    expect(customer.get_by_test_id("tray")).to_be_hidden()
    customer.get_by_test_id("record").click()
    expect(customer.get_by_test_id("recorder")).to_contain_text("0:01")
    customer.get_by_test_id("record-stop").click()
    expect(waiting(customer, "ready", "voice-")).to_be_visible()
    customer.get_by_test_id("send").click()
    assert _can_play(customer.get_by_test_id("file-audio"))
    customer.get_by_test_id("person-button").click()
    take(ben, customer)
    assert _can_play(ben.get_by_test_id("file-audio"))

    silent = office.customer("en", permissions=[])
    silent.get_by_test_id("record").click()
    expect(silent.locator('[data-testid="tray-item"]')).to_contain_text("Allow this page to use the microphone")
    silent.get_by_test_id("tray-remove").click()


def test_an_upload_that_broke_off_is_tried_again(office: Office) -> None:
    talk = office.talk([("customer", "where is it?")], "ben", "Ana Chan")
    ben, customer = office.agent("ben", "en", f"#/inbox/{talk}"), office.customer("en")
    expect(ben.get_by_test_id("desk-composer")).to_be_visible()
    for page, field in ((ben, "attach-files"), (customer, "attach")):
        page.route("**/attachments?name=*", lambda route: route.abort("connectionreset"))
        choose(page.get_by_test_id(field), ("invoice.pdf", files.PDF))
        expect(waiting(page, "failed", "invoice.pdf")).to_be_visible()
        page.unroute("**/attachments?name=*")
        page.get_by_test_id("tray-retry").click()
        expect(waiting(page, "ready", "invoice.pdf")).to_be_visible()
    office.problems[:] = [one for one in office.problems if "ERR_CONNECTION_RESET" not in one]


def test_nothing_is_left_of_files_for_the_next_customer_at_the_same_page(office: Office) -> None:
    customer = office.customer("en")
    choose(customer.get_by_test_id("attach"), ("IMG_1.jpg", photo()))
    picture = waiting(customer, "ready", "IMG_1.jpg").locator("img")
    is_seen(picture)
    address = picture.get_attribute("src")
    can_be_read = "(address) => new Promise((tell) => { const image = new Image(); "
    can_be_read += "image.onload = () => tell(true); image.onerror = () => tell(false); image.src = address; })"
    assert customer.evaluate(can_be_read, address)
    customer.evaluate("document.querySelector('switchboard-chat').logout()")
    expect(customer.get_by_test_id("tray-item")).to_have_count(0)
    assert not customer.evaluate(can_be_read, address)
    # Before the next session stands: the file waits for it.
    choose(customer.get_by_test_id("attach"), ("invoice.pdf", files.PDF))
    expect(waiting(customer, "ready", "invoice.pdf")).to_be_visible()
    customer.get_by_test_id("send").click()
    expect(customer.locator('[data-author="customer"][data-state="sent"]').get_by_test_id("file-row")).to_be_visible()
    office.problems[:] = [one for one in office.problems if "blob:" not in one]


def test_a_reply_that_is_taken_back_brings_its_files_back(office: Office) -> None:
    talk = office.talk([("customer", "where is it?")], "ben", "Ana Chan")
    ben = office.agent("ben", "en", f"#/inbox/{talk}")
    office.call(ben, "PUT", "/preferences", {"undoSend": True})
    ben.reload()
    expect(ben.get_by_test_id("desk-composer")).to_be_visible()
    choose(ben.get_by_test_id("attach-files"), ("invoice.pdf", files.PDF))
    expect(waiting(ben, "ready", "invoice.pdf")).to_be_visible()
    ben.get_by_test_id("desk-send").click()
    expect(ben.get_by_test_id("tray")).to_be_hidden()
    expect(ben.locator('[data-state="held"]').get_by_test_id("file-row")).to_contain_text("invoice.pdf")
    ben.get_by_test_id("undo-send").click()
    expect(waiting(ben, "ready", "invoice.pdf")).to_be_visible()
    ben.get_by_test_id("desk-composer").fill("Here it is")
    ben.get_by_test_id("desk-send").click()
    expect(ben.locator('[data-author="agent"][data-id]').get_by_test_id("file-row")).to_contain_text("invoice.pdf")
    office.call(ben, "PUT", "/preferences", {"undoSend": False})


def test_nothing_is_left_of_files_for_the_next_agent_at_the_same_page(office: Office) -> None:
    talk = office.talk([("customer", "where is it?")], "ben", "Ana Chan")
    ben = office.agent("ben", "en", f"#/inbox/{talk}")
    expect(ben.get_by_test_id("desk-composer")).to_be_visible()
    choose(ben.get_by_test_id("attach-files"), ("private.pdf", files.PDF))
    expect(waiting(ben, "ready", "private.pdf")).to_be_visible()
    ben.get_by_test_id("open-settings").click()
    ben.locator("#sign-out").click()
    ben.get_by_test_id("login-name").fill("sue")
    ben.get_by_test_id("login-password").fill(PASSWORD)
    ben.get_by_test_id("login-submit").click()
    expect(ben.get_by_test_id("views")).to_be_visible()
    expect(ben.get_by_test_id("brief")).to_be_visible()
    expect(ben.get_by_test_id("tray-item")).to_have_count(0)


@pytest.mark.parametrize(
    ("locale", "kind"), sampled(("zh-CN", "desktop"), ("zh-TW", "phone"), of=[LOCALES, ("desktop", "phone")])
)
def test_files_fit_a_phone_and_a_desktop_by_day_and_by_night(office: Office, locale: str, kind: str) -> None:
    long = "很長的檔案名稱" * 8 + ".pdf"
    chosen = [("IMG_2031.jpg", photo()), ("tall.png", files.picture(size=(300, 1400))), (long, files.PDF)]
    found: list[Any] = []
    options = PHONE if kind == "phone" else {}
    ben, customer = office.agent("ben", locale, **options), office.customer(locale, **options)
    choose(customer.get_by_test_id("attach"), *chosen, ("table.png", files.CSV))
    for name, _ in chosen:
        expect(waiting(customer, "ready", name)).to_be_visible()
    expect(waiting(customer, "failed", "table.png")).to_be_visible()
    found += _looks(office, customer, f"{locale}-files-tray-{kind}")
    customer.get_by_test_id("send").click()
    is_seen(customer.get_by_test_id("file-picture").locator("img").nth(1))
    expect(customer.get_by_test_id("file-row")).to_be_visible()
    found += _looks(office, customer, f"{locale}-files-sent-{kind}")
    customer.get_by_test_id("person-button").click()
    expect(customer.get_by_test_id("waiting-banner")).to_be_visible()
    take(ben, customer)
    is_seen(ben.get_by_test_id("file-picture").locator("img").nth(1))
    choose(ben.get_by_test_id("attach-files"), *chosen[:1], (long, files.PDF), ("table.png", files.CSV))
    expect(waiting(ben, "ready", long)).to_be_visible()
    expect(waiting(ben, "failed", "table.png")).to_be_visible()
    found += _looks(office, ben, f"{locale}-files-desk-{kind}")
    ben.get_by_test_id("desk-send").click()
    expect(ben.locator('[data-author="agent"]').get_by_test_id("file-row")).to_be_visible()
    found += _looks(office, ben, f"{locale}-files-desk-sent-{kind}")
    ben.context.close()
    customer.context.close()
    assert found == []


def test_an_agent_is_told_where_files_do_not_arrive(office: Office) -> None:
    ben = office.agent("ben", "en")
    office.run(_asks_by_rest(office))
    newest = office.write(lambda connection: connection.execute(select(func.max(tickets.c.id))).scalar_one())
    take_case(ben, f"C-{1000 + newest}")
    attach = ben.get_by_test_id("attach")
    expect(attach).to_be_disabled()
    assert "takes no files" in str(attach.get_attribute("title"))
    ben.get_by_test_id("note-toggle").click()
    expect(attach).to_be_enabled()
    choose(ben.get_by_test_id("attach-files"), ("for-us.pdf", files.PDF))
    expect(waiting(ben, "ready", "for-us.pdf")).to_be_visible()
    ben.get_by_test_id("note-toggle").click()
    expect(ben.get_by_test_id("tray-note")).to_contain_text("takes no files")
    expect(ben.get_by_test_id("desk-send")).to_be_disabled()
    ben.get_by_test_id("note-toggle").click()
    ben.get_by_test_id("desk-send").click()
    expect(ben.locator('[data-author="note"]').get_by_test_id("file-row")).to_be_visible()


async def _asks_by_rest(office: Office) -> None:
    import aiohttp

    async with aiohttp.ClientSession() as http:
        body = {"sender": "rita", "message": "/ask_person"}
        office.bot.hands_over("person please")
        async with http.post(f"{office.base}/webhooks/rest/webhook", json={**body, "message": "person please"}) as sent:
            assert sent.status == 200


def _looks(office: Office, page: Page, step: str) -> list[str]:
    """Pictures by day and by night; what is wider than its place."""
    assert page.viewport_size is not None
    for scheme in themes(page.viewport_size["width"]):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        office.shot(page, f"{step}-{scheme}")
    wide = page.evaluate(
        """() => [document, document.querySelector("switchboard-chat")?.shadowRoot].filter(Boolean)
          .flatMap((root) => [...root.querySelectorAll(".tray, .files, .log, .transcript, .composer, .panel")])
          .filter((one) => one.clientWidth && one.scrollWidth > one.clientWidth + 1).map((one) => one.className)"""
    )
    return [f"{step} {one}" for one in wide]


def _can_play(sound: Locator) -> bool:
    """Whether the browser reads it to where it can begin, and hears something."""
    expect(sound).to_be_visible()
    return bool(
        sound.evaluate(
            """(sound) => new Promise((done) => {
              sound.addEventListener("timeupdate", () => sound.currentTime > 0 && done(true));
              sound.addEventListener("error", () => done(false));
              sound.muted = true;
              sound.play().catch(() => done(false));
            })"""
        )
    )


def _in_base64(content: bytes) -> str:
    import base64

    return base64.b64encode(content).decode()


def test_a_full_disk_is_said_to_both_and_can_be_tried_again(office: Office) -> None:
    ben, customer = office.agent("ben"), office.customer("zh-TW")
    customer.get_by_test_id("person-button").click()
    take(ben, customer)
    expect(ben.get_by_test_id("desk-composer")).to_be_visible()
    with no_file_over(6_000_000):
        for page, field, said in (
            (customer, "attach", "目前無法接收檔案，請稍後再試"),
            (ben, "attach-files", "There is no room for files on the server; tell whoever runs it."),
        ):
            choose(page.get_by_test_id(field), ("large.txt", b"a" * 9_000_000))
            expect(waiting(page, "failed", "large.txt")).to_contain_text(said)
    for page in (customer, ben):
        page.get_by_test_id("tray-retry").click()
        expect(waiting(page, "ready", "large.txt")).to_be_visible()
    ben.context.close()
    customer.context.close()
