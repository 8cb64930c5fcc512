// @ts-check
/**
 * The toasts of a page before their script is there. It is loaded at once, though not for the first price: toasts also
 * say that the server cannot be reached, and then nothing can be loaded any more.
 */

import {loadLate} from "../late.js";

/** @typedef {import("../screen/notifications/toasts.js").Toasts} Toasts */

export class LateToasts {
  #toasts = load();

  /** @param {Parameters<Toasts["show"]>[0]} message */
  show(message) {
    void this.#toasts.then((toasts) => toasts.show(message));
  }

  /** @param {Iterable<number>} ids */
  dismiss(ids) {
    void this.#toasts.then((toasts) => toasts.dismiss(ids));
  }
}

async function load() {
  const {Toasts} = await loadLate(async () => await import("../screen/notifications/toasts.js"));
  return new Toasts();
}
