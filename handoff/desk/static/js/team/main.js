// The team's page: teams and people, a week of shifts, and who is there. Reads again every 15 s, which is also the
// heartbeat of whoever looks at it.
import "/page/static/js/sign-in.js";
import { Notices } from "/page/static/js/notices.js";
import { Preferences } from "/page/static/js/preferences.js";
import { Session } from "/page/static/js/session.js";
import { LOCALES, locale, preferredLocale, t, useLocale } from "/page/static/js/texts.js";
import { ApiError } from "/page/static/js/server.js";
import { TeamApi } from "./api.js";
import { showPeople, showTeams } from "./people.js";
import { Roster } from "./roster.js";
import { WorkDialog } from "./work-dialog.js";

const READ_EVERY_MS = 15_000;
const element = (id) => document.getElementById(id);

class TeamPage extends Session {
  team = null;

  async begin(agent) {
    if (agent.role === "editor") throw new ApiError(403, { code: "not_allowed" });
    this.agent = agent;
    if (LOCALES.includes(agent.language)) await this.showIn(agent.language);
    this.emit("agent");
    await Promise.all([this.read(), roster.read()]);
  }

  async read() {
    if (!this.agent) return;
    try {
      this.team = await this.api.team(locale());
      this.emit("team");
    } catch (error) {
      this.notifyError(error);
    }
  }

  async change(work, said) {
    try {
      await work();
      this.notify(said);
    } catch (error) {
      this.notifyError(error);
    }
    await this.read();
  }
}

const preferences = new Preferences();
const page = new TeamPage({ api: new TeamApi(), preferences });
const roster = new Roster({ page });
const work = new WorkDialog({ page });

new Notices(element("notices"), page);
document.querySelector("page-sign-in").start({ state: page });
page.on("agent", () => (element("team").hidden = page.agent === null));
page.on("team locale", show);
element("my-presence").addEventListener("change", (event) => page.change(() => page.api.setPresence(event.target.value), "presence.changed"));
element("mode").addEventListener("change", (event) => page.change(() => page.api.setMode(event.target.value), "mode.changed"));
for (const button of document.querySelectorAll("[data-close]")) button.addEventListener("click", () => button.closest("dialog").close());
setInterval(() => page.agent && !document.hidden && page.read(), READ_EVERY_MS);
begin();

async function begin() {
  await useLocale(preferences.get("locale") ?? preferredLocale());
  try {
    await page.resume();
  } catch (error) {
    page.emit("agent");
    if (error.status !== 401) page.notifyError(error);
  }
}

function show() {
  const { team } = page;
  if (!team) return;
  document.title = `${t("team.title")} · Switchboard`;
  const me = team.agents.find((one) => one.id === team.me);
  element("my-presence").value = me?.presence ?? "online";
  element("mode").value = team.mode;
  element("mode-choice").hidden = !team.may_edit;
  element("mode-banner").hidden = team.mode === "hours";
  if (team.mode !== "hours") element("mode-banner").textContent = t(`mode.banner_${team.mode}`, { name: team.mode_changed_by ?? "" });
  element("problem").hidden = !team.problem;
  element("problem").textContent = team.problem ? `${t("team.problem")} ${team.problem}` : "";
  showTeams(element("teams"), team);
  showPeople(element("people"), team, (agent) => work.open(agent));
}

