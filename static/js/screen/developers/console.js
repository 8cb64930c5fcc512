// @ts-check
/**
 * A log of what goes over a socket, newest first. It is bounded; people can pause it, clear it and unfold its lines.
 * Must not know the network or what a frame means.
 */

import {find, make, write} from "../../dom.js";

/** @typedef {"sent" | "received" | "note"} EntryKind */
/** @typedef {{kind: EntryKind, text: string, at: Date}} ConsoleEntry */

/** The most lines that are shown; older ones go. */
const SHOWN = 200;
/** The most lines that wait during a pause; older ones go. */
const WAITING = 200;
/** The characters of a folded line. A snapshot of 500 instruments has 80,000. */
const PREVIEW = 300;
/** The most characters of an unfolded line. */
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
  /** Lines that are not on the page yet, oldest first. @type {ConsoleEntry[]} */
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
   * Show a line with the next animation frame, or after the pause.
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
    write(this.#pause, isPaused ? "Resume" : "Pause");
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
