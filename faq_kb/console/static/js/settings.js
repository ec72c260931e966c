// The settings dialog: language, theme, signing out.
import { initial } from "/page/static/js/safe-text.js";
import { setText } from "/page/static/js/templates.js";
import { LOCALES, LOCALE_NAMES, locale, named } from "/page/static/js/texts.js";
import { openDialog } from "./dialogs.js";

export function openSettings({ state, preferences }) {
  const parts = openDialog("settings-dialog");
  setText(parts.avatar, initial(state.agent.name));
  setText(parts.name, state.agent.name);
  setText(parts.role, named("role", state.agent.role));
  parts.language.replaceChildren(...LOCALES.map((one) => new Option(LOCALE_NAMES[one], one, false, one === locale())));
  parts.language.addEventListener("change", () => {
    parts.root.close();
    state.setLanguage(parts.language.value);
  });
  parts.theme.value = preferences.get("theme");
  parts.theme.addEventListener("change", () => preferences.set("theme", parts.theme.value));
  parts.signOut.addEventListener("click", () => {
    parts.root.close();
    state.signOut();
  });
}
