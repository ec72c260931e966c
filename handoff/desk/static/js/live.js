// The live connection: opens, greets, beats, and opens again. What it brings are hints; the truth is read over HTTP.
import { Signals } from "/page/static/js/signals.js";

const PING_SECONDS = 15;
const SILENCE_SECONDS = 40;
const HELLO_SECONDS = 10;
const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 15_000;
const SIGNED_OUT = 4401;

export class Live extends Signals {
  #socket = null;
  #csrf = () => null;
  #wanted = false;
  #ready = false;
  #attempts = 0;
  #retryAt = 0;
  #openedAt = 0;
  #heardAt = 0;
  #pingedAt = 0;
  #watched = null;

  constructor(csrf) {
    super();
    this.#csrf = csrf;
    addEventListener("online", () => this.#soon());
    addEventListener("offline", () => this.#drop());
    document.addEventListener("visibilitychange", () => {
      // After a laptop slept the socket may be dead without knowing it: ask, and open anew when nobody answers.
      if (!document.hidden) this.#ready ? this.#ping() : this.#soon();
    });
  }

  get isReady() {
    return this.#ready;
  }

  start() {
    this.#wanted = true;
    this.#attempts = 0;
    this.#open();
  }

  stop() {
    this.#wanted = false;
    this.#drop();
  }

  /** Tells the server which conversation is on screen, now and after each reconnection. */
  watch(conversation) {
    this.#watched = conversation;
    if (this.#ready && conversation !== null) this.#send({ type: "watch", conversation });
  }

  tick() {
    if (!this.#wanted) return;
    const now = Date.now();
    if (!this.#socket) {
      if (now >= this.#retryAt) this.#open();
    } else if (!this.#ready) {
      if (now - this.#openedAt > HELLO_SECONDS * 1000) this.#drop();
    } else if (now - this.#heardAt > SILENCE_SECONDS * 1000) {
      this.#drop();
    } else if (now - this.#pingedAt >= PING_SECONDS * 1000) {
      this.#ping();
    }
  }

  #open() {
    if (this.#socket || !this.#wanted) return;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/desk/live`);
    this.#socket = socket;
    this.#openedAt = Date.now();
    socket.onopen = () => this.#send({ type: "hello", csrf: this.#csrf() });
    socket.onmessage = (event) => socket === this.#socket && this.#hear(event.data);
    socket.onclose = (event) => socket === this.#socket && this.#gone(event.code);
  }

  #hear(text) {
    this.#heardAt = Date.now();
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return;
    }
    if (frame?.type === "ready") {
      this.#ready = true;
      this.#attempts = 0;
      this.#ping();
      if (this.#watched !== null) this.watch(this.#watched);
      this.emit("ready");
    } else if (frame && frame.type !== "pong") {
      this.emit("frame", frame);
    }
  }

  #gone(code) {
    const wasReady = this.#ready;
    this.#socket = null;
    this.#ready = false;
    if (code === SIGNED_OUT) {
      this.#wanted = false;
      this.emit("signedOut");
      return;
    }
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#attempts);
    // Half fixed, half by chance: a restarted gateway must not be met by every desk at once.
    this.#retryAt = Date.now() + longest / 2 + Math.random() * (longest / 2);
    this.#attempts += 1;
    this.emit("lost", wasReady);
    if (this.#wanted && this.#attempts <= 2) setTimeout(() => this.#wanted && this.#open(), this.#retryAt - Date.now());
  }

  #drop() {
    const socket = this.#socket;
    if (!socket) return;
    socket.onclose = null;
    socket.close();
    this.#gone(1000);
  }

  #soon() {
    this.#attempts = 0;
    this.#retryAt = 0;
    this.#open();
  }

  #ping() {
    this.#pingedAt = Date.now();
    this.#send({ type: "ping" });
  }

  #send(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }
}
