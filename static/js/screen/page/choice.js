// @ts-check
/**
 * A choice that this browser remembers, and that the address may make for once. The first option means
 * "as the page thinks best".
 * Must not know what is chosen.
 */

import {recall, remember} from "../../dom.js";
import {askFor, asked} from "./settings.js";

export class Choice {
  #select;

  /**
   * @param {HTMLElement} select
   * @param {{name: string, onchange: (value: string) => void}} options `name`: under which it is remembered,
   *   and found in the address
   */
  constructor(select, {name, onchange}) {
    this.#select = /** @type {HTMLSelectElement} */ (select);
    const chosen = [asked(name), recall(name)].find((value) => this.#offers(value));
    if (chosen) this.#select.value = chosen;
    select.addEventListener("change", () => {
      askFor(name, null);
      remember(name, this.value || null);
      onchange(this.value);
    });
  }

  /** What is chosen; empty when nothing is. */
  get value() {
    return this.#select.value;
  }

  /** @param {string | null} value */
  #offers(value) {
    return [...this.#select.options].some((option) => option.value === value);
  }
}
