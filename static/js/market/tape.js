// @ts-check
/**
 * The newest trades of the wanted symbols, each once and in order, with a mark where trades are missing. A correction
 * mends its trade where it stands.
 * Pure: no page, no network, no clock.
 */

import {encodePosition} from "../wire/frames.js";

/** @typedef {import("../wire/frames.js").Trade} Trade */
/** @typedef {import("../wire/frames.js").Correction} Correction */
/** @typedef {import("../wire/frames.js").TradesFrame} TradesFrame */
/**
 * A trade as it is now. `fix`: it came late, was corrected or was cancelled; `before`: what was sent first, if that was
 * something else; `fixed`: the sequence of its last correction.
 * @typedef {Trade & {fix?: string, before?: {p: number, q: number}, fixed?: number}} TapeTrade
 * A line: a trade, or null where trades are missing. `era` counts epochs; `at` is the sequence within the epoch.
 * @typedef {{key: string, era: number, at: number, trade: TapeTrade | null}} TapeLine
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

  /**
   * Take trades, except those from before the start of the tape: others of that time are missing. Then mend them.
   * @param {(Trade | Correction)[]} entries
   */
  #take(entries) {
    const [oldest] = this.lines;
    const floor = oldest?.era === this.#era ? oldest.at : 0;
    const wanted = entries.filter(({s, i}) => this.#symbols.has(s) && i >= floor);
    this.#add(wanted.flatMap((entry) => "fix" in entry ? [] : [this.#line(entry.i, entry)]));
    for (const entry of wanted) if ("fix" in entry) this.#mend(entry);
  }

  /** Mend the trade that a correction is about, if it is among the lines. @param {Correction} correction */
  #mend(correction) {
    const {s, ref, new_ref = ref, fix, i, p, q} = correction;
    const at = this.lines.findLastIndex(({era, trade}) => era === this.#era && trade?.s === s && ref !== undefined && trade.ref === ref && trade.i < i);
    const line = this.lines[at];
    // A snapshot may repeat a correction that has been taken already.
    if (!line?.trade || (line.trade.fixed ?? 0) >= i) return;
    const {before = {p: line.trade.p, q: line.trade.q}, ...trade} = line.trade;
    const right = {p: p ?? trade.p, q: q ?? trade.q};
    const isOther = right.p !== before.p || right.q !== before.q;
    /** @type {TapeTrade} */
    const mended = {...trade, ...right, fix, fixed: i, ...(new_ref !== undefined && {ref: new_ref}), ...(isOther && {before})};
    this.lines = this.lines.with(at, {...line, trade: mended});
  }

  /** @param {import("../wire/frames.js").TradesSnapshot} frame */
  #renew({epoch, seq, gap}) {
    const isOther = this.#place !== null && this.#place.epoch !== epoch;
    // Half a sequence, so that the mark stands between two trades and has the key of neither.
    if (this.#place && (gap || isOther)) this.#add([this.#line(this.#place.sequence + 0.5, null)]);
    if (isOther) this.#era += 1;
    this.#place = {epoch, sequence: seq};
    this.#isBroken = false;
    this.#isFollowed = true;
  }

  /** @param {number} at @param {TapeTrade | null} trade @returns {TapeLine} */
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
