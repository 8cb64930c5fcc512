// @ts-check
/**
 * The last value of everything that this page asked for. Twin of the board of feeds/market in the browser.
 * A snapshot plus updates is again a snapshot.
 * Pure: no page, no network, no clock.
 */

import {CHANNEL, EMPTY_ROW, HEARTBEAT, encodePosition} from "../wire/frames.js";

/** @typedef {import("../wire/frames.js").Row} Row */
/** @typedef {import("../wire/frames.js").Feed} Feed */
/** @typedef {import("../wire/frames.js").Instrument} Instrument */
/** @typedef {import("../wire/frames.js").MarketFrame} MarketFrame */
/** @typedef {import("../wire/frames.js").TickerEntry} TickerEntry */
/** @typedef {import("../wire/frames.js").StatusEntry} StatusEntry */

/** A frame that does not start at the position of its channel, so something between is missing. */
export class Gap {
  gap = true;

  /**
   * @param {string} channel
   * @param {number} from the sequence at which the frame starts
   * @param {number | null} sequence of the channel; null before the first snapshot
   */
  constructor(channel, from, sequence) {
    this.channel = channel;
    this.from = from;
    this.sequence = sequence;
  }
}

/** The position of one channel. While `isBroken`, only a frame that follows exactly, or a snapshot, moves it. */
class Place {
  /** @type {string | null} */
  epoch = null;
  sequence = 0;
  isBroken = false;

  /** @param {number} from */
  isAt(from) {
    return this.epoch !== null && this.sequence === from;
  }

  /** @param {string} epoch @param {number} sequence */
  stand(epoch, sequence) {
    this.epoch = epoch;
    this.sequence = sequence;
    this.isBroken = false;
  }

  /** @param {number} sequence */
  raise(sequence) {
    if (this.epoch !== null && !this.isBroken) this.sequence = Math.max(this.sequence, sequence);
  }
}

export class Board {
  /** @type {Map<string, Row>} */
  rows = new Map();
  /** @type {Map<string, Feed>} */
  feeds = new Map();
  /** @type {Map<string, Instrument>} */
  instruments = new Map();
  /** How many ticks all updates stood for, and in how many entries they came. */
  ticks = 0;
  entries = 0;
  /** @type {Map<string, number>} */
  #receipts = new Map();
  /** @type {Set<string>} */
  #gone = new Set();
  #ticker = new Place();
  #status = new Place();
  /** The epoch of a ticker snapshot that is still arriving. @type {string | null} */
  #arriving = null;
  /** The status snapshot that is still arriving, and its position. @type {StatusEntry[]} */
  #statuses = [];
  #statusesAt = "";

  /**
   * Apply a frame. Return the symbols that changed, or the gap before the frame.
   * @param {MarketFrame} frame
   * @returns {Set<string> | Gap}
   */
  apply(frame) {
    switch (frame.channel) {
      case HEARTBEAT:
        if (frame.confirms.includes(CHANNEL.TICKER)) this.#ticker.raise(frame.seq);
        if (frame.confirms.includes(CHANNEL.STATUS)) this.#status.raise(frame.seq);
        return new Set();
      case CHANNEL.TICKER:
        return frame.type === "snapshot" ? this.#tickerSnapshot(frame) : this.#tickerUpdate(frame);
      case CHANNEL.STATUS:
        return frame.type === "snapshot" ? this.#statusSnapshot(frame) : this.#statusUpdate(frame);
    }
  }

  /**
   * Return the position of a channel to resume from; null when it needs a snapshot. A symbol without a row needs
   * one, as only a snapshot has all its fields.
   * @param {string} channel
   * @param {Iterable<string>} [symbols]
   */
  position(channel, symbols = []) {
    const place = channel === CHANNEL.TICKER ? this.#ticker : this.#status;
    const isWhole = [...symbols].every((symbol) => this.holds(symbol));
    return place.epoch === null || !isWhole ? null : encodePosition(place.epoch, place.sequence);
  }

  /**
   * Say whether the state of a symbol is known; it may be known to be gone.
   * @param {string} symbol
   */
  holds(symbol) {
    return this.rows.has(symbol) || this.#gone.has(symbol);
  }

  /**
   * Return how many ticks the updates of a symbol stood for in all.
   * @param {string} symbol
   */
  ticksOf(symbol) {
    return this.#receipts.get(symbol) ?? 0;
  }

  /**
   * Forget symbols that are no longer subscribed. A board without symbols has no position.
   * @param {Iterable<string>} symbols
   */
  forget(symbols) {
    for (const symbol of symbols) {
      this.rows.delete(symbol);
      this.#gone.delete(symbol);
      this.#receipts.delete(symbol);
    }
    if (this.rows.size + this.#gone.size === 0) this.#ticker = new Place();
  }

  // --- ticker -------------------------------------------------------------------------------
  /** @param {import("../wire/frames.js").TickerSnapshot} frame */
  #tickerSnapshot(frame) {
    const changed = new Set(frame.data.map((entry) => entry.s));
    // Between the parts of a snapshot the rows have its epoch already, and the position not yet.
    const known = this.#arriving ?? this.#ticker.epoch;
    if (known !== null && known !== frame.epoch) this.#clear(changed);
    for (const entry of frame.data) {
      this.#gone.delete(entry.s);
      if (entry.gone) this.#remove(entry.s);
      else this.rows.set(entry.s, take({s: entry.s, ...EMPTY_ROW}, entry));
    }
    this.#arriving = frame.more ? frame.epoch : null;
    if (!frame.more) this.#ticker.stand(frame.epoch, frame.seq);
    return changed;
  }

  /** Clear what is left of an earlier epoch: it is not the market any more. @param {Set<string>} changed */
  #clear(changed) {
    for (const symbol of this.rows.keys()) changed.add(symbol);
    this.rows.clear();
    this.#gone.clear();
    this.#ticker = new Place();
  }

  /** @param {import("../wire/frames.js").TickerUpdate} frame */
  #tickerUpdate(frame) {
    const gap = this.#gapBefore(frame, this.#ticker);
    if (gap) return gap;
    for (const entry of frame.data) {
      this.#count(entry);
      if (entry.gone) this.#remove(entry.s);
      else this.#put(entry);
    }
    this.#ticker.stand(this.#ticker.epoch ?? "", frame.seq);
    return new Set(frame.data.map((entry) => entry.s));
  }

  /** @param {TickerEntry} entry */
  #put(entry) {
    this.#gone.delete(entry.s);
    this.rows.set(entry.s, take(this.rows.get(entry.s) ?? {s: entry.s, ...EMPTY_ROW}, entry));
  }

  /** @param {string} symbol */
  #remove(symbol) {
    this.rows.delete(symbol);
    this.#gone.add(symbol);
  }

  /** @param {TickerEntry} entry */
  #count({s, n}) {
    if (n === 0) return;
    this.ticks += n;
    this.entries += 1;
    this.#receipts.set(s, this.ticksOf(s) + n);
  }

  // --- status -------------------------------------------------------------------------------
  /**
   * Take a part of a status snapshot. It replaces everything once its last part is here.
   * @param {import("../wire/frames.js").StatusSnapshot} frame
   */
  #statusSnapshot(frame) {
    const position = encodePosition(frame.epoch, frame.seq);
    if (position !== this.#statusesAt) this.#statuses = [];
    this.#statusesAt = position;
    this.#statuses.push(...frame.data);
    if (frame.more) return new Set();
    const changed = new Set(this.instruments.keys());
    this.feeds.clear();
    this.instruments.clear();
    for (const entry of this.#statuses) this.#define(entry, changed);
    this.#statuses = [];
    this.#statusesAt = "";
    this.#status.stand(frame.epoch, frame.seq);
    return changed;
  }

  /** @param {import("../wire/frames.js").StatusUpdate} frame */
  #statusUpdate(frame) {
    const gap = this.#gapBefore(frame, this.#status);
    if (gap) return gap;
    /** @type {Set<string>} */
    const changed = new Set();
    for (const entry of frame.data) this.#define(entry, changed);
    this.#status.stand(this.#status.epoch ?? "", frame.seq);
    return changed;
  }

  /** @param {StatusEntry} entry @param {Set<string>} changed */
  #define(entry, changed) {
    if ("s" in entry) {
      changed.add(entry.s);
      if ("gone" in entry) this.instruments.delete(entry.s);
      else this.instruments.set(entry.s, entry);
      return;
    }
    if ("gone" in entry) this.feeds.delete(entry.feed);
    else this.feeds.set(entry.feed, entry);
    // Lines show the state of their feed as well.
    for (const [symbol, {feed}] of this.instruments) if (feed === entry.feed) changed.add(symbol);
  }

  /**
   * @param {{channel: string, from: number}} frame
   * @param {Place} place
   */
  #gapBefore(frame, place) {
    if (place.isAt(frame.from)) return null;
    place.isBroken = true;
    return new Gap(frame.channel, frame.from, place.epoch === null ? null : place.sequence);
  }
}

/**
 * Write the fields of an entry into a row.
 * @param {Row} row
 * @param {TickerEntry} entry
 * @returns {Row}
 */
function take(row, entry) {
  const {n, gone, ...fields} = entry;
  return Object.assign(row, fields);
}
