// @ts-check
/**
 * What feeds do now, each in one line: the state, the rate with its picture, and the age of the last tick with its own.
 * Must not know the network.
 */

import {write} from "../../dom.js";
import {steadyNow} from "../../steady_clock.js";
import {LiveLine} from "./live_line.js";
import {ago, sentence} from "./words.js";

/** @typedef {import("../../wire/checks.js").DeckFeed} DeckFeed */

const fine = new Intl.NumberFormat("en", {maximumFractionDigits: 1});

export class FeedStrip {
  #page;
  /** @type {Map<Element, LiveLine>} */
  #lines = new Map();

  /** @param {ParentNode} page */
  constructor(page) {
    this.#page = page;
  }

  /** Show the figures of feeds. @param {readonly DeckFeed[]} feeds @param {number} [now_ms] */
  show(feeds, now_ms = steadyNow()) {
    for (const {feed, state, rate, age_ms} of feeds) {
      const parts = this.#page.querySelectorAll(`[data-feed="${CSS.escape(feed)}"][data-live]`);
      for (const part of /** @type {NodeListOf<HTMLElement>} */ (parts)) {
        if (part.dataset.live === "state") {
          part.dataset.is = state;
          write(part, sentence(state));
        } else if (part.dataset.live === "rate") this.#draw(part, "Ticks per second", fine.format(rate), rate, now_ms);
        else this.#draw(part, "Age of the last tick in ms", ago(age_ms), age_ms, now_ms);
      }
    }
  }

  /** Show no figures: there are none, or they are no longer right. */
  forget() {
    for (const part of this.#page.querySelectorAll("[data-live=rate], [data-live=age]")) part.replaceChildren("–");
    this.#lines.clear();
  }

  /** @param {HTMLElement} part @param {string} name @param {string} text @param {number | null} value @param {number} now_ms */
  #draw(part, name, text, value, now_ms) {
    let line = this.#lines.get(part);
    if (!line) {
      const [figure, place] = [document.createElement("b"), document.createElement("span")];
      part.replaceChildren(figure, place);
      line = new LiveLine(place, name);
      this.#lines.set(part, line);
    }
    if (part.firstChild) write(part.firstChild, text);
    line.add(now_ms, value);
  }
}
