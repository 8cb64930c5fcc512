// @ts-check
/**
 * What an entry of the browser's history holds besides its address: how far the page was scrolled, where it came from, and
 * whether its address says all.
 * Must not know what the parts of an address mean.
 */

import {recall} from "../../dom.js";
import {asked} from "./settings.js";

/** Nobody has scrolled for so long: then the place is kept. Browsers refuse more than a few entries per second. */
const REST_MS = 100;
/** A page may grow for so long after it was opened, while scripts and prices come. */
const GROWING_MS = 5_000;
/** What people do who want to be somewhere else. */
const TOUCHES = ["wheel", "touchstart", "pointerdown", "keydown"];

/** @typedef {{saysAll?: boolean, from?: string, y?: number}} Entry */

/** @returns {Entry} what the entry of this page holds */
function entry() {
  return /** @type {Entry | null} */ (history.state) ?? {};
}

/**
 * Return what the address says of a choice that the browser remembers too. An address that says all overrules what is
 * remembered, also by its silence.
 * @param {string} name of the parameter
 * @param {string} [memory] the name under which it is remembered
 */
export function chosenIn(name, memory = name) {
  return asked(name) ?? (saysAll() ? null : recall(memory));
}

/** Whether this page wrote its choices into the address. */
export function saysAll() {
  return entry().saysAll === true;
}

/** Keep in the entry that the address says all that people chose on this page. */
export function sayAll() {
  keepInEntry({saysAll: true});
}

/** Remember the address that a new entry came from. @param {string} address */
export function cameFrom(address) {
  keepInEntry({from: address});
}

/** Say whether the entry before this one has this address, and this page made both. @param {string} address */
export function isStepFrom(address) {
  return entry().from === address;
}

/** @param {Entry} facts */
function keepInEntry(facts) {
  history.replaceState({...entry(), ...facts}, "");
}

/** Keeps how far the page is scrolled with each entry, and scrolls there again when people come back. */
export class ScrollPlace {
  /** @type {number | undefined} */
  #rest;
  /** @type {number | null} */
  #wanted = null;
  #grown = new ResizeObserver(() => this.#go());

  constructor() {
    history.scrollRestoration = "manual";
    addEventListener("scroll", () => this.#keepSoon(), {passive: true});
    addEventListener("pagehide", () => this.keep());
    for (const kind of TOUCHES) addEventListener(kind, () => this.#settle(), {passive: true, capture: true});
  }

  /** Whether the page is on its way to where it was. */
  get isReturning() {
    return this.#wanted !== null;
  }

  /** Keep the place now. */
  keep() {
    clearTimeout(this.#rest);
    this.#rest = undefined;
    if (!this.isReturning && entry().y !== scrollY) keepInEntry({y: scrollY});
  }

  /** Scroll to where this entry was left, as soon as the page is long enough. */
  restore() {
    clearTimeout(this.#rest);
    this.#rest = undefined;
    this.#settle();
    const {y} = entry();
    if (y === undefined) return;
    this.#wanted = y;
    this.#grown.observe(document.documentElement);
    setTimeout(() => this.#settle(), GROWING_MS);
    this.#go();
  }

  #keepSoon() {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.keep(), REST_MS);
  }

  #go() {
    if (this.#wanted !== null && Math.abs(scrollY - this.#wanted) > 1) scrollTo({top: this.#wanted, behavior: "instant"});
  }

  #settle() {
    this.#wanted = null;
    this.#grown.disconnect();
  }
}
