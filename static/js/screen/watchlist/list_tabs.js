// @ts-check
/**
 * The tabs of the person's lists above the table, which follow changes of other windows; and the form of a new list.
 * Must not know the network or the table.
 */

import {find, make} from "../../dom.js";

/** @typedef {import("../../wire/frames.js").NamedList} NamedList */

export class ListTabs {
  #tabs;
  #here;
  /** What is shown now, to write nothing twice. */
  #shown = "";

  /** @param {HTMLElement} tabs the list of links that the server made */
  constructor(tabs) {
    this.#tabs = tabs;
    this.#here = tabs.querySelector("a")?.pathname ?? location.pathname;
    const file = /** @type {HTMLInputElement | null} */ (document.querySelector("#list-file"));
    file?.addEventListener("change", () => void takeFile(file));
  }

  /**
   * Show the lists.
   * @param {readonly NamedList[]} lists
   * @param {number | null} current the id of the list that the page shows
   */
  show(lists, current) {
    const facts = JSON.stringify([current, lists.map(({id, name}) => [id, name])]);
    if (facts === this.#shown) return;
    this.#shown = facts;
    this.#tabs.replaceChildren(...lists.map((list) => make("li", {}, this.#tab(list, current))));
  }

  /** @param {NamedList} list @param {number | null} current */
  #tab({id, name}, current) {
    const marks = id === current ? {"aria-current": "page"} : {};
    return make("a", {class: "list-tab", href: `${this.#here}?list=${id}`, ...marks}, name);
  }
}

/** Put the text of a file into the form of a new list; it gets the file's name unless it has one. @param {HTMLInputElement} input */
async function takeFile(input) {
  const [file] = input.files ?? [];
  const form = input.closest("form");
  if (!file || !form) return;
  /** @type {HTMLTextAreaElement} */ (find(form, "[name=text]")).value = await file.text();
  const name = /** @type {HTMLInputElement} */ (find(form, "[name=name]"));
  if (!name.value) name.value = file.name.replace(/\.\w+$/, "").slice(0, name.maxLength);
}
