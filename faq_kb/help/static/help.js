/* What needs a script, shown only where there is one: asking on in the chat, and printing. */

for (const button of document.querySelectorAll("[data-ask]")) {
  button.hidden = !window.Switchboard;
  button.addEventListener("click", () => window.Switchboard.open(button.dataset.ask || undefined));
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

/* The menu of languages closes as menus do. */
const languages = document.querySelector(".languages");
document.addEventListener("click", ({ target }) => languages.contains(target) || languages.removeAttribute("open"));
languages.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape" || !languages.open) return;
  languages.removeAttribute("open");
  languages.querySelector("summary").focus();
});
