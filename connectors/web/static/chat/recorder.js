/* A voice note: recorded in a row above the composer, then a file like any other. */

import { button, h, icon } from "./dom.js";

const LONGEST_SECONDS = 300;
// The first can be played everywhere.
const FORMS = [["audio/mp4;codecs=mp4a.40.2", "m4a"], ["audio/webm;codecs=opus", "weba"], ["audio/ogg;codecs=opus", "ogg"], ["audio/mp4", "m4a"]];

export class Recorder {
  constructor(desk) {
    this.desk = desk;
    this.element = h("div", { class: "recorder", "data-testid": "recorder", role: "group", hidden: true });
    desk.tray.element.after(this.element);
  }

  get isRunning() {
    return this.machine?.state === "recording";
  }

  async start() {
    if (this.isRunning || this.isAsking) return;
    this.isAsking = true;
    const { texts } = this.desk;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true } });
      this.#record(stream);
    } catch {
      this.desk.tray.tellMicrophone(texts.t("record"));
    } finally {
      this.isAsking = false;
    }
  }

  #record(stream) {
    const [mimeType, ending] = FORMS.find(([type]) => MediaRecorder.isTypeSupported(type)) ?? [undefined, "weba"];
    const pieces = [];
    const machine = (this.machine = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: 32_000 }));
    this.isKept = true;
    machine.ondataavailable = ({ data }) => pieces.push(data);
    machine.onstop = () => {
      for (const track of stream.getTracks()) track.stop();
      clearInterval(this.timer);
      this.element.hidden = true;
      if (this.isKept) this.desk.tray.add([new File(pieces, nameOf(new Date(), ending), { type: machine.mimeType })]);
      this.desk.chat.panel.composer.fit();
      this.desk.chat.panel.composer.field.focus();
    };
    this.startedAt = Date.now();
    machine.start();
    this.timer = setInterval(() => this.#tick(), 250);
    this.#show();
    this.desk.chat.panel.composer.fit();
  }

  drop() {
    this.#end(false);
  }

  #end(isKept) {
    this.isKept = isKept;
    if (this.isRunning) this.machine.stop();
  }

  #tick() {
    const seconds = Math.floor((Date.now() - this.startedAt) / 1000);
    this.clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (seconds >= LONGEST_SECONDS) this.#end(true);
  }

  #show() {
    const { texts } = this.desk;
    const drop = texts.t("record_drop");
    this.clock = h("span", { class: "recorder-clock", "aria-live": "off" });
    this.stop = button({ class: "main-button", "data-testid": "record-stop", onclick: () => this.#end(true) }, texts.t("record_stop"));
    this.element.replaceChildren(
      h("span", { class: "recorder-light", "aria-hidden": "true" }),
      h("span", { class: "recorder-words", role: "status" }, texts.t("record_now")), this.clock,
      button({ class: "tool tray-remove", "data-testid": "record-drop", "aria-label": drop, title: drop, onclick: () => this.drop() }, icon("close")),
      this.stop,
    );
    this.element.hidden = false;
    this.#tick();
    this.stop.focus();
  }
}

/* voice-20260302-1204.m4a */
function nameOf(at, ending) {
  const two = (number) => String(number).padStart(2, "0");
  return `voice-${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}-${two(at.getHours())}${two(at.getMinutes())}.${ending}`;
}
