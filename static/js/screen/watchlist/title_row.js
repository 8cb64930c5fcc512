// @ts-check
/**
 * The title of a section as a line of the table. It may be renamed where it stands, moved and removed.
 * Must not know the other lines, or how a change is kept.
 */

import {icon, make, write} from "../../dom.js";
import {loadLate} from "../../late.js";
import {lineOfTitle} from "./sections.js";

/**
 * What a person does with sections: give one another name, move it by so many sections, remove it.
 * @typedef {{
 *   onrename: (title: string, name: string) => void, onstep: (title: string, step: number) => void, onremove: (title: string) => void,
 * }} SectionEdits
 */

export class TitleRow {
  /** The title that it shows now. */
  title = "";
  #edits;
  #name;
  #head;
  #tools = make("td", {"role": "gridcell", "class": "col-remove"});
  /** @type {HTMLElement[]} */
  #buttons = [];

  /** @param {SectionEdits | null} edits null where the list is not the person's */
  constructor(edits) {
    this.#edits = edits;
    this.#name = edits ? make("button", {type: "button", class: "section-title", title: "Rename the section"}) : make("span", {class: "section-title"});
    this.#head = make("th", {scope: "rowgroup", role: "rowheader", class: "col-symbol", ...(edits ? {} : {tabindex: "-1"})}, this.#name);
    this.element = make("tr", {class: "section", role: "row"}, this.#head, this.#tools);
    if (edits) this.#equip(edits);
  }

  /** Show another section's title in this line. @param {string} title */
  name(title) {
    if (title === this.title) return;
    this.title = title;
    this.element.dataset.section = title;
    write(this.#name, title);
    for (const button of this.#buttons) button.setAttribute("aria-label", `${button.title}: ${title}`);
  }

  /** Give it the height of the other lines: the list computes with one height for all. @param {number} height px; 0 while unknown */
  size(height) {
    if (height > 0) this.element.style.height = `${height}px`;
  }

  /** @param {SectionEdits} edits */
  #equip(edits) {
    this.#name.addEventListener("click", () => void this.#edit());
    const up = this.#button("Move the section up", "section-up", () => edits.onstep(this.title, -1));
    const down = this.#button("Move the section down", "section-down", () => edits.onstep(this.title, 1));
    const remove = this.#button("Remove the title, keep the symbols", "remove", () => edits.onremove(this.title));
    for (const button of [up, down]) button.append(icon("chevron"));
    this.#buttons = [up, down, remove];
    this.#tools.append(...this.#buttons);
  }

  /** @param {string} title @param {string} kind @param {() => void} run */
  #button(title, kind, run) {
    const button = make("button", {type: "button", class: kind, title, tabindex: "-1"});
    button.addEventListener("click", run);
    return button;
  }

  /** Let the person change the title where it stands. */
  async #edit() {
    const {openTitleField} = await loadLate(async () => await import("./title_field.js"));
    openTitleField(this.#name, this.title, (name) => this.#edits?.onrename(this.title, name));
  }
}

/** Return the line of the list that an element of the table is in, or null. @param {Element} element */
export function lineWith(element) {
  const row = /** @type {HTMLElement | null} */ (element.closest("tr[data-symbol], tr[data-section]"));
  if (!row) return null;
  return row.dataset.symbol ?? lineOfTitle(row.dataset.section ?? "");
}
