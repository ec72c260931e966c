// Times, ages, amounts and values in four languages, as the agent reads them.
import { FALLBACKS, locale, t } from "./texts.js";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const formatters = new Map();
function formatter(kind, options) {
  const key = `${kind.name}|${locale()}|${JSON.stringify(options)}`;
  if (!formatters.has(key)) formatters.set(key, new kind(locale(), options));
  return formatters.get(key);
}

const instant = (iso) => {
  const at = new Date(iso);
  return iso && !Number.isNaN(at.getTime()) ? at : null;
};

/** A wait that is still running: 0:45, 12:03, 1:05:09, then days. */
export function wait(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole >= 2 * DAY) return t("time.days", { count: Math.floor(whole / DAY) });
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / HOUR);
  const minutes = Math.floor((whole % HOUR) / MINUTE);
  return hours ? `${hours}:${two(minutes)}:${two(whole % MINUTE)}` : `${minutes}:${two(whole % MINUTE)}`;
}

export function ago(iso, now = Date.now()) {
  const at = instant(iso);
  if (!at) return "";
  const seconds = Math.round((at.getTime() - now) / 1000);
  const size = Math.abs(seconds);
  const relative = formatter(Intl.RelativeTimeFormat, { numeric: "auto" });
  if (size < MINUTE) return t("time.just_now");
  if (size < HOUR) return relative.format(Math.trunc(seconds / MINUTE), "minute");
  if (size < DAY) return relative.format(Math.trunc(seconds / HOUR), "hour");
  return relative.format(Math.trunc(seconds / DAY), "day");
}

export function clockTime(iso) {
  const at = instant(iso);
  return at ? formatter(Intl.DateTimeFormat, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at) : "";
}

export function dateTime(iso) {
  const at = instant(iso);
  const options = { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return at ? formatter(Intl.DateTimeFormat, options).format(at) : "";
}

export function date(iso) {
  const at = instant(iso);
  return at ? formatter(Intl.DateTimeFormat, { year: "numeric", month: "short", day: "numeric" }).format(at) : "";
}

export const dayKey = (iso) => instant(iso)?.toDateString() ?? "";

export function dayName(iso) {
  const at = instant(iso);
  if (!at) return "";
  const days = Math.round((startOfDay(new Date()) - startOfDay(at)) / 1000 / DAY);
  if (days === 0) return t("time.today");
  if (days === 1) return t("time.yesterday");
  const options = { weekday: "short", month: "short", day: "numeric" };
  if (at.getFullYear() !== new Date().getFullYear()) options.year = "numeric";
  return formatter(Intl.DateTimeFormat, options).format(at);
}

/** A day ahead, or a moment ago: today, tomorrow, then its name and date. */
export function comingDay(iso) {
  const at = instant(iso);
  if (!at) return "";
  const days = Math.round((startOfDay(at) - startOfDay(new Date())) / 1000 / DAY);
  return days === 1 ? formatter(Intl.RelativeTimeFormat, { numeric: "auto" }).format(1, "day") : dayName(iso);
}

const startOfDay = (at) => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();

/** Today the hour, before that the day: what a list row has room for. */
export function shortTime(iso) {
  const at = instant(iso);
  if (!at) return "";
  if (at.toDateString() === new Date().toDateString()) return clockTime(iso);
  return formatter(Intl.DateTimeFormat, { month: "numeric", day: "numeric" }).format(at);
}

/** A time to come: within a day the hour, beyond it the day as well. */
export function soonTime(iso) {
  const at = instant(iso);
  if (!at) return "";
  if (at.toDateString() === new Date().toDateString()) return clockTime(iso);
  return formatter(Intl.DateTimeFormat, { weekday: "short", month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
}

export function isOlderThan(iso, hours) {
  const at = instant(iso);
  return Boolean(at) && Date.now() - at.getTime() > hours * HOUR * 1000;
}

export function money(amount, currency) {
  if (amount === null || amount === undefined || amount === "") return "";
  const number = Number(amount);
  if (Number.isNaN(number) || !/^[A-Z]{3}$/.test(currency ?? "")) return [currency, amount].filter(Boolean).join(" ");
  return formatter(Intl.NumberFormat, { style: "currency", currency, currencyDisplay: "code", maximumFractionDigits: Number.isInteger(number) ? 0 : 2 }).format(number);
}

export const percent = (share) => (typeof share === "number" ? formatter(Intl.NumberFormat, { style: "percent" }).format(share) : "");

/** A text that the server may give in one language or as a record of locales. */
export function inLocale(value, wanted = locale()) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return String(value);
  for (const one of FALLBACKS[wanted] ?? FALLBACKS.en) if (value[one]) return String(value[one]);
  return "";
}
