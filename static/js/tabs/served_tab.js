// @ts-check
/**
 * One tab as the leader sees it: what it asked for, its position in each channel, and what it still has to get.
 * A frame that does not concern the tab leaves its position alone, so the next frame starts there without a gap.
 * Must not know the server, the other tabs or what they want.
 */

import {
  CHANNEL, GAP_CHANNELS, HEARTBEAT, KEYED_CHANNELS, TAPE_CHANNELS, barsName, encodePosition, parsePosition,
} from "../wire/frames.js";
import {PendingBars, PendingBooks, PendingList, PendingPrices, trimmed} from "./pending.js";

/** @typedef {import("../wire/frames.js").Frame} Frame */
/** @typedef {import("../wire/frames.js").Command} Command */
/** @typedef {import("../wire/frames.js").TickerEntry} TickerEntry */
/** A trade, or what became of one. @typedef {import("../wire/frames.js").Trade | import("../wire/frames.js").Correction} Trade */
/** @typedef {import("../wire/frames.js").StatusEntry} StatusEntry */
/** @typedef {import("./messages.js").LeaderMessage} LeaderMessage */

/**
 * What the leader knows of the market, to send it again. The class is in market/replica.js, which this room must
 * not import.
 * @typedef {{
 *   apply(frame: Frame): boolean, isWhole(channel: string): boolean, holds(channel: string, symbol: string): boolean,
 *   position(channel: string, symbols?: Iterable<string>): string | null,
 *   place(channel: string): {epoch: string, sequence: number}, ts(channel: string): number,
 *   snapshot(channel: string, symbols: Iterable<string>): Frame,
 *   standTrades(position: string | null): void, expectTrades(symbols: Iterable<string>): void,
 *   tradesAfter(symbols: Iterable<string>, sequence: number): Trade[] | null,
 *   forget(channel: string, symbols: string[]): void,
 * }} ReplicaLike
 */

/** A frame that is due within this time may go now. */
const SLACK_MS = 5;

export class ServedTab {
  /** Whether the tab knows that the connection is up: only then does it get frames. */
  isOpen = false;
  /** Whether the tab waits for the connection. */
  isAsking = false;
  isPaused = false;
  /** The position up to which an earlier leader sent it trades. @type {string | null} */
  since = null;
  /** The updates per second that it asked for; 0 until it did. */
  max_rate = 0;
  /** Whether another tab wants prices more often, so that updates for this tab must be merged. */
  isSlower = false;
  /** The fields of prices that it asked for; null means all. @type {readonly string[] | null} */
  fields = null;
  /** The channels whose corrections it asked for. @type {Set<string>} */
  corrected = new Set();
  /** The channels that it asked for, each with its symbols. @type {Map<string, Set<string>>} */
  wanted = new Map();
  /** The channels that it asked for since it was admitted: it may not want again what it wanted earlier. @type {Set<string>} */
  asked = new Set();
  id;
  #post;
  #known;
  #timers;
  #now;
  #sent_ms = 0;
  #bytes = 0;
  /** The part of `wanted` that it gets: symbols which the server knows. @type {Map<string, Set<string>>} */
  #served = new Map();
  /** The channels that were opened since it was admitted. @type {Set<string>} */
  #opened = new Set();
  /** Its position in each channel. @type {Map<string, {epoch: string, sequence: number}>} */
  #places = new Map();
  #prices = new PendingPrices();
  /** @type {PendingList<Trade>} */
  #trades = new PendingList();
  #bars = new PendingBars();
  #books = new PendingBooks();
  /** @type {PendingList<StatusEntry>} */
  #statuses = new PendingList();

  /**
   * @param {{
   *   id: string, post: (body: import("./messages.js").LeaderBody) => void, known: ReplicaLike, timers: import("../connection/timers.js").NamedTimers, now: () => number,
   * }} options
   */
  constructor({id, post, known, timers, now}) {
    this.id = id;
    this.#post = post;
    this.#known = known;
    this.#timers = timers;
    this.#now = now;
  }

  /** The connection is up: commands may come. */
  admit() {
    this.isAsking = false;
    this.isOpen = true;
    this.asked.clear();
    this.#opened.clear();
    this.#post({kind: "open"});
  }

  /**
   * The connection was lost. What comes before the tab is back is kept for it.
   * @param {import("../transports/transport.js").Ending} ending
   */
  dismiss(ending) {
    this.isAsking = this.isOpen = false;
    this.#opened.clear();
    this.#post({kind: "closed", ending});
  }

  /** Send nothing more. */
  close() {
    this.isAsking = this.isOpen = false;
    this.#timers.clear(this.id);
  }

  /** Report these bytes of the network with the next frame. @param {number} bytes */
  charge(bytes) {
    this.#bytes += bytes;
  }

  /** @param {Frame} frame */
  say(frame) {
    if (!this.isOpen) return;
    this.#post({kind: "frame", frame: this.corrected.has(frame.channel) ? frame : uncorrected(frame), bytes: this.#bytes});
    this.#bytes = 0;
  }

  /** @param {{method: string, id?: number}} command @param {Record<string, unknown>} result */
  answer({method, id}, result) {
    this.say({channel: "answer", type: "answer", method, id: id ?? null, success: true, result, error: null});
  }

  /** @param {Command} command @param {import("../wire/frames.js").Refusal} error */
  refuse({method, id}, error) {
    this.say({channel: "answer", type: "answer", method, id: id ?? null, success: false, result: {}, error});
  }

  /** Send what is pending, where pause and pace allow it. */
  go() {
    for (const channel of TAPE_CHANNELS) this.#tell(channel, false);
  }

  // --- opening ------------------------------------------------------------------------------
  /**
   * Open a channel, or add symbols to it. Resume at the position of the tab if the leader knows what came since;
   * otherwise send a snapshot.
   * @param {import("../wire/frames.js").CommandOf<"subscribe">} command
   * @param {{symbols: string[], rejected: Record<string, string>}} found
   */
  serve(command, {symbols, rejected}) {
    const {channel, since = null} = command.params;
    const isMore = since === null && this.#opened.has(channel);
    const resumed = since !== null && this.#resumes(channel, symbols, since);
    // The snapshot of the new symbols moves the position on, so what is pending must go first.
    if (isMore) this.#tell(channel, true);
    else if (resumed) this.#narrow(channel, symbols);
    else this.#clear(channel);
    this.#opened.add(channel);
    this.#served.set(channel, new Set([...(this.#served.get(channel) ?? []), ...symbols]));
    this.answer(command, {channel, symbols, rejected, resumed});
    if (!resumed) this.#begin(channel, symbols, since !== null);
    this.#tell(channel, false);
  }

  /**
   * Stop sending these symbols of a channel. A channel without symbols is closed.
   * @param {string} channel
   * @param {string[]} symbols
   */
  drop(channel, symbols) {
    const served = this.#served.get(channel);
    for (const symbol of symbols) served?.delete(symbol);
    if (channel === CHANNEL.TICKER) this.#prices.forget(symbols);
    if (channel === CHANNEL.BARS) this.#bars.forget(symbols);
    if (channel === CHANNEL.DEPTH) this.#books.forget(symbols);
    if (!served?.size) this.#clear(channel);
  }

  /**
   * The connection got a new snapshot of a channel, so the tab gets one too if it concerns its symbols.
   * @param {string} channel
   * @param {Set<string>} symbols in the snapshot
   */
  renew(channel, symbols) {
    const served = this.#served.get(channel);
    if (!served || (served.size && [...served].every((symbol) => !symbols.has(symbol)))) return;
    if (!this.#opened.has(channel)) {
      this.#clear(channel);
      return;
    }
    // The snapshot has all of that in it.
    this.#pendingOf(channel).take();
    this.#begin(channel, [...served], channel === CHANNEL.TRADES);
  }

  /** A tab that comes back may want fewer symbols than before. @param {string} channel @param {string[]} symbols */
  #narrow(channel, symbols) {
    const left = [...(this.#served.get(channel) ?? [])].filter((symbol) => !symbols.includes(symbol));
    if (channel === CHANNEL.TICKER) this.#prices.forget(left);
    if (channel === CHANNEL.BARS) this.#bars.forget(left);
    if (channel === CHANNEL.DEPTH) this.#books.forget(left);
    this.#served.set(channel, new Set(symbols));
  }

  /** @param {string} channel @param {string[]} symbols @param {string} since */
  #resumes(channel, symbols, since) {
    const place = this.#places.get(channel);
    const here = this.#known.position(channel, KEYED_CHANNELS.includes(channel) ? symbols : []);
    const served = this.#served.get(channel);
    if (place && served && since === encodePosition(place.epoch, place.sequence)) {
      return place.epoch === parsePosition(here)?.epoch && symbols.every((symbol) => served.has(symbol));
    }
    if (channel === CHANNEL.TRADES) return this.#resumesTrades(symbols, since);
    if (!TAPE_CHANNELS.includes(channel) || since !== here) return false;
    this.#clear(channel);
    this.#places.set(channel, this.#known.place(channel));
    return true;
  }

  /** @param {string[]} symbols @param {string} since */
  #resumesTrades(symbols, since) {
    const place = parsePosition(since);
    const missed = place && this.#known.tradesAfter(symbols, place.sequence);
    if (!missed || place.epoch !== this.#known.place(CHANNEL.TRADES).epoch) return false;
    this.#clear(CHANNEL.TRADES);
    this.#places.set(CHANNEL.TRADES, place);
    this.#trades.add(missed);
    return true;
  }

  /** @param {string} channel @param {string[]} symbols @param {boolean} hasGap */
  #begin(channel, symbols, hasGap) {
    const frame = this.#known.snapshot(channel, symbols);
    if (frame.channel === CHANNEL.TICKER) frame.data = frame.data.map((entry) => trimmed(entry, this.fields));
    if (TAPE_CHANNELS.includes(channel)) this.#places.set(channel, this.#known.place(channel));
    this.say(hasGap && GAP_CHANNELS.includes(channel) ? /** @type {Frame} */ ({...frame, gap: true}) : frame);
  }

  /** @param {string} channel */
  #clear(channel) {
    this.#opened.delete(channel);
    this.#served.delete(channel);
    this.#places.delete(channel);
    if (TAPE_CHANNELS.includes(channel)) this.#pendingOf(channel).take();
  }

  // --- frames -------------------------------------------------------------------------------
  /** Take a frame of the connection that is not a snapshot: `renew` is for those. @param {Frame} frame */
  hear(frame) {
    const served = this.#served.get(frame.channel);
    if (frame.channel === HEARTBEAT) this.#hearHeartbeat(frame);
    else if (!served) return;
    else if (frame.channel === CHANNEL.TICKER) {
      for (const entry of frame.data) if (served.has(entry.s)) this.#prices.fold(entry);
    } else if (frame.channel === CHANNEL.TRADES) {
      const {sequence = 0} = this.#places.get(CHANNEL.TRADES) ?? {};
      // Up to its position the tab has the trades, perhaps from an earlier leader.
      this.#trades.add(frame.data.filter(({s, i}) => served.has(s) && i > sequence));
    } else if (frame.channel === CHANNEL.BARS) {
      for (const bar of /** @type {import("../wire/frames.js").BarsUpdate} */ (frame).data) if (served.has(barsName(bar))) this.#bars.fold(bar);
    } else if (frame.channel === CHANNEL.DEPTH) {
      for (const book of frame.data) if (served.has(book.s)) this.#books.fold(book);
    } else if (frame.channel === CHANNEL.STATUS) {
      this.#statuses.add(/** @type {import("../wire/frames.js").StatusUpdate} */ (frame).data);
    } else if (this.#opened.has(frame.channel)) this.say(frame);
    if (served) this.#tell(frame.channel, false);
  }

  /**
   * Say up to which sequence nothing is missing. A channel with pending entries stays at its position.
   * @param {import("../wire/frames.js").Heartbeat} frame
   */
  #hearHeartbeat(frame) {
    if (!this.isOpen) return;
    this.go();
    const open = TAPE_CHANNELS.filter((channel) => this.#opened.has(channel));
    const seq = Math.min(...open.map((channel) => this.#wholeIn(channel)));
    for (const channel of open) this.#stand(channel, seq);
    this.say({...frame, seq: open.length ? seq : 0, confirms: open});
  }

  /** @param {string} channel */
  #wholeIn(channel) {
    const {sequence} = /** @type {{sequence: number}} */ (this.#places.get(channel));
    return this.#pendingOf(channel).isEmpty ? Math.max(sequence, this.#known.place(channel).sequence) : sequence;
  }

  /** @param {string} channel */
  #pendingOf(channel) {
    if (channel === CHANNEL.TICKER) return this.#prices;
    if (channel === CHANNEL.BARS) return this.#bars;
    if (channel === CHANNEL.DEPTH) return this.#books;
    return channel === CHANNEL.TRADES ? this.#trades : this.#statuses;
  }

  /** @param {string} channel @param {number} sequence */
  #stand(channel, sequence) {
    const place = this.#places.get(channel);
    if (place) this.#places.set(channel, {...place, sequence: Math.max(place.sequence, sequence)});
  }

  // --- telling ------------------------------------------------------------------------------
  /** @param {string} channel @param {boolean} isForced also against pause and pace */
  #tell(channel, isForced) {
    if (channel === CHANNEL.TICKER) this.#tellPrices(isForced);
    if (channel === CHANNEL.STATUS) this.#tellList(channel, this.#statuses);
    if (this.isPaused && !isForced) return;
    if (channel === CHANNEL.TRADES) this.#tellList(channel, this.#trades);
    if (channel === CHANNEL.BARS) this.#tellList(channel, this.#bars);
    if (channel === CHANNEL.DEPTH) this.#tellList(channel, this.#books);
  }

  #tellPrices(isForced = false) {
    if (this.#prices.isEmpty || !this.#mayTell(CHANNEL.TICKER)) return;
    if (!isForced && (this.isPaused || !this.#isDue())) return;
    this.#sent_ms = this.#now();
    this.#update(CHANNEL.TICKER, this.#prices.take().map((entry) => trimmed(entry, this.fields)));
  }

  /**
   * Send entries that are kept one by one. When some had to be thrown away, send a snapshot instead.
   * @param {"trades" | "bars" | "depth" | "status"} channel
   * @param {{isEmpty: boolean, isLost: boolean, take(): unknown[]}} pending
   */
  #tellList(channel, pending) {
    if (pending.isEmpty || !this.#mayTell(channel)) return;
    const isLost = pending.isLost;
    const entries = pending.take();
    if (isLost) this.#begin(channel, [...(this.#served.get(channel) ?? [])], true);
    else this.#update(channel, entries);
  }

  /** @param {string} channel */
  #mayTell(channel) {
    return this.isOpen && this.#opened.has(channel);
  }

  /** Say whether the tab's own pace allows prices now; if not, they are sent when it does. */
  #isDue() {
    if (!this.isSlower) return true;
    const wait_ms = this.#sent_ms + 1000 / this.max_rate - SLACK_MS - this.#now();
    if (wait_ms > 0) this.#timers.set(this.id, wait_ms, () => this.#tellPrices());
    return wait_ms <= 0;
  }

  /** @param {"ticker" | "trades" | "bars" | "depth" | "status"} channel @param {unknown[]} data */
  #update(channel, data) {
    const {sequence: from} = /** @type {{sequence: number}} */ (this.#places.get(channel));
    const {sequence: seq} = this.#known.place(channel);
    this.#stand(channel, seq);
    this.say(/** @type {Frame} */ ({channel, type: "update", from, seq, ts: this.#known.ts(channel), data}));
  }
}

/** Return a frame as a tab gets it that did not ask for corrections. @param {Frame} frame @returns {Frame} */
function uncorrected(frame) {
  if (frame.channel === CHANNEL.TRADES) return {...frame, data: frame.data.filter((entry) => !("fix" in entry))};
  if (frame.channel !== CHANNEL.BARS || frame.type === "snapshot") return frame;
  return {...frame, data: frame.data.filter((bar) => bar.rev === undefined)};
}
