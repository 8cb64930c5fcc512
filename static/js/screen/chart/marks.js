// @ts-check
/**
 * What happened to an instrument, at the bars in which it did: auctions of each day, halts, pauses and their ends.
 * Pure.
 */

import {daySpans} from "./days.js";

/** @typedef {import("../../wire/frames.js").Bar} Bar */
/** @typedef {import("../../wire/frames.js").Feed} Feed */
/** @typedef {import("../../wire/frames.js").Instrument} Instrument */
/** @typedef {import("./days.js").ExchangeTimes} ExchangeTimes */
/** @typedef {import("./price_chart.js").TimeMark} TimeMark */
/** A change of phase at `t` in the exchange's time. @typedef {{t: number, phase: string, before: string}} PhaseChange */

/** Bars that are shorter than the pause between two days, but not too many per day to be told apart. */
const WITH_AUCTIONS = Object.freeze(["1m", "5m", "15m"]);
/** Milliseconds of the letter of an interval. @type {Record<string, number>} */
const UNITS_MS = Object.freeze({s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000});
/** @type {Record<string, string>} */
const STOPS = Object.freeze({HALTED: "Halt", LIMIT: "Limit"});
const MOST_CHANGES = 50;

/** The changes of phase of one instrument since the page knows it. */
export class PhaseLog {
  /** @type {PhaseChange[]} */
  changes = [];
  #phase = "";

  /** @param {Instrument | undefined} instrument @param {Feed | undefined} feed whose clock says when */
  hear(instrument, feed) {
    if (!instrument || !feed || instrument.ph === this.#phase) return;
    const change = {t: feed.clock + (instrument.t - feed.t) * feed.scale, phase: instrument.ph, before: this.#phase};
    // An instrument that does not trade when the page opens is marked as well.
    if (this.#phase || instrument.ph in STOPS) this.changes = [...this.changes, change].slice(-MOST_CHANGES);
    this.#phase = instrument.ph;
  }
}

/**
 * Return the marks of bars, in the order of time.
 * @param {readonly Bar[]} bars
 * @param {{
 *   interval: string, times: ExchangeTimes, hasAuctions: boolean, changes: readonly PhaseChange[], fired?: readonly number[],
 * }} facts `fired`: when an alert would have fired, in the exchange's time and in order
 * @returns {TimeMark[]}
 */
export function marksOf(bars, {interval, times, hasAuctions, changes, fired = []}) {
  const auctions = hasAuctions && WITH_AUCTIONS.includes(interval) ? auctionMarks(bars, times) : [];
  return [...auctions, ...stopMarks(bars, changes), ...firedMarks(bars, interval, fired)].sort((a, b) => a.t - b.t);
}

/** The first known day may have begun before its first known bar, and the last one has not ended. @param {readonly Bar[]} bars @param {ExchangeTimes} times */
function auctionMarks(bars, times) {
  const spans = daySpans(bars.map(({t}) => times.day(t)));
  const at = (/** @type {number} */ index) => bars[index]?.t ?? 0;
  // On both sides of the bars, as the last bar of a day stands beside the first of the next.
  const opens = spans.slice(1).map(({from}) => ({t: at(from), text: "Open", isBelow: true, isUrgent: false}));
  return [...opens, ...spans.slice(0, -1).map(({to}) => ({t: at(to), text: "Close", isBelow: false, isUrgent: false}))];
}

/** @param {readonly Bar[]} bars @param {readonly PhaseChange[]} changes @returns {TimeMark[]} */
function stopMarks(bars, changes) {
  return changes.flatMap(({t, phase, before}) => {
    const bar = bars.findLast((each) => each.t <= t);
    const text = STOPS[phase] ?? (before in STOPS ? "Resumed" : "");
    return bar && text ? [{t: bar.t, text, isBelow: false, isUrgent: phase in STOPS}] : [];
  });
}

/** One mark for each bar in which an alert would have fired. A time without a bar has none. @param {readonly Bar[]} bars @param {string} interval @param {readonly number[]} fired @returns {TimeMark[]} */
function firedMarks(bars, interval, fired) {
  const length_ms = Number.parseInt(interval, 10) * (UNITS_MS[interval.at(-1) ?? ""] ?? 0);
  /** @type {Map<number, number>} */
  const counts = new Map();
  let next = 0;
  for (const {t} of bars) {
    while (next < fired.length && (fired[next] ?? 0) < t) next += 1;
    const from = next;
    while (next < fired.length && (fired[next] ?? 0) < t + length_ms) next += 1;
    if (next > from) counts.set(t, next - from);
  }
  return [...counts].map(([t, count]) => ({t, text: count > 1 ? `Alert \u00d7${count}` : "Alert", isBelow: true, isUrgent: true}));
}
