// @ts-check
/**
 * Which transports of the lab do not run, and why, as sentences: a tooltip is not read by everybody, and not on a phone.
 * Must not know connections.
 */

import {write} from "../../dom.js";

/** States that need no sentence: the transport runs, or somebody ended it. @type {readonly string[]} */
const CALM = Object.freeze(["live", "paused", "connecting", "closed"]);

export class Troubles {
  #element;
  /** @type {Map<string, string>} */
  #sentences = new Map();

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#element = element;
  }

  /**
   * Take the state of a transport.
   * @param {string} transport its name for people
   * @param {{name: string, reason: string}} state
   */
  show(transport, {name, reason}) {
    if (CALM.includes(name) || reason === "") this.#sentences.delete(transport);
    else this.#sentences.set(transport, `${transport} is ${name.replace("_", " ")}: ${reason}.`);
    const text = [...this.#sentences.values()].join(" ");
    write(this.#element, text);
    this.#element.hidden = text === "";
  }
}
