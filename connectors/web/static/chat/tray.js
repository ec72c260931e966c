/* The files that wait beside the composer: each goes up as soon as it is chosen, and is sent with the next message. */

import { button, h, icon } from "./dom.js";
import { badge, sizeOf } from "./files.js";

const MOST_FILES = 10;
// What may go better the next time.
const PASSING = new Set(["network", "token_refused", "rate_limited", "internal_error", "unavailable", "too_slow", "storage_full"]);

export class Tray {
  constructor(desk) {
    this.desk = desk;
    this.items = [];
    this.element = h("div", { class: "tray", role: "list", "data-testid": "tray", hidden: true });
  }

  get isBusy() {
    return this.items.some(({ state }) => state === "going");
  }

  get ready() {
    return this.items.filter(({ state }) => state === "ready").map(({ attachment }) => attachment);
  }

  add(files) {
    for (const file of files) {
      const item = { file, state: "going", percent: 0, reason: null };
      const taken = this.items.filter(({ state }) => state !== "failed").length;
      this.items.push(item);
      if (taken >= MOST_FILES) this.#fail(item, "too_many");
      else if (file.size > this.#most) this.#fail(item, "too_large");
      else if (!file.size) this.#fail(item, "empty");
      else this.#send(item);
    }
    this.show();
  }

  /* What is ready goes with a message; what failed stays until it is removed. */
  take() {
    const ready = this.ready;
    this.items = this.items.filter(({ state }) => state === "failed");
    this.show();
    return ready;
  }

  forget() {
    for (const { request } of this.items) request?.abort();
    this.items = [];
    this.show();
  }

  get #most() {
    return this.desk.chat.session.settings?.max_attachment_bytes ?? 20_000_000;
  }

  #send(item) {
    const { session } = this.desk.chat;
    if (!session.token) return this.#sendLater(item);
    // fetch does not say how far it is.
    const request = (item.request = new XMLHttpRequest());
    request.open("POST", new URL(`widget/attachments?name=${encodeURIComponent(item.file.name)}`, session.gateway));
    request.setRequestHeader("Authorization", `Bearer ${session.token}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => {
      item.percent = Math.round((loaded / total) * 100);
      this.#showProgress(item);
    };
    request.onload = () => {
      const { attachment, error } = request.response ?? {};
      if (!attachment) return this.#fail(item, error?.details?.reason ?? error?.code?.replace(/^attachment_/, ""));
      Object.assign(item, { attachment, state: "ready" });
      this.desk.know(attachment.id, item.file);
      this.show();
    };
    request.onerror = request.ontimeout = () => this.#fail(item, "network");
    request.send(item.file);
  }

  /* Chosen before the gateway knows the customer. */
  #sendLater(item) {
    const retry = () => this.items.includes(item) && this.#send(item);
    this.desk.chat.addEventListener("switchboard:session", retry, { once: true });
  }

  /* Nothing was recorded. */
  tellMicrophone(name) {
    this.items.push({ file: { name, size: 0 }, state: "failed", reason: "microphone" });
    this.show();
  }

  #again(item) {
    Object.assign(item, { state: "going", percent: 0, reason: null });
    this.#send(item);
    this.show();
  }

  #fail(item, reason) {
    Object.assign(item, { state: "failed", reason });
    this.show();
  }

  #remove(item) {
    item.request?.abort();
    this.items = this.items.filter((one) => one !== item);
    this.show();
    this.desk.chat.panel.composer.field.focus();
  }

  #showProgress(item) {
    item.bar?.style.setProperty("--percent", `${item.percent}%`);
    item.bar?.setAttribute("aria-valuenow", item.percent);
  }

  show() {
    this.element.hidden = this.items.length === 0;
    this.element.setAttribute("aria-label", this.desk.texts?.t("file_list") ?? "");
    this.element.replaceChildren(...this.items.map((item) => this.#view(item)));
    this.element.scrollTop = this.element.scrollHeight;
    this.desk.chat.panel.composer.fit();
  }

  #view(item) {
    const { texts } = this.desk;
    const { file, state, reason } = item;
    const known = `problem_attachment_${reason}`;
    const values = { size: sizeOf(this.#most), count: MOST_FILES };
    const why = state === "failed" && texts.t(texts.has(known) ? known : "problem_attachment_other", values);
    item.bar = state === "going" ? h("span", { class: "file-bar", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": file.name }) : null;
    const view = h(
      "div", { class: "tray-item", role: "listitem", "data-testid": "tray-item", "data-state": state },
      this.#preview(item),
      h("span", { class: "file-words" }, h("bdi", { class: "file-name" }, file.name),
        item.bar ?? h("span", { class: "file-size", role: why ? "alert" : null }, why || sizeOf(file.size))),
      PASSING.has(reason) && button({ class: "link-button", "data-testid": "tray-retry", onclick: () => this.#again(item) }, texts.t("retry")),
      button({ class: "tool tray-remove", "data-testid": "tray-remove", "aria-label": texts.t("file_remove", { name: file.name }), title: texts.t("file_remove", { name: file.name }), onclick: () => this.#remove(item) }, icon("close")),
    );
    this.#showProgress(item);
    return view;
  }

  #preview(item) {
    const { file, attachment } = item;
    if (attachment?.kind !== "image") return badge({ kind: attachment?.kind ?? "file", name: file.name });
    const image = h("img", { class: "tray-picture", alt: "" });
    this.desk.address(attachment).then((address) => (image.src = address));
    return image;
  }
}
