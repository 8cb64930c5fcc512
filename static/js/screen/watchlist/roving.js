// @ts-check
/**
 * Arrow keys in a grid: one cell is the tab stop, and the arrow keys lead to the others (WAI-ARIA, roving tabindex).
 * Must not know what the cells show.
 */

import {find} from "../../dom.js";

/**
 * The lines below the head, which may be more than have elements. `at` returns the element of the line at a place, and makes
 * one if need be; `placeOf` returns the place of an element's line, or -1.
 * @typedef {{count: number, at: (place: number) => HTMLElement | undefined, placeOf: (line: Element) => number}} LineSource
 */

/** The lines that Page Up and Page Down skip. */
const PAGE = 10;
/** The place of the head, above the first line. */
const HEAD = -1;

export class RovingFocus {
  #table;
  #head;
  #lines;
  /** @type {HTMLElement | null} */
  #stop = null;

  /** @param {HTMLElement} table @param {LineSource} lines */
  constructor(table, lines) {
    this.#table = table;
    this.#head = find(table, "thead tr");
    this.#lines = lines;
    table.addEventListener("keydown", (event) => this.#onkeydown(event));
    table.addEventListener("focusin", (event) => this.#take(widgetOf(/** @type {HTMLElement} */ (event.target))));
    this.settle();
  }

  /** The line of the tab stop. */
  get line() {
    return /** @type {HTMLElement | null} */ (this.#stop?.closest("tr") ?? null);
  }

  /** Make sure that there is a tab stop, since lines come and go. */
  settle() {
    if (this.#stop && this.#table.contains(this.#stop) && isShown(this.#stop)) return;
    const line = this.#lines.at(0) ?? this.#head;
    if (isShown(line)) this.#take(targetOf(cellsOf(line)[0]));
  }

  /**
   * Put the focus on a cell of a line: the first, or the one in the current column.
   * @param {HTMLElement} line
   * @param {boolean} [isSameColumn]
   */
  focus(line, isSameColumn = false) {
    this.#go(line, isSameColumn ? this.#column : 0);
  }

  /** @param {KeyboardEvent} event */
  #onkeydown(event) {
    if (event.altKey || event.metaKey) return;
    const [place, column] = [this.#place, this.#column];
    const isFar = event.ctrlKey;
    const last = this.#lines.count - 1;
    /** @type {Record<string, [number, number]>} */
    const moves = {
      ArrowUp: [place - 1, column],
      ArrowDown: [place + 1, column],
      ArrowLeft: [place, column - 1],
      ArrowRight: [place, column + 1],
      PageUp: [Math.max(0, place - PAGE), column],
      PageDown: [place + PAGE, column],
      Home: [isFar ? 0 : place, 0],
      End: [isFar ? last : place, Infinity],
    };
    const move = moves[event.key];
    if (!move || place < HEAD) return;
    event.preventDefault();
    const goal = Math.min(Math.max(move[0], HEAD), last);
    this.#go(goal === HEAD ? this.#head : this.#lines.at(goal), move[1]);
  }

  /** @param {HTMLElement | undefined} line @param {number} column */
  #go(line, column) {
    if (!line) return;
    const cells = cellsOf(line);
    const target = targetOf(cells[Math.min(Math.max(column, 0), cells.length - 1)]);
    this.#take(target);
    target?.focus({preventScroll: false});
  }

  /** @param {HTMLElement | null} target */
  #take(target) {
    if (!target || target === this.#stop) return;
    if (this.#stop) this.#stop.tabIndex = -1;
    this.#stop = target;
    target.tabIndex = 0;
  }

  /** The place of the tab stop's line; below the head's if there is none. */
  get #place() {
    const {line} = this;
    if (line === null) return HEAD - 1;
    if (line === this.#head) return HEAD;
    const place = this.#lines.placeOf(line);
    return place < 0 ? HEAD - 1 : place;
  }

  get #column() {
    const cell = this.#stop?.closest("th, td");
    const cells = this.line ? cellsOf(this.line) : [];
    return Math.max(0, cells.findIndex((each) => each === cell));
  }
}

/** @param {HTMLElement} element */
function isShown(element) {
  return element.getClientRects().length > 0;
}

/** @param {HTMLElement} line */
function cellsOf(line) {
  return /** @type {HTMLElement[]} */ ([...line.children]).filter(isShown);
}

/** Return what takes the focus of a cell: its button, or the cell itself. @param {HTMLElement | undefined} cell @returns {HTMLElement | null} */
function targetOf(cell) {
  return cell?.querySelector("button") ?? cell ?? null;
}

/** @param {HTMLElement} element */
function widgetOf(element) {
  return /** @type {HTMLElement | null} */ (element.closest("button, th, td"));
}
