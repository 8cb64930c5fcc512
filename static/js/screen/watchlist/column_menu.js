// @ts-check
/**
 * The menu of the columns: a person chooses which are shown, and moves them.
 * Must not know the table, or how a choice is kept.
 */

import {icon, make} from "../../dom.js";
import {COLUMNS, columnsOf} from "./columns.js";

export class ColumnMenu {
  #list = make("ul", {class: "column-list"});
  #link = /** @type {HTMLAnchorElement} */ (make("a", {title: "Whoever opens it sees these columns"}, "Link to these columns"));
  #onchange;
  /** All columns, in the order of the menu. @type {string[]} */
  #order = [];
  /** @type {Set<string>} */
  #shown = new Set();

  /**
   * @param {HTMLElement} panel an empty element
   * @param {{columns: readonly string[], onchange: (columns: string[]) => void}} options `columns`: those that are shown now
   */
  constructor(panel, {columns, onchange}) {
    this.#onchange = onchange;
    const reset = make("button", {type: "button", class: "button button-small"}, "Usual columns");
    reset.addEventListener("click", () => this.#choose(columnsOf([])));
    panel.append(make("h2", {class: "menu-title"}, "Columns"), this.#list, make("div", {class: "column-foot"}, reset, this.#link));
    this.#take(columns);
  }

  /** @param {readonly string[]} columns */
  #take(columns) {
    this.#shown = new Set(columns);
    this.#order = [...columns, ...columnsOf([]).filter((key) => !this.#shown.has(key))];
    this.#draw();
  }

  #draw() {
    this.#list.replaceChildren(...this.#order.map((key, place) => this.#item(key, place)));
    const address = new URL(location.href);
    address.searchParams.set("columns", this.#chosen.join(","));
    this.#link.href = address.href;
  }

  get #chosen() {
    return this.#order.filter((key) => this.#shown.has(key));
  }

  /** @param {string} key @param {number} place */
  #item(key, place) {
    const name = COLUMNS.find((column) => column.key === key)?.title ?? key;
    const box = /** @type {HTMLInputElement} */ (make("input", {type: "checkbox", name: key}));
    box.checked = this.#shown.has(key);
    box.disabled = box.checked && this.#shown.size === 1; // one column has to stay
    box.addEventListener("change", () => this.#turn(key, box.checked));
    const [up, down] = [this.#mover(key, -1, `Move ${name} to the left`), this.#mover(key, 1, `Move ${name} to the right`)];
    up.disabled = place === 0;
    down.disabled = place === this.#order.length - 1;
    return make("li", {}, make("label", {class: "check"}, box, name), up, down);
  }

  /** @param {string} key @param {number} step @param {string} label */
  #mover(key, step, label) {
    const kind = step < 0 ? "section-up" : "section-down";
    const button = /** @type {HTMLButtonElement} */ (make("button", {"type": "button", "class": kind, "aria-label": label, "title": label}, icon("chevron")));
    button.addEventListener("click", () => this.#move(key, step));
    return button;
  }

  /** @param {string} key @param {boolean} isShown */
  #turn(key, isShown) {
    if (isShown) this.#shown.add(key);
    else this.#shown.delete(key);
    this.#tell();
    /** @type {HTMLElement | null} */ (this.#list.querySelector(`[name=${key}]`))?.focus();
  }

  /** Move a column by a place; the focus stays on the button, or goes to its twin at an end. @param {string} key @param {number} step */
  #move(key, step) {
    const from = this.#order.indexOf(key);
    const [moved] = this.#order.splice(from, 1);
    if (moved !== undefined) this.#order.splice(from + step, 0, moved);
    this.#tell();
    const buttons = this.#list.children[from + step]?.querySelectorAll("button") ?? [];
    const [up, down] = [...buttons];
    const [wanted, other] = step < 0 ? [up, down] : [down, up];
    (wanted?.disabled ? other : wanted)?.focus();
  }

  #tell() {
    this.#draw();
    this.#onchange(this.#chosen);
  }

  /** @param {readonly string[]} columns */
  #choose(columns) {
    this.#take(columns);
    this.#onchange(this.#chosen);
  }
}
