// @ts-check
/**
 * Moves lines of a list by hand: by dragging, or with Alt, Shift and an arrow key. A title moves with its section.
 * Must not know what lines show, or how the new order is kept.
 */

import {placeOfDrop, titleOf} from "./sections.js";
import {lineWith} from "./title_row.js";

const MARKS = ["drop-before", "drop-after"];
const STEPS = Object.freeze({ArrowUp: -1, ArrowDown: 1});

export class Reorder {
  #lines;
  #isPossible;
  #onmove;
  /** @type {string | null} */
  #dragged = null;

  /**
   * @param {HTMLElement} body the lines; each has its symbol or its title as `data-symbol` or `data-section`
   * @param {{
   *   lines: () => readonly string[], isPossible: () => boolean, onmove: (line: string, place: number) => void,
   * }} options `lines`: in the order of the list. `onmove`: so many other lines are to stand before it; before a title, so
   *   many other titles
   */
  constructor(body, {lines, isPossible, onmove}) {
    this.#lines = lines;
    this.#isPossible = isPossible;
    this.#onmove = onmove;
    body.addEventListener("pointerdown", (event) => this.#prepare(event));
    body.addEventListener("dragstart", (event) => this.#start(event));
    body.addEventListener("dragover", (event) => this.#over(event));
    body.addEventListener("drop", (event) => this.#drop(event));
    body.addEventListener("dragend", () => this.#end(body));
    body.addEventListener("keydown", (event) => this.#onkeydown(event));
  }

  /** A line can be dragged only while the order is the person's own. @param {Event} event */
  #prepare(event) {
    const line = rowOf(event);
    if (line) line.draggable = this.#isPossible();
  }

  /** @param {DragEvent} event */
  #start(event) {
    this.#dragged = this.#isPossible() ? lineWith(/** @type {Element} */ (event.target)) : null;
    if (this.#dragged !== null) event.dataTransfer?.setData("text/plain", titleOf(this.#dragged) ?? this.#dragged);
  }

  /** @param {DragEvent} event */
  #over(event) {
    const line = rowOf(event);
    if (this.#dragged === null || !line) return;
    event.preventDefault();
    unmark(line.parentElement);
    line.classList.add(isBelow(event, line) ? "drop-after" : "drop-before");
  }

  /** @param {DragEvent} event */
  #drop(event) {
    const row = rowOf(event);
    const dragged = this.#dragged;
    if (dragged === null || !row) return;
    event.preventDefault();
    const place = this.#placeOf(dragged, lineWith(row) ?? "", isBelow(event, row));
    if (place !== null) this.#onmove(dragged, place);
  }

  /** @param {string} dragged @param {string} target @param {boolean} isAfter */
  #placeOf(dragged, target, isAfter) {
    if (titleOf(dragged) !== null) return placeOfDrop(this.#lines(), dragged, target, isAfter);
    const at = this.#lines().filter((line) => line !== dragged).indexOf(target);
    return at < 0 ? null : at + Number(isAfter);
  }

  /** @param {HTMLElement} body */
  #end(body) {
    this.#dragged = null;
    unmark(body);
  }

  /** @param {KeyboardEvent} event */
  #onkeydown(event) {
    const step = event.altKey && event.shiftKey ? STEPS[/** @type {"ArrowUp"} */ (event.key)] : undefined;
    const line = lineWith(/** @type {Element} */ (event.target));
    if (step === undefined || line === null || !this.#isPossible()) return;
    event.preventDefault();
    const others = this.#lines().filter((each) => titleOf(line) === null || titleOf(each) !== null);
    const place = others.indexOf(line) + step;
    if (place >= 0 && place < others.length) this.#onmove(line, place);
  }
}

/** @param {Event} event @returns {HTMLElement | null} */
function rowOf(event) {
  return /** @type {Element} */ (event.target).closest("tr[data-symbol], tr[data-section]");
}

/** Say whether the pointer is on the lower half of a line. @param {DragEvent} event @param {HTMLElement} line */
function isBelow(event, line) {
  const {top, height} = line.getBoundingClientRect();
  return event.clientY > top + height / 2;
}

/** @param {Element | null} body */
function unmark(body) {
  for (const line of body?.querySelectorAll(".drop-before, .drop-after") ?? []) line.classList.remove(...MARKS);
}
