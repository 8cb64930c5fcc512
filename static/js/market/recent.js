// @ts-check
/**
 * The newest trades of each symbol, each once and in order. It knows from which sequence on none is missing.
 * Pure: no page, no network, no clock.
 */

import {encodePosition, parsePosition} from "../wire/frames.js";

/** A trade, or what became of one. @typedef {import("../wire/frames.js").Trade | import("../wire/frames.js").Correction} Trade */
/** @typedef {import("../wire/frames.js").TradesFrame} TradesFrame */

/** As many as a snapshot of the server holds. */
const NEWEST = 50;
/** The most trades that are kept of a symbol, for tabs that were away. */
const CAPACITY = 1_000;

export class Recent {
  /** @type {{epoch: string, sequence: number} | null} */
  #place = null;
  #isBroken = false;
  /** Whether the server sends us trades: before that, its heartbeats say nothing about trades. */
  #isFollowed = false;
  /** All trades after this sequence are known, */
  #since = 0;
  /** @type {Map<string, Trade[]>} */
  #trades = new Map();
  /** except for symbols with a later start of their own. @type {Map<string, number>} */
  #floors = new Map();

  /** The position of these trades; null before the first frame. */
  get position() {
    return this.#place && encodePosition(this.#place.epoch, this.#place.sequence);
  }

  /** Whether nothing is missing up to that position. */
  get isWhole() {
    return this.#place !== null && !this.#isBroken;
  }

  /**
   * Start at a position, without knowing what was before.
   * @param {string | null} position
   */
  stand(position) {
    this.#place = parsePosition(position);
    this.#since = this.#place?.sequence ?? 0;
    this.#isBroken = this.#isFollowed = false;
    this.#trades.clear();
    this.#floors.clear();
  }

  /** Note that nothing is missing up to a sequence. @param {number} sequence */
  raise(sequence) {
    if (this.#place && this.#isFollowed && !this.#isBroken) this.#place.sequence = Math.max(this.#place.sequence, sequence);
  }

  /**
   * Take a frame. Return false for one that leaves a gap.
   * @param {TradesFrame} frame
   */
  apply(frame) {
    if (frame.type === "snapshot") this.#renew(frame);
    else this.#isBroken = this.#place?.sequence !== frame.from;
    if (this.#isBroken || !this.#place) return false;
    this.#isFollowed = true;
    for (const trade of frame.data) this.#add(trade);
    this.#place.sequence = frame.seq;
    return true;
  }

  /**
   * Note that symbols are asked for from now on. A snapshot may bring earlier trades of them.
   * @param {Iterable<string>} symbols
   */
  expect(symbols) {
    const {sequence = 0} = this.#place ?? {};
    for (const symbol of symbols) if (!this.#trades.has(symbol)) this.#floors.set(symbol, sequence);
  }

  /**
   * Return the trades of symbols after a sequence, or null when some of them may be missing.
   * @param {Iterable<string>} symbols
   * @param {number} sequence
   */
  after(symbols, sequence) {
    const named = [...symbols];
    const isKnown = named.every((symbol) => sequence >= this.#floorOf(symbol));
    return isKnown ? this.#of(named).filter(({i}) => i > sequence) : null;
  }

  /**
   * Return the newest trades of symbols, in order. None is missing between them.
   * @param {Iterable<string>} symbols
   */
  newest(symbols) {
    const named = [...symbols];
    const floor = Math.max(0, ...named.map((symbol) => this.#floorOf(symbol)));
    return this.#of(named).filter(({i}) => i > floor).slice(-NEWEST);
  }

  /** @param {Iterable<string>} symbols */
  forget(symbols) {
    for (const symbol of symbols) {
      this.#trades.delete(symbol);
      this.#floors.delete(symbol);
    }
  }

  /** Return the sequence after which all trades of a symbol are known. @param {string} symbol */
  #floorOf(symbol) {
    return this.#floors.get(symbol) ?? this.#since;
  }

  /** @param {string[]} symbols */
  #of(symbols) {
    return symbols.flatMap((symbol) => this.#trades.get(symbol) ?? []).sort((a, b) => a.i - b.i);
  }

  /** @param {import("../wire/frames.js").TradesSnapshot} frame */
  #renew({epoch, seq, gap, data}) {
    const isNew = this.#place?.epoch !== epoch || gap;
    if (isNew) this.stand(encodePosition(epoch, seq));
    // Nothing is known of the time before the oldest trade in the snapshot.
    const floor = (data[0]?.i ?? 1) - 1;
    if (isNew) this.#since = floor;
    for (const {s} of data) if (!this.#trades.has(s)) this.#floors.set(s, floor);
    this.#isBroken = false;
  }

  /** @param {Trade} trade */
  #add(trade) {
    const known = this.#trades.get(trade.s) ?? [];
    this.#trades.set(trade.s, known);
    if (trade.i <= (known.at(-1)?.i ?? 0)) return;
    known.push(trade);
    if (known.length > CAPACITY) this.#floors.set(trade.s, /** @type {Trade} */ (known.shift()).i);
  }
}
