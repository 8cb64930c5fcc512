// @ts-check
/**
 * Keeps the page of all notifications up to date: what was read in another tab or on another device, and what is new.
 * Must not know the network.
 */

import {byId, find, write} from "../../dom.js";
import {count} from "../../format.js";

/** @typedef {import("../../wire/frames.js").Notice} Notice */

export class Centre {
  #root = byId("centre");
  #unread = find(this.#root, "[data-part=unread]");
  #readAll = find(this.#root, "[data-part=read-all]");
  #news = find(this.#root, "[data-part=news]");
  /** The newest notification when the server made the page. */
  #newest = Number(this.#root.dataset.newest);

  /**
   * Show what is true now.
   * @param {{notices: Notice[], unread: number}} inbox
   */
  show({notices, unread}) {
    const isRead = new Map(notices.map(({id, read}) => [String(id), read]));
    for (const item of this.#items()) {
      if (unread === 0 || isRead.get(item.dataset.id ?? "")) markRead(item);
    }
    write(this.#unread, `${count(unread)} unread`);
    this.#unread.hidden = this.#readAll.hidden = unread === 0;
    this.#news.hidden = !notices.some(({id}) => id > this.#newest);
  }

  #items() {
    return /** @type {HTMLElement[]} */ ([...this.#root.querySelectorAll("li[data-id]")]);
  }
}

/** @param {HTMLElement} item */
function markRead(item) {
  item.classList.replace("is-unread", "is-read");
  item.querySelector("form")?.remove();
}
