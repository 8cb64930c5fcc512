// @ts-check
/**
 * The books that this page knows, by symbol. Each entry of the wire is a whole book, so the newest wins.
 * Pure: no page, no network, no clock.
 */

import {encodePosition} from "../wire/frames.js";
import {Gap} from "./board.js";

/** @typedef {import("../wire/frames.js").BookEntry} BookEntry */
/** @typedef {import("../wire/frames.js").DepthFrame} DepthFrame */

export class Books {
  /** @type {Map<string, BookEntry>} */
  #books = new Map();
  /** @type {{epoch: string, sequence: number} | null} */
  #place = null;
  #isBroken = false;

  /** Whether nothing is missing. */
  get isWhole() {
    return this.#place !== null && !this.#isBroken;
  }

  /** Say whether the book of a symbol is known, even if it is empty or gone. @param {string} symbol */
  holds(symbol) {
    return this.#books.has(symbol);
  }

  /** Return the book of a symbol. @param {string} symbol @returns {BookEntry | undefined} */
  of(symbol) {
    return this.#books.get(symbol);
  }

  /**
   * Return the position to resume from; null when one of the symbols is not known yet.
   * @param {Iterable<string>} symbols
   */
  position(symbols) {
    const isKnown = [...symbols].every((symbol) => this.holds(symbol));
    return this.#place && isKnown ? encodePosition(this.#place.epoch, this.#place.sequence) : null;
  }

  /** Take a frame. Return false for one that leaves a gap. @param {DepthFrame} frame @returns {true | Gap} */
  apply(frame) {
    if (frame.type === "snapshot") {
      this.#place = {epoch: frame.epoch, sequence: frame.seq};
    } else {
      this.#isBroken = this.#place?.sequence !== frame.from;
      if (this.#isBroken || !this.#place) return new Gap(frame.channel, frame.from, this.#place?.sequence ?? null);
      this.#place.sequence = frame.seq;
    }
    this.#isBroken = false;
    for (const book of frame.data) this.#books.set(book.s, book);
    return true;
  }

  /** Note that nothing is missing up to a sequence. @param {number} sequence */
  raise(sequence) {
    if (this.#place && !this.#isBroken) this.#place.sequence = Math.max(this.#place.sequence, sequence);
  }

  /** @param {Iterable<string>} symbols */
  forget(symbols) {
    for (const symbol of symbols) this.#books.delete(symbol);
  }
}
