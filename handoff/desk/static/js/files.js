// Files in a transcript: pictures that open in full, sound and films that play here, documents that are saved. The gateway
// gives a file to whoever may see its conversation, and tells the browser what it is.
import { oneLine } from "/page/static/js/safe-text.js";
import { part } from "/page/static/js/server.js";
import { named, t } from "/page/static/js/texts.js";

export const addressOf = ({ id }) => `/desk/api/attachments/${part(id)}`;

/** One file of a message; `id` is missing while it is only at the customer's provider. */
export function fileView(file) {
  if (!file.id) return row(file);
  if (file.kind === "image") return picture(file);
  if (file.kind === "audio" || file.kind === "video") return player(file);
  return row(file);
}

function picture(file) {
  const open = element("button", { type: "button", className: "picture-open", title: oneLine(file.name, 120) });
  open.setAttribute("aria-label", t("files.open", { name: oneLine(file.name, 120) }));
  open.dataset.testid = "file-picture";
  const image = element("img", { src: addressOf(file), alt: "", loading: "lazy" });
  // The place is kept before the picture is there.
  if (file.width) Object.assign(image, { width: file.width, height: file.height });
  image.addEventListener("error", () => open.replaceWith(row(file)));
  open.append(image);
  open.addEventListener("click", () => showInFull(file));
  return open;
}

function player(file) {
  const place = element("div", { className: `player player-${file.kind}` });
  const media = element(file.kind, { src: addressOf(file), controls: true, preload: "metadata", title: oneLine(file.name, 120) });
  media.setAttribute("aria-label", oneLine(file.name, 120));
  media.dataset.testid = `file-${file.kind}`;
  // What this browser cannot play can still be saved.
  media.addEventListener("error", () => place.replaceWith(row(file)));
  place.append(media);
  return place;
}

function row(file) {
  const view = element(file.id ? "a" : "span", { className: "file-row" });
  if (file.id) {
    Object.assign(view, { href: addressOf(file), download: file.name, title: t("files.save", { name: oneLine(file.name, 120) }) });
  }
  view.dataset.testid = "file-row";
  const said = element("span", { className: "file-words" });
  const name = element("bdi", { className: "file-name", textContent: oneLine(file.name ?? file.kind, 120) });
  const size = element("span", { className: "file-size", textContent: file.id ? sizeOf(file.bytes) : whyNotHere(file) });
  said.append(name, size);
  view.append(badge(file), said);
  return view;
}

/** Why there is nothing to open: it is on its way, or will not come. */
function whyNotHere({ refused }) {
  const why = refused && named("files.missing", refused);
  return why && why !== refused ? why : t("files.at_provider");
}

/** The ending says what it is, sooner than a drawing does. */
export function badge({ kind, name }) {
  const ending = /\.([a-z0-9]{1,5})$/i.exec(name ?? "")?.[1] ?? kind;
  const view = element("span", { className: "file-badge", textContent: ending.toUpperCase() });
  view.setAttribute("aria-hidden", "true");
  return view;
}

export function sizeOf(bytes) {
  return bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function showInFull(file) {
  const viewer = element("dialog", { className: "viewer" });
  viewer.setAttribute("aria-label", oneLine(file.name, 120));
  viewer.dataset.testid = "viewer";
  const head = element("div", { className: "viewer-head" });
  const save = element("a", { href: addressOf(file), download: file.name, className: "icon-button" });
  save.append(icon("save"));
  const close = element("button", { type: "button", className: "icon-button" });
  close.append(icon("x"));
  close.dataset.testid = "viewer-close";
  for (const [tool, key] of [[save, "files.save"], [close, "files.close"]]) {
    tool.title = t(key, { name: oneLine(file.name, 120) });
    tool.setAttribute("aria-label", tool.title);
  }
  head.append(element("bdi", { className: "file-name", textContent: oneLine(file.name, 120) }), save, close);
  viewer.append(head, element("img", { src: addressOf(file), alt: oneLine(file.name, 120) }));
  viewer.addEventListener("click", ({ target }) => (target === viewer || target.closest("button") === close) && viewer.close());
  viewer.addEventListener("close", () => viewer.remove());
  document.body.append(viewer);
  viewer.showModal();
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

function element(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}
