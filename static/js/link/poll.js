// @ts-check
/**
 * Carries the same frames by asking again and again: one GET per interval, never two at a time.
 * Must not know what the frames do to the board, or the page.
 * Called by connection; main.js sets the interval and reads the meter.
 */

import {LOST, browserTimers} from "./transport.js";
import {CHANNEL, CLOSE, HEARTBEAT, METHOD, parsePosition, readFrame} from "../wire.js";

/** @typedef {import("../wire.js").Frame} Frame */
/** @typedef {import("../wire.js").Command} Command */
/** @typedef {import("./transport.js").Transport} Transport */

/** What polling costs: `bytes` are those of the bodies, `unchanged` the answers that were 304. */
/** @typedef {{requests: number, unchanged: number, bytes: number, frames: number}} Meter */

/** An answer that takes longer is given up: polls must not pile up behind a dead server. */
const TIMEOUT_MS = 8_000;

/** @type {Record<number, number>} */
const CLOSE_OF_STATUS = Object.freeze({
  400: CLOSE.BAD_FRAME,
  401: CLOSE.SIGNED_OUT,
  403: CLOSE.FORBIDDEN,
  429: CLOSE.TOO_MANY,
  503: CLOSE.RESTART,
});

/** @implements {Transport} */
export class PollTransport {
  name = "Polling";
  onopen = () => {};
  /** @type {Transport["onframe"]} */
  onframe = () => {};
  /** @type {Transport["onclose"]} */
  onclose = () => {};
  /** @type {Meter} */
  meter = {requests: 0, unchanged: 0, bytes: 0, frames: 0};
  #url;
  #interval_ms;
  #fetch;
  #timers;
  #now;
  /** Answers to questions of an earlier opening are not ours. */
  #opening = 0;
  #isOpen = false;
  /** @type {number | undefined} */
  #timer;
  #asking = false;
  #paused = false;
  /** @type {Set<string>} */
  #symbols = new Set();
  /** @type {string | null} */
  #since = null;
  /** @type {string | null} */
  #statusSince = null;
  /** @type {string | null} */
  #noticesSince = null;
  /** Null until an answer of this opening told it. @type {number | null} */
  #unread = null;
  /** @type {string | null} */
  #watchlist = null;
  /** @type {Command[]} */
  #unanswered = [];

  /**
   * @param {{
   *   url: string, interval_ms: number, fetch?: typeof fetch, now?: () => number,
   *   timers?: import("./transport.js").Timers,
   * }} options
   */
  constructor({
    url,
    interval_ms,
    fetch = globalThis.fetch.bind(globalThis),
    now = Date.now,
    timers = browserTimers,
  }) {
    this.#url = url;
    this.#interval_ms = interval_ms;
    this.#fetch = fetch;
    this.#now = now;
    this.#timers = timers;
  }

  /** How long silence is normal: until the next answer, or for ever while paused. */
  get quiet_ms() {
    return this.#paused ? Infinity : this.#interval_ms;
  }

  /** The time between two questions, in ms. */
  get interval_ms() {
    return this.#interval_ms;
  }

  set interval_ms(interval_ms) {
    this.#interval_ms = interval_ms;
    if (this.#isOpen && !this.#asking) this.#schedule(0);
  }

  /**
   * Begin to ask, in a moment: the subscribe commands that say what come first.
   * @param {string | null} position
   */
  open(position) {
    this.close();
    this.#paused = false;
    this.#symbols.clear();
    this.#since = position;
    this.#statusSince = this.#noticesSince = this.#unread = this.#watchlist = null;
    this.#isOpen = true;
    const opening = this.#opening;
    this.#timer = this.#timers.setTimeout(() => {
      this.onopen();
      if (opening === this.#opening) this.#schedule(0);
    }, 0);
  }

  /**
   * Do a command as the server would, by changing the next question.
   * @param {Command} command
   */
  send(command) {
    const {method, params = {}} = command;
    if (method === METHOD.SUBSCRIBE) this.#subscribe(command, params);
    else if (method === METHOD.UNSUBSCRIBE) this.#unsubscribe(params);
    else if (method === METHOD.SET) this.#pause(params.paused);
  }

  /** Ask no more, and hear no more of what was asked. */
  close() {
    this.#timers.clearTimeout(this.#timer);
    this.#opening += 1;
    this.#isOpen = this.#asking = false;
    this.#unanswered = [];
  }

  /** @param {Command} command @param {Record<string, any>} params */
  #subscribe(command, params) {
    const since = params.since ?? null;
    if (params.channel === CHANNEL.TICKER) {
      for (const symbol of params.symbols ?? []) this.#symbols.add(symbol);
      this.#since = since;
    }
    if (params.channel === CHANNEL.STATUS) this.#statusSince = since;
    if (params.channel === CHANNEL.NOTIFICATIONS) {
      this.#noticesSince = since;
      this.#unread = null;
    }
    this.#unanswered.push(command);
    if (!this.#asking) this.#schedule(0);
  }

  /** @param {Record<string, any>} params */
  #unsubscribe(params) {
    if (params.channel !== CHANNEL.TICKER) return;
    for (const symbol of params.symbols ?? []) this.#symbols.delete(symbol);
  }

  /** @param {unknown} paused */
  #pause(paused) {
    if (typeof paused !== "boolean" || paused === this.#paused) return;
    this.#paused = paused;
    if (paused) this.#timers.clearTimeout(this.#timer);
    else if (!this.#asking) this.#schedule(0);
  }

  /** @param {number} wait_ms */
  #schedule(wait_ms) {
    this.#timers.clearTimeout(this.#timer);
    if (this.#paused) return;
    const opening = this.#opening;
    this.#timer = this.#timers.setTimeout(() => this.#ask(opening), wait_ms);
  }

  /** @param {number} opening */
  async #ask(opening) {
    const asked_ms = this.#now();
    const commands = this.#unanswered;
    this.#unanswered = [];
    this.#asking = true;
    const answer = await this.#get();
    if (opening !== this.#opening) return;
    this.#asking = false;
    if ("code" in answer) {
      this.close();
      this.onclose(answer);
      return;
    }
    this.#tell(answer, commands);
    if (opening !== this.#opening) return;
    const spent_ms = this.#now() - asked_ms;
    this.#schedule(this.#unanswered.length ? 0 : Math.max(0, this.#interval_ms - spent_ms));
  }

  /** @returns {Promise<{position: unknown, frames: unknown[], bytes: number} | import("./transport.js").Ending>} */
  async #get() {
    this.meter.requests += 1;
    try {
      const response = await this.#fetch(this.#address(), {
        cache: "no-store",
        credentials: "same-origin",
        redirect: "manual",
        headers: {Accept: "application/json"},
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return await this.#read(response);
    } catch (error) {
      return {code: LOST, reason: String(error), retry_ms: 0};
    }
  }

  /** @param {Response} response */
  async #read(response) {
    if (response.status === 304) {
      this.meter.unchanged += 1;
      return {position: this.#since, frames: [], bytes: 0};
    }
    if (response.type === "opaqueredirect") return {code: CLOSE.SIGNED_OUT, reason: "", retry_ms: 0};
    const body = await response.arrayBuffer();
    this.meter.bytes += body.byteLength;
    if (response.status !== 200) {
      const retry_ms = 1000 * Number(response.headers.get("Retry-After") ?? 0) || 0;
      return {code: CLOSE_OF_STATUS[response.status] ?? LOST, reason: `HTTP ${response.status}`, retry_ms};
    }
    const {position, frames} = JSON.parse(new TextDecoder().decode(body));
    return {position, frames: Array.isArray(frames) ? frames : [], bytes: body.byteLength};
  }

  #address() {
    const query = new URLSearchParams({symbols: [...this.#symbols].join(",")});
    if (this.#since !== null) query.set("since", this.#since);
    if (this.#statusSince !== null) query.set("status_since", this.#statusSince);
    if (this.#noticesSince !== null) query.set("notifications_since", this.#noticesSince);
    if (this.#unread !== null) query.set("unread", String(this.#unread));
    if (this.#watchlist !== null) query.set("watchlist", this.#watchlist);
    return `${this.#url}?${query}`;
  }

  /**
   * Hand over an answer as a socket would have: answers to commands, the frames, and a heartbeat that
   * says "you have everything up to the position".
   * @param {{position: unknown, frames: unknown[], bytes: number}} answer
   * @param {Command[]} commands
   */
  #tell({position, frames, bytes}, commands) {
    const opening = this.#opening;
    const read = frames.map(readFrame).filter((frame) => frame !== null);
    this.#advance(position, read);
    const told = [...commands.map((command) => answerTo(command, read)), ...read, heartbeatAt(position)];
    told.forEach((frame, index) => {
      if (frame && opening === this.#opening) this.onframe(frame, index === 0 ? bytes : 0);
    });
    this.meter.frames += read.length;
  }

  /**
   * Stand where the answer ended; a channel subscribed since the question keeps its own place.
   * @param {unknown} position
   * @param {Frame[]} frames
   */
  #advance(position, frames) {
    const renewed = new Set(this.#unanswered.map(({params}) => params?.channel));
    if (typeof position === "string") {
      if (!renewed.has(CHANNEL.TICKER)) this.#since = position;
      if (!renewed.has(CHANNEL.STATUS)) this.#statusSince = position;
    }
    for (const frame of frames) {
      if (frame.channel === CHANNEL.NOTIFICATIONS) {
        this.#noticesSince = String(frame.seq);
        this.#unread = frame.unread;
      }
      if (frame.channel === CHANNEL.WATCHLIST) this.#watchlist = frame.data.join(",");
    }
  }
}

/**
 * @param {Command} command
 * @param {Frame[]} frames
 * @returns {import("../wire.js").Answer}
 */
function answerTo({method, params = {}, id}, frames) {
  const renewed = frames.some((frame) => frame.channel === params.channel && frame.type === "snapshot");
  const result = {
    channel: params.channel,
    resumed: params.since !== undefined && !renewed,
    rejected: renewed ? absent(params.symbols, frames) : {},
  };
  return {channel: "answer", type: "answer", method, id: id ?? null, success: true, result, error: null};
}

/**
 * Return the symbols asked for that no frame mentions: the server does not know them.
 * @param {unknown} symbols
 * @param {Frame[]} frames
 */
function absent(symbols, frames) {
  const rejected = new Set(Array.isArray(symbols) ? symbols : []);
  for (const frame of frames) {
    if (frame.channel === CHANNEL.TICKER) frame.data.forEach((entry) => rejected.delete(entry.s));
  }
  return Object.fromEntries([...rejected].map((symbol) => [symbol, "unknown symbol"]));
}

/**
 * @param {unknown} position
 * @returns {import("../wire.js").Heartbeat | null}
 */
function heartbeatAt(position) {
  const place = parsePosition(position);
  return place && {channel: HEARTBEAT, type: "heartbeat", seq: place.sequence, ts: null};
}
