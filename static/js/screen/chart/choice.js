// @ts-check
/**
 * A choice about the chart, as radio buttons. The browser remembers it, and the address of the page says it.
 * Must not know what is chosen.
 */

import {recall, remember} from "../../dom.js";

/** @typedef {{asked: (name: string) => string | null, askFor: (name: string, value: string | null) => void}} Address */

export class ChartChoice {
  #inputs;
  #parameter;
  #first;
  #address;
  #onchange;

  /**
   * @param {HTMLElement} panel
   * @param {{name: string, parameter: string, first: string, address: Address, onchange: () => void}} options `parameter`: of
   *   the address; `first`: the usual value; `onchange`: another value is chosen, by hand or by the address
   */
  constructor(panel, {name, parameter, first, address, onchange}) {
    this.#inputs = /** @type {HTMLInputElement[]} */ ([...panel.querySelectorAll(`input[name=chart-${name}]`)]);
    this.#parameter = parameter;
    this.#first = first;
    this.#address = address;
    this.#onchange = onchange;
    this.#check(address.asked(parameter) ?? recall(`chart.${name}`) ?? first);
    this.tell();
    for (const input of this.#inputs) {
      input.addEventListener("change", () => {
        remember(`chart.${name}`, input.value === first ? null : input.value);
        address.askFor(parameter, input.value);
        onchange();
      });
    }
  }

  /** What is chosen. */
  get value() {
    return this.#inputs.find(({checked}) => checked)?.value ?? this.#first;
  }

  /** Choose what the address says, which was written for this chart: by its silence it means the usual value. */
  follow() {
    const before = this.value;
    this.#check(this.#address.asked(this.#parameter) ?? this.#first);
    if (this.value !== before) this.#onchange();
  }

  /** Let the address say what is chosen, if it is unusual or the address says another value. */
  tell() {
    const isSilent = this.#address.asked(this.#parameter) === null;
    if (!isSilent || this.value !== this.#first) this.#address.askFor(this.#parameter, this.value);
  }

  /** @param {string} value one that there is not means the usual one */
  #check(value) {
    const chosen = this.#inputs.find((input) => input.value === value) ?? this.#inputs.find((input) => input.value === this.#first);
    if (chosen) chosen.checked = true;
  }
}
