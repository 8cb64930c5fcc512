// @ts-check
/**
 * Numbers and times as text. A price has the decimals of its instrument, whatever its value.
 * Pure, but for the zone of times, which a page sets once. Must not know rows or the page.
 */

/** The server writes the first page in the same way, so nothing jumps when the scripts take over. */
const LOCALE = "en-US";

/** The minus sign, which is as wide as the plus sign; a hyphen is not. */
const MINUS = "\u2212";

/** Shown for a value that does not exist yet. Never show 0 for it. */
export const MISSING = "\u2013";

/** Decimals of a price until its instrument is known. */
const DIGITS = 2;

/** The most decimals that a number has here. */
const MOST_PLACES = 12;
const FIVE = "5".charCodeAt(0);
/** The places of commas in a whole number. */
const THOUSANDS = /\B(?=(?:\d{3})+$)/g;

/** @type {Map<number, Intl.NumberFormat>} */
const formats = new Map();

/** Return the browser's own format of numbers. @param {number} places decimals */
function formatOf(places) {
  const format = formats.get(places)
    ?? new Intl.NumberFormat(LOCALE, {minimumFractionDigits: places, maximumFractionDigits: places, signDisplay: "never"});
  formats.set(places, format);
  return format;
}

/**
 * Return a number without its sign, as the browser's own format writes it: "1,204.50". That format is asked only for numbers
 * with an exponent: the first one that a page makes costs it 20 ms.
 * @param {number} value
 * @param {number} places decimals
 */
function fixed(value, places) {
  const text = String(Math.abs(value));
  if (text.includes("e")) return formatOf(places).format(value);
  const [whole = "", part = ""] = text.split(".");
  const kept = whole + part.slice(0, places).padEnd(places, "0");
  // Half a step is rounded up, as the number is written in decimals.
  const isUp = part.charCodeAt(places) >= FIVE;
  const digits = isUp ? String(BigInt(kept) + 1n).padStart(kept.length, "0") : kept;
  const end = digits.length - places;
  const thousands = end > 3 ? digits.slice(0, end).replace(THOUSANDS, ",") : digits.slice(0, end);
  return places === 0 ? thousands : `${thousands}.${digits.slice(end)}`;
}

/**
 * @param {number | null | undefined} value
 * @param {number} digits
 */
function write(value, digits) {
  if (value === null || value === undefined || !Number.isFinite(value)) return MISSING;
  const text = fixed(value, Math.min(Math.max(digits, 0), MOST_PLACES));
  return value < 0 || Object.is(value, -0) ? MINUS + text : text;
}

/**
 * Return a price with fixed decimals: "1,204.50".
 * @param {number | null | undefined} value
 * @param {number} digits
 */
export function price(value, digits) {
  return write(value, digits);
}

/**
 * Return the decimals of an instrument's prices.
 * @param {{d: number} | undefined} instrument
 */
export function digitsOf(instrument) {
  return instrument?.d ?? DIGITS;
}

/**
 * Return a difference with its sign: "+1.25", "−0.40", "0.00".
 * @param {number | null | undefined} value
 * @param {number} digits
 */
export function change(value, digits) {
  const text = write(value, digits);
  if (!/[1-9]/.test(text)) return text.replace(MINUS, "");
  return text.startsWith(MINUS) ? text : `+${text}`;
}

/**
 * Return a percentage with its sign: 1.25 is "+1.25%".
 * @param {number | null | undefined} value
 */
export function percent(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return MISSING;
  return `${change(value, 2)}%`;
}

/**
 * Return a whole number: "12,345".
 * @param {number | null | undefined} value
 */
export function count(value) {
  return write(value, 0);
}

/** The decimals that a size may have: those of the finest lot. */
const SIZE_PLACES = 8;

/**
 * Return a size with the decimals that it needs: "1,200", "0.5", "0.00000001".
 * @param {number | null | undefined} value
 */
export function size(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return MISSING;
  const text = write(value, SIZE_PLACES);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/**
 * Return what is missing after each number, so that the decimal points of all stand below each other: "1,200" and "0.25"
 * are ".00" and "".
 * @param {readonly string[]} texts numbers as text
 */
export function paddings(texts) {
  const places = texts.map((text) => text.split(".")[1]?.length ?? 0);
  const most = Math.max(0, ...places);
  return places.map((own) => (own === 0 && most > 0 ? "." : "") + "0".repeat(most - own));
}

/**
 * Return a size with what it counts: "1,200 shares", or "0.5 units" of an instrument whose sizes may be fractions.
 * @param {number | null | undefined} value
 * @param {{lot?: number} | undefined} instrument
 */
export function quantity(value, instrument) {
  return `${size(value)} ${instrument?.lot === undefined ? "shares" : "units"}`;
}

/**
 * Return a number for a file: without an exponent, which JavaScript gives small numbers.
 * @param {number} value
 */
export function plain(value) {
  const text = String(value);
  return text.includes("e-") ? value.toFixed(12).replace(/0+$/, "") : text;
}

const UNITS = Object.freeze([
  {size: 1e9, suffix: "B"},
  {size: 1e6, suffix: "M"},
  {size: 1e3, suffix: "K"},
]);

/**
 * Return a short volume: "0.5", "870", "1.20K", "12.67M".
 * @param {number | null | undefined} value
 */
export function volume(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return MISSING;
  const unit = UNITS.find(({size}) => value >= size);
  return unit ? price(value / unit.size, 2) + unit.suffix : size(value);
}

/**
 * Return a number of bytes: "870 B", "1.2 kB", "12.67 MB".
 * @param {number} value
 */
export function bytes(value) {
  if (value < 1e3) return `${count(value)} B`;
  if (value < 1e6) return `${price(value / 1e3, 1)} kB`;
  return `${price(value / 1e6, 2)} MB`;
}

/**
 * Return a span of time: "0.4 s", "12 s", "3 min", "2 h".
 * @param {number | null} span_ms
 */
export function age(span_ms) {
  if (span_ms === null || !Number.isFinite(span_ms)) return MISSING;
  const seconds = Math.max(0, span_ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

/** The zone of times; undefined is that of the browser. @type {string | undefined} */
let chosenZone;

/** A format of times costs a browser some 5 ms, so it is made when it is first needed. @type {Intl.DateTimeFormat | null} */
let clockFace = null;
/** @type {Intl.DateTimeFormat | null} */
let calendar = null;

/** Return a format of times; a zone that the browser does not know is that of the browser. @param {Intl.DateTimeFormatOptions} options */
function faceIn(options) {
  try {
    return new Intl.DateTimeFormat("en-GB", {...options, ...(chosenZone !== undefined && {timeZone: chosenZone})});
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return new Intl.DateTimeFormat("en-GB", options);
  }
}

/**
 * Write times of day in this zone, undefined for that of the browser. Say whether that changes anything.
 * @param {string | undefined} zone
 */
export function writeTimesIn(zone) {
  if (zone === chosenZone) return false;
  chosenZone = zone;
  clockFace = calendar = null;
  return true;
}

/**
 * Return the time of day in the zone that is chosen: "14:02:11".
 * @param {number} at_ms
 */
export function time(at_ms) {
  clockFace ??= faceIn({timeStyle: "medium"});
  return clockFace.format(at_ms);
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const faces = new Map();

/** @param {string} zone @param {Intl.DateTimeFormatOptions} options */
function faceOf(zone, options) {
  const key = zone + Object.keys(options).join();
  const face = faces.get(key) ?? new Intl.DateTimeFormat("en-GB", {timeZone: zone, ...options});
  faces.set(key, face);
  return face;
}

/**
 * Return the time of day in a time zone: "11:42".
 * @param {number} at_ms
 * @param {string} zone
 */
export function timeIn(at_ms, zone) {
  return faceOf(zone, {hour: "2-digit", minute: "2-digit"}).format(at_ms);
}

/**
 * Return the day in a time zone: "9 Mar".
 * @param {number} at_ms
 * @param {string} zone
 */
export function dateIn(at_ms, zone) {
  return faceOf(zone, {day: "numeric", month: "short"}).format(at_ms);
}

/**
 * Return day, time and zone: "7 Nov, 14:02:11 CET".
 * @param {number} at_ms
 */
export function moment(at_ms) {
  calendar ??= faceIn({day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short"});
  return calendar.format(at_ms);
}
