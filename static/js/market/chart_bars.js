// @ts-check
/**
 * The bars of one chart: those of the wire, with older ones before them.
 * Pure: no page, no network, no clock. Must not know who reads the older bars.
 */

import {barsName, encodePosition} from "../wire/frames.js";
import {Bars} from "./bars.js";
import {Gap} from "./board.js";

/** @typedef {import("../wire/frames.js").Bar} Bar */
/** @typedef {import("../wire/frames.js").BarsFrame} BarsFrame */

/** The most bars of a chart: each picture looks at all of them. */
export const MOST_BARS = 10_000;
/** Bars that may follow before the oldest ones drop out. */
const ROOM = 1_000;

export class ChartBars {
  name;
  #bars = new Bars();
  /** The position of the last snapshot: its parts share it. */
  #snapshotAt = "";
  /** Grows with each snapshot. What was read for an earlier one does not fit any more. */
  generation = 0;
  #isJoined = false;

  /** @param {{s: string, iv: string}} chart symbol and interval */
  constructor(chart) {
    this.name = barsName(chart);
  }

  /** The position to resume from; null when a snapshot is needed. */
  get position() {
    return this.#bars.position([this.name]);
  }

  /** Whether a whole snapshot is here, so that older bars can be read. */
  get hasBegun() {
    return this.#snapshotAt !== "" && this.#bars.isWhole;
  }

  /** Whether the older bars stand before those of the wire, without a hole between them. */
  get isJoined() {
    return this.#isJoined;
  }

  /** All bars, the oldest first; the last is live unless it is closed. @returns {Bar[]} */
  get all() {
    return this.#bars.of(this.name);
  }

  /** Where the older bars must end: when the first known bar begins; null without any. */
  get olderEnd_ms() {
    return this.all[0]?.t ?? null;
  }

  /** Whether there is no room for older bars. */
  get isFull() {
    return this.all.length >= MOST_BARS;
  }

  /**
   * Take a frame. Return false for one that leaves a gap. An update before the first snapshot belongs to an earlier
   * subscription, so it is ignored.
   * @param {BarsFrame} frame
   */
  take(frame) {
    if (frame.type === "snapshot") this.#begin(frame);
    else if (this.#snapshotAt === "") return true;
    return !(this.#bars.apply(frame) instanceof Gap);
  }

  /** Note that nothing is missing up to a sequence. @param {number} sequence */
  raise(sequence) {
    this.#bars.raise(sequence);
  }

  /**
   * Put older bars before the known ones, of which there may be older ones already.
   * @param {Bar[]} older the oldest first
   * @param {number} generation for which they were read; of an earlier one they are ignored
   */
  join(older, generation) {
    if (generation !== this.generation) return;
    this.#bars.capacity = Math.min(MOST_BARS, this.all.length + older.length + ROOM);
    this.#bars.lay(this.name, older);
    this.#isJoined = true;
  }

  /**
   * Start again: between the bars before a snapshot and its own some may be missing, so the older ones are read again.
   * @param {import("../wire/frames.js").BarsSnapshot} frame
   */
  #begin({epoch, seq}) {
    const at = encodePosition(epoch, seq);
    if (at === this.#snapshotAt) return;
    this.#snapshotAt = at;
    this.#bars = new Bars();
    this.generation += 1;
    this.#isJoined = false;
  }
}
