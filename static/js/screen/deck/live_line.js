// @ts-check
/**
 * A small picture of what a figure did in the last two minutes.
 * Must not know what the figure is, or where it comes from.
 */

import {draw} from "../../dom.js";

const WIDTH = 120;
const HEIGHT = 24;
/** Room for the width of the line. */
const EDGE = 1.5;
const KEPT_MS = 120_000;
/** A picture that has just begun is drawn as if it had lasted so long. */
const LEAST_MS = 20_000;

export class LiveLine {
  #name;
  #svg = draw("svg", {class: "live-line", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img"});
  #path = draw("path", {});
  /** @type {{at_ms: number, value: number}[]} */
  #points = [];

  /**
   * @param {HTMLElement} place is filled with the picture
   * @param {string} name what the figure is called
   */
  constructor(place, name) {
    this.#name = name;
    this.#svg.append(this.#path);
    place.replaceChildren(this.#svg);
  }

  /** Add a value and draw again. Without a value the picture moves on. @param {number} at_ms @param {number | null} value */
  add(at_ms, value) {
    if (value !== null) this.#points.push({at_ms, value});
    this.#points = this.#points.filter((point) => point.at_ms > at_ms - KEPT_MS);
    this.#draw(at_ms);
  }

  /** Zero is at the bottom, so that pictures of the same figure compare. @param {number} now_ms */
  #draw(now_ms) {
    const values = this.#points.map(({value}) => value);
    const most = Math.max(...values, Number.MIN_VALUE);
    const span_ms = Math.max(LEAST_MS, now_ms - (this.#points[0]?.at_ms ?? now_ms));
    const places = this.#points.map(({at_ms, value}) => {
      const x = WIDTH * (1 - (now_ms - at_ms) / span_ms);
      const y = HEIGHT - EDGE - (value / most) * (HEIGHT - 2 * EDGE);
      return `${x.toFixed(1)} ${y.toFixed(1)}`;
    });
    this.#path.setAttribute("d", places.length > 1 ? `M${places.join("L")}` : "");
    this.#svg.setAttribute("aria-label", labelOf(this.#name, values));
  }
}

/** @param {string} name @param {number[]} values */
function labelOf(name, values) {
  if (!values.length) return `${name}: nothing yet`;
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => value.toLocaleString("en", {maximumFractionDigits: 1}));
  return `${name} in the last two minutes: ${least} to ${most}`;
}
