/* Files in messages and on their way: pictures that open in full, sound and films that play, documents that are saved.
 * The gateway gives a file for the visitor's token alone, so it is fetched and shown from the page's memory. */

import { button, h, icon } from "./dom.js";
import { Tray } from "./tray.js";

// Larger sound is fetched when it is played.
const FETCHED_AT_ONCE = 3_000_000;

export class FileDesk {
  constructor(chat) {
    this.chat = chat;
    this.addresses = new Map();
    this.tray = new Tray(this);
    this.moveInto(chat.panel);
  }

  /* The words of this part, added to the chat's own. */
  async speak(texts) {
    this.texts = texts;
    await Promise.all([texts.need("files"), this.chat.wear("files.css")]);
    this.tray.show();
  }

  moveInto(panel) {
    panel.composer.element.before(this.tray.element);
    if (this.recorder) panel.composer.element.before(this.recorder.element);
    panel.composer.fit();
  }

  /* Without files a voice note is recorded. */
  async add(files) {
    this.chat.connection.start();
    if (files) return this.tray.add(files);
    const { Recorder } = await import("./recorder.js");
    this.recorder ??= new Recorder(this);
    return this.recorder.start();
  }

  get isBusy() {
    return this.tray.isBusy || Boolean(this.recorder?.isRunning);
  }

  get hasReady() {
    return this.tray.ready.length > 0;
  }

  take() {
    return this.tray.take();
  }

  /* An address in this page's memory, once for each file. */
  address({ id }) {
    if (!this.addresses.has(id)) {
      const found = this.#fetch(id);
      this.addresses.set(id, found);
      found.catch(() => this.addresses.delete(id));
    }
    return this.addresses.get(id);
  }

  /* What was just sent up need not be fetched. */
  know(id, file) {
    this.addresses.set(id, Promise.resolve(URL.createObjectURL(file)));
  }

  async #fetch(id) {
    const { session } = this.chat;
    const response = await session.fetch(`widget/attachments/${encodeURIComponent(id)}`, { token: session.token });
    if (!response.ok) throw new Error(String(response.status));
    return URL.createObjectURL(await response.blob());
  }

  /* Nothing of one customer is left for the next: on its way, waiting, being recorded, or in the page's memory. */
  forget() {
    this.tray.forget();
    this.recorder?.drop();
    for (const address of this.addresses.values()) address.then(URL.revokeObjectURL, () => {});
    this.addresses.clear();
  }

  views(message) {
    return h("div", { class: "files" }, message.attachments.map((one) => this.#view(one)));
  }

  #view(one) {
    if (!one.id) return this.#row(one);
    if (one.kind === "image") return this.#picture(one);
    if (one.kind === "audio" && one.bytes <= FETCHED_AT_ONCE) return this.#player(one);
    return this.#row(one);
  }

  #picture(one) {
    const image = h("img", { class: "picture", alt: this.texts.t("file_picture", { name: one.name }), width: one.width, height: one.height });
    const view = button({ class: "picture-button", title: one.name, "data-testid": "file-picture", onclick: () => this.#open(one, view) }, image);
    this.address(one).then((address) => (image.src = address)).catch(() => view.replaceWith(this.#row(one)));
    // The shop's page may forbid pictures from memory.
    image.onerror = () => view.replaceWith(this.#row(one));
    return view;
  }

  /* Sound or a film; `plays` when the customer asked for it. */
  #player(one, plays = false) {
    const view = h(one.kind, { class: `player player-${one.kind}`, controls: true, "aria-label": one.name, title: one.name, "data-testid": `file-${one.kind}`, playsinline: true, autoplay: plays });
    this.address(one).then((address) => (view.src = address)).catch(() => view.replaceWith(this.#row(one)));
    // A kind of sound that this browser cannot play can still be saved.
    view.onerror = () => view.replaceWith(this.#row(one, { isPlayed: false }));
    return view;
  }

  #row(one, { isPlayed = one.kind === "audio" || one.kind === "video" } = {}) {
    const { texts } = this;
    const note = h("span", { class: "file-size" }, one.id ? sizeOf(one.bytes) : texts.t("file_at_provider"));
    const label = texts.t(isPlayed ? "file_play" : "file_save", { name: one.name ?? "" });
    const row = button(
      { class: "file-row", "data-testid": "file-row", "aria-label": label, title: label, disabled: !one.id, onclick: () => (isPlayed ? row.replaceWith(this.#player(one, true)) : save()) },
      badge(one, isPlayed),
      h("span", { class: "file-words" }, h("bdi", { class: "file-name" }, one.name ?? one.kind), note),
    );
    const save = () => this.#save(one).catch(() => (note.textContent = texts.t("file_gone")));
    return row;
  }

  async #save(one) {
    const link = h("a", { href: await this.address(one), download: one.name });
    link.click();
  }

  async #open(one, opener) {
    const { texts } = this;
    const tool = (testid, name, key, deed) =>
      button({ class: "tool", "data-testid": testid, "aria-label": texts.t(key, one), title: texts.t(key, one), onclick: deed }, icon(name));
    const viewer = h(
      "dialog", { class: "viewer", "aria-label": texts.t("file_picture", one), "data-testid": "viewer",
        onclick: (event) => event.target.tagName !== "IMG" && event.target.closest("button") === null && viewer.close(),
        onclose: () => { viewer.remove(); opener.focus(); } },
      h("div", { class: "viewer-head" }, h("bdi", { class: "file-name" }, one.name),
        tool("viewer-save", "save", "file_save", () => this.#save(one)), tool("viewer-close", "close", "file_close", () => viewer.close())),
      h("img", { src: await this.address(one), alt: texts.t("file_picture", one) }),
    );
    this.chat.root.append(viewer);
    viewer.showModal();
  }
}

export function sizeOf(bytes) {
  return bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/* The ending says what it is, sooner than a drawing does. */
export function badge({ kind, name }, isPlayed = false) {
  const ending = /\.([a-z0-9]{1,5})$/i.exec(name ?? "")?.[1] ?? kind;
  return h("span", { class: "file-badge", "data-kind": kind, "aria-hidden": "true" }, isPlayed ? icon("play") : ending.toUpperCase());
}
