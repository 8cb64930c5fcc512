// @ts-check
/**
 * The transport that gets its frames from the leading tab, which may be this one.
 * Must not know what a frame means, or who leads.
 */

import {browserTimers, lost} from "../transports/transport.js";
import {CHANNEL} from "../wire/frames.js";
import {lineOf} from "./messages.js";

/** @typedef {import("../wire/frames.js").Command} Command */
/** @typedef {import("./messages.js").Broadcast} Broadcast */
/** @typedef {import("./messages.js").LeaderMessage} LeaderMessage */
/** @typedef {import("./messages.js").TabMessage} TabMessage */
/** @typedef {import("../transports/transport.js").Transport} Transport */

/** A live leader answers within milliseconds, even while its own connection is down. One that does not is stuck. */
export const PATIENCE_MS = 3_000;
/** A leader that says nothing for this time is asked whether it lives; at most twice this time passes before that. */
export const SILENCE_MS = 4_000;
/** Tabs lose their patience one after the other, so that the first one leads before the next one takes the lead. */
const SPREAD_MS = 900;

/** @implements {Transport} */
export class FollowerTransport {
  name = "";
  quiet_ms = 0;
  onopen = () => {};
  /** @type {Transport["onframe"]} */
  onframe = () => {};
  /** @type {Transport["onclose"]} */
  onclose = () => {};
  #key;
  #id;
  #presence;
  #openChannel;
  #election;
  #onready;
  #timers;
  #random;
  /** @type {"closed" | "asking" | "open"} */
  #phase = "closed";
  /** The term of the leader that we follow. */
  #term = "";
  /** @type {import("./messages.js").Channel<Broadcast, Broadcast> | null} */
  #call = null;
  /** @type {import("./messages.js").Channel<LeaderMessage, TabMessage> | null} */
  #line = null;
  /** @type {(() => void) | null} */
  #goAway = null;
  /** @type {number | undefined} */
  #patience;
  /** @type {number | undefined} */
  #watch;
  #hasHeard = false;
  /** Whether the leader was asked if it lives, and has said nothing since. */
  #isProbing = false;
  /** @type {import("../transports/transport.js").Positions} */
  #positions = () => ({});

  /**
   * @param {{
   *   key: string, id: string, election: import("./election.js").Election,
   *   presence: import("./election.js").Presence, openChannel: import("./messages.js").OpenChannel,
   *   onready: () => void, timers?: import("../transports/transport.js").TimerFunctions, random?: () => number,
   * }} options `id`: of this tab. `onready`: a leader has a connection, so a wait for the next try may end
   */
  constructor({key, id, election, presence, openChannel, onready, timers = browserTimers, random = Math.random}) {
    this.#key = key;
    this.#id = id;
    this.#election = election;
    this.#presence = presence;
    this.#openChannel = openChannel;
    this.#onready = onready;
    this.#timers = timers;
    this.#random = random;
  }

  /**
   * Look for the leader, and become a candidate in case there is none.
   * @param {import("../transports/transport.js").Positions} positions
   */
  open(positions) {
    this.#positions = positions;
    this.#phase = "asking";
    this.#listen();
    this.#election.enter();
    if (this.#goAway) this.#ask();
    else this.#goAway = this.#presence.show(this.#id, () => this.#ask());
  }

  /** Whether it waits for a leader that has a connection. */
  get isAsking() {
    return this.#phase === "asking";
  }

  /** @param {Command} command */
  send(command) {
    if (this.#phase === "open") this.#line?.postMessage({kind: "command", command});
  }

  /**
   * Close; no callback follows. A tab that was not served yet goes on listening, because a leader that gets its
   * connection ends the wait for the next try.
   */
  close() {
    const wasOpen = this.#phase === "open";
    this.#rest();
    if (wasOpen) this.leave();
  }

  /** Let go of everything. The tab gives its own lock back, which tells the leader that it is gone. */
  leave() {
    this.#rest();
    this.#line?.close();
    this.#call?.close();
    this.#line = this.#call = null;
    this.#goAway?.();
    this.#goAway = null;
    this.#election.leave();
  }

  #rest() {
    this.#phase = "closed";
    this.#isProbing = false;
    this.#timers.clearTimeout(this.#patience);
    this.#timers.clearTimeout(this.#watch);
  }

  #listen() {
    if (this.#call) return;
    this.#call = this.#openChannel(this.#key);
    this.#call.onmessage = ({data}) => this.#hearCall(data);
    this.#line = this.#openChannel(lineOf(this.#key, this.#id));
    this.#line.onmessage = ({data}) => this.#hear(data);
  }

  #ask() {
    if (this.#phase !== "asking") return;
    this.#call?.postMessage({kind: "hello", id: this.#id, since: this.#positions()[CHANNEL.TRADES] ?? null});
    this.#timers.clearTimeout(this.#patience);
    this.#patience = this.#timers.setTimeout(() => {
      this.#election.usurp();
      this.#ask();
    }, PATIENCE_MS);
  }

  /** Another tab leads from now on, so the leader that we followed is gone. @param {Broadcast} call */
  #hearCall(call) {
    if (call.kind !== "lead") return;
    if (this.#phase === "asking") this.#ask();
    else if (this.#phase === "open") this.#lose(lost("the tab that led is gone"));
    this.#onready();
  }

  /** Take a message; those of an earlier leader are dropped. @param {LeaderMessage} message */
  #hear(message) {
    if (message.kind === "here" && this.#phase === "asking") {
      this.#term = message.term;
      this.#timers.clearTimeout(this.#patience);
    }
    if (message.term !== this.#term) return;
    this.#hasHeard = true;
    this.#isProbing = false;
    if (message.kind === "road") this.#take(message);
    else if (message.kind === "open") this.#begin();
    else if (message.kind === "frame" && this.#phase === "open") this.onframe(message.frame, this.#costOf(message));
    else if (message.kind === "closed" && this.#phase !== "closed") this.#lose(message.ending);
  }

  /** The network carried the bytes once, to the leading tab, so only that tab counts them. @param {{bytes: number}} message */
  #costOf({bytes}) {
    return this.#election.isLeading ? bytes : 0;
  }

  /** @param {{name: string, quiet_ms: number}} transport */
  #take({name, quiet_ms}) {
    this.name = name;
    this.quiet_ms = quiet_ms;
  }

  #begin() {
    if (this.#phase === "closed") this.#onready();
    if (this.#phase !== "asking") return;
    this.#phase = "open";
    this.#watchLater();
    this.onopen();
  }

  // --- a leader that is busy ----------------------------------------------------------------
  /** Look often instead of setting a timer with every frame. */
  #watchLater() {
    this.#watch = this.#timers.setTimeout(() => {
      if (!this.#hasHeard && !this.#election.isLeading) this.#probe();
      this.#hasHeard = false;
      this.#watchLater();
    }, SILENCE_MS);
  }

  /** Ask the leader whether it lives. If it does not answer, take the lead. */
  #probe() {
    this.#isProbing = true;
    this.#line?.postMessage({kind: "probe"});
    this.#timers.clearTimeout(this.#patience);
    this.#patience = this.#timers.setTimeout(() => {
      if (!this.#isProbing) return;
      this.#election.usurp();
      this.#lose(lost("the tab that led does not answer"));
    }, PATIENCE_MS + this.#random() * SPREAD_MS);
  }

  /** @param {import("../transports/transport.js").Ending} ending */
  #lose(ending) {
    this.#rest();
    this.onclose(ending);
  }
}
