// @ts-check
/**
 * The day of an instrument as a line: its points, the newest price among them, and the drawing of both.
 * Pure: numbers in, the text of SVG paths out. Must not know elements.
 */

/** Minutes after the beginning of a day (exchange time, UTC ms), and the last prices of these. @typedef {{day: number, t: number[], c: number[]}} DayPrices */
/** @typedef {"up" | "down" | "flat"} Direction */
/** Paths of SVG: the line, the previous close, and a mark at the end whose shape is that of the direction. @typedef {{line: string, close: string, end: string, direction: Direction}} Drawing */

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** With more points than this, every second one goes: the line is some 80 px wide. */
const MOST_POINTS = 240;
/** Half the width of the mark at the end, and the room that it needs. */
const MARK = 2.5;

export class DayLine {
  #day = 0;
  /** @type {{minute: number, price: number}[]} */
  #points = [];

  /** @param {DayPrices} prices */
  constructor({day, t, c}) {
    this.#day = day;
    this.#points = t.map((minute, place) => ({minute, price: c[place] ?? NaN})).filter(({price}) => Number.isFinite(price));
  }

  get points() {
    return this.#points.map(({minute, price}) => [minute, price]);
  }

  /**
   * Add the last price. A minute has one point, the newest; another day begins a new line.
   * @param {number} at_ms exchange time, UTC ms
   * @param {number} price
   */
  add(at_ms, price) {
    const day = at_ms - (at_ms % DAY_MS);
    if (day !== this.#day) this.#points = [];
    this.#day = day;
    const minute = Math.floor((at_ms - day) / MINUTE_MS);
    const last = this.#points.at(-1);
    if (!last || minute > last.minute) this.#points.push({minute, price});
    else last.price = price;
    if (this.#points.length > MOST_POINTS) this.#thin();
  }

  /**
   * Draw the line. Its direction is that of the last price from the previous close; without one, from the first price.
   * @param {{width: number, height: number, close: number | null}} frame in px; `close` is a price
   * @returns {Drawing | null} null without a price
   */
  draw({width, height, close}) {
    const [first, last] = [this.#points[0], this.#points.at(-1)];
    if (!first || !last) return null;
    const prices = this.#points.map(({price}) => price);
    const all = close === null ? prices : [...prices, close];
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const y = (/** @type {number} */ price) => MARK + (high === low ? 0.5 : (high - price) / (high - low)) * (height - 2 * MARK);
    const span = last.minute - first.minute;
    const x = (/** @type {number} */ minute) => (span ? (minute - first.minute) / span : 1) * (width - 2 * MARK);
    const steps = this.#points.map(({minute, price}) => `${digits(x(minute))} ${digits(y(price))}`);
    // A single price is a dot: a line needs a second point.
    const line = span ? `M${steps.join("L")}` : `M0 ${digits(y(last.price))}H${digits(x(last.minute))}`;
    const direction = directionFrom(close ?? first.price, last.price);
    return {
      line,
      close: close === null ? "" : `M0 ${digits(y(close))}H${width}`,
      end: markAt(x(last.minute) + MARK, y(last.price), direction),
      direction,
    };
  }

  /** Keep every second point, and the newest. */
  #thin() {
    const newest = this.#points.length - 1;
    this.#points = this.#points.filter((_, place) => (newest - place) % 2 === 0);
  }
}

/** @param {number} from @param {number} to @returns {Direction} */
function directionFrom(from, to) {
  if (to === from) return "flat";
  return to > from ? "up" : "down";
}

/** Return a triangle that points up or down, or a square. @param {number} x @param {number} y @param {Direction} direction */
function markAt(x, y, direction) {
  const [left, right, top, bottom] = [x - MARK, x + MARK, y - MARK, y + MARK].map(digits);
  if (direction === "up") return `M${left} ${bottom}H${right}L${digits(x)} ${top}Z`;
  if (direction === "down") return `M${left} ${top}H${right}L${digits(x)} ${bottom}Z`;
  return `M${left} ${top}H${right}V${bottom}H${left}Z`;
}

/** @param {number} value */
function digits(value) {
  return Number(value.toFixed(1));
}
