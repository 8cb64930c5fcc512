// @ts-check
/**
 * Subscriptions of tabs that wait for the server. Once the server has answered for all tabs, each is served, in
 * order.
 * Must not know the connection, or how a tab is served.
 */

import {CHANNEL, KEYED_CHANNELS, TAPE_CHANNELS} from "../wire/frames.js";

/** @typedef {import("../wire/frames.js").CommandOf<"subscribe">} Command */
/** @typedef {import("./served_tab.js").ServedTab} ServedTab */
/** @typedef {import("./served_tab.js").ReplicaLike} ReplicaLike */
/** @typedef {{tab: ServedTab, command: Command, channel: string, symbols: string[]}} TabRequest */

export class Requests {
  #known;
  /** @type {TabRequest[]} */
  #requests = [];
  /** Channels of which the server has said whether they resume or start again. @type {Set<string>} */
  #settled = new Set();
  /** How many snapshots of trades are still to come: nothing else tells when trades are complete. */
  #coming = 0;
  /** Symbols that the server did not know. @type {Record<string, Set<string>>} */
  #unknown = {[CHANNEL.TICKER]: new Set(), [CHANNEL.TRADES]: new Set(), [CHANNEL.BARS]: new Set(), [CHANNEL.DEPTH]: new Set()};

  /** @param {ReplicaLike} known */
  constructor(known) {
    this.#known = known;
  }

  /** Return the symbols of a channel that the server did not know. @param {string} channel @returns {Set<string>} */
  unknownOf(channel) {
    return this.#unknown[channel] ?? new Set();
  }

  /** @param {TabRequest} request */
  add(request) {
    for (const symbol of request.symbols) this.unknownOf(request.channel).delete(symbol);
    this.#requests.push(request);
  }

  /** Take out and return the requests of a tab, or of all tabs. @param {ServedTab} [tab] */
  drop(tab) {
    return this.#takeIf((request) => tab === undefined || request.tab === tab);
  }

  /** @param {Command} command */
  cancel(command) {
    this.#takeIf((request) => request.command === command);
  }

  /** The connection asked the server for more of a channel. @param {string} channel */
  expect(channel) {
    if (channel === CHANNEL.TRADES) this.#coming += 1;
  }

  /** The server said that a channel resumes, or its snapshot is complete. @param {string} channel */
  settle(channel) {
    this.#settled.add(channel);
    if (channel === CHANNEL.TRADES) this.#coming = Math.max(0, this.#coming - 1);
  }

  /** The server must say so again, for one channel or for all. @param {string} [channel] */
  unsettle(channel) {
    if (channel === undefined || channel === CHANNEL.TRADES) this.#coming = 0;
    if (channel === undefined) this.#settled.clear();
    else this.#settled.delete(channel);
  }

  /** Serve the requests that are ready. */
  serve() {
    for (const {tab, command, channel, symbols} of this.#takeIf((request) => this.#isReady(request))) {
      const unknown = this.unknownOf(channel);
      const wanted = symbols.filter((symbol) => tab.wanted.get(channel)?.has(symbol));
      const rejected = wanted.filter((symbol) => unknown.has(symbol));
      tab.serve(command, {
        symbols: wanted.filter((symbol) => !unknown.has(symbol)),
        rejected: Object.fromEntries(rejected.map((symbol) => [symbol, "unknown symbol"])),
      });
    }
  }

  /** @param {(request: TabRequest) => boolean} isTaken */
  #takeIf(isTaken) {
    const taken = this.#requests.filter(isTaken);
    this.#requests = this.#requests.filter((request) => !taken.includes(request));
    return taken;
  }

  /** @param {TabRequest} request */
  #isReady({tab, channel, symbols}) {
    // The tab does not want the channel any more: its answer has no symbols, and need not wait.
    if (!tab.wanted.has(channel)) return true;
    if (!this.#known.isWhole(channel)) return false;
    if (TAPE_CHANNELS.includes(channel) && !this.#settled.has(channel)) return false;
    if (channel === CHANNEL.TRADES) return this.#coming === 0;
    if (!KEYED_CHANNELS.includes(channel)) return true;
    return symbols.every((symbol) => this.#known.holds(channel, symbol) || this.unknownOf(channel).has(symbol));
  }
}
