// @ts-check
/**
 * The newest trades of the wanted symbols, each once and in order, with a mark where trades are missing.
 * Pure: no page, no network, no clock.
 */

import {encodePosition} from "../wire/frames.js";

/** @typedef {import("../wire/frames.js").Trade} Trade */
/** @typedef {import("../wire/frames.js").TradesFrame} TradesFrame */
/**
 * A line: a trade, or null where trades are missing. `era` counts epochs; `at` is the sequence within the epoch.
 * @typedef {{key: string, era: number, at: number, trade: Trade | null}} TapeLine
 */

/** As many lines as people look through. */
export const KEPT = 200;

export class Tape {
  /** Oldest first. @type {TapeLine[]} */
  lines = [];
  /** @type {{epoch: string, sequence: number} | null} */
  #place = null;
  #isBroken = false;
  /** Whether the server sends us trades: before that, its heartbeats say nothing about trades. */
  #isFollowed = false;
  /** Sequences start again with each epoch. */
  #era = 0;
  /** @type {Set<string>} */
  #symbols = new Set();

  /** The position of the tape; null before its first snapshot. */
  get position() {
    return this.#place && encodePosition(this.#place.epoch, this.#place.sequence);
  }

  /** Want the trades of these symbols; drop those of others. @param {Iterable<string>} symbols */
  want(symbols) {
    this.#symbols = new Set(symbols);
    this.lines = this.lines.filter(({trade}) => trade === null || this.#symbols.has(trade.s));
  }

  /** Start again: nothing is known, and the next snapshot is the first. */
  clear() {
    this.lines = [];
    this.#place = null;
    this.#isBroken = this.#isFollowed = false;
  }

  /** Note that the server was asked for the channel, or has answered. @param {boolean} isAnswered */
  follow(isAnswered) {
    this.#isFollowed = isAnswered;
  }

  /** Note that nothing is missing up to a sequence. @param {number} sequence */
  raise(sequence) {
    if (this.#place && this.#isFollowed && !this.#isBroken) this.#place.sequence = Math.max(this.#place.sequence, sequence);
  }

  /**
   * Take a frame. Return false for one that leaves a gap. An update before the first snapshot belongs to an earlier
   * subscription, so it is ignored.
   * @param {TradesFrame} frame
   */
  apply(frame) {
    if (frame.type === "snapshot") this.#renew(frame);
    else if (this.#place === null) return true;
    else this.#isBroken = this.#place.sequence !== frame.from;
    if (this.#isBroken || !this.#place) return false;
    this.#place.sequence = frame.seq;
    this.#take(frame.data);
    return true;
  }

  /** Take trades, but none of before the start of the tape, as others of that time are missing. @param {Trade[]} trades */
  #take(trades) {
    const [oldest] = this.lines;
    const floor = oldest?.era === this.#era ? oldest.at : 0;
    const wanted = trades.filter(({s, i}) => this.#symbols.has(s) && i >= floor);
    this.#add(wanted.map((trade) => this.#line(trade.i, trade)));
  }

  /** @param {import("../wire/frames.js").TradesSnapshot} frame */
  #renew({epoch, seq, gap}) {
    const isOther = this.#place !== null && this.#place.epoch !== epoch;
    if (this.#place && (gap || isOther)) this.#add([this.#line(this.#place.sequence + 0.5, null)]);
    if (isOther) this.#era += 1;
    this.#place = {epoch, sequence: seq};
    this.#isBroken = false;
    this.#isFollowed = true;
  }

  /** @param {number} at @param {Trade | null} trade @returns {TapeLine} */
  #line(at, trade) {
    return {key: `${this.#era}:${at}`, era: this.#era, at, trade};
  }

  /** Add lines in order: a snapshot may repeat known trades, and bring older ones of another symbol. @param {TapeLine[]} lines */
  #add(lines) {
    const known = new Set(this.lines.map(({key}) => key));
    const added = lines.filter(({key}) => !known.has(key));
    const all = [...this.lines, ...added].sort((a, b) => a.era - b.era || a.at - b.at);
    this.lines = all.slice(-KEPT);
  }
}
