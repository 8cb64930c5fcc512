// @ts-check
/**
 * Keeps one transport alive: opens, watches, tries again, moves to a better one.
 * Must not know which transport it is, what the frames do, or the page.
 * Called by main.js, which hands in the transports, the positions and the timers.
 */

import {backoff} from "./backoff.js";
import {Subscriptions} from "./subscriptions.js";
import {LOST, browserTimers} from "./transport.js";
import {CHANNEL, CLOSE, CLOSE_TEXT, METHOD, mayRetry} from "../wire.js";

/** @typedef {import("../wire.js").Frame} Frame */
/** @typedef {import("./transport.js").Transport} Transport */
/** @typedef {import("./transport.js").Ending} Ending */
/** @typedef {import("./transport.js").Timers} Timers */

/**
 * @typedef {"closed" | "connecting" | "live" | "stale" | "paused" | "reconnecting" | "offline"
 *   | "signed_out" | "stopped"} StateName
 *
 * What people are told. `retry_at_ms` is when the next try begins, `heard_at_ms` when the server last
 * spoke.
 * @typedef {{
 *   name: StateName, transport: string, reason: string, retry_at_ms: number | null,
 *   heard_at_ms: number | null,
 * }} State
 *
 * `gap_ms` is how long nothing was heard; `resumed` whether the tape filled the gap or a snapshot did.
 * @typedef {{gap_ms: number, resumed: boolean}} Recovery
 */

/** Silence, in heartbeats: one may be late; after two and a half the server is gone. */
const STALE_HEARTBEATS = 1.5;
const DEAD_HEARTBEATS = 2.5;
/** Until `welcome` says how often the server speaks. */
const HEARTBEAT_MS = 5_000;
const CHECK_MS = 250;
/** A try that shows no frame in this time has failed. */
const OPENING_MS = 8_000;
/** A connection that lived this long was a good one: the next failure is the first again. */
const STEADY_MS = 5_000;
/** We ignore brief periods of invisibility, like switching to another tab and back. */
const HIDDEN_MS = 10_000;
/** The browser says that the network went: the server has this long to say otherwise. */
const DOUBT_MS = 2_500;
/** Failures in a row before the next transport gets a try: some proxies let no socket through. */
const FALL_BACK_AFTER = 3;
/** On a lesser transport the better one is tried after about 2 s, then more and more seldom. */
const PROMOTE_ATTEMPT = 2;
const ACK_MS = 5_000;

const HIDDEN = "hidden";

export class Connection {
  /** Times that a lost connection came back. */
  reconnects = 0;
  frames = 0;
  bytes = 0;
  #makers;
  #positions;
  #deliver;
  #onstate;
  #onrecovery;
  #random;
  #now;
  #timers;
  #subscriptions;
  /** @type {"closed" | "opening" | "up" | "waiting" | "ended"} */
  #phase = "closed";
  /** @type {Transport | null} */
  #transport = null;
  /** @type {Transport | null} */
  #probe = null;
  #isOnline = true;
  #heartbeat_ms = HEARTBEAT_MS;
  #retry_ms = 0;
  #attempt = 0;
  #failures = 0;
  #promotions = 0;
  #endedBy = 0;
  #reason = "";
  #opened_ms = 0;
  #acknowledged_ms = 0;
  /** @type {number | null} */
  #heard_ms = null;
  /** @type {number | null} */
  #lost_ms = null;
  /** @type {number | null} */
  #retry_at_ms = null;
  /** @type {Record<string, number | undefined>} */
  #timer = {};
  /** @type {State} */
  #state = {name: "closed", transport: "", reason: "", retry_at_ms: null, heard_at_ms: null};

  /**
   * @param {{
   *   transports: (() => Transport)[],
   *   positions: () => Record<string, string | null>,
   *   deliver: (frame: Frame) => boolean,
   *   onstate?: (state: State) => void,
   *   onrecovery?: (recovery: Recovery) => void,
   *   random?: () => number, now?: () => number, timers?: Timers,
   * }} options `transports`: the best first. `positions`: where each channel stands. `deliver` returns
   *   false for a frame that does not follow the last one.
   */
  constructor({
    transports,
    positions,
    deliver,
    onstate = () => {},
    onrecovery = () => {},
    random = Math.random,
    now = Date.now,
    timers = browserTimers,
  }) {
    this.#makers = transports;
    this.#positions = positions;
    this.#deliver = deliver;
    this.#onstate = onstate;
    this.#onrecovery = onrecovery;
    this.#random = random;
    this.#now = now;
    this.#timers = timers;
    this.#subscriptions = new Subscriptions({positions, random, now, timers});
  }

  /** What people are told now. */
  get state() {
    return this.#state;
  }

  /** Begin, or begin again after an end. */
  open() {
    if (this.#phase === "opening" || this.#phase === "up") return;
    this.#connect();
  }

  /** End it for good. */
  close() {
    this.#drop();
    this.#phase = "closed";
    this.#tell();
  }

  /** Do not wait for the next try. */
  tryNow() {
    if (this.#phase === "waiting") this.#connect();
  }

  /**
   * Want a channel, or more symbols of it; it stays wanted across connections.
   * @param {string} channel
   * @param {Iterable<string>} [symbols]
   */
  subscribe(channel, symbols = []) {
    this.#subscriptions.add(channel, symbols);
  }

  /**
   * Want these symbols of a channel no more.
   * @param {string} channel
   * @param {Iterable<string>} symbols
   */
  unsubscribe(channel, symbols) {
    this.#subscriptions.remove(channel, symbols);
  }

  /**
   * Ask for this many updates per second.
   * @param {number} max_rate
   */
  setRate(max_rate) {
    this.#subscriptions.setRate(max_rate);
  }

  /**
   * Stop the prices for a reason; they go on, with everything missed, when no reason is left.
   * @param {string} reason
   * @param {boolean} isPaused
   */
  setPaused(reason, isPaused) {
    this.#subscriptions.setPaused(reason, isPaused);
    this.#tell();
  }

  /**
   * A page nobody sees needs no prices; one that is seen again catches up at once.
   * @param {boolean} isHidden
   */
  setHidden(isHidden) {
    if (isHidden) {
      this.#start("hidden", HIDDEN_MS, () => this.setPaused(HIDDEN, true));
      return;
    }
    this.#stop("hidden");
    this.setPaused(HIDDEN, false);
    this.#check();
    this.tryNow();
  }

  /**
   * Take the browser's word that the network came or went as a hint only: a server on this machine
   * needs no network.
   * @param {boolean} isOnline
   */
  setOnline(isOnline) {
    this.#isOnline = isOnline;
    this.#stop("doubt");
    if (isOnline) this.tryNow();
    else if (this.#phase === "up") this.#doubt();
    this.#tell();
  }

  /**
   * Say which position was painted; the server is told once in a while.
   * @param {string | null} position
   */
  acknowledge(position) {
    const now_ms = this.#now();
    if (position === null || now_ms - this.#acknowledged_ms < ACK_MS) return;
    this.#acknowledged_ms = now_ms;
    this.#subscriptions.ask(METHOD.ACK, {position});
  }

  // --- opening ------------------------------------------------------------------------------
  #connect() {
    this.#drop();
    this.#phase = "opening";
    this.#opened_ms = this.#now();
    this.#retry_ms = 0;
    const transport = this.#makers[this.#choose()]();
    this.#adopt(transport);
    transport.open(this.#positions()[CHANNEL.TICKER] ?? null);
    this.#watch();
    this.#tell();
  }

  /** Choose the best transport, and every other time the last one while the best keeps failing. */
  #choose() {
    const isInDoubt = this.#failures >= FALL_BACK_AFTER && this.#failures % 2 === 1;
    return isInDoubt ? this.#makers.length - 1 : 0;
  }

  /** @param {Transport} transport */
  #adopt(transport) {
    this.#transport = transport;
    transport.onopen = () => this.#subscriptions.begin((command) => transport.send(command));
    transport.onframe = (frame, bytes) => this.#receive(frame, bytes);
    transport.onclose = (ending) => this.#lose(ending);
  }

  // --- alive --------------------------------------------------------------------------------
  /**
   * @param {Frame} frame
   * @param {number} bytes
   */
  #receive(frame, bytes) {
    this.frames += 1;
    this.bytes += bytes;
    this.#heard_ms = this.#now();
    if (this.#phase === "opening") this.#rise();
    if (frame.type === "welcome") this.#heartbeat_ms = frame.heartbeat_ms;
    if (frame.type === "shutdown") this.#retry_ms = frame.retry_ms;
    if (this.#deliver(frame)) this.#subscriptions.mended(frame.channel);
    else this.#subscriptions.mend(frame.channel);
    if (frame.type === "answer") this.#settle(frame);
    if (this.#state.name === "stale") this.#tell();
  }

  #rise() {
    this.#phase = "up";
    this.#reason = "";
    this.#failures = 0;
    if (this.#lost_ms !== null) this.reconnects += 1;
    this.#promotions = 0;
    if (this.#transport?.name !== this.#makers[0]().name) this.#promoteLater();
    this.#tell();
  }

  /** The answer that opens the prices says how the gap was filled. @param {import("../wire.js").Answer} answer */
  #settle(answer) {
    const channel = this.#subscriptions.settle(answer);
    const judge = this.#subscriptions.wants(CHANNEL.TICKER) ? CHANNEL.TICKER : CHANNEL.STATUS;
    if (channel !== judge || this.#lost_ms === null) return;
    const gap_ms = this.#now() - this.#lost_ms;
    this.#lost_ms = null;
    this.#onrecovery({gap_ms, resumed: answer.result.resumed === true});
  }

  #watch() {
    this.#start("check", CHECK_MS, () => {
      this.#check();
      if (this.#phase === "opening" || this.#phase === "up") this.#watch();
    });
  }

  /** Look at the silence: a late heartbeat makes the prices stale, a missing one the connection dead. */
  #check() {
    const now_ms = this.#now();
    if (this.#phase === "opening" && now_ms - this.#opened_ms > OPENING_MS) {
      this.#lose({code: LOST, reason: "no answer", retry_ms: 0});
    } else if (this.#phase === "up") {
      if (now_ms - this.#opened_ms > STEADY_MS) this.#attempt = 0;
      if (this.#isSilentFor(DEAD_HEARTBEATS)) this.#lose({code: LOST, reason: "no heartbeat", retry_ms: 0});
      else this.#tell();
    }
  }

  /** @param {number} heartbeats */
  #isSilentFor(heartbeats) {
    const silence_ms = this.#now() - (this.#heard_ms ?? this.#opened_ms);
    return silence_ms > heartbeats * this.#heartbeat_ms + (this.#transport?.quiet_ms ?? 0);
  }

  #doubt() {
    const asked_ms = this.#now();
    this.#subscriptions.ask(METHOD.PING, {});
    this.#start("doubt", DOUBT_MS, () => {
      const isSilent = (this.#heard_ms ?? 0) <= asked_ms;
      if (this.#phase === "up" && isSilent) this.#lose({code: LOST, reason: "the network went away", retry_ms: 0});
    });
  }

  // --- a better transport -------------------------------------------------------------------
  #promoteLater() {
    const wait_ms = backoff(PROMOTE_ATTEMPT + this.#promotions, this.#random());
    this.#promotions += 1;
    this.#start("promote", wait_ms, () => this.#promote());
  }

  /** Try the best transport beside the one in use, and move over once it is open. */
  #promote() {
    this.#probe?.close();
    const probe = this.#makers[0]();
    this.#probe = probe;
    probe.onopen = () => {
      this.#probe = null;
      this.#transport?.close();
      this.#adopt(probe);
      probe.onopen();
      this.#tell();
    };
    probe.onclose = () => this.#promoteLater();
    probe.open(this.#positions()[CHANNEL.TICKER] ?? null);
  }

  // --- losing -------------------------------------------------------------------------------
  /** @param {Ending} ending */
  #lose({code, reason, retry_ms}) {
    this.#lost_ms ??= this.#heard_ms;
    if (this.#phase === "opening") this.#failures += 1;
    this.#drop();
    this.#reason = CLOSE_TEXT[code]?.[0] ?? reason;
    if (mayRetry(code)) {
      this.#wait(Math.max(this.#retry_ms, retry_ms));
    } else {
      this.#phase = "ended";
      this.#endedBy = code;
    }
    this.#tell();
  }

  /** @param {number} retry_ms */
  #wait(retry_ms) {
    const wait_ms = backoff(this.#attempt, this.#random(), retry_ms);
    this.#attempt += 1;
    this.#phase = "waiting";
    this.#retry_at_ms = this.#now() + wait_ms;
    this.#start("retry", wait_ms, () => this.#connect());
  }

  #drop() {
    for (const name of ["retry", "check", "doubt", "promote"]) this.#stop(name);
    this.#probe?.close();
    this.#transport?.close();
    this.#probe = this.#transport = null;
    this.#retry_at_ms = null;
    this.#subscriptions.end();
  }

  /**
   * @param {string} name
   * @param {number} wait_ms
   * @param {() => void} run
   */
  #start(name, wait_ms, run) {
    this.#stop(name);
    this.#timer[name] = this.#timers.setTimeout(run, wait_ms);
  }

  /** @param {string} name */
  #stop(name) {
    this.#timers.clearTimeout(this.#timer[name]);
  }

  // --- telling ------------------------------------------------------------------------------
  #tell() {
    const before = this.#state;
    this.#state = {
      name: this.#name(),
      transport: this.#transport?.name ?? before.transport,
      reason: this.#reason,
      retry_at_ms: this.#retry_at_ms,
      heard_at_ms: this.#heard_ms,
    };
    const {name, transport, retry_at_ms} = this.#state;
    const isSame = before.name === name && before.transport === transport && before.retry_at_ms === retry_at_ms;
    if (!isSame) this.#onstate(this.#state);
  }

  /** @returns {StateName} */
  #name() {
    switch (this.#phase) {
      case "closed":
        return "closed";
      case "ended":
        return this.#endedBy === CLOSE.SIGNED_OUT ? "signed_out" : "stopped";
      case "up":
        if (this.#isSilentFor(STALE_HEARTBEATS)) return "stale";
        return this.#subscriptions.isPaused ? "paused" : "live";
      default:
        if (!this.#isOnline) return "offline";
        return this.#heard_ms === null && this.#attempt === 0 ? "connecting" : "reconnecting";
    }
  }
}
