// @ts-check
/**
 * The bars of symbols and intervals as known, for charts; twin of feeds/bars.py on the other end of the wire.
 * They go by their names, as NVX@1m. Snapshot plus updates is again a snapshot; older bars may be laid under them.
 * Pure: no page, no network, no clock.
 */

import {barsName, encodePosition} from "../wire/frames.js";
import {Gap} from "./board.js";

/** @typedef {import("../wire/frames.js").Bar} Bar */
/** @typedef {import("../wire/frames.js").BarsFrame} BarsFrame */

/** Bars kept of each name; more are had by REST. */
const CAPACITY = 1_000;

export class Bars {
  /** The bars of each name by when they begin, in that order. @type {Map<string, Map<number, Bar>>} */
  #bars = new Map();
  /** @type {{epoch: string, sequence: number} | null} */
  #place = null;
  #isBroken = false;
  /** Names that the snapshot which is arriving has known of. @type {Set<string>} */
  #begun = new Set();

  /** Whether nothing is missing, and no snapshot is arriving. */
  get isWhole() {
    return this.#place !== null && !this.#isBroken && this.#begun.size === 0;
  }

  /** Where these bars stand on the tape. */
  get place() {
    return this.#place ?? {epoch: "", sequence: 0};
  }

  /** Say whether the bars of a name are known, be it that there are none. @param {string} name */
  holds(name) {
    return this.#bars.has(name);
  }

  /**
   * Return where these names stand, to resume from; null when one of them is not known yet.
   * @param {Iterable<string>} names
   */
  position(names) {
    const isKnown = [...names].every((name) => this.holds(name));
    return this.#place && isKnown ? encodePosition(this.#place.epoch, this.#place.sequence) : null;
  }

  /** Return the bars of a name, the oldest first. @param {string} name @returns {Bar[]} */
  of(name) {
    return [...(this.#bars.get(name)?.values() ?? [])];
  }

  /**
   * Take a frame; return the names that changed, or the gap that it shows.
   * @param {BarsFrame} frame
   * @returns {Set<string> | Gap}
   */
  apply(frame) {
    if (frame.type === "snapshot") return this.#begin(frame);
    this.#isBroken = this.#place?.sequence !== frame.from;
    if (this.#isBroken || !this.#place) return new Gap(frame.channel, frame.from, this.#place?.sequence ?? null);
    for (const bar of frame.data) this.#put(bar);
    this.#place.sequence = frame.seq;
    return new Set(frame.data.map(barsName));
  }

  /** Nothing is missing up to a sequence. @param {number} sequence */
  raise(sequence) {
    if (this.#place && !this.#isBroken) this.#place.sequence = Math.max(this.#place.sequence, sequence);
  }

  /**
   * Lay older bars under those that were known, which count more.
   * @param {string} name
   * @param {Bar[]} bars the oldest first
   */
  lay(name, bars) {
    const known = this.of(name);
    const first = known.length ? known[0].t : Infinity;
    const older = bars.filter(({t}) => t < first);
    const kept = [...older, ...known].slice(-CAPACITY);
    this.#bars.set(name, new Map(kept.map((bar) => [bar.t, bar])));
  }

  /** @param {Iterable<string>} names */
  forget(names) {
    for (const name of names) this.#bars.delete(name);
  }

  /**
   * What a snapshot tells is known anew from its first bar of each name on; what is older stays.
   * @param {import("../wire/frames.js").BarsSnapshot} frame
   */
  #begin({epoch, seq, more, data}) {
    for (const entry of data) {
      const name = barsName(entry);
      if (!this.#begun.has(name)) this.#cut(name, "none" in entry ? Infinity : entry.t);
      this.#begun.add(name);
      if (!("none" in entry)) this.#put(entry);
    }
    const changed = new Set(data.map(barsName));
    if (more) return changed;
    this.#begun.clear();
    this.#place = {epoch, sequence: seq};
    this.#isBroken = false;
    return changed;
  }

  /** @param {string} name @param {number} from */
  #cut(name, from) {
    const older = this.of(name).filter(({t}) => t < from);
    this.#bars.set(name, new Map(older.map((bar) => [bar.t, bar])));
  }

  /** @param {Bar} bar */
  #put(bar) {
    const name = barsName(bar);
    /** @type {Map<number, Bar>} */
    const bars = this.#bars.get(name) ?? new Map();
    this.#bars.set(name, bars);
    bars.set(bar.t, bar);
    if (bars.size > CAPACITY) bars.delete(Number(bars.keys().next().value));
  }
}
