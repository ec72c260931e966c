// The sign-in page. It lies over the rest, so that what was being written is still there afterwards.
import { partsOf, setText } from "./templates.js";
import { LOCALES, LOCALE_NAMES, errorText, locale, showTexts, t } from "./texts.js";

const SVG = "http://www.w3.org/2000/svg";
const NAME = { name: "login", autocomplete: "username", autocapitalize: "none", spellcheck: "false", maxlength: "200" };
const PASSWORD = { name: "password", type: "password", autocomplete: "current-password", maxlength: "1000" };

class SignIn extends HTMLElement {
  start({ state }) {
    this.append(form());
    showTexts(this);
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

/** The one piece of markup that several pages share; browsers have no way to include a template of another file. */
function form() {
  const mark = document.createElementNS(SVG, "svg");
  mark.setAttribute("class", "icon mark");
  mark.setAttribute("aria-hidden", "true");
  mark.append(document.createElementNS(SVG, "use"));
  mark.firstChild.setAttribute("href", "#i-mark");
  return made("form", { class: "sign-in-card", method: "post", autocomplete: "on", "data-part": "form" },
    made("p", { class: "brand" }, mark, made("span", {}, "Switchboard")),
    made("h1", { "data-text": "sign_in.title" }),
    made("p", { class: "sign-in-reason", "data-part": "reason", hidden: "" }),
    field("sign_in.name", { ...NAME, "data-part": "login", "data-testid": "login-name" }),
    field("sign_in.password", { ...PASSWORD, "data-part": "password", "data-testid": "login-password" }),
    made("p", { class: "form-error", role: "alert", "data-part": "error", "data-testid": "login-error" }),
    made("button", { class: "button primary wide", "data-part": "submit", "data-testid": "login-submit" }, made("span", { "data-text": "sign_in.submit" })),
    made("div", { class: "language-choice", role: "group", "data-aria": "settings.language", "data-part": "languages" }));
}

const field = (label, attributes) => made("label", { class: "field" }, made("span", { "data-text": label }), made("input", { ...attributes, required: "" }));

function made(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

customElements.define("page-sign-in", SignIn);
