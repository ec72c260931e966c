// The editors' console: builds its parts and lets them know each other.
import "/page/static/js/sign-in.js";
import "./article-view.js";
import "./ask-box.js";
import "./history.js";
import "./home-view.js";
import "./misses-view.js";
import "./preview.js";
import "./stats-view.js";
import "./transfer-view.js";
import "./tree-view.js";
import "./words-view.js";
import { Notices } from "/page/static/js/notices.js";
import { Preferences } from "/page/static/js/preferences.js";
import { initial } from "/page/static/js/safe-text.js";
import { setText } from "/page/static/js/templates.js";
import { preferredLocale, t, useLocale } from "/page/static/js/texts.js";
import { Api } from "./api.js";
import { Console } from "./console.js";
import { Route } from "./route.js";
import { openSettings } from "./settings.js";

const element = (id) => document.getElementById(id);

const preferences = new Preferences();
const state = new Console({ api: new Api(), preferences });
const route = new Route();
const views = { home: document.querySelector("faq-home"), article: document.querySelector("faq-article"), misses: document.querySelector("faq-misses"), stats: document.querySelector("faq-stats"), words: document.querySelector("faq-words"), import: document.querySelector("faq-transfer") };

begin();

async function begin() {
  await useLocale(preferences.get("locale") ?? preferredLocale());
  new Notices(element("notices"), state);
  document.querySelector("page-sign-in").start({ state });
  document.querySelector("faq-tree").start({ state, route });
  for (const view of Object.values(views)) view.start({ state, route });
  state.on("agent", showAgent);
  state.on("tree", showNames);
  state.on("connection locale", showConnection);
  route.on("change", showRoute);
  for (const button of document.querySelectorAll("[data-page]")) if (button.matches("button")) button.addEventListener("click", () => route.go(button.dataset.page));
  for (const id of ["open-settings", "rail-agent"]) element(id).addEventListener("click", () => openSettings({ state, preferences }));
  try {
    await state.resume();
  } catch (error) {
    state.emit("agent");
    if (error.status !== 401) state.notifyError(error);
  }
}

let isStarted = false;
let lastEditor = null;

function showAgent() {
  const isIn = state.agent !== null;
  const console = element("console");
  // What is being written stays in the page while the sign-in page lies over it.
  console.hidden = !isIn && lastEditor === null;
  console.inert = !isIn;
  if (!isIn) return;
  setText(element("rail-avatar"), initial(state.agent.name));
  setText(element("rail-name"), state.agent.name);
  element("rail-agent").title = state.agent.name;
  if (lastEditor !== null && lastEditor !== state.agent.id) views.article.close();
  const isSame = lastEditor === state.agent.id;
  lastEditor = state.agent.id;
  if (!isStarted) route.start();
  else if (!isSame) showRoute();
  isStarted = true;
}

let isNamed = false;

/** The first view may come before the tree, with ids where names belong. */
function showNames() {
  if (isNamed) return;
  isNamed = true;
  if (isStarted && !route.article) showRoute();
}

function showRoute() {
  if (!state.agent) return;
  const { page, article, values } = route;
  const isTree = page === "articles" || page === "overview";
  const shown = isTree ? (article ? "article" : "home") : page;
  const console = element("console");
  console.dataset.page = isTree ? "articles" : page;
  // On a phone the tree and the overview are two screens.
  console.dataset.pane = article ? "main" : page === "overview" ? "home" : "list";
  for (const [name, view] of Object.entries(views)) view.hidden = name !== shown;
  for (const button of document.querySelectorAll(".rail [data-page]")) button.setAttribute("aria-current", String(button.dataset.page === console.dataset.page));
  if (shown === "article") {
    if (views.article.article?.id !== article || values.has("as")) views.article.open(article, { isNew: values.has("new"), category: values.get("new") ?? "", ask: values.get("ask"), as: values.get("as"), miss: Number(values.get("miss")) || null, side: values.get("side") });
  } else {
    views.article.close();
    views[shown].show?.(values);
  }
  document.title = `${t(`page.${page}`)} · ${t("title")}`;
}

let lostSince = null;
function showConnection() {
  setText(element("connection-text"), t("connection.lost"));
  clearTimeout(lostSince);
  if (state.connection === "live") element("connection").hidden = true;
  // A reconnection within a second is nobody's business.
  else lostSince = setTimeout(() => (element("connection").hidden = state.connection === "live"), 1000);
}
