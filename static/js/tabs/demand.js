// @ts-check
/**
 * The sum of what all tabs want from the one connection. When a tab wants more or less, it changes what the
 * connection asks for.
 * Must not know frames, or how tabs are served.
 */

import {CHANNEL, CHANNELS, ERROR, SYMBOL_LIMIT, TICKER_FIELDS} from "../wire/frames.js";

/** @typedef {import("../wire/frames.js").Refusal} Refusal */
/** @typedef {import("./served_tab.js").ServedTab} ServedTab */
/** @typedef {import("../connection/subscriptions.js").Subscriptions} Subscriptions */

const BY_ALL_TABS = "every tab";

export class Demand {
  #subscriptions;
  #details;
  #onmore;
  #onless;
  /** @type {Set<ServedTab>} */
  #tabs = new Set();
  /** What the connection asks for now: the symbols of each channel. @type {Map<string, Set<string>>} */
  #asked = new Map();

  /**
   * @param {{
   *   subscriptions: Subscriptions, details: import("../connection/subscriptions.js").Details,
   *   onmore: (channel: string, symbols: Set<string>) => void, onless: (channel: string, symbols: string[], isOver: boolean) => void,
   * }} options `details`: parameters that go with every subscription of a channel; this class writes the fields
   *   of prices there. `onmore`: the connection now also asks for these symbols. `onless`: no tab wants these
   *   symbols any more; `isOver` says that no tab wants the channel
   */
  constructor({subscriptions, details, onmore, onless}) {
    this.#subscriptions = subscriptions;
    this.#details = details;
    this.#onmore = onmore;
    this.#onless = onless;
  }

  /** Return the symbols of a channel that any tab wants. @param {string} channel @returns {Set<string>} */
  symbolsOf(channel) {
    return this.#asked.get(channel) ?? new Set();
  }

  /** @param {ServedTab} tab */
  add(tab) {
    this.#tabs.add(tab);
    this.weigh();
  }

  /** @param {ServedTab} tab */
  remove(tab) {
    this.#tabs.delete(tab);
    for (const channel of tab.wanted.keys()) this.#shrink(channel);
    this.weigh();
  }

  /**
   * Add a channel, or more symbols of it, to what a tab wants. Return why that is not possible, or null.
   * @param {ServedTab} tab
   * @param {import("../wire/frames.js").Parameters["subscribe"]} params
   * @param {Set<string>} unknown symbols that the server did not know before; they are asked for again
   * @returns {Refusal | null}
   */
  want(tab, {channel, symbols = [], fields, corrections}, unknown) {
    if (!CHANNELS.includes(channel)) return refusal(ERROR.UNKNOWN_CHANNEL, "unknown_channel", `channel was ${channel}`);
    if (symbols.includes("*")) return refusal(ERROR.BAD_PARAMETERS, "bad_parameters", "* is not shared between tabs");
    const all = new Set([...this.symbolsOf(channel), ...symbols]);
    if (all.size > SYMBOL_LIMIT) {
      return refusal(ERROR.TOO_MANY_SYMBOLS, "too_many_symbols", `limit is ${SYMBOL_LIMIT} symbols, was ${all.size} in all tabs`);
    }
    // The first request since the tab came back replaces what it wanted earlier.
    const before = tab.asked.has(channel) ? tab.wanted.get(channel) : null;
    tab.asked.add(channel);
    tab.wanted.set(channel, new Set([...(before ?? []), ...symbols]));
    if (channel === CHANNEL.TICKER) tab.fields = fields ?? null;
    if (corrections) tab.corrected.add(channel);
    const isWider = channel === CHANNEL.TICKER && this.#widen();
    this.#ask(channel, all, isWider ? all : new Set([...all].filter((symbol) => this.#isNew(channel, symbol, unknown))));
    this.#shrink(channel);
    return null;
  }

  /**
   * Take these symbols of a channel from what a tab wants; without symbols, the whole channel.
   * @param {ServedTab} tab
   * @param {import("../wire/frames.js").Parameters["unsubscribe"]} params
   */
  unwant(tab, {channel, symbols = []}) {
    const wanted = tab.wanted.get(channel);
    for (const symbol of symbols) wanted?.delete(symbol);
    if (!symbols.length || !wanted?.size) {
      tab.wanted.delete(channel);
      tab.corrected.delete(channel);
    }
    this.#shrink(channel);
  }

  /** Drop the channels that a tab wanted earlier and did not ask for since it came back. @param {ServedTab} tab */
  prune(tab) {
    const left = [...tab.wanted.keys()].filter((channel) => !tab.asked.has(channel));
    for (const channel of left) this.unwant(tab, {channel});
  }

  /** Ask for the pace of the fastest tab. Pause the connection only when every tab is paused. */
  weigh() {
    const tabs = [...this.#tabs];
    const awake = tabs.filter(({isPaused}) => !isPaused);
    const max_rate = Math.max(0, ...(awake.length ? awake : tabs).map((tab) => tab.max_rate));
    for (const tab of tabs) tab.isSlower = tab.max_rate > 0 && tab.max_rate < max_rate;
    if (!tabs.length) return;
    this.#subscriptions.setRate(max_rate);
    this.#subscriptions.setPaused(BY_ALL_TABS, awake.length === 0);
  }

  /** @param {string} channel @param {string} symbol @param {Set<string>} unknown */
  #isNew(channel, symbol, unknown) {
    return !this.symbolsOf(channel).has(symbol) || unknown.has(symbol);
  }

  /** @param {string} channel @param {Set<string>} all @param {Set<string>} added */
  #ask(channel, all, added) {
    if (this.#asked.has(channel) && added.size === 0) return;
    this.#asked.set(channel, all);
    this.#onmore(channel, added);
    this.#subscriptions.add(channel, added);
  }

  /**
   * Ask for more fields of all prices when a tab wants more. Fields belong to a subscription, so the server
   * must be asked again from the start. Say whether it was.
   */
  #widen() {
    const tabs = [...this.#tabs].filter(({wanted}) => wanted.has(CHANNEL.TICKER));
    const wider = new Set(tabs.flatMap(({fields}) => fields ?? TICKER_FIELDS));
    const before = this.#details[CHANNEL.TICKER]?.fields ?? [];
    const asked = this.#asked.get(CHANNEL.TICKER);
    if (asked && [...wider].every((key) => before.includes(key))) return false;
    // All fields are named one by one: a server that was asked for fewer would take silence for "the same again".
    this.#details[CHANNEL.TICKER] = {fields: [...wider]};
    if (!asked) return false;
    this.#subscriptions.remove(CHANNEL.TICKER, asked);
    return true;
  }

  /** @param {string} channel */
  #shrink(channel) {
    const tabs = [...this.#tabs].filter(({wanted}) => wanted.has(channel));
    const left = new Set(tabs.flatMap(({wanted}) => [...(wanted.get(channel) ?? [])]));
    const gone = [...this.symbolsOf(channel)].filter((symbol) => !left.has(symbol));
    if (!this.#asked.has(channel) || (tabs.length && !gone.length)) return;
    if (tabs.length) this.#asked.set(channel, left);
    else this.#asked.delete(channel);
    this.#subscriptions.remove(channel, gone);
    this.#onless(channel, gone, tabs.length === 0);
  }
}

/** @param {number} code @param {string} name @param {string} message @returns {Refusal} */
function refusal(code, name, message) {
  return {code, name, message, retry: false};
}
