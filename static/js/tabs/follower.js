// @ts-check
/**
 * Carries frames from the tab that leads. One surface with every other transport: open, send, close.
 * Must not know what a frame means, or who leads: it may be this tab.
 */

import {browserTimers, lost} from "../transports/transport.js";
import {CHANNEL} from "../wire/frames.js";
import {lineOf} from "./envelopes.js";

/** @typedef {import("../wire/frames.js").Command} Command */
/** @typedef {import("./envelopes.js").Channel} Channel */
/** @typedef {import("./envelopes.js").LeaderMessage} LeaderMessage */
/** @typedef {import("../transports/transport.js").Transport} Transport */

/** A leader hears a call within milliseconds, however its own line is; one that does not is stuck. */
export const PATIENCE_MS = 3_000;

/** @implements {Transport} */
export class Follower {
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
  /** @type {"closed" | "asking" | "open"} */
  #phase = "closed";
  /** The leader that is followed. */
  #term = "";
  /** @type {Channel | null} */
  #call = null;
  /** @type {Channel | null} */
  #line = null;
  /** @type {(() => void) | null} */
  #goAway = null;
  /** @type {number | undefined} */
  #patience;
  /** @type {import("../transports/transport.js").Positions} */
  #positions = () => ({});

  /**
   * @param {{
   *   key: string, id: string, election: import("./election.js").Election,
   *   presence: import("./election.js").Presence, openChannel: import("./envelopes.js").OpenChannel,
   *   onready: () => void, timers?: import("../transports/transport.js").TimerFunctions,
   * }} options `id`: this tab. `onready`: there is a leader whose road is open, so waiting makes no sense
   */
  constructor({key, id, election, presence, openChannel, onready, timers = browserTimers}) {
    this.#key = key;
    this.#id = id;
    this.#election = election;
    this.#presence = presence;
    this.#openChannel = openChannel;
    this.#onready = onready;
    this.#timers = timers;
  }

  /**
   * Look for the leader, and stand for election where there is none.
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

  /** @param {Command} command */
  send(command) {
    if (this.#phase === "open") this.#line?.postMessage({kind: "command", command});
  }

  /**
   * End it, and hear no more of it. A tab that was served leaves: it is closed, or goes its own way. Its lock
   * says so to the leader.
   */
  close() {
    const wasOpen = this.#phase === "open";
    this.#rest();
    if (!wasOpen) return;
    this.#line?.close();
    this.#call?.close();
    this.#line = this.#call = null;
    this.#goAway?.();
    this.#goAway = null;
    this.#election.leave();
  }

  #rest() {
    this.#phase = "closed";
    this.#timers.clearTimeout(this.#patience);
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

  /** Another tab leads from now on: the one that was followed is gone. @param {import("./envelopes.js").Broadcast} call */
  #hearCall(call) {
    if (call.kind !== "lead") return;
    if (this.#phase === "asking") this.#ask();
    else if (this.#phase === "open") this.#lose(lost("the tab that led is gone"));
    this.#onready();
  }

  /** What a leader of the past still says is not heard. @param {LeaderMessage} message */
  #hear(message) {
    if (message.kind === "here" && this.#phase === "asking") {
      this.#term = message.term;
      this.#timers.clearTimeout(this.#patience);
    }
    if (message.term !== this.#term) return;
    if (message.kind === "road") this.#take(message);
    else if (message.kind === "open") this.#begin();
    else if (message.kind === "frame" && this.#phase === "open") this.onframe(message.frame, this.#costOf(message));
    else if (message.kind === "closed" && this.#phase !== "closed") this.#lose(message.ending);
  }

  /** The network carried it once, to the tab that leads. @param {{bytes: number}} message */
  #costOf({bytes}) {
    return this.#election.isLeading ? bytes : 0;
  }

  /** @param {{name: string, quiet_ms: number}} road */
  #take({name, quiet_ms}) {
    this.name = name;
    this.quiet_ms = quiet_ms;
  }

  #begin() {
    if (this.#phase === "closed") this.#onready();
    if (this.#phase !== "asking") return;
    this.#phase = "open";
    this.onopen();
  }

  /** @param {import("../transports/transport.js").Ending} ending */
  #lose(ending) {
    this.#rest();
    this.onclose(ending);
  }
}
