/* The chat's own words in one locale, its way of writing times and money, and its sound. */

export const LOCALES = { "zh-HK": "繁體中文（香港）", "zh-TW": "繁體中文（台灣）", "zh-CN": "简体中文", en: "English" };

/* The offered locale nearest to what a page or browser calls its language. */
export function nearestLocale(...wishes) {
  for (const wish of wishes.flat()) {
    if (LOCALES[wish]) return wish;
    const tag = String(wish ?? "").toLowerCase();
    if (/^en\b/.test(tag)) return "en";
    if (!/^(zh|yue)\b/.test(tag)) continue;
    if (/hk|mo|yue/.test(tag)) return "zh-HK";
    return /tw|hant/.test(tag) ? "zh-TW" : "zh-CN";
  }
  return "en";
}

export const loadTexts = async (locale) => new Texts(locale, await wordsOf(locale));

async function wordsOf(file) {
  const response = await fetch(new URL(`../texts/${file}.json`, import.meta.url));
  if (!response.ok) throw new Error(file);
  return response.json();
}

const DAY_MS = 24 * 3600 * 1000;

export class Texts {
  constructor(locale, words) {
    this.locale = locale;
    this.words = words;
    const format = (this.format = locale === "en" ? "en-HK" : locale);
    this.clock = new Intl.DateTimeFormat(format, { hour: "numeric", minute: "2-digit" });
    this.date = new Intl.DateTimeFormat(format, { month: "long", day: "numeric", weekday: "short" });
    this.shortDate = new Intl.DateTimeFormat(format, { month: "short", day: "numeric" });
    this.full = new Intl.DateTimeFormat(format, { dateStyle: "full", timeStyle: "short" });
    this.since = new Intl.RelativeTimeFormat(format, { numeric: "auto" });
    this.plural = new Intl.PluralRules(format);
  }

  /* The words of a part that few need, added to the chat's own. */
  async need(part) {
    this.words = { ...this.words, ...(await (this[part] ??= wordsOf(`${part}/${this.locale}`).catch(() => (this[part] = null)))) };
  }

  t(key, values = {}) {
    let text = this.words[key] ?? key;
    if (typeof text === "object" && !Array.isArray(text)) text = text[this.plural.select(values.count)] ?? text.other;
    return Array.isArray(text) ? text : text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  has(key) {
    return key in this.words;
  }

  /* The words of a record that has them in several languages, or in one. */
  pick(value) {
    return typeof value === "object" ? (value?.[this.locale] ?? value?.en) : value;
  }

  write(format, at) {
    const date = new Date(at);
    return isNaN(date) ? "" : this[format].format(date);
  }

  day(at) {
    const midnight = (date) => new Date(date).setHours(0, 0, 0, 0);
    const days = Math.round((midnight(at) - midnight(Date.now())) / DAY_MS);
    return days > -2 && days < 1 ? this.since.format(days, "day") : this.write("date", at);
  }

  ago(at) {
    const minutes = Math.round((new Date(at) - Date.now()) / 60000);
    if (minutes > -1) return this.t("just_now");
    if (minutes > -60) return this.since.format(minutes, "minute");
    if (minutes > -1440) return this.since.format(Math.round(minutes / 60), "hour");
    return this.since.format(Math.round(minutes / 1440), "day");
  }

  money(amount, currency) {
    const options = { style: "currency", currency, minimumFractionDigits: Number(amount) % 1 ? 2 : 0 };
    return new Intl.NumberFormat(this.format, options).format(Number(amount));
  }
}

export class Sound {
  constructor(store, touched) {
    this.store = store;
    const wake = () => {
      this.audio ??= new (window.AudioContext ?? window.webkitAudioContext)();
      this.audio.resume();
    };
    for (const gesture of ["pointerdown", "keydown"]) touched.addEventListener(gesture, wake, { once: true });
  }

  get isMuted() {
    return this.store.read("muted") === true;
  }

  set isMuted(muted) {
    this.store.write("muted", muted);
  }

  chime() {
    if (this.isMuted || this.audio?.state !== "running") return;
    for (const [pitch, delay] of [[659, 0], [988, 0.11]]) this.#note(pitch, this.audio.currentTime + delay);
  }

  #note(pitch, start) {
    const note = this.audio.createOscillator();
    const loudness = this.audio.createGain();
    note.frequency.value = pitch;
    loudness.gain.setValueAtTime(0, start);
    loudness.gain.linearRampToValueAtTime(0.07, start + 0.015);
    loudness.gain.exponentialRampToValueAtTime(0.0001, start + 0.4);
    note.connect(loudness).connect(this.audio.destination);
    note.start(start);
    note.stop(start + 0.45);
  }
}
