// @ts-check
/**
 * A small hub in the tab that leads: one connection to the server, and a desk for every tab, its own too.
 * Tabs say what they want with the commands the server knows, and get the frames it would send them.
 * Must not know transports, or who leads and why.
 */

import {Alarms} from "../connection/timers.js";
import {browserTimers} from "../transports/transport.js";
import {CHANNEL, METHOD, namesIn} from "../wire/frames.js";
import {Refused, Wishes} from "./demand.js";
import {endingOf} from "./endings.js";
import {lineOf} from "./envelopes.js";
import {earliestOf} from "./past.js";
import {RESUMABLE, Waiting} from "./requests.js";
import {Desk} from "./tab.js";

/** @typedef {import("../wire/frames.js").Frame} Frame */
/** @typedef {import("../wire/frames.js").Command} Command */
/** @typedef {import("../connection/connection.js").Connection} Connection */
/** @typedef {import("./tab.js").Known} Known */
/** @typedef {import("./envelopes.js").Channel} Channel */
/** @typedef {import("../connection/state.js").State} State */

/**
 * What the relay hands to the connection that it relays.
 * @typedef {{
 *   positions: import("../transports/transport.js").Positions, details: Record<string, Record<string, unknown>>,
 *   deliver: (frame: Frame) => boolean, onstate: (state: State) => void,
 * }} Hooks
 *
 * A tab: its desk and its line.
 * @typedef {{desk: Desk, line: Channel, unwatch: () => void}} Seat
 */

/** The words for a connection that carries. @type {readonly string[]} */
const UP = Object.freeze(["live", "paused", "stale"]);
/** The words for one that ended, and does not try again by itself. @type {readonly string[]} */
const ENDED = Object.freeze(["signed_out", "stopped"]);

const POSITIONED = Object.freeze([...RESUMABLE, CHANNEL.NOTIFICATIONS]);
/** A tab that comes in says at once what it wants; the rest is forgotten after this. */
const PRUNE_MS = 1_000;

export class Relay {
  #key;
  #term;
  #openChannel;
  #presence;
  #known;
  #quietOf;
  #now;
  #alarms;
  #connection;
  #wishes;
  /** @type {Channel} */
  #call;
  /** @type {Map<string, Seat>} */
  #seats = new Map();
  #waiting;
  /** Who waits for a sign of life. @type {{desk: Desk, command: Command}[]} */
  #pings = [];
  /** What a tab that comes later must hear first: welcome, pace, a market that is silent. @type {Map<string, Frame>} */
  #greetings = new Map();
  /** The symbols of a snapshot that is arriving. @type {Set<string>} */
  #renewed = new Set();
  #isUp = false;
  #road = {name: "", quiet_ms: 0};
  #bytes = 0;

  /**
   * @param {{
   *   key: string, term: string, openChannel: import("./envelopes.js").OpenChannel,
   *   presence: import("./election.js").Presence, known: Known, connect: (hooks: Hooks) => Connection,
   *   quietOf: (transport: string) => number, now?: () => number, timers?: import("../transports/transport.js").Timers,
   * }} options `term`: a name that no other leader has. `quietOf`: how long silence is normal for a transport
   */
  constructor({key, term, openChannel, presence, known, connect, quietOf, now = Date.now, timers = browserTimers}) {
    this.#key = key;
    this.#term = term;
    this.#openChannel = openChannel;
    this.#presence = presence;
    this.#known = known;
    this.#waiting = new Waiting(known);
    this.#quietOf = quietOf;
    this.#now = now;
    this.#alarms = new Alarms(timers);
    /** @type {Record<string, Record<string, unknown>>} */
    const details = {};
    this.#connection = connect({
      details,
      positions: () => this.#positions(),
      deliver: (frame) => this.#deliver(frame),
      onstate: (state) => this.#hearState(state),
    });
    this.#wishes = new Wishes({
      details,
      subscriptions: this.#connection.subscriptions,
      onmore: (channel, symbols) => this.#expect(channel, symbols),
      onless: (channel, symbols, isOver) => this.#forget(channel, symbols, isOver),
    });
    this.#call = openChannel(key);
    this.#call.onmessage = ({data}) => data.kind === "hello" && this.#greet(data);
    this.#call.postMessage({kind: "lead", term});
  }

  /** Lead no more. */
  close() {
    this.#call.close();
    for (const id of [...this.#seats.keys()]) this.#unseat(id);
    this.#connection.close();
  }

  /** Take the browser's hint about the network. @param {boolean} isOnline */
  setOnline(isOnline) {
    this.#connection.setOnline(isOnline);
  }

  // --- tabs ---------------------------------------------------------------------------------
  /** @param {{id: string, since: string | null}} hello */
  #greet({id, since}) {
    const {desk, line} = this.#seats.get(id) ?? this.#seat(id);
    desk.since = since;
    this.#waiting.drop(desk);
    line.postMessage({kind: "here", term: this.#term});
    desk.isAsking = true;
    this.#connection.setHidden(false);
    this.#connection.open();
    if (this.#isUp && desk.isAsking) this.#admit(desk, line);
  }

  /** @param {string} id @returns {Seat} */
  #seat(id) {
    const line = this.#openChannel(lineOf(this.#key, id));
    const post = (/** @type {object} */ told) => line.postMessage({...told, term: this.#term});
    const desk = new Desk({id, post, known: this.#known, alarms: this.#alarms, now: this.#now});
    const unwatch = this.#presence.watch(id, () => this.#unseat(id));
    line.onmessage = ({data}) => data.kind === "command" && this.#do(desk, data.command);
    const seat = {desk, line, unwatch};
    this.#seats.set(id, seat);
    this.#wishes.add(desk);
    return seat;
  }

  /** A tab is gone, and what only it wanted goes with it. @param {string} id */
  #unseat(id) {
    const seat = this.#seats.get(id);
    if (!seat) return;
    this.#seats.delete(id);
    seat.desk.close();
    seat.unwatch();
    seat.line.close();
    this.#waiting.drop(seat.desk);
    if (this.#seats.size === 0) this.#connection.close();
    this.#wishes.remove(seat.desk);
  }

  /** @param {Desk} desk @param {Channel} line */
  #admit(desk, line) {
    line.postMessage({kind: "road", term: this.#term, ...this.#road});
    desk.admit();
    for (const frame of this.#greetings.values()) desk.say(frame);
    this.#alarms.set(`prune ${desk.id}`, PRUNE_MS, () => desk.isOpen && this.#wishes.prune(desk));
  }

  // --- commands -----------------------------------------------------------------------------
  /** @param {Desk} desk @param {Command} command */
  #do(desk, command) {
    const {method, params = {}} = command;
    if (!desk.isOpen) return;
    if (method === METHOD.SUBSCRIBE) this.#subscribe(desk, command, params);
    else if (method === METHOD.UNSUBSCRIBE) this.#unsubscribe(desk, command, params);
    else if (method === METHOD.SET) this.#set(desk, command, params);
    else if (method === METHOD.ACK && !desk.isPaused) this.#acknowledge(params);
    else if (method === METHOD.PING) this.#ping(desk, command);
  }

  /** @param {Desk} desk @param {Command} command @param {Record<string, any>} params */
  #subscribe(desk, command, params) {
    const {channel, symbols = [], since = desk.since} = params;
    if (channel === CHANNEL.TRADES) {
      desk.since = since;
      this.#standTrades();
    }
    const unknown = new Set(this.#waiting.unknownOf(channel));
    this.#waiting.add({desk, command, channel, symbols});
    const refused = this.#wishes.want(desk, params, unknown);
    if (refused instanceof Refused) {
      this.#waiting.cancel(command);
      desk.refuse(command, refused.error);
    }
    this.#waiting.serve();
  }

  /** @param {Desk} desk @param {Command} command @param {Record<string, any>} params */
  #unsubscribe(desk, command, params) {
    desk.drop(params.channel, params.symbols ?? []);
    this.#wishes.unwant(desk, params);
    desk.answer(command, {channel: params.channel});
  }

  /** @param {string} channel @param {Set<string>} symbols */
  #expect(channel, symbols) {
    this.#waiting.expect(channel);
    if (channel === CHANNEL.TRADES) this.#known.expectTrades(symbols);
  }

  /** @param {string} channel @param {string[]} symbols @param {boolean} isOver nobody wants the channel */
  #forget(channel, symbols, isOver) {
    if (isOver) this.#waiting.unsettle(channel);
    this.#known.forget(channel, symbols);
    if (isOver && channel === CHANNEL.TRADES) this.#endTrades();
  }

  /** The trades of a leader before us went to some tab up to here: go on from there, so that none is missing. */
  #standTrades() {
    if (this.#known.position(CHANNEL.TRADES) !== null) return;
    this.#known.standTrades(earliestOf([...this.#seats.values()].map(({desk}) => desk.since)));
  }

  /** Nobody wants trades any more: whoever wants some later begins anew, or says from where. */
  #endTrades() {
    for (const {desk} of this.#seats.values()) desk.since = null;
    this.#known.standTrades(null);
  }

  /** @param {Desk} desk @param {Command} command @param {Record<string, any>} params */
  #set(desk, command, {paused = desk.isPaused, max_rate = desk.max_rate}) {
    desk.isPaused = paused;
    desk.max_rate = max_rate;
    this.#wishes.weigh();
    desk.answer(command, {max_rate, paused});
    desk.go();
  }

  /** @param {Record<string, any>} params */
  #acknowledge({position, paint_ms}) {
    this.#connection.acknowledge(position, paint_ms);
  }

  /** @param {Desk} desk @param {Command} command */
  #ping(desk, command) {
    this.#pings.push({desk, command});
    this.#connection.subscriptions.ask(METHOD.PING, {});
  }

  // --- the connection -----------------------------------------------------------------------
  #positions() {
    return Object.fromEntries(POSITIONED.map((channel) => [channel, this.#positionOf(channel)]));
  }

  /** @param {string} channel */
  #positionOf(channel) {
    const unknown = this.#waiting.unknownOf(channel);
    return this.#known.position(channel, [...this.#wishes.symbolsOf(channel)].filter((symbol) => !unknown.has(symbol)));
  }

  /** @param {Frame} frame */
  #deliver(frame) {
    this.#charge();
    this.#tellRoad();
    if (frame.type === "answer") this.#hearAnswer(frame);
    else if (frame.type === "welcome" || frame.type === "pace" || frame.type === "shutdown") this.#tellAll(frame);
    else if (!this.#known.apply(frame)) return false;
    else this.#pass(frame);
    this.#waiting.serve();
    return true;
  }

  /** Give a frame of a channel to whom it concerns. @param {Frame} frame */
  #pass(frame) {
    if (frame.type === "heartbeat") this.#greetings.set("heartbeat", {...frame, seq: 0});
    const isRenewal = frame.type === "snapshot" && RESUMABLE.includes(frame.channel);
    const isMore = frame.channel === CHANNEL.TRADES && frame.type === "snapshot" && !frame.gap;
    if (!isRenewal || isMore) for (const {desk} of this.#seats.values()) desk.hear(frame);
    if (!isRenewal) return;
    for (const name of namesIn(frame)) this.#renewed.add(name);
    if ("more" in frame && frame.more) return;
    this.#waiting.settle(frame.channel);
    const isGap = frame.channel === CHANNEL.TRADES && frame.gap === true;
    const symbols = isGap ? this.#wishes.symbolsOf(frame.channel) : this.#renewed;
    for (const {desk} of this.#seats.values()) desk.renew(frame.channel, symbols);
    this.#renewed.clear();
  }

  /** The welcome is for all, and for all that come later. @param {import("../wire/frames.js").Welcome | import("../wire/frames.js").Pace | import("../wire/frames.js").Shutdown} frame */
  #tellAll(frame) {
    if (frame.type === "welcome") this.#greetings.clear();
    if (frame.type !== "shutdown") this.#greetings.set(frame.type, frame);
    for (const {desk} of this.#seats.values()) desk.say(frame);
  }

  /** @param {import("../wire/frames.js").Answer} answer */
  #hearAnswer({method, success, result, error}) {
    if (method === METHOD.PING || method === "pong") {
      for (const {desk, command} of this.#pings.splice(0)) desk.answer({...command, method}, result);
    }
    if (method !== METHOD.SUBSCRIBE) return;
    if (!success && error && !error.retry) {
      for (const {desk, command} of this.#waiting.drop()) desk.refuse(command, error);
    }
    const {channel, rejected = {}, resumed = false} = result;
    for (const symbol of Object.keys(rejected)) this.#waiting.unknownOf(channel).add(symbol);
    if (success && resumed) this.#waiting.settle(channel);
  }

  /** Bytes are told of once, to whoever is told something. */
  #charge() {
    const bytes = this.#connection.bytes - this.#bytes;
    this.#bytes = this.#connection.bytes;
    for (const {desk} of this.#seats.values()) desk.charge(bytes);
  }

  /** @param {State} state */
  #hearState(state) {
    const isUp = UP.includes(state.name);
    if (!isUp) this.#waiting.unsettle();
    this.#tellRoad();
    const isNew = isUp && !this.#isUp;
    this.#isUp = isUp;
    if (isNew) this.#admitAll();
    else if (state.retry_at_ms !== null || ENDED.includes(state.name)) this.#dismissAll(endingOf(state, this.#now()));
  }

  /** Who asked comes in; who waits for a better time hears that it has come. */
  #admitAll() {
    for (const {desk, line} of this.#seats.values()) {
      if (desk.isAsking) this.#admit(desk, line);
      else line.postMessage({kind: "open", term: this.#term});
    }
  }

  /** @param {import("../transports/transport.js").Ending} ending */
  #dismissAll(ending) {
    this.#waiting.drop();
    this.#pings = [];
    for (const {desk} of this.#seats.values()) if (desk.isOpen || desk.isAsking) desk.dismiss(ending);
  }

  #tellRoad() {
    const {transport: name} = this.#connection.state;
    const quiet_ms = this.#quietOf(name);
    if (name === this.#road.name && quiet_ms === this.#road.quiet_ms) return;
    this.#road = {name, quiet_ms};
    for (const {line} of this.#seats.values()) line.postMessage({kind: "road", term: this.#term, ...this.#road});
  }
}
