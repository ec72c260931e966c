/* The customer types an address or a number of theirs, a code goes there, and comes back: asked by a person in the chat,
 * or chosen by the customer. */

import { button, h, icon } from "./dom.js";

/* What was already proved in this tab, by the message that asked. */
const proved = new Map();

export async function proveCard({ id, text }, texts, { session }) {
  await texts.need("prove");
  return proved.has(id) ? done(texts, proved.get(id)) : proveForm(texts, session, { text, keep: (contact) => proved.set(id, contact) });
}

/* `kind` is `_email` or `_phone` where codes go to one of them alone; `keep` hears what was proved. */
export function proveForm(texts, session, { text, kind = "", keep = () => {} }) {
  const t = (key, values) => texts.t(key, values);
  const problem = h("p", { class: "form-problem", role: "alert", hidden: true });
  const hint = h("p", { class: "card-text", role: "status", hidden: true });
  const field = h("input", { dir: "auto", required: true, "data-testid": "prove-field" });
  const label = h("span", {});
  const send = button({ class: "main-button", type: "submit", "data-testid": "prove-send" });
  const again = button({ class: "choice", "data-testid": "prove-again", onclick: () => step("contact") }, t("prove_again"));
  const form = h("form", { class: "contact-form prove", "data-testid": "prove-form", novalidate: true },
    h("p", { dir: "auto" }, text),
    h("label", {}, label, field), hint, problem, send, again);
  let now = "contact";

  function step(next, shown = "") {
    now = next;
    const isCode = next === "code";
    label.textContent = t(isCode ? "prove_code" : `prove_contact${kind}`);
    send.textContent = t(isCode ? "prove_confirm" : "prove_send");
    Object.assign(field, { value: "", type: "text", inputMode: isCode ? "numeric" : kind === "_phone" ? "tel" : "email", autocomplete: isCode ? "one-time-code" : kind === "_phone" ? "tel" : "email", maxLength: isCode ? 12 : 254 });
    hint.hidden = !isCode;
    hint.textContent = isCode ? t("prove_sent", { contact: shown }) : "";
    again.hidden = !isCode;
    problem.hidden = true;
  }

  function refuse(code) {
    problem.textContent = t(texts.has(`prove_${code}`) ? `prove_${code}` : "prove_failed");
    problem.hidden = false;
    field.focus();
  }

  form.oninput = () => (problem.hidden = true);
  form.onsubmit = async (event) => {
    event.preventDefault();
    if (!field.value.trim()) return field.focus();
    send.disabled = true;
    const frame = now === "code" ? { type: "prove_code", code: field.value } : { type: "prove", contact: field.value };
    const answer = await ask(session, frame);
    send.disabled = false;
    if (answer?.status === "sent") {
      step("code", answer.shown);
      field.focus();
    } else if (answer?.status === "proved") {
      keep(answer.shown);
      form.replaceWith(done(texts, answer.shown));
    } else refuse(answer?.code === "bad_input" ? `bad_${now}` : answer?.code);
  };
  step("contact");
  return form;
}

const done = (texts, contact) => h("p", { class: "contact-thanks", role: "status", "data-testid": "prove-done" }, icon("check"), texts.t("prove_done", { contact }));

async function ask(session, frame) {
  try {
    const response = await session.fetch("widget/frames", { method: "POST", token: session.token, body: JSON.stringify(frame) });
    return (await response.json()).frames?.[0];
  } catch {
    return null;
  }
}
