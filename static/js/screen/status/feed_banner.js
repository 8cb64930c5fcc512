// @ts-check
/**
 * Says when a feed is not running, calmly, as paused and closed are no faults. Shows the day, time and phase of each exchange.
 * Must not know the network.
 */

import {byId, make, write} from "../../dom.js";
import {count, time} from "../../format.js";
import {PHASE_NAMES, statusText} from "./phases.js";

/** @typedef {import("../../wire/frames.js").Feed} Feed */

/** @type {Record<string, string>} */
const WORDS = Object.freeze({PAUSED: "is paused", CLOSED: "is closed"});

export class FeedBanner {
  #banner = byId("feed-banner");
  #rate = byId("market-rate");
  #day = byId("market-day");
  #announce;
  #shown = "";
  /** @type {Feed[]} */
  #feeds = [];
  /** The phase that was last announced, by feed. @type {Map<string, string>} */
  #phases = new Map();

  /** @param {{announce: (text: string) => void}} options */
  constructor({announce}) {
    this.#announce = announce;
    this.#shown = this.#banner.innerText.trim();
  }

  /**
   * Show how fast the market ticks, and which feeds do not run.
   * @param {Iterable<Feed>} feeds
   */
  show(feeds) {
    const known = [...feeds];
    this.#feeds = known;
    this.#announcePhases();
    const running = known.filter(({state}) => !(state in WORDS));
    write(this.#rate, count(running.reduce((sum, {rate}) => sum + rate, 0)));
    document.body.dataset.market = known.length && !running.length ? "still" : "moving";
    const lines = known.filter(({state}) => state in WORDS).map(lineOf);
    const text = lines.map(({title, detail}) => `${title} ${detail}`).join(" ");
    if (text === this.#shown) return;
    const said = lines.map(({title, detail, state}) => make("p", {"data-state": state}, make("strong", {}, title), ` ${detail}`));
    this.#banner.replaceChildren(...said);
    this.#announce(text || "All feeds are running");
    this.#shown = text;
  }

  /**
   * Show the name of every feed, with the day, time and phase of its exchange.
   * @param {number} now_ms by the server's clock
   */
  tick(now_ms) {
    const texts = this.#feeds.map((feed) => statusText(feed, now_ms));
    if (this.#feeds.length) write(this.#day, texts.join(", "));
  }

  #announcePhases() {
    for (const {feed, exchange, ph} of this.#feeds) {
      const former = this.#phases.get(feed);
      this.#phases.set(feed, ph);
      if (exchange && former && former !== ph) this.#announce(`${exchange}: ${PHASE_NAMES[ph] ?? ph}`);
    }
  }
}

/** @param {Feed} feed */
function lineOf({name, state, reason, t}) {
  const why = reason ? `: ${reason}` : "";
  return {state, title: `${name} ${WORDS[state]}${why}.`, detail: `Prices are the last ones, since ${time(t)}.`};
}
