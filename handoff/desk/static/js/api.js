// The desk's HTTP calls. Knows the CSRF token and nothing about the page.

const TIMEOUT_MS = 15_000;

/** What the server answered instead of a success, or `code: "no_connection"` when nothing came back. */
export class ApiError extends Error {
  constructor(status, { code = "unknown", message = "", details = {} } = {}) {
    super(message || code);
    this.status = status;
    this.code = code;
    this.details = details ?? {};
  }

  /** Worth trying again by itself: nobody answered, or a proxy answered for a gateway that restarts. */
  get isPassing() {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

export class Api {
  csrf = null;
  /** Called when any answer says that nobody is signed in. */
  onSignedOut = () => {};

  async logIn(login, password) {
    const answer = await this.#call("POST", "/login", { login, password }, { quiet: true });
    this.csrf = answer.csrf;
    return answer.agent;
  }

  async me() {
    const answer = await this.#call("GET", "/me", undefined, { quiet: true });
    this.csrf = answer.csrf;
    return answer.agent;
  }

  logOut = () => this.#call("POST", "/logout", {}, { quiet: true });
  inbox = () => this.#call("GET", "/inbox");
  conversations = (query) => this.#call("GET", `/conversations?${new URLSearchParams(query)}`);
  conversation = (id) => this.#call("GET", `/conversations/${part(id)}`);
  messagesAfter = (id, cursor) => this.#call("GET", `/conversations/${part(id)}/messages?after=${part(cursor)}`);
  messagesBefore = (id, first) => this.#call("GET", `/conversations/${part(id)}/messages?before=${part(first)}`);
  claimNext = () => this.#call("POST", "/tickets/next/claim", {});
  claim = (ticket) => this.#call("POST", `/tickets/${part(ticket)}/claim`, {});
  say = (id, message) => this.#call("POST", `/conversations/${part(id)}/messages`, message);
  /** `move` is one of close, release, handback, takeover. */
  move = (id, move) => this.#call("POST", `/conversations/${part(id)}/${move}`, {});
  typing = (id, typing) => this.#call("POST", `/conversations/${part(id)}/typing`, { typing });
  setLanguage = (language) => this.#call("PUT", "/language", { language });
  faq = (q, locale) => this.#call("GET", `/faq?${new URLSearchParams({ q, locale })}`);

  async #call(method, path, body, { quiet = false, again = false } = {}) {
    const response = await this.#fetch(method, path, body);
    const answer = await response.json().catch(() => null);
    if (response.ok && answer !== null) return answer;
    if (response.ok) throw new ApiError(502, { code: "not_json" });

    const error = new ApiError(response.status, answer?.error);
    if (response.status === 401 && !quiet) this.onSignedOut();
    // A new sign-in in another tab of this browser changed the token; fetch it once and go on.
    if (response.status === 403 && error.code.startsWith("csrf") && !again && !quiet) {
      await this.me();
      return this.#call(method, path, body, { quiet, again: true });
    }
    throw error;
  }

  async #fetch(method, path, body) {
    const headers = { Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (this.csrf && method !== "GET") headers["X-CSRF-Token"] = this.csrf;
    try {
      return await fetch(`/desk/api${path}`, {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (cause) {
      throw new ApiError(0, { code: "no_connection", message: String(cause) });
    }
  }
}

const part = (value) => encodeURIComponent(String(value));
