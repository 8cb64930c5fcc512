// @ts-check
/**
 * Limits how many requests one browser keeps open to this server. Over HTTP/1.1 a browser opens six connections per
 * host; when streams hold them all, every other request waits for ever.
 * Must not know which transport it limits.
 */

import {ChannelLocks} from "./channel_locks.js";
import {lost} from "./transport.js";

/** @typedef {import("./transport.js").Transport} Transport */
/** @typedef {import("./transport.js").Positions} Positions */
/**
 * The part of the browser's LockManager that is used.
 * @typedef {{request: (name: string, options: {ifAvailable: true}, keep: (lock: {name: string} | null) => unknown) => Promise<unknown>}} Locks
 */

/** The most streams of one browser. Two connections are left for pages, scripts and edits. */
export const STREAM_LIMIT = 4;
const NAME = "market-stream";

/** The numbered locks that stand for the streams of this browser, whichever tab or sign-in has them. */
export class StreamSlots {
  #locks;

  /** @param {Locks} [locks] */
  constructor(locks = /** @type {{locks?: LockManager}} */ (navigator).locks ?? new ChannelLocks()) {
    this.#locks = locks;
  }

  /**
   * Take a free slot. Return a function that gives it back, or null when all are taken.
   * @returns {Promise<(() => void) | null>}
   */
  async take() {
    for (let number = 1; number <= STREAM_LIMIT; number += 1) {
      const release = await this.#lock(`${NAME}/${number}`);
      if (release) return release;
    }
    return null;
  }

  /** @param {string} name @returns {Promise<(() => void) | null>} */
  #lock(name) {
    return new Promise((resolve) => {
      const keep = (/** @type {{name: string} | null} */ lock) => {
        // The browser keeps the lock for us until this promise is settled.
        if (lock !== null) return new Promise((release) => resolve(() => release(undefined)));
        resolve(null);
        return undefined;
      };
      this.#locks.request(name, {ifAvailable: true}, keep).catch(() => resolve(null));
    });
  }
}

/** @implements {Transport} */
export class LimitedTransport {
  onopen = () => {};
  /** @type {Transport["onframe"]} */
  onframe = () => {};
  /** @type {Transport["onclose"]} */
  onclose = () => {};
  #transport;
  #slots;
  /** Gives the slot back. @type {() => void} */
  #release = () => {};
  /** Counts openings and endings: a slot that comes after the next one is not wanted any more. */
  #turn = 0;

  /** @param {Transport} transport @param {{take: () => Promise<(() => void) | null>}} [slots] */
  constructor(transport, slots = new StreamSlots()) {
    this.#transport = transport;
    this.#slots = slots;
    transport.onopen = () => this.onopen();
    transport.onframe = (frame, bytes) => this.onframe(frame, bytes);
    transport.onclose = (ending) => this.#end(ending);
  }

  get name() {
    return this.#transport.name;
  }

  get quiet_ms() {
    return this.#transport.quiet_ms;
  }

  /** Open the transport if this browser may open one more. @param {Positions} positions */
  open(positions) {
    this.close();
    void this.#openIn(this.#turn, positions);
  }

  /** @param {import("../wire/frames.js").Command} command */
  send(command) {
    this.#transport.send(command);
  }

  /** Close for good; no callback follows. */
  close() {
    this.#transport.close();
    this.#giveBack();
  }

  /** @param {number} turn @param {Positions} positions */
  async #openIn(turn, positions) {
    const release = await this.#slots.take();
    if (turn !== this.#turn) release?.();
    else if (release === null) this.#end(lost(`this browser holds ${STREAM_LIMIT} streams already`));
    else {
      this.#release = release;
      this.#transport.open(positions);
    }
  }

  #giveBack() {
    this.#turn += 1;
    this.#release();
    this.#release = () => {};
  }

  /** @param {import("./transport.js").Ending} ending */
  #end(ending) {
    this.#giveBack();
    this.onclose(ending);
  }
}
