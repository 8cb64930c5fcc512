// @ts-check
/**
 * What the templates and the address tell the page: only addresses of its own server.
 * Must not know what is done with it.
 */

/** Return the settings of this page. */
export function readSettings() {
  const data = document.body.dataset;
  const socket = new URL(data.socket ?? "/ws/v1/", location.href);
  socket.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return {
    isPolling: data.transport === "poll",
    shareKey: data.share ?? "",
    interval_ms: Number(data.intervalMs) || 1_000,
    socketUrl: socket.href,
    sseUrl: data.sse ?? "/sse/v1/",
    pollUrl: data.poll ?? "/poll/v1/",
    loginUrl: data.login ?? "/accounts/login/",
    addUrl: data.add ?? "/watchlist/add/",
    removeUrl: data.remove ?? "/watchlist/remove/",
    readUrl: data.read ?? "/notifications/read/",
  };
}

/**
 * Return what the address asks for under a name, or null.
 * @param {string} name
 */
export function asked(name) {
  return new URL(location.href).searchParams.get(name);
}

/**
 * Write a wish into the address, so that a reload keeps it; null takes it out.
 * @param {string} name
 * @param {string | null} value
 */
export function askFor(name, value) {
  const address = new URL(location.href);
  if (value === null) address.searchParams.delete(name);
  else address.searchParams.set(name, value);
  history.replaceState(null, "", address);
}

/** Say whether the browser was told to save data. */
export function isSavingData() {
  const {connection} = /** @type {{connection?: {saveData?: boolean}}} */ (navigator);
  return connection?.saveData === true;
}
