// @ts-check
/**
 * Short texts in the corner: three at most. They stay while somebody points at them. Nothing is said only here.
 * Must not know the network.
 */

import {byId, icon, make} from "../../dom.js";
import {pageOf} from "../../symbols.js";

/** @typedef {"info" | "warning" | "critical"} Level */

/** The address of an instrument's page; the symbol stands for `~`. */
const INSTRUMENT = "/i/~/";
const LIMIT = 3;
/** How long a toast stays, by level; a critical one stays until it is closed. @type {Readonly<Record<Level, number>>} */
const SHOWN_MS = Object.freeze({info: 6_000, warning: 10_000, critical: Infinity});

export class Toasts {
  #polite = byId("toasts-polite");
  #alert = byId("toasts-alert");

  /**
   * Show a text. One with an id can be taken back; one about a symbol leads to its page; one with an action has a button.
   * @param {{title: string, body?: string, level?: string, id?: number, symbol?: string, action?: {label: string, run: () => void}}} message
   */
  show({title, body = "", level = "info", id, symbol = "", action}) {
    const known = isLevel(level) ? level : "info";
    const text = make("div", {class: "toast-text"}, make("strong", {}, title), make("p", {}, body));
    if (symbol !== "") text.append(make("a", {href: pageOf(INSTRUMENT, symbol)}, `Open ${symbol}`));
    const marks = {class: `toast toast-${known}`, "data-id": String(id ?? "")};
    const toast = make("div", marks, icon(known), text);
    const button = make("button", {type: "button", class: "icon-button", "aria-label": "Close message"}, icon("close"));
    button.addEventListener("click", () => toast.remove());
    if (action) toast.append(actionOf(action, toast));
    toast.append(button);
    (known === "critical" ? this.#alert : this.#polite).append(toast);
    this.#limit();
    expire(toast, SHOWN_MS[known]);
  }

  /**
   * Take back toasts that were read elsewhere.
   * @param {Iterable<number>} ids
   */
  dismiss(ids) {
    const read = new Set([...ids].map(String));
    for (const toast of this.#shown()) if (read.has(toast.dataset.id ?? "")) toast.remove();
  }

  #shown() {
    return /** @type {HTMLElement[]} */ ([...this.#polite.children, ...this.#alert.children]);
  }

  /** Remove the oldest toasts; critical ones go last. */
  #limit() {
    const shown = this.#shown();
    for (const toast of shown.slice(0, Math.max(0, shown.length - LIMIT))) toast.remove();
  }
}

/** @param {{label: string, run: () => void}} action @param {HTMLElement} toast */
function actionOf({label, run}, toast) {
  const button = make("button", {type: "button", class: "button button-small"}, label);
  button.addEventListener("click", () => {
    toast.remove();
    run();
  });
  return button;
}

/** @param {string} level @returns {level is Level} */
function isLevel(level) {
  return level in SHOWN_MS;
}

/**
 * Remove a toast after a while. The time stops while somebody points at it or has the focus in it.
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
