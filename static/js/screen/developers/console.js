// @ts-check
/**
 * What goes over a line, the newest first: bounded, and it can be stopped, cleared and unfolded.
 * Must not know the network or what a frame means.
 */

import {find, make, write} from "../../dom.js";

/** @typedef {"sent" | "received" | "note"} EntryKind */
/** @typedef {{kind: EntryKind, text: string, at: Date}} ConsoleEntry */

/** Lines that are shown; older ones go. */
const SHOWN = 200;
/** Lines that wait while it is paused; older ones go. */
const WAITING = 200;
/** Characters of a line before it is unfolded: a snapshot of 500 instruments has 80,000. */
const PREVIEW = 300;
/** Characters shown of an unfolded one. */
const WHOLE = 50_000;
const bytes = new TextEncoder();
const ARROW = Object.freeze({sent: "→", received: "←", note: "•"});

export class Console {
  #log;
  #count;
  #pause;
  #isPaused = false;
  #lines = 0;
  #isPlanned = false;
  /** Not on the page yet, the oldest first. @type {ConsoleEntry[]} */
  #waiting = [];

  /** @param {HTMLElement} panel */
  constructor(panel) {
    this.#log = find(panel, "[data-part=log]");
    this.#count = find(panel, "[data-part=count]");
    this.#pause = find(panel, "[data-part=pause]");
    this.#pause.addEventListener("click", () => this.#setPaused(!this.#isPaused));
    find(panel, "[data-part=clear]").addEventListener("click", () => this.clear());
  }

  /**
   * Show a line with the next frame of the page, or when it goes on.
   * @param {EntryKind} kind
   * @param {string} text
   */
  add(kind, text) {
    this.#lines += 1;
    this.#waiting.push({kind, text, at: new Date()});
    if (this.#waiting.length > WAITING) this.#waiting.shift();
    this.#plan();
  }

  clear() {
    this.#waiting = [];
    this.#lines = 0;
    this.#log.replaceChildren();
    this.#showCount();
  }

  /** @param {boolean} isPaused */
  #setPaused(isPaused) {
    this.#isPaused = isPaused;
    this.#pause.setAttribute("aria-pressed", String(isPaused));
    write(this.#pause, isPaused ? "Go on" : "Pause");
    this.#plan();
  }

  #plan() {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    this.#isPlanned = false;
    if (!this.#isPaused) {
      const items = this.#waiting.map(itemOf).reverse();
      this.#waiting = [];
      this.#log.prepend(...items);
      while (this.#log.childElementCount > SHOWN) this.#log.lastElementChild?.remove();
    }
    this.#showCount();
  }

  #showCount() {
    const waiting = this.#isPaused ? `, ${this.#waiting.length} waiting` : "";
    write(this.#count, this.#lines ? `${this.#lines} lines${waiting}` : "");
  }
}

/** @param {ConsoleEntry} entry */
function itemOf({kind, text, at}) {
  const time = make("time", {datetime: at.toISOString()}, at.toISOString().slice(11, 23));
  const arrow = make("span", {class: "arrow", "aria-label": kind}, ARROW[kind]);
  const size = make("span", {class: "size"}, kind === "note" ? "" : `${bytes.encode(text).length} B`);
  const summary = make("summary", {}, time, arrow, make("code", {}, text.slice(0, PREVIEW)), size);
  const details = make("details", {"data-kind": kind}, summary);
  details.addEventListener("toggle", () => unfold(details, text), {once: true});
  return make("li", {}, details);
}

/** @param {HTMLElement} details @param {string} text */
function unfold(details, text) {
  const whole = indented(text);
  const cut = whole.length > WHOLE ? `${whole.slice(0, WHOLE)}\n…` : whole;
  details.append(make("pre", {tabindex: "0"}, make("code", {}, cut)));
}

/** @param {string} text */
function indented(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
