// @ts-check
/**
 * Arrow keys in a grid: one cell is the tab stop, and the arrow keys lead to the others (WAI-ARIA, roving tabindex).
 * Must not know what the cells show.
 */

/** The lines that Page Up and Page Down skip. */
const PAGE = 10;

export class RovingFocus {
  #table;
  /** @type {HTMLElement | null} */
  #stop = null;

  /** @param {HTMLElement} table */
  constructor(table) {
    this.#table = table;
    table.addEventListener("keydown", (event) => this.#onkeydown(event));
    table.addEventListener("focusin", (event) => this.#take(widgetOf(/** @type {HTMLElement} */ (event.target))));
    this.settle();
  }

  /** Make sure that there is a tab stop, since lines come and go. */
  settle() {
    if (this.#stop && this.#table.contains(this.#stop) && isShown(this.#stop)) return;
    const lines = this.#lines();
    const line = lines[1] ?? lines[0];
    if (line) this.#take(targetOf(cellsOf(line)[0]));
  }

  /**
   * Put the focus on a cell of a line: the first, or the one in the current column.
   * @param {HTMLElement} line
   * @param {boolean} [isSameColumn]
   */
  focus(line, isSameColumn = false) {
    const column = isSameColumn ? this.#place().column : 0;
    this.#go(line, column);
  }

  /** @param {KeyboardEvent} event */
  #onkeydown(event) {
    if (event.altKey || event.metaKey) return;
    const lines = this.#lines();
    const {line, column} = this.#place(lines);
    const isFar = event.ctrlKey;
    const last = lines.length - 1;
    /** @type {Record<string, [number, number]>} */
    const moves = {
      ArrowUp: [line - 1, column],
      ArrowDown: [line + 1, column],
      ArrowLeft: [line, column - 1],
      ArrowRight: [line, column + 1],
      PageUp: [Math.max(1, line - PAGE), column],
      PageDown: [line + PAGE, column],
      Home: [isFar ? 1 : line, 0],
      End: [isFar ? last : line, Infinity],
    };
    const move = moves[event.key];
    if (!move || line < 0) return;
    event.preventDefault();
    this.#go(lines[Math.min(Math.max(move[0], 0), last)], move[1]);
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

  #lines() {
    const lines = /** @type {NodeListOf<HTMLElement>} */ (this.#table.querySelectorAll("tr"));
    return [...lines].filter(isShown);
  }

  #place(lines = this.#lines()) {
    const cell = this.#stop?.closest("th, td");
    const line = lines.findIndex((each) => each.contains(this.#stop));
    const cells = lines[line] ? cellsOf(lines[line]) : [];
    return {line, column: Math.max(0, cells.findIndex((each) => each === cell))};
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
