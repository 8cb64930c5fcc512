// @ts-check
/**
 * What a tab still has to get. Prices of a symbol are merged, and the count of their ticks with them; so are books.
 * Everything else is kept one by one, in order. The server's outboxes keep the same promises.
 * Pure. Must not know positions or tabs.
 */

import {EMPTY_ROW, barsName} from "../wire/frames.js";

/** @typedef {import("../wire/frames.js").TickerEntry} TickerEntry */
/** A trade, or what became of one. @typedef {import("../wire/frames.js").Trade | import("../wire/frames.js").Correction} Trade */
/** @typedef {import("../wire/frames.js").StatusEntry} StatusEntry */
/** @typedef {import("../wire/frames.js").Bar} Bar */
/** @typedef {import("../wire/frames.js").GoneBar} GoneBar */

/** The most entries that are kept. A tab that was away for longer gets a snapshot. */
export const DISTINCT = 2_000;

/** What every entry keeps, whichever fields a tab asked for. */
const ALWAYS = Object.freeze(["s", "n", "t", "gone"]);

/** The newest fields of the prices of each symbol. */
export class PendingPrices {
  /** @type {Map<string, TickerEntry>} */
  #entries = new Map();

  get isEmpty() {
    return this.#entries.size === 0;
  }

  /** @param {TickerEntry} entry */
  fold(entry) {
    const before = this.#entries.get(entry.s);
    this.#entries.set(entry.s, before ? merged(before, entry) : entry);
  }

  /** @param {Iterable<string>} symbols */
  forget(symbols) {
    for (const symbol of symbols) this.#entries.delete(symbol);
  }

  /** Return the entries and forget them. */
  take() {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    return entries;
  }
}

/** The newest state of each bar. */
export class PendingBars {
  /** Whether something was thrown away. */
  isLost = false;
  /** @type {Map<string, Bar | GoneBar>} */
  #entries = new Map();

  get isEmpty() {
    return this.#entries.size === 0 && !this.isLost;
  }

  /** @param {Bar | GoneBar} bar */
  fold(bar) {
    this.#entries.set(`${barsName(bar)} ${bar.t}`, bar);
    if (this.#entries.size <= DISTINCT) return;
    this.#entries.clear();
    this.isLost = true;
  }

  /** @param {string[]} names */
  forget(names) {
    for (const [key, bar] of this.#entries) if (names.includes(barsName(bar))) this.#entries.delete(key);
  }

  /** Return the bars and forget them. */
  take() {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    this.isLost = false;
    return entries;
  }
}

/** The newest book of each symbol. */
export class PendingBooks {
  /** There are at most as many as symbols, so nothing is thrown away. */
  isLost = false;
  /** @type {Map<string, import("../wire/frames.js").BookEntry>} */
  #entries = new Map();

  get isEmpty() {
    return this.#entries.size === 0;
  }

  /** @param {import("../wire/frames.js").BookEntry} book */
  fold(book) {
    this.#entries.set(book.s, book);
  }

  /** @param {Iterable<string>} symbols */
  forget(symbols) {
    for (const symbol of symbols) this.#entries.delete(symbol);
  }

  /** Return the books and forget them. */
  take() {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    return entries;
  }
}

/** Entries that are never merged, in order. @template {Trade | StatusEntry} E */
export class PendingList {
  /** Whether something was thrown away. */
  isLost = false;
  /** @type {E[]} */
  #entries = [];

  get isEmpty() {
    return this.#entries.length === 0 && !this.isLost;
  }

  /** @param {E[]} entries */
  add(entries) {
    this.#entries.push(...entries);
    if (this.#entries.length <= DISTINCT) return;
    this.#entries = [];
    this.isLost = true;
  }

  /** Return the entries and forget them. */
  take() {
    const entries = this.#entries;
    this.#entries = [];
    this.isLost = false;
    return entries;
  }
}

/**
 * Return an entry with only the fields that a tab asked for; null means all.
 * @param {TickerEntry} entry
 * @param {readonly string[] | null} fields
 * @returns {TickerEntry}
 */
export function trimmed(entry, fields) {
  if (fields === null) return entry;
  const isKept = (/** @type {[string, unknown]} */ [key]) => ALWAYS.includes(key) || fields.includes(key);
  return /** @type {TickerEntry} */ (Object.fromEntries(Object.entries(entry).filter(isKept)));
}

/**
 * Return one entry that stands for two.
 * @param {TickerEntry} before
 * @param {TickerEntry} entry
 * @returns {TickerEntry}
 */
function merged(before, entry) {
  const n = before.n + entry.n;
  if (entry.gone) return {...entry, n};
  const {gone, ...fields} = before;
  // A symbol that was gone and is back begins from nothing: its old fields are not the market any more.
  return {...(gone ? EMPTY_ROW : fields), ...entry, n};
}
