// A notification of the operating system, for who looks at another window; the agent's settings may hold it back.

/** Two with one `tag` are one: two desks of one agent show it once, and a later one takes the place of the earlier. */
export function showNotification({ preferences, title, lines = [], tag, onClick }) {
  if (!preferences.get("notifications")) return;
  if (!("Notification" in window) || Notification.permission !== "granted" || document.hasFocus()) return;
  try {
    const notification = new Notification(title, { body: lines.filter(Boolean).join("\n"), tag, renotify: true, silent: true, icon: "/desk/static/icons/desk-192.png", lang: document.documentElement.lang });
    notification.onclick = () => {
      window.focus();
      onClick();
      notification.close();
    };
  } catch {
    // Android lets only a service worker show one; sound, title and favicon serve there.
  }
}
