// @ts-check
/**
 * The box in which people type where they want to go or what they want to do (a dialog with a combobox).
 * Must not know the network: the places that the server names are read by a function.
 */

import {icon, make, recall, remember, write} from "../../dom.js";
import {openDialog} from "./dialog.js";
import {afterChoice, found, suggested} from "./ranking.js";
import {actionCommands, pageCommands, placeCommands} from "./sources.js";

/** @typedef {import("./sources.js").Command} Command */

const MEMORY = "recent";
const MOST_SHOWN = 50;
const READING = "Reading lists and instruments\u2026";

/**
 * Open the box.
 * @param {{actions: readonly import("../page/keyboard.js").Action[], read: () => Promise<import("./sources.js").Places>}} options
 *   `read`: the lists and instruments of this person
 */
export function openCommands({actions, read}) {
  const box = new Commands([...actionCommands(actions), ...pageCommands()]);
  box.open();
  read().then((places) => box.add(placeCommands(places)), () => box.tell("Lists and instruments could not be read."));
}

class Commands {
  #input = /** @type {HTMLInputElement} */ (make("input", {
    "class": "commands-input", type: "text", role: "combobox", placeholder: "Go to an instrument, a page or a list, or do something",
    "aria-label": "Go to or do", "aria-controls": "commands-list", "aria-expanded": "true", "aria-autocomplete": "list",
    autocomplete: "off", autocapitalize: "off", spellcheck: "false",
  }));
  #list = make("ul", {id: "commands-list", "class": "commands-list", role: "listbox", "aria-label": "Commands"});
  #note = make("p", {"class": "commands-note", role: "status"}, READING);
  #dialog = /** @type {HTMLDialogElement} */ (make("dialog", {id: "commands", "class": "dialog commands", "aria-label": "Commands"},
    make("div", {"class": "commands-head"}, icon("search"), this.#input), this.#list, this.#note));
  /** @type {Command[]} */
  #all;
  /** @type {Command[]} */
  #shown = [];
  #at = 0;
  #text = READING;
  /** Whether Enter was pressed before anything fitted, while more may come. */
  #isEager = false;

  /** @param {Command[]} commands */
  constructor(commands) {
    this.#all = commands;
    this.#input.addEventListener("input", () => {
      this.#isEager = false;
      this.#show();
    });
    this.#input.addEventListener("keydown", (event) => this.#hearKey(event));
    this.#list.addEventListener("click", ({target}) => this.#choose([...this.#list.children].findIndex((each) => each.contains(/** @type {Node} */ (target)))));
    this.#list.addEventListener("mousedown", (event) => event.preventDefault());
  }

  open() {
    openDialog(this.#dialog);
    this.#input.focus();
    this.#show();
  }

  /** Offer more. What is marked stays marked. @param {Command[]} commands */
  add(commands) {
    const marked = this.#shown[this.#at];
    this.#all = [...this.#all, ...commands];
    this.tell("");
    const place = marked && this.#input.value === "" ? this.#shown.indexOf(marked) : 0;
    this.#mark(Math.max(0, place));
    if (this.#isEager) this.#choose(0);
  }

  /** Say something below the list. @param {string} text */
  tell(text) {
    this.#text = text;
    this.#show();
  }

  #show() {
    const text = this.#input.value;
    const recent = (recall(MEMORY) ?? "").split("\n");
    this.#shown = text.trim() ? found(this.#all, text, MOST_SHOWN) : suggested(this.#all, recent);
    this.#list.replaceChildren(...this.#shown.map(optionOf));
    write(this.#note, this.#text || (this.#shown.length ? "" : "Nothing fits."));
    this.#mark(0);
  }

  /** @param {number} place */
  #mark(place) {
    this.#at = place;
    [...this.#list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === place)));
    const marked = this.#list.children[place];
    if (marked) this.#input.setAttribute("aria-activedescendant", marked.id);
    else this.#input.removeAttribute("aria-activedescendant");
    marked?.scrollIntoView({block: "nearest"});
  }

  /** @param {KeyboardEvent} event */
  #hearKey(event) {
    const last = this.#shown.length - 1;
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowDown: () => this.#mark(this.#at < last ? this.#at + 1 : 0),
      ArrowUp: () => this.#mark(this.#at > 0 ? this.#at - 1 : last),
      PageDown: () => this.#mark(Math.min(last, this.#at + 8)),
      PageUp: () => this.#mark(Math.max(0, this.#at - 8)),
      Enter: () => this.#choose(this.#at),
    };
    const act = keys[event.key];
    if (!act || event.isComposing) return;
    event.preventDefault();
    act();
  }

  /** @param {number} place */
  #choose(place) {
    const command = this.#shown[place];
    this.#isEager = !command && this.#text === READING;
    if (!command) return;
    remember(MEMORY, afterChoice((recall(MEMORY) ?? "").split("\n").filter(Boolean), command.id).join("\n"));
    // The page has the keyboard back before the action may want it.
    this.#dialog.addEventListener("close", () => command.run(), {once: true});
    this.#dialog.close();
  }
}

/** @param {Command} command @param {number} place */
function optionOf({label, kind, detail}, place) {
  const about = kind === "Action" && detail ? make("kbd", {}, detail) : make("span", {"class": "command-detail"}, detail);
  return make("li", {id: `command-${place}`, role: "option", "class": "command"},
    make("span", {"class": "command-label"}, label), about, make("span", {"class": "command-kind"}, kind));
}
