// @ts-check
/**
 * Gets frames by one request after the other, never two at a time.
 * Must not know what the frames do to the board, or how long to rest: poll and longpoll decide that.
 */

import {steadyNow} from "../steady_clock.js";
import {isObject} from "../wire/checks.js";
import {readFrame} from "../wire/frames.js";
import {endingOfError, get} from "./http.js";
import {Query, answersTo, claimedBy, heartbeatAt} from "./query.js";
import {OPENING_MS, browserTimers, lost} from "./transport.js";

/** @typedef {import("./transport.js").Transport} Transport */
/** @typedef {import("./query.js").SentQuery} SentQuery */

/** What the requests cost. `unchanged`: how many responses were 304. `bytes`: of the bodies. */
/** @typedef {{requests: number, unchanged: number, bytes: number}} RequestMeter */

/** The rest while paused: as long as from one heartbeat to the next. */
const PAUSED_MS = 5_000;

/** @typedef {{url: string, fetch?: import("./http.js").Fetch, now?: () => number, timers?: import("./transport.js").TimerFunctions}} RequesterOptions */

/** @implements {Transport} */
export class Requester {
  name = "";
  onopen = () => {};
  /** @type {Transport["onframe"]} */
  onframe = () => {};
  /** @type {Transport["onclose"]} */
  onclose = () => {};
  /** @type {RequestMeter} */
  meter = {requests: 0, unchanged: 0, bytes: 0};
  /** How long the server may keep a request open until there is news. */
  wait_s = 0;
  #url;
  #fetch;
  #now;
  #timers;
  /** @type {Query | null} */
  #query = null;
  /** Cancels the request that is under way. @type {AbortController | null} */
  #asking = null;
  #isProven = false;
  /** @type {number | undefined} */
  #timer;

  /** @param {RequesterOptions} options */
  constructor({url, fetch = globalThis.fetch.bind(globalThis), now = steadyNow, timers = browserTimers}) {
    this.#url = url;
    this.#fetch = fetch;
    this.#now = now;
    this.#timers = timers;
  }

  /** How long silence is normal, in ms. */
  get quiet_ms() {
    return Math.max(this.rest_ms(), this.wait_s * 1000);
  }

  /** The most updates per second that are wanted; 0 for no limit. */
  get max_rate() {
    return this.#query?.max_rate ?? 0;
  }

  /** Return the least time from one request to the next, in ms. @returns {number} */
  rest_ms() {
    return this.#query?.isPaused ? PAUSED_MS : 0;
  }

  /** @param {import("./transport.js").Positions} positions */
  open(positions) {
    this.close();
    this.#query = new Query(positions);
    this.#isProven = false;
    this.askSoon();
  }

  /**
   * Do a command as the server would, by changing the query.
   * @param {import("../wire/frames.js").Command} command
   */
  send(command) {
    if (this.#query?.take(command)) this.askSoon();
  }

  /** Close for good; no callback follows. */
  close() {
    this.#timers.clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#asking = this.#query = null;
  }

  /** Send a request after the current turn, so that several commands make one request. */
  askSoon() {
    if (this.#query) this.#askIn(0);
  }

  /** @param {number} wait_ms */
  #askIn(wait_ms) {
    this.#timers.clearTimeout(this.#timer);
    this.#timer = this.#timers.setTimeout(() => void this.#ask(), wait_ms);
  }

  async #ask() {
    if (!this.#query) return;
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    const asked = this.#query.ask();
    const asked_ms = this.#now();
    this.#giveUpIn(OPENING_MS + this.wait_s * 1000);
    try {
      const answer = await this.#get(asked, asking.signal);
      // Another request, or a close, has taken its place meanwhile.
      if (asking !== this.#asking) return;
      this.#asking = null;
      // Planned before the frames are handed on: a command that they lead to asks sooner.
      this.#askIn(Math.max(0, this.rest_ms() - (this.#now() - asked_ms)));
      this.#tell(answer, asked);
    } catch (error) {
      if (asking === this.#asking) this.#end(endingOfError(error));
    }
  }

  /** Give up a request after a while, so that requests cannot pile up behind a dead server. @param {number} wait_ms */
  #giveUpIn(wait_ms) {
    this.#timers.clearTimeout(this.#timer);
    this.#timer = this.#timers.setTimeout(() => this.#end(lost("no answer")), wait_ms);
  }

  /** @param {import("./transport.js").Ending} ending */
  #end(ending) {
    this.close();
    this.onclose(ending);
  }

  /** Get the response. A request with commands does not wait for news: they want an answer at once. @param {SentQuery} asked @param {AbortSignal} signal */
  async #get({parameters, commands, isWhole}, signal) {
    if (this.wait_s && commands.length === 0) parameters.set("wait", String(this.wait_s));
    this.meter.requests += 1;
    const response = await get(`${this.#url}?${parameters}`, {fetch: this.#fetch, accept: "application/json", signal});
    if (response.status === 304) {
      this.meter.unchanged += 1;
      // Nothing is new, but the server lives. A heartbeat at position 0 changes no position.
      return {frames: [heartbeatAt(0, null)], bytes: 0};
    }
    const body = await response.arrayBuffer();
    this.meter.bytes += body.byteLength;
    const frames = framesIn(new TextDecoder().decode(body)).map((frame) => claimedBy(frame, isWhole));
    return {frames, bytes: body.byteLength};
  }

  /**
   * Hand over a response as a WebSocket would have: first the answers to commands, then the frames. The first
   * response only shows that the server is there.
   * @param {{frames: import("../wire/frames.js").Frame[], bytes: number}} answer
   * @param {SentQuery} asked
   */
  #tell({frames, bytes}, asked) {
    const query = this.#query;
    query?.settle(asked.commands);
    if (!this.#isProven) {
      this.#isProven = true;
      this.onopen();
      return;
    }
    for (const frame of frames) query?.hear(frame);
    [...answersTo(asked, frames), ...frames].forEach((frame, index) => {
      if (query === this.#query) this.onframe(frame, index === 0 ? bytes : 0);
    });
  }
}

/** @param {string} text */
function framesIn(text) {
  /** @type {unknown} */
  const answer = JSON.parse(text);
  if (!isObject(answer) || !Array.isArray(answer.frames)) throw new TypeError("the answer has no frames");
  return answer.frames.map(readFrame).filter((frame) => frame !== null);
}
