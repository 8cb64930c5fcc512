// @ts-check
/**
 * Gets frames over server-sent events. The stream runs one way only, so every command means a new stream.
 * Must not know what a frame does to the board, or when to try again.
 */

import {steadyNow} from "../steady_clock.js";
import {isObject, isText} from "../wire/checks.js";
import {isOfChannel, parseFrame, parsePosition} from "../wire/frames.js";
import {EventParser} from "./event_parser.js";
import {endingOfError, get} from "./http.js";
import {Query, answersTo, claimedBy, heartbeatAt} from "./query.js";
import {LOST, OPENING_MS, browserTimers, lost} from "./transport.js";

/** @typedef {import("../wire/frames.js").Frame} Frame */
/** @typedef {import("./transport.js").Transport} Transport */
/** @typedef {import("./event_parser.js").StreamEvent} StreamEvent */

/** Commands within this time make one new stream. */
const SETTLE_MS = 30;
/** A stream that lasted longer was probably cut by a proxy. It is opened again at once. */
const STEADY_MS = 5_000;

/** @implements {Transport} */
export class SseTransport {
  name = "SSE";
  quiet_ms = 0;
  onopen = () => {};
  /** @type {Transport["onframe"]} */
  onframe = () => {};
  /** @type {Transport["onclose"]} */
  onclose = () => {};
  #url;
  #fetch;
  #now;
  #timers;
  /** @type {Query | null} */
  #query = null;
  /** @type {Stream | null} */
  #stream = null;
  #isProven = false;
  /** The bytes of frames that wait for the answers. */
  #uncounted = 0;
  /** @type {number | undefined} */
  #timer;
  /** @type {number | undefined} */
  #patience;

  /** @param {import("./requester.js").RequesterOptions} options */
  constructor({url, fetch = globalThis.fetch.bind(globalThis), now = steadyNow, timers = browserTimers}) {
    this.#url = url;
    this.#fetch = fetch;
    this.#now = now;
    this.#timers = timers;
  }

  /** @param {import("./transport.js").Positions} positions */
  open(positions) {
    this.close();
    this.#query = new Query(positions);
    this.#isProven = false;
    this.#openStream();
  }

  /**
   * Do a command as the server would: by a new stream, from the positions at that time.
   * @param {import("../wire/frames.js").Command} command
   */
  send(command) {
    if (!this.#query?.take(command)) return;
    this.#timers.clearTimeout(this.#timer);
    this.#timer = this.#timers.setTimeout(() => this.#openStream(), SETTLE_MS);
  }

  /** Close for good; no callback follows. */
  close() {
    this.#timers.clearTimeout(this.#timer);
    this.#timers.clearTimeout(this.#patience);
    this.#stream?.abort();
    this.#stream = this.#query = null;
  }

  #openStream() {
    if (!this.#query) return;
    const asked = this.#query.ask();
    if (this.#query.max_rate) asked.parameters.set("max_rate", String(this.#query.max_rate));
    this.#stream?.abort();
    // Until its first heartbeat a stream knows nothing of a silence, or of trouble: the last one did.
    this.#stream = new Stream(asked, this.#stream);
    this.#timers.clearTimeout(this.#patience);
    this.#patience = this.#timers.setTimeout(() => this.#end(lost("no answer")), OPENING_MS);
    void this.#follow(this.#stream, `${this.#url}?${asked.parameters}`);
  }

  /** @param {Stream} stream @param {string} address */
  async #follow(stream, address) {
    const begun_ms = this.#now();
    try {
      const response = await get(address, {fetch: this.#fetch, accept: "text/event-stream", signal: stream.signal});
      for await (const {events, bytes} of piecesOf(response)) this.#take(stream, events, bytes);
      if (stream !== this.#stream) return;
      if (this.#now() - begun_ms > STEADY_MS) this.#openStream();
      else this.#end(lost("the stream ended"));
    } catch (error) {
      if (stream === this.#stream) this.#end(endingOfError(error));
    }
  }

  /** @param {Stream} stream @param {StreamEvent[]} events @param {number} bytes */
  #take(stream, events, bytes) {
    events.forEach((event, index) => {
      if (stream !== this.#stream) return;
      this.#timers.clearTimeout(this.#patience);
      if (event.kind === "close") this.#end(endingIn(event.data));
      // The bytes of a piece count once, with its first event.
      else this.#hear(stream, event, index === 0 ? bytes : 0);
    });
  }

  /** @param {Stream} stream @param {StreamEvent} event @param {number} bytes */
  #hear(stream, event, bytes) {
    const frames = stream.read(event);
    this.#query?.settle(stream.answered);
    this.#uncounted += bytes;
    if (!this.#isProven && frames.length) {
      this.#isProven = true;
      this.onopen();
    }
    for (const frame of frames) {
      if (stream !== this.#stream) return;
      this.#query?.hear(frame);
      this.onframe(frame, this.#countedBytes());
    }
  }

  /** Return the bytes that no frame has reported yet. */
  #countedBytes() {
    const bytes = this.#uncounted;
    this.#uncounted = 0;
    return bytes;
  }

  /** @param {import("./transport.js").Ending} ending */
  #end(ending) {
    this.close();
    this.onclose(ending);
  }
}

/** One response to one query, for as long as it lasts. */
class Stream {
  /** Since when the market is silent (UTC ms), or null. @type {number | null} */
  stale;
  /** What is wrong with the database, for staff. @type {string | undefined} */
  trouble;
  #asked;
  #controller = new AbortController();
  /** The frames before the first position, which answer the commands; null after that. @type {Frame[] | null} */
  #first = [];

  /** @param {import("./query.js").SentQuery} asked @param {Stream | null} former */
  constructor(asked, former) {
    this.#asked = asked;
    this.stale = former?.stale ?? null;
    this.trouble = former?.trouble;
  }

  /** The commands that this stream has answered. */
  get answered() {
    return this.#first === null ? this.#asked.commands : [];
  }

  get signal() {
    return this.#controller.signal;
  }

  abort() {
    this.#controller.abort();
  }

  /**
   * Return the frames that an event stands for: its own, and a heartbeat for its id, which is a position.
   * @param {StreamEvent} event
   */
  read({data, id}) {
    const place = parsePosition(id);
    const own = parseFrame(data);
    const heartbeat = this.#heartbeatOf(own, place?.sequence ?? null);
    const frames = own && own.type !== "heartbeat" ? [own] : [];
    if (heartbeat === null) return this.#first ? this.#keep(frames, this.#first) : frames;
    const confirmed = claimedBy(heartbeat, this.#asked.isWhole);
    if (this.#first === null) return [...frames, confirmed];
    // As over a WebSocket the answers come before the frames that follow from the commands.
    const first = [...this.#first, ...frames];
    this.#first = null;
    return [...answersTo(this.#asked, first), ...first, confirmed];
  }

  /** Keep the frames that the answers must precede; return the others. @param {Frame[]} frames @param {Frame[]} first */
  #keep(frames, first) {
    first.push(...frames.filter(isOfChannel));
    return frames.filter((frame) => !isOfChannel(frame));
  }

  /** Return the heartbeat of an event: its own, or the one that its position stands for. @param {Frame | null} own @param {number | null} sequence */
  #heartbeatOf(own, sequence) {
    if (own?.type === "heartbeat") {
      this.stale = own.stale;
      this.trouble = own.trouble;
      return own;
    }
    return sequence === null ? null : heartbeatAt(sequence, this.stale, this.trouble);
  }
}

/** @param {import("./http.js").HttpResponse} response @returns {AsyncGenerator<{events: StreamEvent[], bytes: number}>} */
async function* piecesOf(response) {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  let bytes = 0;
  for (;;) {
    const piece = await reader?.read();
    if (!piece || piece.done) return;
    bytes += piece.value.length;
    // `stream`, because a character may be cut between two pieces.
    const events = parser.push(decoder.decode(piece.value, {stream: true}));
    if (events.length === 0) continue;
    yield {events, bytes};
    bytes = 0;
  }
}

/** @param {string} text @returns {import("./transport.js").Ending} */
function endingIn(text) {
  try {
    /** @type {unknown} */
    const ending = JSON.parse(text);
    if (!isObject(ending)) return lost("the stream was closed");
    const {code, reason} = ending;
    return {code: Number(code) || LOST, reason: isText(reason) ? reason : "", retry_ms: 0};
  } catch {
    return lost("the stream was closed");
  }
}
