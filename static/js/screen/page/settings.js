// @ts-check
/**
 * What the template, the address and the browser say about this page: addresses of its own server, and choices.
 * Must not know what they are used for.
 */

import {recall, remember} from "../../dom.js";

/** Return the settings of this page. */
export function readSettings() {
  const data = document.body.dataset;
  return {
    isPolling: data.transport === "poll",
    shareKey: data.share ?? "",
    interval_ms: Number(data.intervalMs) || 1_000,
    socketUrl: socketUrl(data.socket ?? "/ws/v1/"),
    sseUrl: data.sse ?? "/sse/v1/",
    pollUrl: data.poll ?? "/poll/v1/",
    barsUrl: data.bars ?? "/api/v1/bars",
    linesUrl: data.lines ?? "/alerts/lines/",
    sparklinesUrl: data.sparklines ?? "/api/v1/sparklines",
    addUrl: data.add ?? "/watchlist/add/",
    moveUrl: data.move ?? "/watchlist/move/",
    /** The columns that the person chose, with commas between them; "" for the usual ones. */
    columns: data.columns ?? "",
    columnsUrl: "/columns/",
    sectionsUrl: data.sections ?? "/lists/sections/",
    removeUrl: data.remove ?? "/watchlist/remove/",
    /** What the address says of the list that is shown: the id of an own one, "" for one that was shared, or a list of the market. */
    listKey: data.list ?? "",
    /** The id of the list, 0 for one that is not stored yet; null for a list that the person cannot change. */
    listId: data.listId === undefined ? null : Number(data.listId),
    readUrl: data.read ?? "/notifications/read/",
  };
}

/**
 * Return the parameter of the address with this name, or null.
 * @param {string} name
 */
export function asked(name) {
  return new URL(location.href).searchParams.get(name);
}

/**
 * Return the address of this page with another value of a parameter; null takes it out.
 * @param {string} name
 * @param {string | null} value
 */
export function addressWith(name, value) {
  const address = new URL(location.href);
  if (value === null) address.searchParams.delete(name);
  else address.searchParams.set(name, value);
  return address.href;
}

/**
 * Write a parameter into the address, so that a reload keeps it. Null takes it out.
 * @param {string} name
 * @param {string | null} value
 */
export function askFor(name, value) {
  if (asked(name) !== value) history.replaceState(history.state, "", addressWith(name, value));
}

/**
 * Return the whole address of a socket of this page's own server.
 * @param {string} path
 */
export function socketUrl(path) {
  const address = new URL(path, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}

/** Say whether the browser was told to save data. */
export function isSavingData() {
  const {connection} = /** @type {{connection?: {saveData?: boolean}}} */ (navigator);
  return connection?.saveData === true;
}

/**
 * A select whose choice the browser remembers. The address may overrule it for one visit. The first option means
 * "as the page thinks best".
 */
export class Choice {
  #select;

  /**
   * @param {HTMLElement} select
   * @param {{name: string, onchange: (value: string) => void}} options `name`: the key in
   *   storage and in the address
   */
  constructor(select, {name, onchange}) {
    this.#select = /** @type {HTMLSelectElement} */ (select);
    const chosen = [asked(name), recall(name)].find((value) => this.#offers(value));
    if (chosen) this.#select.value = chosen;
    select.addEventListener("change", () => {
      askFor(name, null);
      remember(name, this.value || null);
      onchange(this.value);
    });
  }

  /** The chosen value; "" when nothing is chosen. */
  get value() {
    return this.#select.value;
  }

  /** @param {string | null} value */
  #offers(value) {
    return [...this.#select.options].some((option) => option.value === value);
  }
}
