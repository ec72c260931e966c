// Dialogs: opened from a template, closed by Escape, the cross or a press beside them; focus goes back where it was.
import { copyOf, partsOf, setText } from "/page/static/js/templates.js";
import { t } from "/page/static/js/texts.js";

/** Shows a copy of the dialog template `name`; it leaves the page when it closes. Returns its parts. */
export function openDialog(name, { onClose = () => {} } = {}) {
  const opener = document.activeElement;
  const dialog = copyOf(name);
  const parts = partsOf(dialog);
  document.body.append(dialog);
  for (const button of dialog.querySelectorAll("[data-close]")) button.addEventListener("click", () => dialog.close());
  // Both ends of the press: marking text that ends outside is no wish to close.
  dialog.addEventListener("pointerdown", (event) => (dialog.pressedOutside = event.target === dialog));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.pressedOutside && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    onClose();
    if (opener?.isConnected) opener.focus({ preventScroll: true });
  });
  dialog.showModal();
  return parts;
}

/** Asks before something that cannot be undone with one press; resolves to whether it was confirmed. */
export function confirmed(question, yes, { values = {}, isDangerous = false } = {}) {
  return new Promise((resolve) => {
    let answer = false;
    const parts = openDialog("confirm", { onClose: () => resolve(answer) });
    setText(parts.text, t(question, values));
    setText(parts.yes, t(yes));
    parts.yes.classList.toggle("danger", isDangerous);
    parts.yes.addEventListener("click", () => {
      answer = true;
      parts.root.close();
    });
    parts.yes.focus();
  });
}
