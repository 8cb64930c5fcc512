// @ts-check
/**
 * Shows the person's notifications: the bell with its count, the list, and the number in the title of the page.
 * Must not know the network: marking as read is handed on.
 */

import {byId, find, icon, make, write} from "../../dom.js";
import {count, moment, time} from "../../format.js";
import {steadyNow} from "../../steady_clock.js";
import {pageOf} from "../../symbols.js";

/** @typedef {import("../../wire/frames.js").Notice} Notice */

const DAY_MS = 86_400_000;
/** The address of an instrument's page; the symbol stands for `~`. */
const INSTRUMENT = "/i/~/";
const LEVELS = Object.freeze(["info", "warning", "critical"]);

export class Notifications {
  #menu = byId("notices");
  #count = find(this.#menu, "[data-part=count]");
  #name = find(this.#menu, "[data-part=name]");
  #list = find(this.#menu, "[data-part=list]");
  #empty = find(this.#menu, "[data-part=empty]");
  #readAll = /** @type {HTMLButtonElement} */ (find(this.#menu, "[data-part=read-all]"));
  #title = document.title;
  #inbox;
  #onread;

  /**
   * @param {{
   *   inbox: () => {notices: Notice[], unread: number}, onread: (ids: number[]) => void,
   * }} options `onread`: these were read; all, when the list is empty
   */
  constructor({inbox, onread}) {
    this.#inbox = inbox;
    this.#onread = onread;
    this.#readAll.addEventListener("click", (event) => {
      event.preventDefault();
      onread([]);
    });
  }

  /** Show the inbox. */
  paint() {
    const {notices, unread} = this.#inbox();
    const text = unread > 99 ? "99+" : count(unread);
    write(this.#count, text);
    this.#count.hidden = unread === 0;
    write(this.#name, unread === 0 ? "Notifications" : `Notifications, ${text} unread`);
    document.title = unread === 0 ? this.#title : `(${text}) ${this.#title}`;
    this.#readAll.hidden = unread === 0;
    this.#empty.hidden = notices.length > 0;
    this.#list.replaceChildren(...notices.map((notice) => this.#item(notice)));
  }

  /** @param {Notice} notice */
  #item({id, title, body, level, t, read, symbol}) {
    const known = LEVELS.includes(level) ? level : "info";
    const mark = read ? "is-read" : "is-unread";
    const item = make(
      "li",
      {class: `notice notice-${known} ${mark}`},
      icon(known),
      make("div", {class: "notice-text"}, make("strong", {}, title), make("p", {}, body), footOf(t, symbol)),
    );
    if (!read) item.append(this.#readButton(id, title));
    return item;
  }

  /** @param {number} id @param {string} title */
  #readButton(id, title) {
    const words = {title: "Mark as read", "aria-label": `Mark as read: ${title}`};
    const button = make("button", {type: "button", class: "icon-button", ...words}, icon("check"));
    button.addEventListener("click", () => this.#onread([id]));
    return button;
  }
}

/** @param {number} t @param {string} [symbol] */
function footOf(t, symbol) {
  const foot = make("span", {class: "notice-foot"}, timeOf(t));
  if (symbol) foot.append(make("a", {href: pageOf(INSTRUMENT, symbol)}, `Open ${symbol}`));
  return foot;
}

/** @param {number} t */
function timeOf(t) {
  const text = steadyNow() - t < DAY_MS ? time(t) : moment(t);
  return make("time", {datetime: new Date(t).toISOString(), title: moment(t)}, text);
}
