// @ts-check
/**
 * Keeps one transport alive: opens it, watches it and tries again when it is lost.
 * Must not know which transport it is, what the frames do, or the page.
 */

import {steadyNow} from "../steady_clock.js";
import {LOST, browserTimers, lost} from "../transports/transport.js";
import {CHANNEL, CLOSE, CLOSE_TEXT, METHOD, isOfChannel, mayRetry} from "../wire/frames.js";
import {backoff} from "./backoff.js";
import {HeartbeatMonitor} from "./heartbeat.js";
import {Ladder} from "./ladder.js";
import {nameOf} from "./state.js";
import {Subscriptions} from "./subscriptions.js";
import {NamedTimers} from "./timers.js";

/** @typedef {import("../wire/frames.js").Frame} Frame */
/** @typedef {import("../transports/transport.js").Transport} Transport */
/** @typedef {import("../transports/transport.js").Ending} Ending */
/** @typedef {import("../transports/transport.js").TimerFunctions} TimerFunctions */
/** @typedef {import("./state.js").ConnectionState} ConnectionState */
/** @typedef {import("./state.js").Recovery} Recovery */

/** The time from one look at the silence to the next. */
const CHECK_MS = 250;
/** After this time a connection counts as good: the next failure is the first again. */
const STEADY_MS = 5_000;
/** A page that is hidden for less than this, as when somebody switches tabs and back, stays live. */
const HIDDEN_MS = 10_000;
/** When the browser says that the network is gone, the server has this long to prove the opposite. */
const DOUBT_MS = 2_500;
/** The least time from one acknowledgement to the next. */
const ACK_MS = 1_000;

/** The parts of the state that people see: a change of another part is not reported. @type {readonly (keyof ConnectionState)[]} */
const SHOWN = Object.freeze(["name", "transport", "pinned", "retry_at_ms", "market_silent_since_ms"]);

/** The reason for a pause while nobody sees the page. */
const HIDDEN = "hidden tab";

export class Connection {
  /** How often a lost connection came back. */
  reconnects = 0;
  frames = 0;
  bytes = 0;
  /** What this page wants. It stays wanted from one connection to the next. */
  subscriptions;
  #deliver;
  #onstate;
  #onrecovery;
  #random;
  #now;
  #timers;
  #ladder;
  /** @type {import("./state.js").ConnectionPhase} */
  #phase = "closed";
  /** @type {Transport | null} */
  #transport = null;
  #isOnline = true;
  #heartbeat = new HeartbeatMonitor();
  #retry_ms = 0;
  #attempt = 0;
  #endedBy = 0;
  #reason = "";
  #opened_ms = 0;
  #acknowledged_ms = 0;
  /** @type {number | null} */
  #lost_ms = null;
  /** @type {number | null} */
  #retry_at_ms = null;
  /** @type {ConnectionState} */
  #state = {
    name: "closed", transport: "", pinned: "", code: LOST, reason: "",
    retry_at_ms: null, heard_at_ms: null, market_silent_since_ms: null,
  };

  /**
   * @param {{
   *   candidates: import("../transports/transport.js").Candidate[],
   *   positions: import("../transports/transport.js").Positions,
   *   details?: import("./subscriptions.js").Details,
   *   deliver: (frame: Frame) => boolean,
   *   onstate?: (state: ConnectionState) => void,
   *   onrecovery?: (recovery: Recovery) => void,
   *   random?: () => number, now?: () => number, timers?: TimerFunctions,
   * }} options `candidates`: the best transport first. `positions`: of each channel. `details`:
   *   parameters that go with every subscription of a channel. `deliver` returns false for a frame that leaves a gap.
   */
  constructor({
    candidates,
    positions,
    details = {},
    deliver,
    onstate = () => {},
    onrecovery = () => {},
    random = Math.random,
    now = steadyNow,
    timers = browserTimers,
  }) {
    this.#deliver = deliver;
    this.#onstate = onstate;
    this.#onrecovery = onrecovery;
    this.#random = random;
    this.#now = now;
    this.#timers = new NamedTimers(timers);
    this.#ladder = new Ladder({
      candidates, positions, random, timers: this.#timers,
      onwin: (transport) => this.#adopt(transport),
      onfail: (ending) => this.#lose(ending),
    });
    this.subscriptions = new Subscriptions({positions, random, now, timers, details});
  }

  /** What people see of this connection. */
  get state() {
    return this.#state;
  }

  /** Connect, or connect again after an end. */
  open() {
    if (this.#phase === "opening" || this.#phase === "up") return;
    this.#connect();
  }

  /** Disconnect, and do not try again. */
  close() {
    this.#drop();
    this.#phase = "closed";
    this.#tell();
  }

  /** Try now instead of waiting. */
  tryNow() {
    if (this.#phase === "waiting") this.#connect();
  }

  /**
   * Use only the transport with this key. An empty key chooses the best one again.
   * @param {string} key
   */
  pin(key) {
    this.#ladder.pin(key);
    if (this.#phase === "opening" || this.#phase === "waiting") this.#connect();
    else if (this.#phase !== "closed") this.#tell();
  }

  /**
   * Stop the prices for a reason. When no reason is left they go on, and bring what was missed.
   * @param {string} reason
   * @param {boolean} isPaused
   */
  setPaused(reason, isPaused) {
    this.subscriptions.setPaused(reason, isPaused);
    this.#tell();
  }

  /**
   * Pause a hidden page after a while. A page that is seen again catches up at once.
   * @param {boolean} isHidden
   */
  setHidden(isHidden) {
    if (isHidden) {
      this.#timers.set("hidden", HIDDEN_MS, () => this.setPaused(HIDDEN, true));
      return;
    }
    this.#timers.clear("hidden");
    this.setPaused(HIDDEN, false);
    this.#check();
    this.tryNow();
  }

  /**
   * Take the browser's hint that the network came or went. It is only a hint: a server on this machine needs
   * no network.
   * @param {boolean} isOnline
   */
  setOnline(isOnline) {
    this.#isOnline = isOnline;
    this.#timers.clear("doubt");
    if (isOnline) this.tryNow();
    else this.doubt();
    this.#tell();
  }

  /**
   * Acknowledge the position that was painted, and say how long that took. Most calls send nothing.
   * @param {string | null} position
   * @param {number} paint_ms
   */
  acknowledge(position, paint_ms) {
    const now_ms = this.#now();
    if (position === null || now_ms - this.#acknowledged_ms < ACK_MS) return;
    this.#acknowledged_ms = now_ms;
    this.subscriptions.tell(METHOD.ACK, {position, paint_ms});
  }

  // --- opening ------------------------------------------------------------------------------
  #connect() {
    this.#drop();
    this.#phase = "opening";
    this.#retry_ms = 0;
    this.#ladder.begin();
    this.#tell();
  }

  /** Use a transport that works: the first, or a better one than the current. @param {Transport} transport */
  #adopt(transport) {
    const isFirst = this.#phase !== "up";
    this.#transport?.close();
    this.#transport = transport;
    transport.onopen = () => {};
    transport.onframe = (frame, bytes) => this.#receive(frame, bytes);
    transport.onclose = (ending) => this.#lose(ending);
    this.#opened_ms = this.#now();
    if (isFirst) this.#rise();
    this.subscriptions.begin((command) => transport.send(command));
    this.#tell();
  }

  #rise() {
    this.#phase = "up";
    this.#reason = "";
    if (this.#lost_ms !== null) this.reconnects += 1;
    this.#heartbeat.heard_ms = this.#opened_ms;
    this.#watch();
  }

  // --- alive --------------------------------------------------------------------------------
  /**
   * @param {Frame} frame
   * @param {number} bytes
   */
  #receive(frame, bytes) {
    this.frames += 1;
    this.bytes += bytes;
    this.#heartbeat.hear(frame, this.#now());
    if (frame.type === "shutdown") this.#retry_ms = frame.retry_ms;
    // A channel that was left and asked for again: these are of its former subscription, and say nothing of the new one.
    if (isOfChannel(frame) && this.subscriptions.isFormer(frame.channel)) return;
    if (this.#deliver(this.#limited(frame))) this.subscriptions.mended(frame.channel);
    else this.subscriptions.mend(frame.channel);
    if (frame.type === "answer") this.#settle(frame);
    // The other frames change nothing that people see of the connection, and there are many of them.
    if (this.#state.name === "stale" || frame.type === "heartbeat") this.#tell();
  }

  /**
   * A heartbeat confirms the channels that are open. The others still have the positions of the last connection, and
   * must resume from there.
   * @param {Frame} frame
   * @returns {Frame}
   */
  #limited(frame) {
    if (frame.type !== "heartbeat") return frame;
    return {...frame, confirms: frame.confirms.filter((channel) => this.subscriptions.isOpen(channel))};
  }

  /** The answer that opens the prices says how the gap was filled: resumed, or by a snapshot. @param {import("../wire/frames.js").Answer} answer */
  #settle(answer) {
    const channel = this.subscriptions.settle(answer);
    const judge = this.subscriptions.wants(CHANNEL.TICKER) ? CHANNEL.TICKER : CHANNEL.STATUS;
    if (channel !== judge || this.#lost_ms === null) return;
    const gap_ms = this.#now() - this.#lost_ms;
    this.#lost_ms = null;
    this.#onrecovery({gap_ms, resumed: answer.result.resumed === true});
  }

  #watch() {
    this.#timers.set("check", CHECK_MS, () => {
      this.#check();
      if (this.#phase === "up") this.#watch();
    });
  }

  /** A late heartbeat makes the prices stale. A missing heartbeat means that the connection is dead. */
  #check() {
    if (this.#phase !== "up") return;
    const now_ms = this.#now();
    if (this.#hasLasted()) {
      // Not when it opens: a server that accepts and drops everybody must not be asked without a rest.
      this.#attempt = 0;
      this.#ladder.steady();
    }
    if (this.#heartbeat.isDead(now_ms, this.#transport?.quiet_ms ?? 0)) this.#lose(lost("no heartbeat"));
    else this.#tell();
  }

  #hasLasted() {
    return this.#now() - this.#opened_ms > STEADY_MS;
  }

  /** Ask the server for a sign of life: something hints that the line is dead. */
  doubt() {
    if (this.#phase !== "up") return;
    const asked_ms = this.#now();
    this.subscriptions.ask(METHOD.PING, {});
    this.#timers.set("doubt", DOUBT_MS + (this.#transport?.quiet_ms ?? 0), () => {
      const isSilent = (this.#heartbeat.heard_ms ?? 0) <= asked_ms;
      if (this.#phase === "up" && isSilent) this.#lose(lost("the network went away"));
    });
  }

  // --- losing -------------------------------------------------------------------------------
  /** @param {Ending} ending */
  #lose({code, reason, retry_ms}) {
    // The gap began when the server was last heard. A loss before it is filled begins no other.
    this.#lost_ms ??= this.#heartbeat.heard_ms;
    // A close code of the server says nothing against the transport; a line that dies young does.
    if (this.#phase === "up" && code === LOST && !this.#hasLasted()) this.#ladder.slip();
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
    this.#timers.set("retry", wait_ms, () => this.#connect());
  }

  #drop() {
    this.#timers.clear("retry", "check", "doubt");
    this.#ladder.rest();
    this.#transport?.close();
    this.#transport = null;
    this.#retry_at_ms = null;
    this.subscriptions.end();
  }

  // --- telling ------------------------------------------------------------------------------
  #tell() {
    const before = this.#state;
    this.#state = {
      name: this.#name(),
      transport: this.#transport?.name ?? before.transport,
      pinned: this.#ladder.pinned,
      code: this.#phase === "ended" ? this.#endedBy : LOST,
      reason: this.#reason,
      retry_at_ms: this.#retry_at_ms,
      heard_at_ms: this.#heartbeat.heard_ms,
      market_silent_since_ms: this.#heartbeat.market_silent_since_ms,
    };
    const isSame = SHOWN.every((key) => before[key] === this.#state[key]);
    if (!isSame) this.#onstate(this.#state);
  }

  #name() {
    return nameOf({
      phase: this.#phase,
      isSignedOut: this.#endedBy === CLOSE.SIGNED_OUT,
      isSilent: this.#heartbeat.isLate(this.#now(), this.#transport?.quiet_ms ?? 0),
      isMarketSilent: this.#heartbeat.market_silent_since_ms !== null,
      isPaused: this.subscriptions.isPaused,
      isOnline: this.#isOnline,
      isFirst: this.#heartbeat.heard_ms === null && this.#attempt === 0,
    });
  }
}
