// @ts-check
/**
 * What one connection has received, kept so that other tabs can get it from here, at any time. Twin of the
 * replica of dashboard/delivery in the browser.
 * Pure: no page, no network, no clock. Must not know who asks.
 */

import {CHANNEL, HEARTBEAT, parsePosition} from "../wire/frames.js";
import {Bars} from "./bars.js";
import {Board, Gap} from "./board.js";
import {Books} from "./books.js";
import {Inbox} from "./inbox.js";
import {Recent} from "./recent.js";

/** @typedef {import("../wire/frames.js").Frame} Frame */
/** @typedef {import("../wire/frames.js").MarketFrame} MarketFrame */

export class Replica {
  #board = new Board();
  #recent = new Recent();
  #bars = new Bars();
  #books = new Books();
  #inbox = new Inbox();
  /** @type {import("../wire/frames.js").WatchlistFrame | null} */
  #watchlist = null;
  /** Channels with a gap, or with a snapshot that is still arriving. @type {Set<string>} */
  #unfit = new Set();
  /** The `ts` of each channel's last frame. @type {Map<string, number>} */
  #ts = new Map();

  /**
   * Take a frame. Return false for one that leaves a gap.
   * @param {Frame} frame
   */
  apply(frame) {
    switch (frame.channel) {
      case HEARTBEAT:
        if (frame.confirms.includes(CHANNEL.TRADES)) this.#recent.raise(frame.seq);
        if (frame.confirms.includes(CHANNEL.BARS)) this.#bars.raise(frame.seq);
        if (frame.confirms.includes(CHANNEL.DEPTH)) this.#books.raise(frame.seq);
        return this.#applyMarket(frame);
      case CHANNEL.TRADES:
        this.#ts.set(frame.channel, frame.ts);
        return this.#recent.apply(frame);
      case CHANNEL.BARS:
        this.#ts.set(frame.channel, frame.ts);
        return !(this.#bars.apply(frame) instanceof Gap);
      case CHANNEL.DEPTH:
        this.#ts.set(frame.channel, frame.ts);
        return !(this.#books.apply(frame) instanceof Gap);
      case CHANNEL.NOTIFICATIONS:
        this.#inbox.apply(frame);
        return true;
      case CHANNEL.WATCHLIST:
        this.#watchlist = frame;
        return true;
      default:
        return this.#applyMarket(/** @type {MarketFrame} */ (frame));
    }
  }

  /** Say whether a snapshot of a channel can be made. @param {string} channel */
  isWhole(channel) {
    if (channel === CHANNEL.TRADES) return this.#recent.isWhole;
    if (channel === CHANNEL.BARS) return this.#bars.isWhole;
    if (channel === CHANNEL.DEPTH) return this.#books.isWhole;
    if (channel === CHANNEL.NOTIFICATIONS) return this.#inbox.position !== null;
    if (channel === CHANNEL.WATCHLIST) return this.#watchlist !== null;
    return this.position(channel) !== null && !this.#unfit.has(channel);
  }

  /** Say whether the price or the book of a symbol, or the bars of a name, are known; there may be none. @param {string} channel @param {string} symbol */
  holds(channel, symbol) {
    if (channel === CHANNEL.DEPTH) return this.#books.holds(symbol);
    return symbol.includes("@") ? this.#bars.holds(symbol) : this.#board.holds(symbol);
  }

  /**
   * Return the position of a channel to resume from; null when it needs a snapshot.
   * @param {string} channel
   * @param {Iterable<string>} [symbols]
   */
  position(channel, symbols = []) {
    if (channel === CHANNEL.TRADES) return this.#recent.position;
    if (channel === CHANNEL.BARS) return this.#bars.position(symbols);
    if (channel === CHANNEL.DEPTH) return this.#books.position(symbols);
    if (channel === CHANNEL.NOTIFICATIONS) return this.#inbox.position;
    return channel === CHANNEL.WATCHLIST ? null : this.#board.position(channel, symbols);
  }

  /** Return the position of a channel as epoch and sequence. @param {string} channel */
  place(channel) {
    return parsePosition(this.position(channel)) ?? {epoch: "", sequence: 0};
  }

  /** Return when the last frame of a channel left the server (UTC ms). @param {string} channel */
  ts(channel) {
    return this.#ts.get(channel) ?? 0;
  }

  /** Continue with trades at a position, without knowing what was before. @param {string | null} position */
  standTrades(position) {
    this.#recent.stand(position);
  }

  /** Note that trades of these symbols are asked for from now on. @param {Iterable<string>} symbols */
  expectTrades(symbols) {
    this.#recent.expect(symbols);
  }

  /**
   * Return a snapshot of a channel as it is now.
   * @param {string} channel
   * @param {Iterable<string>} symbols of prices and trades; names of bars
   * @returns {Frame}
   */
  snapshot(channel, symbols) {
    if (channel === CHANNEL.NOTIFICATIONS) {
      const {notices, unread, position} = this.#inbox;
      return {channel, type: "snapshot", seq: Number(position), unread, data: notices};
    }
    if (channel === CHANNEL.WATCHLIST) return this.#watchlist ?? {channel, type: "snapshot", data: [], version: "", lists: []};
    const {epoch, sequence} = this.place(channel);
    const data = this.#entries(channel, [...symbols]);
    return /** @type {Frame} */ ({channel, type: "snapshot", epoch, seq: sequence, ts: this.ts(channel), data});
  }

  /**
   * Return the trades of symbols after a sequence, or null when some may be missing.
   * @param {Iterable<string>} symbols
   * @param {number} sequence
   */
  tradesAfter(symbols, sequence) {
    return this.#recent.after(symbols, sequence);
  }

  /**
   * Forget symbols that no tab wants any more.
   * @param {string} channel
   * @param {string[]} symbols
   */
  forget(channel, symbols) {
    if (channel === CHANNEL.TICKER) this.#board.forget(symbols);
    if (channel === CHANNEL.TRADES) this.#recent.forget(symbols);
    if (channel === CHANNEL.BARS) this.#bars.forget(symbols);
    if (channel === CHANNEL.DEPTH) this.#books.forget(symbols);
  }

  /** @param {MarketFrame} frame */
  #applyMarket(frame) {
    const isWhole = !(this.#board.apply(frame) instanceof Gap);
    if (frame.channel === HEARTBEAT) return true;
    if (isWhole) this.#ts.set(frame.channel, frame.ts);
    if (isWhole && !("more" in frame && frame.more)) this.#unfit.delete(frame.channel);
    else this.#unfit.add(frame.channel);
    return isWhole;
  }

  /** @param {string} channel @param {string[]} symbols */
  #entries(channel, symbols) {
    const {rows, feeds, instruments} = this.#board;
    if (channel === CHANNEL.STATUS) return [...feeds.values(), ...instruments.values()];
    if (channel === CHANNEL.TRADES) return this.#recent.newest(symbols);
    const known = symbols.filter((symbol) => this.holds(channel, symbol));
    if (channel === CHANNEL.BARS) return known.flatMap((name) => this.#barsOf(name));
    if (channel === CHANNEL.DEPTH) return known.map((symbol) => this.#books.of(symbol));
    // A snapshot stands for no ticks: receipts count those of updates.
    return known.map((s) => ({n: 0, ...(rows.get(s) ?? {s, gone: true})}));
  }

  /** @param {string} name @returns {(import("../wire/frames.js").Bar | import("../wire/frames.js").NoBar | import("../wire/frames.js").GoneBar)[]} */
  #barsOf(name) {
    const bars = this.#bars.of(name);
    const [s = "", iv = ""] = name.split("@");
    return bars.length ? [...bars, ...this.#bars.looseOf(name)] : [{s, iv, none: true}];
  }
}
