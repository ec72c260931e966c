// One tick a second, also while the desk lies behind another window.

const WORKER = "/desk/static/js/ticker-worker.js";

export function startTicker(onTick) {
  try {
    const worker = new Worker(trusted(WORKER));
    worker.onmessage = () => onTick();
    worker.onerror = () => {
      worker.terminate();
      setInterval(onTick, 1000);
    };
  } catch {
    setInterval(onTick, 1000);
  }
}

/** The one script address the page ever makes; everything else is refused by `require-trusted-types-for 'script'`. */
function trusted(address) {
  if (!globalThis.trustedTypes) return address;
  const policy = trustedTypes.createPolicy("switchboard-ticker", {
    createScriptURL: (url) => {
      if (url !== WORKER) throw new TypeError("Not our worker");
      return url;
    },
  });
  return policy.createScriptURL(address);
}
