// The sign-in page. It lies over the rest, so that what was being written is still there afterwards.
import { partsOf, setText } from "./templates.js";
import { LOCALES, LOCALE_NAMES, errorText, locale, t } from "./texts.js";

class SignIn extends HTMLElement {
  start({ state }) {
    Object.assign(this, { state, parts: partsOf(this) });
    this.parts.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#signIn();
    });
    state.on("agent", () => this.show());
    state.on("locale", () => this.#showTexts());
  }

  show() {
    const isOut = this.state.agent === null;
    this.hidden = !isOut;
    if (!isOut) return;
    this.#showTexts();
    this.parts.login.value ||= this.state.lastLogin ?? "";
    (this.parts.login.value ? this.parts.password : this.parts.login).focus();
  }

  #showTexts() {
    const reason = this.state.leftBecause;
    this.parts.reason.hidden = reason !== "expired";
    setText(this.parts.reason, t("sign_in.expired"));
    setText(this.parts.error, this.problem ? errorText(this.problem) : "");
    this.parts.languages.replaceChildren(...LOCALES.map((one) => {
      const button = document.createElement("button");
      button.type = "button";
      button.lang = one;
      button.textContent = LOCALE_NAMES[one];
      button.setAttribute("aria-pressed", String(one === locale()));
      button.dataset.testid = `language-${one}`;
      button.addEventListener("click", () => this.state.showIn(one));
      return button;
    }));
  }

  async #signIn() {
    const { login, password, submit } = this.parts;
    if (submit.disabled) return;
    submit.disabled = true;
    this.problem = null;
    this.#showTexts();
    try {
      await this.state.signIn(login.value.trim(), password.value);
      this.state.leftBecause = null;
    } catch (error) {
      this.problem = error;
    }
    password.value = "";
    submit.disabled = false;
    this.#showTexts();
    if (this.problem) password.focus();
  }
}

customElements.define("page-sign-in", SignIn);
