// @ts-check
/**
 * The days of bars, where they begin and end, and the texts of their times in the zone of the exchange.
 * Pure.
 */

/** @typedef {import("../../wire/frames.js").Bar} Bar */

/** The bars of a day: from the first to the last, by their index. @typedef {{from: number, to: number}} DaySpan */

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const UTC = "UTC";

/** @param {string} zone @param {Intl.DateTimeFormatOptions} options */
function faceOf(zone, options) {
  return new Intl.DateTimeFormat("en-GB", {timeZone: zone || UTC, hourCycle: "h23", ...options});
}

/** The times of one exchange. Bars of days begin at midnight UTC, whatever the zone, and have only a date. */
export class ExchangeTimes {
  #zone;
  #faces;
  /** How far the zone is ahead of UTC in each hour. @type {Map<number, number>} */
  #offsets = new Map();

  /** @param {string} zone "" is UTC */
  constructor(zone) {
    this.#zone = zone || UTC;
    this.#faces = {
      parts: faceOf(zone, {year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric"}),
      day: faceOf(UTC, {day: "numeric", month: "short"}),
      year: faceOf(UTC, {day: "numeric", month: "short", year: "numeric"}),
    };
  }

  /** The name of the zone: "New York". */
  get place() {
    return this.#zone.replace(/^.*\//u, "").replaceAll("_", " ");
  }

  /** Return a time as the clocks of the exchange show it, as if they showed UTC (ms). @param {number} at_ms */
  local(at_ms) {
    // Asking the browser for every bar would be slow, and exchanges set their clocks at a full hour.
    const hour = Math.floor(at_ms / HOUR_MS);
    const offset_ms = this.#offsets.get(hour) ?? this.#offset(hour * HOUR_MS);
    this.#offsets.set(hour, offset_ms);
    return at_ms + offset_ms;
  }

  /** Return the number of the day that a time lies in. @param {number} at_ms */
  day(at_ms) {
    return Math.floor(this.local(at_ms) / DAY_MS);
  }

  /** Return the time of a bar: "9 Mar 2026, 14:02". @param {number} at_ms @param {string} interval */
  text(at_ms, interval) {
    if (interval === "1d") return this.#faces.year.format(at_ms);
    return `${this.#faces.day.format(this.local(at_ms))}, ${this.clock(at_ms, interval)}`;
  }

  /** Return the time of day: "14:02", or "14:02:05" of bars of seconds. @param {number} at_ms @param {string} interval */
  clock(at_ms, interval) {
    const text = new Date(this.local(at_ms)).toISOString();
    return text.slice(11, interval.endsWith("s") ? 19 : 16);
  }

  /** Return the date: "9 Mar". @param {number} at_ms @param {string} interval */
  date(at_ms, interval) {
    return this.#faces.day.format(interval === "1d" ? at_ms : this.local(at_ms));
  }

  /** @param {number} at_ms */
  #offset(at_ms) {
    /** @type {Map<string, number>} */
    const found = new Map();
    for (const {type, value} of this.#faces.parts.formatToParts(at_ms)) found.set(type, Number(value));
    const part = (/** @type {string} */ name) => found.get(name) ?? 0;
    return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute")) - at_ms;
  }
}

/**
 * Return where each day begins and ends.
 * @param {readonly number[]} days the number of each bar's day
 * @returns {DaySpan[]}
 */
export function daySpans(days) {
  /** @type {DaySpan[]} */
  const spans = [];
  days.forEach((day, index) => {
    const last = spans.at(-1);
    if (last && days[last.to] === day) last.to = index;
    else spans.push({from: index, to: index});
  });
  return spans;
}
