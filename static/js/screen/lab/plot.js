// @ts-check
/**
 * A plot of the last minute on a logarithmic scale, with a line for each transport. Lines differ in colour and dashes,
 * and have their name at the end. The table beside it has the same numbers as text.
 * Must not know what is drawn.
 */

import {draw, write} from "../../dom.js";

const HEIGHT = 240;
const LEFT = 52;
const RIGHT = 84;
const TOP = 12;
const BOTTOM = 24;
/** The least distance of names: nearer ones would cover each other. */
const LINE_HEIGHT = 14;
/** How many seconds are shown. */
const SECONDS = 60;

/** @typedef {{key: string, name: string}} PlotLine */
/** @typedef {{at_s: number, values: Record<string, number | null>}} Point */

export class Plot {
  #svg;
  #lines;
  #grid = draw("g", {class: "plot-grid"});
  /** @type {Map<string, {path: SVGElement, name: SVGElement}>} */
  #drawn = new Map();
  /** @type {Point[]} */
  #points = [];
  #now_s = 0;

  /**
   * @param {HTMLElement} place
   * @param {PlotLine[]} lines
   */
  constructor(place, lines) {
    this.#lines = lines;
    this.#svg = draw("svg", {class: "plot", "aria-hidden": "true", focusable: "false"});
    this.#svg.append(this.#grid);
    for (const {key, name} of lines) {
      const path = draw("path", {class: `plot-line plot-${key}`, fill: "none"});
      const text = draw("text", {class: `plot-name plot-${key}`});
      text.textContent = name;
      this.#svg.append(path, text);
      this.#drawn.set(key, {path, name: text});
    }
    place.append(this.#svg);
    new ResizeObserver(() => this.draw()).observe(place);
  }

  /** Empty the plot. */
  clear() {
    this.#points = [];
    this.draw();
  }

  /** Add a point to every line. @param {Point} point */
  add(point) {
    this.#now_s = point.at_s;
    this.#points.push(point);
    this.#points = this.#points.filter(({at_s}) => at_s > point.at_s - SECONDS);
    this.draw();
  }

  /** Draw everything again, as wide as there is room. */
  draw() {
    const width = Math.max(240, this.#svg.parentElement?.clientWidth ?? 0);
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    this.#svg.setAttribute("height", String(HEIGHT));
    const [least, most] = this.#range();
    const y = (/** @type {number} */ value) => {
      const share = (Math.log10(Math.max(value, least)) - Math.log10(least)) / (Math.log10(most) - Math.log10(least));
      return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
    };
    const x = (/** @type {number} */ at_s) => width - RIGHT - ((this.#now_s - at_s) / SECONDS) * (width - LEFT - RIGHT);
    this.#drawGrid(least, most, width, y, x);
    this.#drawLines(width, y, x);
  }

  /** Return the whole decades around all values. @returns {[number, number]} */
  #range() {
    const values = this.#points.flatMap(({values}) => Object.values(values)).filter((value) => value !== null && value > 0);
    const known = /** @type {number[]} */ (values.length ? values : [10, 1000]);
    const least = 10 ** Math.floor(Math.log10(Math.min(...known)));
    return [least, Math.max(least * 10, 10 ** Math.ceil(Math.log10(Math.max(...known))))];
  }

  /**
   * @param {number} least
   * @param {number} most
   * @param {number} width
   * @param {(value: number) => number} y
   * @param {(at_s: number) => number} x
   */
  #drawGrid(least, most, width, y, x) {
    const marks = [];
    for (let value = least; value <= most * 1.01; value *= 10) {
      marks.push(lineOf(LEFT, y(value), width - RIGHT, y(value)));
      marks.push(textOf(LEFT - 8, y(value) + 4, value.toLocaleString("en-US"), "end"));
    }
    for (const ago_s of [60, 45, 30, 15, 0]) {
      const at = x(this.#now_s - ago_s);
      marks.push(textOf(at, HEIGHT - 6, ago_s ? `\u2212${ago_s} s` : "now", "middle"));
    }
    this.#grid.replaceChildren(...marks);
  }

  /** @param {number} width @param {(value: number) => number} y @param {(at_s: number) => number} x */
  #drawLines(width, y, x) {
    const names = [];
    for (const {key} of this.#lines) {
      const known = this.#points.filter(({values}) => values[key] !== null && values[key] !== undefined);
      const places = known.map(({at_s, values}) => `${x(at_s).toFixed(1)},${y(Number(values[key])).toFixed(1)}`);
      const {path, name} = /** @type {{path: SVGElement, name: SVGElement}} */ (this.#drawn.get(key));
      path.setAttribute("d", places.length > 1 ? `M${places.join("L")}` : "");
      const last = known.at(-1);
      name.setAttribute("visibility", last ? "visible" : "hidden");
      name.setAttribute("x", String(width - RIGHT + 8));
      names.push({name, at: last ? y(Number(last.values[key])) + 4 : 0});
    }
    place(names);
  }
}

/** Put names beside the ends of their lines, never over each other. @param {{name: SVGElement, at: number}[]} names */
function place(names) {
  let least = TOP;
  for (const label of names.sort((a, b) => a.at - b.at)) {
    const at = Math.max(label.at, least);
    label.name.setAttribute("y", at.toFixed(1));
    if (label.at) least = at + LINE_HEIGHT;
  }
}

/** @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 */
function lineOf(x1, y1, x2, y2) {
  return draw("line", {x1: String(x1), y1: y1.toFixed(1), x2: String(x2), y2: y2.toFixed(1)});
}

/** @param {number} x @param {number} y @param {string} text @param {string} anchor */
function textOf(x, y, text, anchor) {
  const element = draw("text", {x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor});
  write(element, text);
  return element;
}
