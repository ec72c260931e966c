// The settings dialog: language, theme, send key, sounds, notifications.
import { initial } from "/page/static/js/safe-text.js";
import { setText } from "/page/static/js/templates.js";
import { LOCALES, LOCALE_NAMES, locale, named, t } from "/page/static/js/texts.js";

const element = (id) => document.getElementById(id);

const CHECKED = [["ticket-sound", "ticketSound"], ["message-sound", "messageSound"], ["mention-sound", "mentionSound"], ["realert", "realert"], ["title-badge", "titleBadge"], ["notify", "notifications"], ["shortcuts", "shortcuts"], ["undo-send", "undoSend"]];

export class Settings {
  constructor({ desk, preferences, sounds }) {
    Object.assign(this, { desk, preferences, sounds, dialog: element("settings-dialog") });
    element("setting-language").replaceChildren(...LOCALES.map((one) => new Option(LOCALE_NAMES[one], one)));
    for (const [id, name] of [["theme", "theme"], ["send", "sendKey"]]) element(`setting-${id}`).addEventListener("change", (event) => preferences.set(name, event.target.value));
    for (const [id, name] of CHECKED) element(`setting-${id}`).addEventListener("change", (event) => preferences.set(name, event.target.checked));
    element("setting-presence").addEventListener("change", (event) => desk.setPresence(event.target.value));
    element("setting-language").addEventListener("change", (event) => desk.setLanguage(event.target.value));
    element("setting-notifications").addEventListener("click", () => this.#askForNotifications());
    element("sign-out").addEventListener("click", () => {
      this.dialog.close();
      desk.signOut();
    });
    preferences.on("change", () => this.#show());
    desk.on("agent locale", () => this.#show());
  }

  open() {
    this.#show();
    this.dialog.showModal();
  }

  toggleSound() {
    const sounds = !this.preferences.get("ticketSound");
    this.preferences.set("ticketSound", sounds);
    return sounds;
  }

  async #askForNotifications() {
    if ("Notification" in window) await Notification.requestPermission();
    this.#show();
  }

  #show() {
    const { agent } = this.desk;
    if (agent) {
      for (const id of ["rail-avatar", "settings-avatar"]) setText(element(id), initial(agent.name));
      for (const id of ["rail-name", "settings-name"]) setText(element(id), agent.name);
      element("rail-agent").title = agent.name;
      setText(element("settings-role"), named("role", agent.role));
      element("setting-presence").value = agent.presence ?? "online";
      element("rail-agent").dataset.presence = agent.presence ?? "online";
    }
    element("setting-language").value = locale();
    element("setting-theme").value = this.preferences.get("theme");
    element("setting-send").value = this.preferences.get("sendKey");
    for (const [id, name] of CHECKED) element(`setting-${id}`).checked = this.preferences.get(name);
    this.#showNotifications();
    this.#showMute();
  }

  #showNotifications() {
    const button = element("setting-notifications");
    const state = "Notification" in window ? Notification.permission : "unsupported";
    button.disabled = state !== "default";
    setText(button, t(`settings.notifications_${state}`));
  }

  #showMute() {
    const isMuted = !this.preferences.get("ticketSound");
    const button = element("mute");
    button.setAttribute("aria-pressed", String(isMuted));
    button.title = t(isMuted ? "alert.unmute_hint" : "alert.mute_hint");
    button.querySelector("use").setAttribute("href", isMuted ? "#i-bell-off" : "#i-bell");
    setText(element("mute-text"), t(isMuted ? "alert.muted" : "alert.sound"));
  }
}
