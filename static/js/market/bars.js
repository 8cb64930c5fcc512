// @ts-check
/**
 * The bars that this page knows, for charts, by name: NVX@1m. Twin of the bars of feeds/market in the browser.
 * A snapshot plus updates is again a snapshot. Older bars may be put before those of the wire.
 * Pure: no page, no network, no clock.
 */

import {barsName, encodePosition} from "../wire/frames.js";
import {Gap} from "./board.js";

/** @typedef {import("../wire/frames.js").Bar} Bar */
/** @typedef {import("../wire/frames.js").GoneBar} GoneBar */
/** @typedef {import("../wire/frames.js").BarsFrame} BarsFrame */

/** The most bars that are kept of each name, unless there is more room; older ones are available by REST. */
const CAPACITY = 1_000;

export class Bars {
  /** The most bars that are kept of each name. */
  capacity = CAPACITY;
  /** The bars of each name, by their start and in that order. @type {Map<string, Map<number, Bar>>} */
  #bars = new Map();
  /** Amended bars that begin before the known ones. They belong there once the older bars are here. @type {Map<string, Map<number, Bar | GoneBar>>} */
  #loose = new Map();
  /** @type {{epoch: string, sequence: number} | null} */
  #place = null;
  #isBroken = false;
  /** The names in the parts of a snapshot that have arrived so far, and its position. @type {Set<string>} */
  #begun = new Set();
  #begunAt = "";

  /** Whether nothing is missing and no snapshot is still arriving. */
  get isWhole() {
    return this.#place !== null && !this.#isBroken && this.#begun.size === 0;
  }

  /** The position of these bars on the tape. */
  get place() {
    return this.#place ?? {epoch: "", sequence: 0};
  }

  /** Say whether the bars of a name are known, even if there are none yet. @param {string} name */
  holds(name) {
    return this.#bars.has(name);
  }

  /**
   * Return the position to resume from; null when one of the names is not known yet, or only in part: the
   * connection may end between the frames of a snapshot.
   * @param {Iterable<string>} names
   */
  position(names) {
    const isKnown = this.#begun.size === 0 && [...names].every((name) => this.holds(name));
    return this.#place && isKnown ? encodePosition(this.#place.epoch, this.#place.sequence) : null;
  }

  /** Return the amended bars that begin before the known ones. @param {string} name @returns {(Bar | GoneBar)[]} */
  looseOf(name) {
    return [...(this.#loose.get(name)?.values() ?? [])];
  }

  /** Return the bars of a name, the oldest first. @param {string} name @returns {Bar[]} */
  of(name) {
    return [...(this.#bars.get(name)?.values() ?? [])];
  }

  /**
   * Take a frame. Return the names that changed, or the gap before the frame.
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

  /** Note that nothing is missing up to a sequence. @param {number} sequence */
  raise(sequence) {
    if (this.#place && !this.#isBroken) this.#place.sequence = Math.max(this.#place.sequence, sequence);
  }

  /**
   * Put older bars before the known ones. Where both have a bar, the known one stays. Those that were amended meanwhile
   * take the place of older ones.
   * @param {string} name
   * @param {Bar[]} bars the oldest first
   */
  lay(name, bars) {
    const known = this.of(name);
    const first = known[0]?.t ?? Infinity;
    const older = bars.filter(({t}) => t < first);
    const kept = [...older, ...known].slice(-this.capacity);
    this.#bars.set(name, new Map(kept.map((bar) => [bar.t, bar])));
    const from = older[0]?.t ?? -Infinity;
    const [before, inside] = [this.looseOf(name).filter(({t}) => t < from), this.looseOf(name).filter(({t}) => t >= from)];
    this.#loose.set(name, new Map(before.map((bar) => [bar.t, bar])));
    for (const bar of inside) this.#amend(name, bar);
  }

  /** @param {Iterable<string>} names */
  forget(names) {
    for (const name of names) {
      this.#bars.delete(name);
      this.#loose.delete(name);
    }
  }

  /**
   * Take a snapshot: for each name it replaces everything from its first bar on. Older bars stay.
   * @param {import("../wire/frames.js").BarsSnapshot} frame
   */
  #begin({epoch, seq, more, data}) {
    const position = encodePosition(epoch, seq);
    if (position !== this.#begunAt) this.#begun.clear();
    this.#begunAt = position;
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

  /** @param {Bar | GoneBar} bar */
  #put(bar) {
    const name = barsName(bar);
    /** @type {Map<number, Bar>} */
    const bars = this.#bars.get(name) ?? new Map();
    this.#bars.set(name, bars);
    if (bar.rev === undefined) {
      // It may have been gone for a while, before anything else was known.
      this.#loose.get(name)?.delete(bar.t);
      this.#append(bars, /** @type {Bar} */ (bar));
    }
    else if (bar.t < (bars.keys().next().value ?? Infinity)) this.#loosen(name, bar);
    else this.#amend(name, bar);
  }

  /** Keep an amended bar that begins before the known ones: between it and them others are missing. @param {string} name @param {Bar | GoneBar} bar */
  #loosen(name, bar) {
    /** @type {Map<number, Bar | GoneBar>} */
    const loose = this.#loose.get(name) ?? new Map();
    this.#loose.set(name, loose);
    loose.delete(bar.t);
    loose.set(bar.t, bar);
    if (loose.size > this.capacity) loose.delete(Number(loose.keys().next().value));
  }

  /**
   * Put an amended bar in its place. It is closed, so it says nothing about those after it.
   * @param {string} name
   * @param {Bar | GoneBar} bar
   */
  #amend(name, bar) {
    /** @type {Map<number, Bar>} */
    const bars = this.#bars.get(name) ?? new Map();
    if ("gone" in bar) {
      bars.delete(bar.t);
      return;
    }
    if (bars.has(bar.t)) {
      bars.set(bar.t, bar);
      return;
    }
    const all = [...bars.values(), bar].sort((a, b) => a.t - b.t).slice(-this.capacity);
    this.#bars.set(name, new Map(all.map((each) => [each.t, each])));
  }

  /** @param {Map<number, Bar>} bars @param {Bar} bar */
  #append(bars, bar) {
    // Bars come in the order of time. Later ones were seen with other rights, or in a market that has begun again
    // earlier.
    for (const later of bars.keys()) if (later > bar.t) bars.delete(later);
    bars.set(bar.t, bar);
    if (bars.size > this.capacity) bars.delete(Number(bars.keys().next().value));
  }
}
