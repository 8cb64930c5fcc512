// @ts-check
/**
 * Wishes of tabs that wait until the server has answered for all: then each is served, in order.
 * Must not know the connection or how a tab is served.
 */

import {CHANNEL, KEYED_CHANNELS, TAPE_CHANNELS} from "../wire/frames.js";

/** @typedef {import("../wire/frames.js").Command} Command */
/** @typedef {import("./tab.js").Tab} Tab */
/** @typedef {import("./tab.js").ReplicaLike} ReplicaLike */
/** @typedef {{tab: Tab, command: Command, channel: string, symbols: string[]}} TabRequest */

export class Requests {
  #known;
  /** @type {TabRequest[]} */
  #requests = [];
  /** Channels of which the server said how they go on. @type {Set<string>} */
  #settled = new Set();
  /** Trades asked for whose snapshot did not come yet: nothing else tells when it has. */
  #coming = 0;
  /** Symbols that the server did not know. @type {Record<string, Set<string>>} */
  #unknown = {[CHANNEL.TICKER]: new Set(), [CHANNEL.TRADES]: new Set(), [CHANNEL.BARS]: new Set()};

  /** @param {ReplicaLike} known */
  constructor(known) {
    this.#known = known;
  }

  /** The symbols of a channel that the server did not know. @param {string} channel */
  unknownOf(channel) {
    return this.#unknown[channel] ?? new Set();
  }

  /** @param {TabRequest} request */
  add(request) {
    for (const symbol of request.symbols) this.unknownOf(request.channel).delete(symbol);
    this.#requests.push(request);
  }

  /** A tab waits no more; without one named, none does. @param {Tab} [tab] */
  drop(tab) {
    return this.#takeIf((request) => tab === undefined || request.tab === tab);
  }

  /** @param {Command} command */
  cancel(command) {
    this.#takeIf((request) => request.command === command);
  }

  /** The server was asked for more of a channel. @param {string} channel */
  expect(channel) {
    if (channel === CHANNEL.TRADES) this.#coming += 1;
  }

  /** The server said how a channel goes on. @param {string} channel */
  settle(channel) {
    this.#settled.add(channel);
    if (channel === CHANNEL.TRADES) this.#coming = Math.max(0, this.#coming - 1);
  }

  /** It must say so again; of every channel, without one named. @param {string} [channel] */
  unsettle(channel) {
    if (channel === undefined || channel === CHANNEL.TRADES) this.#coming = 0;
    if (channel === undefined) this.#settled.clear();
    else this.#settled.delete(channel);
  }

  /** Serve those whose time has come. */
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
    if (!tab.wanted.has(channel)) return true;
    if (!this.#known.isWhole(channel)) return false;
    if (TAPE_CHANNELS.includes(channel) && !this.#settled.has(channel)) return false;
    if (channel === CHANNEL.TRADES) return this.#coming === 0;
    if (!KEYED_CHANNELS.includes(channel)) return true;
    return symbols.every((symbol) => this.#known.holds(symbol) || this.unknownOf(channel).has(symbol));
  }
}
