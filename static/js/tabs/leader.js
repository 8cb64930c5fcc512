// @ts-check
/**
 * A small hub in the leading tab: one connection to the server, shared by all tabs. Tabs send the commands that
 * the server knows, and get the frames that the server would send them.
 * Must not know transports, or why this tab leads.
 */

import {isUp} from "../connection/state.js";
import {NamedTimers} from "../connection/timers.js";
import {steadyNow} from "../steady_clock.js";
import {LOST, browserTimers} from "../transports/transport.js";
import {CHANNEL, CORRECTED_CHANNELS, METHOD, RESUMED_CHANNELS, TAPE_CHANNELS, earliestOf, namesIn} from "../wire/frames.js";
import {Demand} from "./demand.js";
import {lineOf} from "./messages.js";
import {Requests} from "./requests.js";
import {ServedTab} from "./served_tab.js";

/** @typedef {import("../wire/frames.js").Frame} Frame */
/** @typedef {import("../wire/frames.js").Command} Command */
/** @template {keyof import("../wire/frames.js").Parameters} M @typedef {import("../wire/frames.js").CommandOf<M>} CommandOf */
/** @typedef {import("../connection/connection.js").Connection} Connection */
/** @typedef {import("./served_tab.js").ReplicaLike} ReplicaLike */
/** @typedef {import("./messages.js").Broadcast} Broadcast */
/** @typedef {import("./messages.js").LeaderMessage} LeaderMessage */
/** The channel between the leader and one tab, on which another leader may speak too. @typedef {import("./messages.js").Channel<import("./messages.js").TabMessage | LeaderMessage, LeaderMessage>} Line */
/** @typedef {import("../connection/state.js").ConnectionState} ConnectionState */

/**
 * What the leader hands to its connection.
 * @typedef {{
 *   positions: import("../transports/transport.js").Positions, details: import("../connection/subscriptions.js").Details,
 *   deliver: (frame: Frame) => boolean, onstate: (state: ConnectionState) => void,
 * }} Hooks
 *
 * A tab that is served, and the channel to it.
 * @typedef {{tab: ServedTab, line: Line, unwatch: () => void}} Member
 */

/** A tab that comes back says within this time what it wants; what it wanted earlier is then forgotten. */
const PRUNE_MS = 1_000;

export class Leader {
  #key;
  #term;
  #openChannel;
  #presence;
  #known;
  #quietOf;
  #now;
  #timers;
  #connection;
  #demand;
  /** @type {import("./messages.js").Channel<Broadcast, Broadcast>} */
  #call;
  /** @type {Map<string, Member>} */
  #members = new Map();
  #requests;
  /** Pings that the server has not answered yet. @type {{tab: ServedTab, command: Command}[]} */
  #pings = [];
  /** What a tab that comes later must hear first: welcome, pace, and the last heartbeat. @type {Map<string, Frame>} */
  #greetings = new Map();
  /** The symbols in the parts of a snapshot that have arrived so far. @type {Set<string>} */
  #renewed = new Set();
  #isUp = false;
  #transport = {name: "", quiet_ms: 0};
  #bytes = 0;

  /**
   * @param {{
   *   key: string, term: string, openChannel: import("./messages.js").OpenChannel,
   *   presence: import("./election.js").Presence, known: ReplicaLike, connect: (hooks: Hooks) => Connection,
   *   quietOf: (transport: string) => number, now?: () => number, timers?: import("../transports/transport.js").TimerFunctions,
   * }} options `term`: a name that no other leader has. `quietOf`: how long silence is normal for a transport
   */
  constructor({key, term, openChannel, presence, known, connect, quietOf, now = steadyNow, timers = browserTimers}) {
    this.#key = key;
    this.#term = term;
    this.#openChannel = openChannel;
    this.#presence = presence;
    this.#known = known;
    this.#requests = new Requests(known);
    this.#quietOf = quietOf;
    this.#now = now;
    this.#timers = new NamedTimers(timers);
    /** A tab that does not want them is not sent them. @type {import("../connection/subscriptions.js").Details} */
    const details = Object.fromEntries(CORRECTED_CHANNELS.map((channel) => [channel, {corrections: true}]));
    this.#connection = connect({
      details,
      positions: () => this.#positions(),
      deliver: (frame) => this.#deliver(frame),
      onstate: (state) => this.#hearState(state),
    });
    this.#demand = new Demand({
      details,
      subscriptions: this.#connection.subscriptions,
      onmore: (channel, symbols) => this.#expect(channel, symbols),
      onless: (channel, symbols, isOver) => this.#forget(channel, symbols, isOver),
    });
    this.#call = openChannel(key);
    this.#call.onmessage = ({data}) => data.kind === "hello" && this.#greet(data);
    this.#call.postMessage({kind: "lead", term});
  }

  /** Connect before a tab has asked: the tab that leads does so in a moment. */
  open() {
    this.#connection.open();
  }

  /** Stop leading: let go of all tabs and end the connection. */
  close() {
    this.#call.close();
    for (const id of [...this.#members.keys()]) this.#remove(id);
    this.#connection.close();
  }

  /** Pass on the browser's hint about the network. @param {boolean} isOnline */
  setOnline(isOnline) {
    this.#connection.setOnline(isOnline);
  }

  // --- tabs ---------------------------------------------------------------------------------
  /** @param {{id: string, since: string | null}} hello */
  #greet({id, since}) {
    const {tab, line} = this.#members.get(id) ?? this.#join(id);
    tab.since = since;
    this.#requests.drop(tab);
    line.postMessage({kind: "here", term: this.#term});
    tab.isAsking = true;
    this.#connection.setHidden(false);
    this.#connection.open();
    if (this.#isUp) this.#admitIfAsking(tab, line);
  }

  /** @param {string} id @returns {Member} */
  #join(id) {
    /** @type {Line} */
    const line = this.#openChannel(lineOf(this.#key, id));
    const post = (/** @type {import("./messages.js").LeaderBody} */ body) => line.postMessage({...body, term: this.#term});
    const tab = new ServedTab({id, post, known: this.#known, timers: this.#timers, now: this.#now});
    const unwatch = this.#presence.watch(id, () => this.#remove(id));
    line.onmessage = ({data}) => {
      if (data.kind === "command") this.#do(tab, data.command);
      else if (data.kind === "probe") post({kind: "here"});
    };
    const member = {tab, line, unwatch};
    this.#members.set(id, member);
    this.#demand.add(tab);
    return member;
  }

  /** A tab is gone, and so is what only this tab wanted. @param {string} id */
  #remove(id) {
    const member = this.#members.get(id);
    if (!member) return;
    this.#members.delete(id);
    member.tab.close();
    member.unwatch();
    member.line.close();
    this.#requests.drop(member.tab);
    if (this.#members.size === 0) this.#connection.close();
    this.#demand.remove(member.tab);
  }

  /** Opening the connection may have admitted it already. @param {ServedTab} tab @param {Line} line */
  #admitIfAsking(tab, line) {
    if (tab.isAsking) this.#admit(tab, line);
  }

  /** @param {ServedTab} tab @param {Line} line */
  #admit(tab, line) {
    line.postMessage({kind: "road", term: this.#term, ...this.#transport});
    tab.admit();
    for (const frame of this.#greetings.values()) tab.say(frame);
    this.#timers.set(`prune ${tab.id}`, PRUNE_MS, () => tab.isOpen && this.#demand.prune(tab));
  }

  // --- commands -----------------------------------------------------------------------------
  /** @param {ServedTab} tab @param {Command} command */
  #do(tab, command) {
    if (!tab.isOpen) return;
    if (command.method === METHOD.SUBSCRIBE) this.#subscribe(tab, command);
    else if (command.method === METHOD.UNSUBSCRIBE) this.#unsubscribe(tab, command);
    else if (command.method === METHOD.SET) this.#set(tab, command);
    else if (command.method === METHOD.ACK && !tab.isPaused) this.#acknowledge(command.params);
    else if (command.method === METHOD.PING) this.#ping(tab, command);
  }

  /** @param {ServedTab} tab @param {CommandOf<"subscribe">} command */
  #subscribe(tab, command) {
    const {channel, symbols = [], since = tab.since} = command.params;
    if (channel === CHANNEL.TRADES) {
      tab.since = since;
      this.#standTrades();
    }
    const unknown = new Set(this.#requests.unknownOf(channel));
    this.#requests.add({tab, command, channel, symbols});
    const refusal = this.#demand.want(tab, command.params, unknown);
    if (refusal) {
      this.#requests.cancel(command);
      tab.refuse(command, refusal);
    }
    this.#requests.serve();
  }

  /** @param {ServedTab} tab @param {CommandOf<"unsubscribe">} command */
  #unsubscribe(tab, command) {
    const {channel, symbols = []} = command.params;
    tab.drop(channel, symbols);
    this.#demand.unwant(tab, command.params);
    tab.answer(command, {channel});
  }

  /** @param {string} channel @param {Set<string>} symbols */
  #expect(channel, symbols) {
    this.#requests.expect(channel);
    if (channel === CHANNEL.TRADES) this.#known.expectTrades(symbols);
  }

  /** @param {string} channel @param {string[]} symbols @param {boolean} isOver no tab wants the channel */
  #forget(channel, symbols, isOver) {
    if (isOver) this.#requests.unsettle(channel);
    this.#known.forget(channel, symbols);
    if (isOver && channel === CHANNEL.TRADES) this.#endTrades();
  }

  /** An earlier leader gave tabs the trades up to some position. Go on from the earliest, so that none is missing. */
  #standTrades() {
    if (this.#known.position(CHANNEL.TRADES) !== null) return;
    this.#known.standTrades(earliestOf([...this.#members.values()].map(({tab}) => tab.since)));
  }

  /** No tab wants trades any more. A tab that wants some later starts again, or says from where. */
  #endTrades() {
    for (const {tab} of this.#members.values()) tab.since = null;
    this.#known.standTrades(null);
  }

  /** @param {ServedTab} tab @param {CommandOf<"set">} command */
  #set(tab, command) {
    const {paused = tab.isPaused, max_rate = tab.max_rate} = command.params;
    tab.isPaused = paused;
    tab.max_rate = max_rate;
    this.#demand.weigh();
    tab.answer(command, {max_rate, paused});
    tab.go();
  }

  /** @param {import("../wire/frames.js").Parameters["ack"]} params */
  #acknowledge({position, paint_ms}) {
    this.#connection.acknowledge(position, paint_ms);
  }

  /** @param {ServedTab} tab @param {Command} command */
  #ping(tab, command) {
    this.#pings.push({tab, command});
    this.#connection.subscriptions.ask(METHOD.PING, {});
  }

  // --- the connection -----------------------------------------------------------------------
  #positions() {
    return Object.fromEntries(RESUMED_CHANNELS.map((channel) => [channel, this.#positionOf(channel)]));
  }

  /** @param {string} channel */
  #positionOf(channel) {
    const unknown = this.#requests.unknownOf(channel);
    return this.#known.position(channel, [...this.#demand.symbolsOf(channel)].filter((symbol) => !unknown.has(symbol)));
  }

  /** @param {Frame} frame */
  #deliver(frame) {
    this.#charge();
    this.#tellTransport();
    if (frame.type === "answer") this.#hearAnswer(frame);
    else if (frame.type === "welcome" || frame.type === "pace" || frame.type === "shutdown") this.#tellAll(frame);
    else if (!this.#known.apply(frame)) return false;
    else this.#pass(frame);
    this.#requests.serve();
    return true;
  }

  /** Give a frame to the tabs that it concerns. @param {Frame} frame */
  #pass(frame) {
    // With sequence 0 it raises no position: the tab that gets it later has opened no channel.
    if (frame.type === "heartbeat") this.#greetings.set("heartbeat", {...frame, seq: 0});
    const isRenewal = frame.type === "snapshot" && TAPE_CHANNELS.includes(frame.channel);
    // Trades that only add to what tabs know need no new start: each tab takes those that it misses.
    const isMore = frame.channel === CHANNEL.TRADES && frame.type === "snapshot" && !frame.gap;
    if (!isRenewal || isMore) for (const {tab} of this.#members.values()) tab.hear(frame);
    if (!isRenewal) return;
    for (const name of namesIn(frame)) this.#renewed.add(name);
    if ("more" in frame && frame.more) return;
    this.#requests.settle(frame.channel);
    const isGap = frame.channel === CHANNEL.TRADES && frame.gap === true;
    const symbols = isGap ? this.#demand.symbolsOf(frame.channel) : this.#renewed;
    for (const {tab} of this.#members.values()) tab.renew(frame.channel, symbols);
    this.#renewed.clear();
  }

  /** Send a frame to all tabs, and keep it for those that come later. @param {import("../wire/frames.js").Welcome | import("../wire/frames.js").PaceFrame | import("../wire/frames.js").Shutdown} frame */
  #tellAll(frame) {
    if (frame.type === "welcome") this.#greetings.clear();
    if (frame.type !== "shutdown") this.#greetings.set(frame.type, frame);
    for (const {tab} of this.#members.values()) tab.say(frame);
  }

  /** @param {import("../wire/frames.js").Answer} answer */
  #hearAnswer({method, success, result, error}) {
    if (method === METHOD.PING || method === "pong") {
      for (const {tab, command} of this.#pings.splice(0)) tab.answer({...command, method}, result);
    }
    if (method !== METHOD.SUBSCRIBE) return;
    if (!success && error && !error.retry) {
      for (const {tab, command} of this.#requests.drop()) tab.refuse(command, error);
    }
    const {channel, rejected = {}, resumed = false} = /** @type {import("../wire/frames.js").Opened} */ (result);
    if (channel === undefined) return;
    for (const symbol of Object.keys(rejected)) this.#requests.unknownOf(channel).add(symbol);
    if (success && resumed) this.#requests.settle(channel);
  }

  /** Every tab reports the bytes with its next frame; only the leading tab counts them. */
  #charge() {
    const bytes = this.#connection.bytes - this.#bytes;
    this.#bytes = this.#connection.bytes;
    for (const {tab} of this.#members.values()) tab.charge(bytes);
  }

  /** @param {ConnectionState} state */
  #hearState(state) {
    const wasUp = this.#isUp;
    this.#isUp = isUp(state.name);
    if (!this.#isUp) this.#requests.unsettle();
    this.#tellTransport();
    if (this.#isUp && !wasUp) this.#admitAll();
    else if (state.retry_at_ms !== null || state.code !== LOST) this.#dismissAll(this.#endingOf(state));
  }

  /** @param {ConnectionState} state @returns {import("../transports/transport.js").Ending} */
  #endingOf({code, reason, retry_at_ms}) {
    const now_ms = this.#now();
    return {code, reason, retry_ms: Math.max(0, (retry_at_ms ?? now_ms) - now_ms)};
  }

  /** Serve the tabs that asked. Tell those that wait for their next try that they need not wait. */
  #admitAll() {
    for (const {tab, line} of this.#members.values()) {
      if (tab.isAsking) this.#admit(tab, line);
      else line.postMessage({kind: "open", term: this.#term});
    }
  }

  /** @param {import("../transports/transport.js").Ending} ending */
  #dismissAll(ending) {
    this.#requests.drop();
    this.#pings = [];
    for (const {tab} of this.#members.values()) if (tab.isOpen || tab.isAsking) tab.dismiss(ending);
  }

  #tellTransport() {
    const {transport: name} = this.#connection.state;
    const quiet_ms = this.#quietOf(name);
    if (name === this.#transport.name && quiet_ms === this.#transport.quiet_ms) return;
    this.#transport = {name, quiet_ms};
    for (const {line} of this.#members.values()) line.postMessage({kind: "road", term: this.#term, ...this.#transport});
  }
}
