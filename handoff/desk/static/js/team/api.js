// What the team's page asks of the gateway.
import { Server, part } from "/page/static/js/server.js";

export class TeamApi extends Server {
  team = (locale) => this.call("GET", `/desk/api/team?${new URLSearchParams({ locale })}`);
  setPresence = (presence) => this.call("PUT", "/desk/api/team/presence", { presence });
  setMode = (mode) => this.call("PUT", "/desk/api/team/mode", { mode });
  setWork = (id, work) => this.call("PUT", `/desk/api/team/agents/${part(id)}`, work);
  week = (day) => this.call("GET", `/desk/api/roster${day ? `?${new URLSearchParams({ week: day })}` : ""}`);
  addShift = (shift) => this.call("POST", "/desk/api/roster", shift);
  changeShift = (id, shift) => this.call("PUT", `/desk/api/roster/${part(id)}`, shift);
  removeShift = (id) => this.call("DELETE", `/desk/api/roster/${part(id)}`);
}
