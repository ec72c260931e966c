// The cards of teams and of people.
import { dateTime } from "/page/static/js/formats.js";
import { copyOf, partsOf } from "/page/static/js/templates.js";
import { LOCALE_NAMES, t } from "/page/static/js/texts.js";

export function showTeams(list, { teams, agents }) {
  list.replaceChildren(...teams.map((team) => {
    const parts = partsOf(copyOf("team"));
    const here = agents.filter((one) => isHere(one) && (one.teams.length === 0 || one.teams.includes(team.id)));
    parts.root.dataset.team = team.id;
    parts.name.textContent = team.name;
    parts.open.textContent = t(team.is_open ? "team.open" : "team.closed");
    parts.open.classList.add(team.is_open ? "good" : "off");
    parts.waiting.textContent = t("team.waiting", { waiting: team.waiting, here: here.length });
    parts.policy.textContent = t(`policy.${team.policy}`);
    const more = [];
    if (!team.is_open && team.next_opening) more.push(t("team.opens", { time: dateTime(team.next_opening) }));
    if (team.lead) more.push(t("team.lead", { name: agents.find((one) => one.login === team.lead)?.name ?? team.lead }));
    parts.more.textContent = more.join(" · ");
    return parts.root;
  }));
}

export function showPeople(list, { teams, agents, may_edit: mayEdit }, onEdit) {
  const names = Object.fromEntries(teams.map((team) => [team.id, team.name]));
  list.replaceChildren(...agents.map((agent) => {
    const parts = partsOf(copyOf("person"));
    const state = stateOf(agent);
    parts.root.dataset.agent = agent.login;
    parts.name.textContent = agent.name;
    parts.dot.classList.add(state === "off_shift" ? "away" : state);
    parts.state.textContent = t(`presence.${state}`);
    parts.state.classList.add({ online: "good", offline: "off" }[state] ?? "wait");
    parts.load.textContent = t("team.load", { load: agent.load, places: agent.places });
    parts.work.textContent = [
      agent.teams.map((team) => names[team] ?? team).join(", ") || t("team.every_team"),
      agent.languages.map((one) => LOCALE_NAMES[one]).join(", ") || t("team.every_language"),
      agent.skills.join(", "),
    ].filter(Boolean).join(" · ");
    parts.edit.hidden = !mayEdit;
    parts.edit.setAttribute("aria-label", t("team.edit", { name: agent.name }));
    parts.edit.title = t("team.edit", { name: agent.name });
    parts.edit.addEventListener("click", () => onEdit(agent));
    return parts.root;
  }));
}

const isHere = (agent) => stateOf(agent) === "online";

/** What colleagues see: nobody is online whose page is not heard of. */
function stateOf(agent) {
  if (!agent.is_present || agent.presence === "offline") return "offline";
  if (agent.presence === "away") return "away";
  return agent.is_on_shift ? "online" : "off_shift";
}
