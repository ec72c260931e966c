// Runs before the first paint, so that a dark page never flashes white. A classic script for that reason.
try {
  const kept = JSON.parse(localStorage.getItem("switchboard.desk.preferences") || "{}");
  if (kept.theme === "light" || kept.theme === "dark") document.documentElement.dataset.theme = kept.theme;
} catch {
  // Storage may be forbidden; the system's theme serves.
}
