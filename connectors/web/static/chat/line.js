/* The line to the gateway: what the browser remembers, who the visitor is, and the connection. */

/* What one area of the browser's storage holds for one inbox. A blocked area only forgets with the page. */
export class Store {
  constructor(inbox, area) {
    this.prefix = `switchboard:${inbox}:`;
    this.area = area;
    this.memory = new Map();
  }

  read(name) {
    try {
      return JSON.parse(this.area().getItem(this.prefix + name));
    } catch {
      return this.memory.get(name) ?? null;
    }
  }

  write(name, value) {
    this.memory.set(name, value);
    try {
      this.area().setItem(this.prefix + name, JSON.stringify(value));
    } catch {
      // Full or forbidden: memory serves this page.
    }
  }

  /* Tells when another tab writes `name`. */
  follow(name, changed) {
    window.addEventListener("storage", ({ key }) => (key === null || key === this.prefix + name) && changed());
  }
}

/* crypto.randomUUID exists on secure pages only. */
export const uuid = () =>
  "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
    (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16));

const NOBODY = { token: null, visitor: { signed_in: false } };

export class Session {
  constructor({ gateway, inbox, identity }, store) {
    Object.assign(this, { gateway, inbox, store, identity: identity ?? "" }, this.#kept(store));
    this.isLive = false; // the gateway has confirmed the token on this page
    store.follow("session", () => this.#follow());
  }

  /* Another tab signed in, signed out or began anew. */
  onFollow = () => {};
  onIdentityRefused = () => {};

  #kept(store = this.store) {
    return store.read("session") ?? NOBODY;
  }

  #follow() {
    const kept = this.#kept();
    if (kept.token === this.token) return;
    this.#become(kept, Boolean(kept.token));
    this.onFollow();
  }

  #become({ token, visitor }, isLive) {
    // An answer still on its way to an earlier question must not undo this.
    this.asking = null;
    Object.assign(this, { token, visitor, isLive, identity: "" });
  }

  async begin(locale) {
    const asking = (this.asking = {});
    const wish = { inbox: this.inbox, locale, page: { url: location.href, title: document.title } };
    if (this.token) wish.token = this.token;
    if (this.identity) wish.identity = this.identity;
    const response = await this.fetch("widget/session", { method: "POST", body: JSON.stringify(wish) });
    const answer = await response.json();
    if (this.asking !== asking) throw new Error("No longer asked");
    if (response.ok) return this.adopt(answer);
    if (wish.identity && response.status < 500 && response.status !== 429) {
      this.identity = "";
      this.onIdentityRefused(answer.error);
      return this.begin(locale);
    }
    throw Object.assign(new Error(answer.error?.code), { status: response.status });
  }

  adopt(answer) {
    this.#become({ ...NOBODY, ...answer }, true);
    this.settings = answer.settings;
    this.store.write("session", { token: this.token, visitor: this.visitor });
    return answer;
  }

  /* The token was refused; another tab may have a better one. */
  doubt() {
    this.isLive = false;
    this.#follow();
  }

  forget() {
    const { token } = this;
    this.#become(NOBODY, false);
    this.store.write("session", null);
    return token;
  }

  fetch(path, { token = null, ...options } = {}) {
    const headers = options.body ? { "Content-Type": "application/json" } : {};
    if (token) headers.Authorization = `Bearer ${token}`;
    return fetch(new URL(path, this.gateway), { ...options, headers, cache: "no-store", credentials: "omit" });
  }

  async get(path) {
    const response = await this.fetch(path, { token: this.token });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.json();
  }
}

const FIRST_RETRY_SECONDS = 0.5;
const LAST_RETRY_SECONDS = 30;
const OPEN_SECONDS = 7;
// Proxies close sockets that are quiet for a minute.
const PING_SECONDS = 25;
const PONG_SECONDS = 8;
// The socket may have failed only because the gateway was restarting.
const SOCKET_AGAIN_SECONDS = 60;

const POLL_SECONDS = 40;

// The gateway's close codes are 4000 and the HTTP status of the same meaning.
const TOKEN_REFUSED = 4401;
const ORIGIN_REFUSED = 4403;
const TOO_MANY = 4429;

export class Connection {
  constructor({ session, cursor, locale, receive, ready, changed }) {
    Object.assign(this, { session, cursor, locale, receive, ready, changed });
    this.status = "idle"; // idle, connecting, ready, lost, refused
    this.attempts = 0;
    this.socketFailures = 0;
    this.line = null;
    window.addEventListener("online", () => this.wake());
    window.addEventListener("offline", () => this.line?.doubt());
    document.addEventListener("visibilitychange", () => document.hidden || this.wake());
  }

  start() {
    if (this.status === "idle") this.#connect();
  }

  stop() {
    this.#hangUp();
    this.#become("idle");
  }

  restart() {
    this.stop();
    this.attempts = 0;
    this.start();
  }

  /* The page is looked at again: do not trust a line that slept. */
  wake() {
    if (this.status === "lost") this.#connect();
    else if (this.status === "ready") this.line.doubt();
  }

  /* True when the frame went out, which is not yet taken. */
  send(frame) {
    return this.status === "ready" && this.line.send(frame);
  }

  async #connect() {
    this.#hangUp();
    this.#become("connecting");
    const attempt = (this.attempt = {});
    const isCurrent = () => this.attempt === attempt;
    try {
      if (!this.session.isLive) {
        const answer = await this.session.begin(this.locale());
        if (!isCurrent()) return;
        this.receive({ type: "session", ...answer });
      }
    } catch (problem) {
      if (isCurrent()) this.#lost(4000 + (problem.status ?? 0));
      return;
    }
    const Line = this.socketFailures >= 2 ? PollingLine : SocketLine;
    this.line = new Line(this.session, this.cursor, {
      ready: (frame) => isCurrent() && this.#ready(frame),
      frame: (frame) => isCurrent() && this.receive(frame),
      lost: (code) => isCurrent() && this.#lineLost(Line, code),
    });
    if (Line === PollingLine) this.socketTimer = setTimeout(() => this.#trySocketAgain(), SOCKET_AGAIN_SECONDS * 1000);
  }

  #ready(frame) {
    this.attempts = 0;
    if (this.line instanceof SocketLine) this.socketFailures = 0;
    this.#become("ready");
    if (frame) this.receive(frame);
    this.ready();
  }

  #lineLost(Line, code) {
    if (Line === PollingLine) this.socketFailures = 0;
    else if (this.status !== "ready" && code < 4000) this.socketFailures += 1;
    this.#lost(code);
    if (code === TOKEN_REFUSED) this.session.doubt();
  }

  #lost(code) {
    this.#hangUp();
    if (code === ORIGIN_REFUSED) return this.#become("refused");
    if (code === TOO_MANY) this.attempts = Math.max(this.attempts, 5);
    const most = Math.min(LAST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** this.attempts++);
    this.retryTimer = setTimeout(() => this.#connect(), (most / 2 + (Math.random() * most) / 2) * 1000);
    this.#become("lost");
  }

  #trySocketAgain() {
    this.socketFailures = 1;
    this.#connect();
  }

  #hangUp() {
    clearTimeout(this.retryTimer);
    clearTimeout(this.socketTimer);
    this.attempt = null;
    this.line?.close();
    this.line = null;
  }

  #become(status) {
    this.status = status;
    this.changed(status);
  }
}

class SocketLine {
  constructor(session, cursor, { ready, frame, lost }) {
    const url = new URL("widget/live", session.gateway);
    url.protocol = url.protocol.replace("http", "ws");
    this.lost = lost;
    this.openTimer = setTimeout(() => this.lost(0), OPEN_SECONDS * 1000);
    try {
      this.socket = new WebSocket(url);
    } catch {
      // Forbidden by a content security policy.
      setTimeout(() => this.lost(0));
      return;
    }
    this.socket.onopen = () => this.send({ type: "hello", token: session.token, after: cursor() });
    this.socket.onmessage = ({ data }) => {
      this.#heard();
      const received = JSON.parse(data);
      if (received.type === "ready") ready(received);
      else if (received.type !== "pong") frame(received);
    };
    this.socket.onclose = ({ code }) => lost(code);
  }

  send(frame) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  #heard() {
    clearTimeout(this.openTimer);
    clearTimeout(this.pongTimer);
    clearTimeout(this.pingTimer);
    this.pongTimer = null;
    this.pingTimer = setTimeout(() => this.doubt(), PING_SECONDS * 1000);
  }

  doubt() {
    this.send({ type: "ping" });
    this.pongTimer ??= setTimeout(() => this.lost(0), PONG_SECONDS * 1000);
  }

  close() {
    for (const timer of [this.openTimer, this.pingTimer, this.pongTimer]) clearTimeout(timer);
    if (!this.socket) return;
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket.close();
  }
}

class PollingLine {
  constructor(session, cursor, listeners) {
    Object.assign(this, { session, cursor, ...listeners });
    this.hangUp = new AbortController();
    this.#run();
  }

  async #run() {
    if (!(await this.#post([{ type: "ping" }]))) return;
    this.ready(null);
    while (!this.hangUp.signal.aborted) {
      const asked = Date.now();
      const patience = setTimeout(() => this.#fail(0), POLL_SECONDS * 1000);
      const answer = await this.#ask(`widget/poll?after=${this.cursor()}`, {});
      clearTimeout(patience);
      if (!answer) return;
      this.frame({ type: "ready", ...answer });
      this.frame(answer.typing ? { ...answer.typing, type: "typing" } : { type: "typing", typing: false });
      if (!answer.messages.length && Date.now() - asked < 300) await new Promise((done) => setTimeout(done, 300));
    }
  }

  send(frame) {
    this.#post([frame]);
    return true;
  }

  async #post(frames) {
    const answer = await this.#ask("widget/frames", { method: "POST", body: JSON.stringify(frames) });
    if (answer?.refused) {
      for (const { client_id } of frames) if (client_id) this.frame({ ...answer.refused, type: "error", client_id });
    }
    for (const frame of answer?.frames ?? []) if (frame.type !== "pong") this.frame(frame);
    return answer;
  }

  async #ask(path, options) {
    try {
      const { signal } = this.hangUp;
      const response = await this.session.fetch(path, { ...options, signal, token: this.session.token });
      const answer = await response.json();
      if (response.ok) return answer;
      // The frame's failure, not the line's.
      if (options.body && [400, 404, 413, 422].includes(response.status)) return { refused: answer.error };
      this.#fail(4000 + response.status);
    } catch {
      this.#fail(0);
    }
    return null;
  }

  #fail(code) {
    if (!this.hangUp.signal.aborted) this.lost(code);
  }

  doubt() {}

  close() {
    this.hangUp.abort();
  }
}
