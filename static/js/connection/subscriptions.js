// @ts-check
/**
 * What this page wants from the server. Every new connection is asked for all of it again, each channel from its
 * position.
 * Must not know transports, the contents of frames, or the page.
 */

import {METHOD} from "../wire/frames.js";
import {backoff} from "./backoff.js";

/** @typedef {import("../wire/frames.js").Command} Command */
/** @typedef {import("../wire/frames.js").Parameters} Parameters */
/** @typedef {import("../wire/frames.js").Answer} Answer */
/** What goes with every subscription of a channel. @typedef {Record<string, {fields?: readonly string[], corrections?: boolean}>} Details */

/** A resume that the server did not answer in this time is asked for again. */
const MEND_MS = 5_000;

export class Subscriptions {
  #positions;
  #random;
  #now;
  #timers;
  /** @type {((command: Command) => void) | null} */
  #send = null;
  /** @type {Map<string, Set<string>>} */
  #wanted = new Map();
  /** @type {Map<number, Command>} */
  #asked = new Map();
  /** The channels whose gap is being filled, and since when. @type {Map<string, number>} */
  #mending = new Map();
  /** The channels that this connection has opened. @type {Set<string>} */
  #opened = new Set();
  /** The channels that were left, and that no answer has opened again. @type {Set<string>} */
  #former = new Set();
  /** Parameters that go with every subscription of a channel. */
  #details;
  #nextId = 1;
  /** @type {Set<string>} */
  #pauses = new Set();
  #max_rate = 0;
  #sent = {paused: false, max_rate: 0};

  /**
   * @param {{
   *   positions: () => Record<string, string | null>, random: () => number, now: () => number,
   *   timers: import("../transports/transport.js").TimerFunctions, details: Details,
   * }} options `details`: parameters that go with every subscription of a channel
   */
  constructor({positions, random, now, timers, details}) {
    this.#positions = positions;
    this.#random = random;
    this.#now = now;
    this.#timers = timers;
    this.#details = details;
  }

  /** Whether there is a reason to pause the prices. */
  get isPaused() {
    return this.#pauses.size > 0;
  }

  /** The reasons why the prices are paused. */
  get pauses() {
    return [...this.#pauses];
  }

  /**
   * Ask a new connection for everything that is wanted.
   * @param {(command: Command) => void} send
   */
  begin(send) {
    this.end();
    this.#send = send;
    this.#tellPace();
    for (const channel of this.#wanted.keys()) this.#askAgain(channel);
  }

  /** The connection is gone; what is wanted stays wanted. */
  end() {
    this.#send = null;
    this.#asked.clear();
    this.#mending.clear();
    this.#opened.clear();
    this.#former.clear();
    this.#sent = {paused: false, max_rate: 0};
  }

  /**
   * Say whether a channel is wanted.
   * @param {string} channel
   */
  wants(channel) {
    return this.#wanted.has(channel);
  }

  /**
   * Say whether this connection has opened a channel.
   * @param {string} channel
   */
  isOpen(channel) {
    return this.#opened.has(channel);
  }

  /**
   * Say whether what comes of a channel is of a subscription that was left: the new one is not answered yet.
   * @param {string} channel
   */
  isFormer(channel) {
    return this.#former.has(channel);
  }

  /**
   * Want a channel, from its position, or more symbols of it.
   * @param {string} channel
   * @param {Iterable<string>} [symbols]
   */
  add(channel, symbols = []) {
    const before = this.#wanted.get(channel);
    const added = [...symbols];
    this.#wanted.set(channel, new Set([...(before ?? []), ...added]));
    if (before) this.#subscribe(channel, added);
    else this.#askAgain(channel);
  }

  /**
   * Stop wanting these symbols of a channel.
   * @param {string} channel
   * @param {Iterable<string>} symbols
   */
  remove(channel, symbols) {
    const removed = [...symbols];
    const wanted = this.#wanted.get(channel);
    for (const symbol of removed) wanted?.delete(symbol);
    if (wanted?.size === 0) this.#leave(channel);
    this.ask(METHOD.UNSUBSCRIBE, {channel, symbols: removed});
  }

  /**
   * Ask for this many updates per second.
   * @param {number} max_rate
   */
  setRate(max_rate) {
    this.#max_rate = max_rate;
    this.#tellPace();
  }

  /**
   * Pause the prices for a reason, or take the reason away.
   * @param {string} reason
   * @param {boolean} isPaused
   */
  setPaused(reason, isPaused) {
    if (isPaused) this.#pauses.add(reason);
    else this.#pauses.delete(reason);
    this.#tellPace();
  }

  /**
   * Send a command that is answered; without a connection, send nothing.
   * @template {keyof Parameters} M
   * @param {M} method
   * @param {Parameters[M]} params
   */
  ask(method, params) {
    if (!this.#send) return;
    const id = this.#nextId;
    const command = /** @type {Command} */ ({method, params, id});
    this.#nextId += 1;
    this.#asked.set(id, command);
    this.#send(command);
  }

  /**
   * Send a command that needs no answer; without a connection, send nothing.
   * @template {keyof Parameters} M
   * @param {M} method
   * @param {Parameters[M]} params
   */
  tell(method, params) {
    this.#send?.(/** @type {Command} */ ({method, params}));
  }

  /**
   * Fill a gap: subscribe again from the board's position. Until that is answered, frames that still arrive show
   * the same gap and are no reason to ask again.
   * @param {string} channel
   */
  mend(channel) {
    const now_ms = this.#now();
    const begun_ms = this.#mending.get(channel);
    if (!this.#wanted.has(channel)) return;
    if (begun_ms !== undefined && now_ms - begun_ms < MEND_MS) return;
    this.#mending.set(channel, now_ms);
    this.#askAgain(channel);
  }

  /**
   * Note that a frame followed the last one, so nothing is missing.
   * @param {string} channel
   */
  mended(channel) {
    this.#mending.delete(channel);
  }

  /**
   * Take an answer; return the channel that it opened, or null. What was refused and may work later is asked for
   * again.
   * @param {Answer} answer
   */
  settle(answer) {
    const command = this.#asked.get(answer.id ?? 0);
    this.#asked.delete(answer.id ?? 0);
    if (command?.method !== METHOD.SUBSCRIBE) return null;
    const {channel} = command.params;
    if (answer.error?.retry) {
      this.#timers.setTimeout(() => this.#mendAgain(channel), backoff(1, this.#random()));
      return null;
    }
    if (!answer.success) return null;
    this.#opened.add(channel);
    this.#former.delete(channel);
    return channel;
  }

  /** Ask again although the last try was a moment ago: it was refused. @param {string} channel */
  #mendAgain(channel) {
    this.#mending.delete(channel);
    this.mend(channel);
  }

  /** Answers that are still to come belong to the old subscription, and open nothing. @param {string} channel */
  #leave(channel) {
    this.#wanted.delete(channel);
    this.#opened.delete(channel);
    if (this.#send) this.#former.add(channel);
    for (const [id, {method, params}] of this.#asked) {
      if (method === METHOD.SUBSCRIBE && params.channel === channel) this.#asked.delete(id);
    }
  }

  /** @param {string} channel */
  #askAgain(channel) {
    this.#subscribe(channel, [...(this.#wanted.get(channel) ?? [])], this.#positions()[channel] ?? null);
  }

  /** @param {string} channel @param {string[]} symbols @param {string | null} [since] */
  #subscribe(channel, symbols, since = null) {
    const named = {...(symbols.length && {symbols}), ...(since !== null && {since})};
    this.ask(METHOD.SUBSCRIBE, {channel, ...named, ...this.#details[channel]});
  }

  #tellPace() {
    const paused = this.isPaused;
    const max_rate = this.#max_rate;
    if (!this.#send || (paused === this.#sent.paused && max_rate === this.#sent.max_rate)) return;
    this.#sent = {paused, max_rate};
    this.ask(METHOD.SET, {paused, ...(max_rate && {max_rate})});
  }
}
