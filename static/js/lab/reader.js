// @ts-check
/**
 * Reads the market over one transport, with a connection, a board and a ledger of its own.
 * Must not know the page, or the other readers.
 */

import {Connection} from "../connection/connection.js";
import {Board, Gap} from "../market/board.js";
import {CHANNEL, HEARTBEAT, SHOWN_FIELDS, parsePosition} from "../wire/frames.js";
import {Ages} from "./measure/ages.js";
import {Ledger} from "./measure/ledger.js";

/** @typedef {import("../wire/frames.js").Frame} Frame */
/** @typedef {import("../wire/frames.js").TickerUpdate} TickerUpdate */
/** @typedef {import("../wire/frames.js").TickerSnapshot} TickerSnapshot */
/** @typedef {import("../wire/frames.js").TickerEntry} TickerEntry */
/** When the newest tick of each symbol happened, before a frame (UTC ms). @typedef {Map<string, number | null>} KnownTimes */

/** The sums that the transport counts itself. */
const COUNTED = Object.freeze(/** @type {const} */ (["requests", "openings", "commands", "bytes_sent", "bytes_received"]));
/** The most times that the ticks of one entry are spread over; beyond that, each time stands for several ticks. */
const SHARES = 32;
/** The most ticks that wait for the next paint. */
const UNPAINTED = 20_000;

/** When a tick happened (server's clock), and how many ticks it stands for. */
/** @typedef {{happened_ms: number, weight: number}} Tick */

export class Reader {
  ledger = new Ledger();
  board = new Board();
  #byteCount;
  #connection;
  #now;
  #onchange;
  #ages = new Ages();
  /** Ticks before this are not measured. */
  #begun_ms = Infinity;
  #counted_ms = 0;
  /** Every tick until this time has arrived, so the next ones happened later. */
  #asOf_ms = 0;
  #isMeasuring = false;
  /** @type {Tick[]} */
  #unpainted = [];
  /** The byte count when the ledger last took it over. */
  #taken = {requests: 0, openings: 0, commands: 0, bytes_sent: 0, bytes_received: 0};
  #onanswer;

  /**
   * @param {{
   *   candidate: import("../transports/transport.js").Candidate, byteCount: import("./byte_count.js").ByteCount,
   *   symbols: readonly string[], max_rate: number, now: () => number,
   *   onchange: (symbols: Set<string>) => void, onstate: (state: import("../connection/state.js").ConnectionState) => void,
   *   onanswer?: (answer: import("../wire/frames.js").Answer) => void,
   * }} options `now`: UTC ms by the server's clock. `max_rate`: updates per second, 0 for no limit
   */
  constructor({candidate, byteCount, symbols, max_rate, now, onchange, onstate, onanswer = () => {}}) {
    this.#byteCount = byteCount;
    this.#now = now;
    this.#onchange = onchange;
    this.#onanswer = onanswer;
    this.#connection = new Connection({
      candidates: [candidate],
      positions: () => ({[CHANNEL.TICKER]: this.board.position(CHANNEL.TICKER)}),
      details: {[CHANNEL.TICKER]: {fields: SHOWN_FIELDS}},
      deliver: (frame) => this.#deliver(frame),
      onstate,
    });
    if (max_rate) this.#connection.subscriptions.setRate(max_rate);
    this.#connection.subscriptions.add(CHANNEL.TICKER, symbols);
  }

  /** What this reader wants from the server. */
  get subscriptions() {
    return this.#connection.subscriptions;
  }

  /** Connect. */
  open() {
    this.#connection.open();
  }

  /** Disconnect, and stop measuring. */
  close() {
    this.settle();
    this.#isMeasuring = false;
    this.#connection.close();
  }

  /** Start or stop measuring; while the page is hidden nothing is measured. @param {boolean} isMeasuring */
  measure(isMeasuring) {
    if (isMeasuring === this.#isMeasuring) return;
    this.settle();
    this.#isMeasuring = isMeasuring;
    this.#begun_ms = this.#counted_ms = this.#now();
    this.#ages.skip(this.#begun_ms);
    this.#unpainted = [];
    this.#takeBytes(false);
  }

  /** Bring the ledger up to date. */
  settle() {
    if (!this.#isMeasuring) return;
    const now_ms = this.#now();
    const {sums} = this.ledger;
    this.#ages.count(now_ms);
    sums.measured_ms += Math.max(0, now_ms - this.#counted_ms);
    sums.age_area = this.#ages.area;
    sums.age_ms = this.#ages.span_ms;
    sums.reconnects = this.#connection.reconnects;
    this.#counted_ms = now_ms;
    this.#takeBytes(true);
  }

  /** Note that everything received is on the screen now. */
  painted() {
    const now_ms = this.#now();
    for (const {happened_ms, weight} of this.#unpainted) this.ledger.paint.record(now_ms - happened_ms, weight);
    this.#unpainted = [];
  }

  /** Take over the byte count; bytes that came while the page was hidden are left out. @param {boolean} isCounted */
  #takeBytes(isCounted) {
    const {requests, openings, commands, sent, received} = this.#byteCount;
    const now = {requests, openings, commands, bytes_sent: sent, bytes_received: received};
    if (isCounted) for (const name of COUNTED) this.ledger.sums[name] += now[name] - this.#taken[name];
    this.#taken = now;
  }

  // --- frames -------------------------------------------------------------------------------
  /** @param {Frame} frame */
  #deliver(frame) {
    if (frame.type === "answer") this.#onanswer(frame);
    if (frame.channel === HEARTBEAT) {
      this.board.apply(frame);
      this.#asOf_ms = frame.ts ?? this.#asOf_ms;
    }
    return frame.channel === CHANNEL.TICKER ? this.#hear(frame) : true;
  }

  /** @param {TickerSnapshot | TickerUpdate} frame */
  #hear(frame) {
    const known_ms = new Map(frame.data.map(({s}) => [s, this.board.rows.get(s)?.t ?? null]));
    const before = this.board.position(CHANNEL.TICKER);
    const changed = this.board.apply(frame);
    if (changed instanceof Gap) {
      if (this.#isMeasuring) this.ledger.sums.gaps += 1;
      return false;
    }
    this.#note(frame, known_ms);
    if (this.#isMeasuring && frame.type === "update") this.#count(frame, known_ms);
    if (this.#isMeasuring && frame.type === "snapshot") this.#miss(frame, before);
    this.#asOf_ms = frame.ts;
    this.#onchange(changed);
    return true;
  }

  /** Note the newest ticks for their age; the age does not grow while nothing is measured. @param {TickerSnapshot | TickerUpdate} frame @param {KnownTimes} known_ms */
  #note(frame, known_ms) {
    const now_ms = this.#now();
    if (!this.#isMeasuring) this.#ages.skip(now_ms);
    for (const {s, t} of frame.data) if (typeof t === "number" && t !== known_ms.get(s)) this.#ages.hear(s, t, now_ms);
  }

  /** @param {TickerUpdate} frame @param {KnownTimes} known_ms */
  #count(frame, known_ms) {
    const now_ms = this.#now();
    const {sums, receipt} = this.ledger;
    sums.frames += 1;
    for (const entry of frame.data) {
      sums.updates += 1;
      sums.ticks += entry.n;
      sums.merged += Math.max(0, entry.n - 1);
      const ticks = ticksOf(entry, Math.max(this.#asOf_ms, known_ms.get(entry.s) ?? 0));
      const measured = ticks.filter(({happened_ms}) => happened_ms >= this.#begun_ms);
      for (const {happened_ms, weight} of measured) receipt.record(now_ms - happened_ms, weight);
      if (this.#unpainted.length < UNPAINTED) this.#unpainted.push(...measured);
    }
  }

  /**
   * A snapshot after the first one means that everything since the last position was lost.
   * @param {TickerSnapshot} frame
   * @param {string | null} before
   */
  #miss(frame, before) {
    const place = parsePosition(before);
    if (place === null) return;
    this.ledger.sums.missed += place.epoch === frame.epoch ? Math.max(0, frame.seq - place.sequence) : frame.seq;
  }
}

/**
 * Return when the ticks of an entry happened. The time of the newest is known. The merged ones are spread evenly
 * over the time that the entry stands for: that is the expected time of ticks that come at random.
 * @param {TickerEntry} entry
 * @param {number} since_ms when that time begins
 * @returns {Tick[]}
 */
export function ticksOf({t, n}, since_ms) {
  if (typeof t !== "number" || n === 0) return [];
  const begun_ms = Math.min(since_ms || t, t);
  const shares = Math.min(n, SHARES);
  return Array.from({length: shares}, (_, index) => ({
    happened_ms: begun_ms + ((t - begun_ms) * (index + 1)) / shares,
    weight: n / shares,
  }));
}
