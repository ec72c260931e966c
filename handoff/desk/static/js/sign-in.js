// The sign-in page. It lies over the desk, so that what was being written is still there afterwards.
import { partsOf, setText } from "./templates.js";
import { LOCALES, LOCALE_NAMES, errorText, locale, t } from "./texts.js";

class SignIn extends HTMLElement {
  start({ desk }) {
    Object.assign(this, { desk, parts: partsOf(this) });
    this.parts.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#signIn();
    });
    desk.on("agent", () => this.show());
    desk.on("locale", () => this.#showTexts());
  }

  show() {
    const isOut = this.desk.agent === null;
    this.hidden = !isOut;
    if (!isOut) return;
    this.#showTexts();
    this.parts.login.value ||= this.desk.lastLogin ?? "";
    (this.parts.login.value ? this.parts.password : this.parts.login).focus();
  }

  #showTexts() {
    const reason = this.desk.leftBecause;
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
      button.addEventListener("click", () => this.desk.showIn(one));
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
      await this.desk.signIn(login.value.trim(), password.value);
      this.desk.leftBecause = null;
    } catch (error) {
      this.problem = error;
    }
    password.value = "";
    submit.disabled = false;
    this.#showTexts();
    if (this.problem) password.focus();
  }
}

customElements.define("desk-sign-in", SignIn);
