// HTTP calls to the gateway. Knows the session's CSRF token and nothing about the page.

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

/** Signing in and out, which all pages of the people who work here share, and the one way to ask for anything else. */
export class Server {
  csrf = null;
  /** Called when any answer says that nobody is signed in. */
  onSignedOut = () => {};

  async logIn(login, password) {
    const answer = await this.call("POST", "/desk/api/login", { login, password }, { quiet: true });
    this.csrf = answer.csrf;
    return answer.agent;
  }

  async me() {
    const answer = await this.call("GET", "/desk/api/me", undefined, { quiet: true });
    this.csrf = answer.csrf;
    return answer.agent;
  }

  logOut = () => this.call("POST", "/desk/api/logout", {}, { quiet: true });
  setLanguage = (language) => this.call("PUT", "/desk/api/language", { language });

  /** `body` is sent as JSON, or as a form when it is one. */
  async call(method, path, body, { quiet = false, again = false, timeout = TIMEOUT_MS } = {}) {
    const response = await this.#fetch(method, path, body, timeout);
    const answer = await response.json().catch(() => null);
    if (response.ok && answer !== null) return answer;
    if (response.ok) throw new ApiError(502, { code: "not_json" });

    const error = new ApiError(response.status, answer?.error);
    if (response.status === 401 && !quiet) this.onSignedOut();
    // A new sign-in in another tab of this browser changed the token; fetch it once and go on.
    if (response.status === 403 && error.code.startsWith("csrf") && !again && !quiet) {
      await this.me();
      return this.call(method, path, body, { quiet, again: true, timeout });
    }
    throw error;
  }

  async #fetch(method, path, body, timeout) {
    const headers = { Accept: "application/json" };
    const isForm = body instanceof FormData;
    if (body !== undefined && !isForm) headers["Content-Type"] = "application/json";
    if (this.csrf && method !== "GET") headers["X-CSRF-Token"] = this.csrf;
    try {
      return await fetch(path, {
        method,
        headers,
        body: body === undefined || isForm ? body : JSON.stringify(body),
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
        signal: AbortSignal.timeout(timeout),
      });
    } catch (cause) {
      throw new ApiError(0, { code: "no_connection", message: String(cause) });
    }
  }
}

/** A value as one part of a path. */
export const part = (value) => encodeURIComponent(String(value));
