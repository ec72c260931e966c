/* All phones on one page. What happens comes as events; what the viewer does goes back as the customer's. */

const TEXTS = {
  "zh-HK": {
    title: "所有渠道，一頁睇晒", lead: "每部「電話」係一位顧客，用緊唔同渠道。先開客服台，等有真人喺度；跟住打幾個字，或者撳建議嘅句子。AI 助理會答，想搵真人嘅就會去到客服台。全部喺呢部機度行，唔使開任何帳號。",
    desk_agent: "開客服台（陳本，客服）", desk_supervisor: "開客服台（Sue，主管）", shop: "示範商店", chat: "整頁對話",
    write: "輸入訊息…", send: "送出", typing: "對方輸入緊…", picture: "傳一張相", picture_sent: "［相片］", refused: "閘道唔收（{status}）", lost: "示範已經停咗",
  },
  "zh-TW": {
    title: "所有管道，一頁看完", lead: "每支「手機」是一位顧客，各用不同的管道。先開客服台，讓真人在線；再輸入幾個字，或點建議的句子。AI 助理會回答，想找真人的會出現在客服台。全部在這台電腦上執行，不需要任何帳號。",
    desk_agent: "開啟客服台（陳本，客服）", desk_supervisor: "開啟客服台（Sue，主管）", shop: "示範商店", chat: "整頁聊天",
    write: "輸入訊息…", send: "送出", typing: "對方正在輸入…", picture: "傳一張圖片", picture_sent: "［圖片］", refused: "閘道未接受（{status}）", lost: "示範已停止",
  },
  "zh-CN": {
    title: "所有渠道，一页看全", lead: "每部“手机”是一位顾客，各用不同的渠道。先打开客服台，让人工在线；再输入几个字，或点建议的句子。AI 助理会回答，想找人工的会出现在客服台。全部在这台电脑上运行，不需要任何账号。",
    desk_agent: "打开客服台（陈本，客服）", desk_supervisor: "打开客服台（Sue，主管）", shop: "演示商店", chat: "整页聊天",
    write: "输入消息…", send: "发送", typing: "对方正在输入…", picture: "发一张图片", picture_sent: "［图片］", refused: "网关未接收（{status}）", lost: "演示已停止",
  },
  en: {
    title: "Every channel on one page", lead: "Each phone is a customer on another channel. Open the desk first, so that somebody is there. Then type something or tap a suggestion: the assistant answers, and whoever asks for a person waits in the desk. All of it runs on this machine, without an account anywhere.",
    desk_agent: "Open the desk (Ben, agent)", desk_supervisor: "Open the desk (Sue, supervisor)", shop: "Demo shop", chat: "Chat page",
    write: "Write a message…", send: "Send", typing: "Typing…", picture: "Send a picture", picture_sent: "[Picture]", refused: "The gateway refused it ({status})", lost: "The demo has stopped",
  },
};
const TYPING_SHOWN_MS = 8000;

const phones = new Map();
const select = document.querySelector("nav select");
let texts;

const copyOf = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

function speak(locale) {
  texts = TEXTS[locale];
  select.value = locale;
  document.documentElement.lang = locale;
  document.title = `Switchboard: ${texts.title}`;
  for (const part of document.querySelectorAll("[data-text]")) part.textContent = texts[part.dataset.text];
  for (const phone of phones.values()) phone.speak();
}

function ask(path, body) {
  return fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

class Phone {
  constructor({ id, name, as, words, picture, lines }) {
    this.id = id;
    this.element = copyOf("phone");
    this.element.dataset.phone = id;
    this.element.querySelector("h2").textContent = name;
    this.element.querySelector(".as").textContent = this.element.querySelector(".as").title = as;
    this.log = this.element.querySelector(".log");
    this.field = this.element.querySelector("input");
    this.button = this.element.querySelector("form button");
    this.log.setAttribute("aria-label", name);
    this.element.querySelector("form").addEventListener("submit", (event) => this.#submit(event));
    this.element.querySelector(".words").append(...words.map((text) => this.#choice(text, () => this.say(text))));
    this.picture = picture ? this.#choice("", () => this.#share()) : null;
    if (this.picture) this.element.querySelector(".words").append(this.picture);
    this.typing = Object.assign(document.createElement("p"), { className: "typing", hidden: true });
    this.log.append(this.typing);
    this.speak();
    for (const line of lines) this.show(line);
  }

  speak() {
    this.field.placeholder = texts.write;
    this.field.setAttribute("aria-label", texts.write);
    this.button.textContent = texts.send;
    this.typing.textContent = texts.typing;
    if (this.picture) this.picture.textContent = texts.picture;
  }

  say(text) {
    return ask("/say", { phone: this.id, text });
  }

  show({ who, text, buttons = [], image = null, file = null, problem = null }) {
    const line = copyOf("line");
    line.dataset.who = who;
    line.querySelector("p").append(...withLinks(text));
    if (who === "customer" && !text) line.querySelector("p").textContent = texts.picture_sent;
    else if (!text.trim()) line.querySelector("p").remove();
    const picture = image ?? file?.picture;
    if (picture) line.append(this.#image(picture, file?.name ?? ""));
    else if (file) line.append(Object.assign(document.createElement("p"), { className: "said", textContent: file.name }));
    if (problem) line.append(Object.assign(document.createElement("p"), { className: "problem", textContent: texts.refused.replace("{status}", problem) }));
    if (buttons.length) {
      const choices = Object.assign(document.createElement("div"), { className: "choices" });
      choices.append(...buttons.map(([title, payload]) => this.#choice(title, () => ask("/tap", { phone: this.id, title, payload }))));
      line.append(choices);
    }
    if (who === "shop") this.typing.hidden = true;
    this.typing.before(line);
    this.log.scrollTop = this.log.scrollHeight;
  }

  showTyping() {
    this.typing.hidden = false;
    this.log.scrollTop = this.log.scrollHeight;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.typing.hidden = true), TYPING_SHOWN_MS);
  }

  #choice(title, act) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: title });
    button.addEventListener("click", act);
    return button;
  }

  #image(src, alt) {
    const image = Object.assign(document.createElement("img"), { alt });
    image.addEventListener("load", () => (this.log.scrollTop = this.log.scrollHeight));
    return Object.assign(image, { src });
  }

  #share() {
    this.picture.remove();
    ask("/share", { phone: this.id });
  }

  #submit(event) {
    event.preventDefault();
    const text = this.field.value.trim();
    if (!text) return;
    this.field.value = "";
    this.say(text);
  }
}

/* Text, with its addresses as links. */
function withLinks(text) {
  return text.split(/(https?:\/\/[^\s]+)/).map((piece, at) => {
    if (at % 2 === 0) return piece;
    return Object.assign(document.createElement("a"), { href: piece, textContent: piece, target: "_blank", rel: "noreferrer" });
  });
}

function nearest(tags) {
  for (const tag of tags.map((one) => one.toLowerCase())) {
    if (tag.startsWith("en")) return "en";
    if (/^(zh-(hk|mo)|yue)/.test(tag)) return "zh-HK";
    if (/^zh-(tw|hant)/.test(tag)) return "zh-TW";
    if (tag.startsWith("zh")) return "zh-CN";
  }
  return "en";
}

speak(nearest(navigator.languages));
select.addEventListener("change", () => speak(select.value));

const events = new EventSource("/events");
const lost = document.querySelector(".lost");
events.onerror = () => (lost.hidden = false);
/* What is there already is shown anew with each connection, so nothing is missed and nothing doubled. */
events.onopen = async () => {
  lost.hidden = true;
  const { gateway, phones: all } = await (await fetch("/phones")).json();
  for (const link of document.querySelectorAll("[data-gateway]")) link.href = gateway + link.dataset.gateway;
  phones.clear();
  for (const one of all) phones.set(one.id, new Phone(one));
  document.querySelector(".phones").replaceChildren(...[...phones.values()].map(({ element }) => element));
  for (const { log } of phones.values()) log.scrollTop = log.scrollHeight;
};
events.onmessage = ({ data }) => {
  const { phone, line, typing } = JSON.parse(data);
  if (line) phones.get(phone)?.show(line);
  else if (typing) phones.get(phone)?.showTyping();
};
