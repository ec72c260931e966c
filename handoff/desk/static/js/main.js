// The desk page: builds its parts and lets them know each other.
import "./views-menu.js";
import "./filters-bar.js";
import "./inbox-pane.js";
import "./conversation-pane.js";
import "./composer.js";
import "./customer-pane.js";
import "./faq-pane.js";
import "./products-pane.js";
import "./side-pane.js";
import "./outcome.js";
import { FiguresDialog } from "./figures.js";
import { PromiseAlerts } from "./promises.js";
import { WrapUpDialog } from "./wrap-up.js";
import "/page/static/js/sign-in.js";
import { Alerts } from "./alerts.js";
import { Api } from "./api.js";
import { CannedReplies } from "./canned.js";
import { CannedDialog } from "./canned-dialog.js";
import { Desk } from "./desk.js";
import { Drafts } from "./drafts.js";
import { Favicon } from "./favicon.js";
import { keepPreferences } from "./kept-preferences.js";
import { Live } from "./live.js";
import { Notices } from "/page/static/js/notices.js";
import { Outbox } from "./outbox.js";
import { Preferences } from "/page/static/js/preferences.js";
import { Route } from "./route.js";
import { Settings } from "./settings.js";
import { Shortcuts } from "./shortcuts.js";
import { Sounds } from "./sounds.js";
import { setText } from "/page/static/js/templates.js";
import { preferredLocale, t, useLocale } from "/page/static/js/texts.js";
import { startTicker } from "./ticker.js";
import { UniteDialog } from "./unite-dialog.js";
import { VisitorsDialog } from "./visitors.js";

const element = (id) => document.getElementById(id);

const preferences = new Preferences();
const api = new Api();
const live = new Live(() => api.csrf);
const outbox = new Outbox(api.say);
const desk = new Desk({ api, live, drafts: new Drafts(), outbox, preferences });
const canned = new CannedReplies({ desk, live });
const cannedDialog = new CannedDialog({ desk, canned, dialog: element("canned-dialog") });
const sounds = new Sounds();
const alerts = new Alerts({ desk, sounds, favicon: new Favicon(), preferences });
const route = new Route();
const settings = new Settings({ desk, preferences, sounds });

const page = {
  desk: element("desk"),
  inbox: document.querySelector("desk-inbox"),
  conversation: document.querySelector("desk-conversation"),
  side: document.querySelector("desk-side"),
  customer: document.querySelector("desk-customer"),
  faq: document.querySelector("desk-faq"),
  products: document.querySelector("desk-products"),
  signIn: document.querySelector("page-sign-in"),
};

new Notices(element("notices"), desk);
page.signIn.start({ state: desk });
page.inbox.start({ desk, alerts, sounds, route });
const wrapUp = new WrapUpDialog({ desk, dialog: element("wrap-up-dialog") });
page.conversation.start({ desk, route, canned, onManage: () => cannedDialog.open(), onCopy: copy, onFaq: () => openPanel("faq"), onArticle: openArticle, onClose: (id) => wrapUp.open(id), onOther: offerOther });
keepPreferences({ desk, preferences });
page.side.start({ route });
page.customer.start({ desk, route, onCopy: copy, onCard: sendCard, unite: new UniteDialog({ desk, dialog: element("unite-dialog") }) });
document.querySelector("desk-promises").start({ desk, live });
document.querySelector("desk-outcome").start({ desk, live });
new FiguresDialog({ desk, dialog: element("figures-dialog"), button: element("open-figures"), onOpen: (id) => route.open(id) });
new PromiseAlerts({ desk, live, sounds, preferences, onOpen: (id) => route.open(id), dialog: element("promises-dialog"), button: element("open-promises"), count: element("rail-promises") });
const visitors = new VisitorsDialog({ desk, live, canned, sounds, preferences, onOpen: (id) => route.open(id), dialog: element("visitors-dialog"), button: element("open-visitors") });
page.faq.start({ desk, onInsert: insertAnswer, onCard: sendCard });
page.products.start({ desk, onCard: sendCard });

const shortcuts = new Shortcuts([
  { key: "j", shows: ["J", "K"], what: "shortcuts.move", run: () => page.inbox.step(1), repeats: true },
  { key: "k", run: () => page.inbox.step(-1), repeats: true },
  { key: "Enter", shows: ["Enter"], what: "shortcuts.open" },
  { key: "c", what: "shortcuts.claim_next", run: () => page.inbox.claimNext() },
  { key: "r", what: "shortcuts.reply", run: () => page.conversation.reply() },
  { key: "n", what: "shortcuts.note", run: () => page.conversation.note() },
  { key: "f", what: "shortcuts.faq", run: () => openPanel("faq") },
  { key: "g", what: "shortcuts.products", run: () => openPanel("products") },
  { key: "e", what: "shortcuts.close", run: () => page.conversation.may.close && wrapUp.open(desk.selected.id) },
  { key: "p", what: "shortcuts.canned_manage", run: () => cannedDialog.open() },
  { key: "b", what: "shortcuts.handback", run: () => confirmMove("handback", "confirm.handback") },
  { key: "q", what: "shortcuts.release", run: () => confirmMove("release", "confirm.release") },
  { key: "t", what: "shortcuts.transfer", run: () => page.conversation.may.pass && page.conversation.colleagues.open("transfer") },
  { key: "i", what: "shortcuts.invite", run: () => page.conversation.may.pass && page.conversation.colleagues.open("invite") },
  { key: "z", what: "shortcuts.snooze", run: () => page.conversation.may.snooze && page.conversation.snoozing.menu.open() },
  { key: "l", what: "shortcuts.tags", run: () => desk.selected?.row && page.conversation.tags.open() },
  { key: "o", what: "shortcuts.takeover", run: () => page.conversation.takeOver() },
  { key: "d", what: "shortcuts.customer", run: () => route.showSide() },
  { key: "u", what: "shortcuts.customer_edit", run: () => (page.side.show("customer"), route.showSide(), page.customer.edit()) },
  { key: "w", what: "shortcuts.visitors", run: () => visitors.open() },
  { key: "/", what: "shortcuts.search", run: () => page.inbox.focusSearch() },
  { key: "x", what: "shortcuts.filters", run: () => page.inbox.filters.open(page.inbox.filters.hidden) },
  { key: "v", what: "shortcuts.view_menu", run: () => page.inbox.views.open() },
  { key: "1", shows: ["1", "…", "9", "0"], what: "shortcuts.views", run: () => page.inbox.views.show(1) },
  ...Array.from({ length: 9 }, (_, index) => ({ key: String((index + 2) % 10), run: () => page.inbox.views.show(index + 2) })),
  // Not of this list but worth standing in it.
  { key: "", shows: ["/"], what: "shortcuts.canned" },
  { key: "", shows: ["Ctrl", "Z"], what: "shortcuts.undo" },
  { key: "m", what: "shortcuts.mute", run: toggleSound },
  { key: "s", what: "shortcuts.silence", run: () => alerts.silence() },
  { key: "Escape", shows: ["Esc"], what: "shortcuts.back", run: goBack },
  { key: "?", what: "shortcuts.help", run: () => shortcuts.open() },
], preferences, () => desk.agent !== null);

/** The address whose line was brought into view, so that nothing else scrolls to it again. */
let shownMessage = null;

desk.on("agent", showAgent);
desk.on("agent connection locale", showConnection);
desk.on("inbox agent locale", showRail);
route.on("change", showRoute);
route.on("opened", ({ write }) => afterOpening(write));
desk.on("views", () => route.view.startsWith("saved-") && page.inbox.showView(route.view));
alerts.on("open", (conversation) => route.open(conversation));

for (const button of document.querySelectorAll("[data-view]")) button.addEventListener("click", () => route.showView(button.dataset.view));
for (const button of document.querySelectorAll("[data-close]")) button.addEventListener("click", () => button.closest("dialog").close());
for (const dialog of document.querySelectorAll("dialog")) dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
element("mute").addEventListener("click", toggleSound);
element("open-shortcuts").addEventListener("click", () => shortcuts.open());
element("open-settings").addEventListener("click", () => settings.open());
element("rail-agent").addEventListener("click", () => settings.open());
element("side-veil").addEventListener("click", () => route.back());
addEventListener("focus", () => desk.selectedId !== null && desk.agent && desk.markSeen(desk.selectedId));
startTicker(() => desk.tick());
begin();

async function begin() {
  await useLocale(preferences.get("locale") ?? preferredLocale());
  route.start();
  try {
    await desk.resume();
  } catch (error) {
    desk.emit("agent");
    // Not signed in is the usual start; anything else the agent should know before typing a password.
    if (error.status !== 401) desk.notifyError(error);
  }
}

function showAgent() {
  const isIn = desk.agent !== null;
  // The desk stays in the page, drafts and all, while the sign-in page lies over it.
  page.desk.hidden = !isIn && desk.lastAgentId === undefined;
  page.desk.inert = !isIn;
  if (isIn) showRoute();
}

function showRoute() {
  page.desk.dataset.pane = route.pane;
  if (desk.list.view !== route.view) page.inbox.showView(route.view);
  if (desk.selectedId !== route.conversation || (desk.agent && desk.selected && !desk.selected.isRead)) desk.open(route.conversation);
  if (route.message !== null && desk.agent && shownMessage !== location.hash) {
    shownMessage = location.hash;
    page.conversation.showMessage(route.message);
  }
  if (route.message === null) shownMessage = null;
  showRail();
}

function afterOpening(write) {
  const isPhone = matchMedia("(max-width: 719px)").matches;
  if (write && !isPhone) page.conversation.composer.write();
  else if (isPhone) page.conversation.focus();
}

function showRail() {
  for (const button of document.querySelectorAll("[data-view]")) button.setAttribute("aria-current", String(button.dataset.view === route.view));
  const waiting = desk.inbox.queue.length;
  element("rail-waiting").hidden = waiting === 0;
  setText(element("rail-waiting"), waiting > 99 ? "99+" : waiting);
  const mentions = desk.inbox.counts.mentions ?? 0;
  element("rail-mentions").hidden = mentions === 0;
  setText(element("rail-mentions"), mentions > 99 ? "99+" : mentions);
}

let lostSince = null;
function showConnection() {
  const isLost = desk.agent !== null && desk.connection === "lost";
  element("connection-text").textContent = t("connection.lost");
  if (!isLost) {
    clearTimeout(lostSince);
    lostSince = null;
    element("connection").hidden = true;
    return;
  }
  // A reconnection within a second is nobody's business.
  lostSince ??= setTimeout(() => (element("connection").hidden = desk.connection !== "lost"), 1000);
}

function openPanel(name) {
  showPanel(name);
  page[name].focusSearch();
}

/** One panel beside the conversation, brought into view where the window has no room for both. */
function showPanel(name) {
  page.side.show(name);
  if (getComputedStyle(page.side).visibility === "hidden" || !page.side.checkVisibility()) route.showSide();
}

/** Where else a message could go that this channel refused for good. */
function offerOther(conversation, message) {
  showPanel("customer");
  if (!page.customer.offerOther(conversation, message)) desk.notify("places.none", {}, { kind: "problem" });
}

function openArticle(article) {
  openPanel("faq");
  page.faq.find(article.question);
}

function mayReply() {
  if (!page.conversation.may.reply) desk.notify("notice.take_first", {}, { kind: "problem" });
  return page.conversation.may.reply;
}

function sendCard(card, title) {
  if (!mayReply()) return false;
  page.conversation.composer.sendCard(card, title);
  if (route.pane === "side") route.back();
  return true;
}

function insertAnswer(text) {
  if (!mayReply()) return;
  if (route.pane === "side") route.back();
  // Going back on a phone takes a turn of the event loop before the composer can be focused.
  setTimeout(() => page.conversation.composer.insert(text), route.pane === "side" ? 60 : 0);
}

function confirmMove(move, question) {
  if (!page.conversation.may[move]) return;
  const { id } = desk.selected;
  const dialog = element("confirm-dialog");
  setText(element("confirm-text"), t(question));
  setText(element("confirm-yes"), t(`action.${move}`));
  element("confirm-yes").onclick = () => {
    dialog.close();
    desk.move(id, move);
  };
  dialog.showModal();
  element("confirm-yes").focus();
}

function toggleSound() {
  const isOn = settings.toggleSound();
  desk.notify(isOn ? "alert.now_on" : "alert.now_off");
}

function goBack() {
  if (page.desk.dataset.pane !== "list") route.back();
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    desk.notify("notice.copied");
  } catch {
    desk.notify("notice.not_copied", {}, { kind: "problem" });
  }
}
