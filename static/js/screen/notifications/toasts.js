// @ts-check
/**
 * Short messages in the corner: three at most, still under the pointer, never the only place.
 * Must not know the network.
 */

import {byId, icon, make} from "../../dom.js";

/** @typedef {"info" | "warning" | "critical"} Level */

const LIMIT = 3;
/** Critical ones stay until they are closed. @type {Record<string, number>} */
const SHOWN_MS = Object.freeze({info: 6_000, warning: 10_000, critical: Infinity});

export class Toasts {
  #polite = byId("toasts-polite");
  #alert = byId("toasts-alert");

  /**
   * Show a message; one with an id can be taken back.
   * @param {{title: string, body?: string, level?: string, id?: number}} message
   */
  show({title, body = "", level = "info", id}) {
    const known = level in SHOWN_MS ? level : "info";
    const text = make("div", {class: "toast-text"}, make("strong", {}, title), make("p", {}, body));
    const marks = {class: `toast toast-${known}`, "data-id": String(id ?? "")};
    const toast = make("div", marks, icon(known), text);
    const button = make("button", {type: "button", class: "icon-button", "aria-label": "Close message"}, icon("close"));
    button.addEventListener("click", () => toast.remove());
    toast.append(button);
    (known === "critical" ? this.#alert : this.#polite).append(toast);
    this.#limit();
    expire(toast, SHOWN_MS[known]);
  }

  /**
   * Take back what was read elsewhere.
   * @param {Iterable<number>} ids
   */
  dismiss(ids) {
    const read = new Set([...ids].map(String));
    for (const toast of this.#shown()) if (read.has(toast.dataset.id ?? "")) toast.remove();
  }

  #shown() {
    return /** @type {HTMLElement[]} */ ([...this.#polite.children, ...this.#alert.children]);
  }

  /** The oldest goes first, critical ones last. */
  #limit() {
    const shown = this.#shown();
    for (const toast of shown.slice(0, Math.max(0, shown.length - LIMIT))) toast.remove();
  }
}

/**
 * Remove a toast after a time in which nobody pointed at it or was inside.
 * @param {HTMLElement} toast
 * @param {number} shown_ms
 */
function expire(toast, shown_ms) {
  if (shown_ms === Infinity) return;
  let timer = setTimeout(() => toast.remove(), shown_ms);
  const hold = () => clearTimeout(timer);
  const release = () => {
    hold();
    timer = setTimeout(() => toast.remove(), shown_ms / 2);
  };
  for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, hold);
  for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, release);
}
