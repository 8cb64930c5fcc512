// @ts-check
/**
 * The book of the instrument that is shown. It is wanted only while it is shown.
 * Must not know the network: it is handed subscriptions and frames.
 */

import {find} from "../../dom.js";
import {Books} from "../../market/books.js";
import {CHANNEL} from "../../wire/frames.js";
import {BookLadder} from "./depth_ladder.js";

/** @typedef {import("../../wire/frames.js").DepthFrame} DepthFrame */
/** @typedef {import("./depth_ladder.js").Book} Book */

/** @type {Book} */
const EMPTY = Object.freeze({bids: [], asks: []});

export class Depth {
  #ladder;
  #subscriptions;
  #digitsOf;
  /** @type {string | null} */
  #symbol = null;
  #books = new Books();

  /**
   * @param {HTMLElement} panel
   * @param {{subscriptions: {add(channel: string, symbols: string[]): void, remove(channel: string, symbols: string[]): void}, digitsOf: (symbol: string) => number}} options
   */
  constructor(panel, {subscriptions, digitsOf}) {
    this.#ladder = new BookLadder(find(panel, "[data-part=ladder]"));
    this.#subscriptions = subscriptions;
    this.#digitsOf = digitsOf;
  }

  /** The position of the book, to resume from; null when a snapshot is needed. */
  get position() {
    return this.#symbol === null ? null : this.#books.position([this.#symbol]);
  }

  /** Show the book of this symbol; null stops. @param {string | null} symbol */
  show(symbol) {
    if (this.#symbol !== null) this.#subscriptions.remove(CHANNEL.DEPTH, [this.#symbol]);
    this.#symbol = symbol;
    this.#books = new Books();
    this.#ladder.show(EMPTY, 0);
    if (symbol !== null) this.#subscriptions.add(CHANNEL.DEPTH, [symbol]);
  }

  /** Take a frame. Return false for one that leaves a gap. @param {DepthFrame} frame */
  hear(frame) {
    // An update before the first snapshot belongs to an earlier subscription.
    if (frame.type === "update" && this.position === null) return true;
    return this.#books.apply(frame) === true;
  }

  /** Note that nothing is missing up to a sequence. @param {number} sequence */
  raise(sequence) {
    this.#books.raise(sequence);
  }

  /** Write the book. */
  paint() {
    if (this.#symbol === null) return;
    const book = this.#books.of(this.#symbol);
    this.#ladder.show(!book || book.gone ? EMPTY : book, this.#digitsOf(this.#symbol));
  }
}
