// An agent's preferences follow them from machine to machine.

// The language has a route of its own: the console keeps it too.
const ELSEWHERE = new Set(["locale"]);

export function keepPreferences({ desk, preferences }) {
  let isTakingUp = false;
  // What was chosen while the kept ones were on their way is newer than they are.
  let chosen = new Set();
  desk.on("agent", async () => {
    if (!desk.agent) return;
    chosen = new Set();
    try {
      const { preferences: kept } = await desk.api.preferences();
      isTakingUp = true;
      preferences.takeUp(Object.fromEntries(Object.entries(kept).filter(([name]) => !chosen.has(name))));
    } catch {
      // This machine's own do until the next sign-in.
    } finally {
      isTakingUp = false;
    }
  });
  preferences.on("change", (name) => {
    if (isTakingUp || !desk.agent || ELSEWHERE.has(name)) return;
    chosen.add(name);
    desk.api.prefer({ [name]: preferences.get(name) }).catch((error) => error.isPassing || desk.notifyError(error));
  });
}
