// @ts-check
/**
 * The panel of trades. It wants trades only while somebody may look at it.
 * Must not know the network: it is handed subscriptions and frames.
 */

import {find, hide, recall, remember, write} from "../../dom.js";
import {digitsOf} from "../../format.js";
import {Tape} from "../../market/tape.js";
import {CHANNEL, HEARTBEAT, METHOD} from "../../wire/frames.js";
import {tradesNote} from "./note.js";
import {TapeView} from "./tape_view.js";

/** @typedef {import("../../wire/frames.js").Instrument} Instrument */
/** @typedef {import("../../wire/frames.js").Frame} Frame */
/** @typedef {{add(channel: string, symbols: string[]): void, remove(channel: string, symbols: string[]): void}} TradeSubscriptions */

const MEMORY = "trades";
const OPEN = "open";
/** How long trades go on in a hidden tab: longer than prices do, so that a short absence leaves no gap. */
const UNSEEN_MS = 60_000;

export class TradesPanel {
  #panel;
  #scope;
  #all;
  #note;
  #scroll;
  #view;
  #tape = new Tape();
  #instruments;
  #subscriptions;
  #onchange;
  #announce;
  /** @type {readonly string[]} */
  #watched = [];
  /** @type {string | null} */
  #selected = null;
  /** The symbols that were asked for. @type {string[]} */
  #asked = [];
  #isResting = false;
  #connection = "connecting";
  #gaps = 0;
  /** @type {number | undefined} */
  #timer;

  /**
   * @param {{
   *   panel: HTMLElement, subscriptions: TradeSubscriptions, instruments: ReadonlyMap<string, Instrument>,
   *   onchange: (part: TradesPanel) => void, onall: () => void, announce: (text: string) => void,
   * }} options `onall`: the button for all symbols was pressed
   */
  constructor({panel, subscriptions, instruments, onchange, onall, announce}) {
    this.#panel = /** @type {HTMLDetailsElement} */ (panel);
    this.#scope = find(panel, "[data-part=scope]");
    this.#all = find(panel, "[data-part=all]");
    this.#note = find(panel, "[data-part=note]");
    this.#scroll = find(panel, "[data-part=scroll]");
    this.#view = new TapeView(panel);
    this.#instruments = instruments;
    this.#subscriptions = subscriptions;
    this.#onchange = onchange;
    this.#announce = announce;
    this.#panel.open = recall(MEMORY) === OPEN;
    panel.addEventListener("toggle", () => this.#hearToggle());
    this.#all.addEventListener("click", () => onall());
  }

  /** The position to resume from; null when trades must start again. */
  get position() {
    return this.#panel.open ? this.#tape.position : null;
  }

  /** Follow these symbols, which the watchlist holds. @param {readonly string[]} symbols */
  list(symbols) {
    this.#watched = symbols;
    this.#follow();
  }

  /** Show the trades of one symbol only; null shows all. @param {string | null} symbol */
  select(symbol) {
    if (symbol === this.#selected) return;
    this.#selected = symbol;
    this.#begin();
  }

  /** Ask again for symbols that the server did not know and that are listed now. @param {string[]} symbols */
  retry(symbols) {
    const again = symbols.filter((symbol) => this.#asked.includes(symbol));
    if (again.length) this.#subscriptions.add(CHANNEL.TRADES, again);
  }

  /** Stop the trades of a tab that is hidden for long; they resume when it is seen again. @param {boolean} isHidden */
  setHidden(isHidden) {
    clearTimeout(this.#timer);
    if (isHidden) this.#timer = setTimeout(() => this.#rest(true), UNSEEN_MS);
    else this.#rest(false);
  }

  /**
   * Take any frame. Return false for trades that leave a gap.
   * @param {Frame} frame
   */
  hear(frame) {
    if (this.#asked.length === 0) return true;
    if (frame.channel === HEARTBEAT && frame.confirms.includes(CHANNEL.TRADES)) this.#tape.raise(frame.seq);
    if (frame.type === "answer" && isOpening(frame)) this.#tape.follow(true);
    return frame.channel !== CHANNEL.TRADES || this.#take(frame);
  }

  /**
   * Show another state of the connection.
   * @param {string} name
   * @param {boolean} isUp whether it carries frames; if not, trades are asked for again later
   */
  showConnection(name, isUp) {
    this.#connection = name;
    if (!isUp) this.#tape.follow(false);
    this.#onchange(this);
  }

  /** Write all trades anew: their times are in another zone. */
  rewrite() {
    this.#view.clear();
    this.#onchange(this);
  }

  /** Show the trades and the note. */
  paint() {
    this.#view.show(this.#tape.lines, (symbol) => digitsOf(this.#instruments.get(symbol)));
    const {lines, position} = this.#tape;
    const text = tradesNote({
      connection: this.#connection, hasBegun: position !== null, isEmpty: lines.length === 0,
      symbol: this.#selected, isNothingWatched: this.#watched.length === 0, asOf_ms: lines.at(-1)?.trade?.t ?? null,
    });
    write(this.#note, text);
    hide(this.#note, text === "");
    hide(this.#scroll, lines.length === 0);
    write(this.#scope, this.#selected ?? "All watched symbols");
    hide(this.#all, this.#selected === null);
  }

  // --- wanting ------------------------------------------------------------------------------
  #hearToggle() {
    remember(MEMORY, this.#panel.open ? OPEN : null);
    this.#begin();
  }

  /** Start again, for other symbols or after a while without trades: the old trades would hide a gap. */
  #begin() {
    this.#unwant(this.#asked);
    this.#tape.clear();
    this.#gaps = 0;
    this.#follow();
    this.#scroll.scrollTop = 0;
  }

  /** @param {boolean} isResting */
  #rest(isResting) {
    if (isResting === this.#isResting) return;
    this.#isResting = isResting;
    if (isResting) this.#unwant(this.#asked);
    else this.#follow();
  }

  /** Ask for the symbols that are to be shown now, and stop the others. */
  #follow() {
    this.#onchange(this);
    if (this.#isResting) return;
    const wanted = this.#wanted();
    this.#tape.want(wanted);
    this.#unwant(this.#asked.filter((symbol) => !wanted.includes(symbol)));
    if (wanted.length === 0) this.#tape.clear();
    if (this.#asked.length === 0) this.#tape.follow(false);
    const added = wanted.filter((symbol) => !this.#asked.includes(symbol));
    this.#asked = wanted;
    if (added.length) this.#subscriptions.add(CHANNEL.TRADES, added);
  }

  #wanted() {
    if (!this.#panel.open) return [];
    return this.#selected === null ? [...this.#watched] : [this.#selected];
  }

  /** @param {string[]} symbols */
  #unwant(symbols) {
    this.#asked = this.#asked.filter((symbol) => !symbols.includes(symbol));
    if (symbols.length) this.#subscriptions.remove(CHANNEL.TRADES, symbols);
  }

  /** @param {import("../../wire/frames.js").TradesFrame} frame */
  #take(frame) {
    const isNext = this.#tape.apply(frame);
    this.#tellGaps();
    this.#onchange(this);
    return isNext;
  }

  #tellGaps() {
    const gaps = this.#tape.lines.filter(({trade}) => trade === null).length;
    if (gaps > this.#gaps) this.#announce("Some trades are missing");
    this.#gaps = gaps;
  }
}

/**
 * Return the panel of this page, or null: the polling page has none.
 * @param {Omit<ConstructorParameters<typeof TradesPanel>[0], "panel">} options
 */
export function openTrades(options) {
  const panel = document.getElementById("trades");
  return panel && new TradesPanel({panel, ...options});
}

/** Say whether an answer opens the trades. @param {import("../../wire/frames.js").Answer} answer */
function isOpening({method, result}) {
  return method === METHOD.SUBSCRIBE && result.channel === CHANNEL.TRADES;
}
