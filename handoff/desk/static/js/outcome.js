// How a conversation ended and what the customer thought of it, beside the conversation.
import { inLocale } from "/page/static/js/formats.js";
import { oneLine } from "/page/static/js/safe-text.js";
import { t } from "/page/static/js/texts.js";

let choices = null;

class Outcome extends HTMLElement {
  #turn = 0;
  #outcome = null;
  #of = null;

  start({ desk, live }) {
    this.desk = desk;
    desk.on("selected agent", () => this.#read());
    desk.on("thread", (id) => id === desk.selectedId && `${id}${desk.selected?.row?.status}` !== this.#of && this.#read());
    desk.on("locale", () => this.#show());
    live.on("frame", (frame) => frame.type === "rated" && frame.conversation === desk.selectedId && this.#read());
  }

  async #read() {
    const { agent, selectedId, selected } = this.desk;
    const turn = (this.#turn += 1);
    this.#of = `${selectedId}${selected?.row?.status}`;
    this.#outcome = null;
    if (agent && selectedId !== null) {
      try {
        const [outcome, known] = await Promise.all([this.desk.api.outcome(selectedId), choices ?? this.desk.api.wrapUpChoices("")]);
        if (turn !== this.#turn) return;
        choices = known;
        this.#outcome = outcome;
      } catch {
        // It is read again with the next opening.
      }
    }
    this.#show();
  }

  #show() {
    const { ratings = [], wrap_up = null } = this.#outcome ?? {};
    const said = ratings.filter(({ score }) => score !== null).map((rating) => this.#rating(rating));
    const tags = wrap_up ? [this.#named("resolutions", wrap_up.resolution), this.#named("reasons", wrap_up.reason)].filter(Boolean).map(tag) : [];
    this.replaceChildren(...said, ...tags);
    this.hidden = this.childElementCount === 0;
  }

  #rating({ owner, name, score, comment }) {
    const element = document.createElement("span");
    element.className = "outcome-rating";
    element.dataset.testid = "outcome-rating";
    element.dataset.score = score;
    element.textContent = `★ ${score}/5 · ${owner === "bot" ? t("author.assistant") : oneLine(name ?? "", 40)}${comment ? `${t("colon")}${oneLine(comment, 400)}` : ""}`;
    return element;
  }

  #named(list, id) {
    const one = choices?.[list]?.find((choice) => choice.id === id);
    return one ? inLocale(one.label) : id;
  }
}

function tag(text) {
  const element = document.createElement("span");
  element.className = "tag";
  element.textContent = oneLine(text, 40);
  return element;
}

customElements.define("desk-outcome", Outcome);
