/**
 * Tabs that share, in request page: real leaders, followers and connections. Market, locks and channels are fakes, and
 * time stands still until it is moved.
 */

import {Connection} from "/static/js/connection/connection.js";
import {Bars} from "/static/js/market/bars.js";
import {Board, Gap} from "/static/js/market/board.js";
import {Inbox} from "/static/js/market/inbox.js";
import {Replica} from "/static/js/market/replica.js";
import {Tape} from "/static/js/market/tape.js";
import {Election, Presence} from "/static/js/tabs/election.js";
import {FollowerTransport} from "/static/js/tabs/follower_transport.js";
import {Leader} from "/static/js/tabs/leader.js";
import {TAPE_CHANNELS} from "/static/js/wire/frames.js";
import {ManualClock, ok as check, settled} from "../harness.js";

/** Locks of one browser; unlike the real ones they are given in the same turn. */
class Locks {
  locked = new Map();
  queues = new Map();
  request(name, {steal = false, signal} = {}, run) {
    return new Promise((resolve, reject) => {
      const request = {run, resolve, reject, name, owner: this.owner};
      signal?.addEventListener("abort", () => this.forget(request));
      if (steal) {
        this.locked.get(name)?.reject(new Error("stolen"));
        this.give(request);
      } else if (this.locked.has(name)) this.queueOf(name).push(request);
      else this.give(request);
    });
  }
  queueOf(name) {
    if (!this.queues.has(name)) this.queues.set(name, []);
    return this.queues.get(name);
  }
  give(request) {
    this.locked.set(request.name, request);
    Promise.resolve(request.run()).then((value) => {
      request.resolve(value);
      this.free(request);
    });
  }
  free(request) {
    if (this.locked.get(request.name) !== request) return;
    this.locked.delete(request.name);
    const next = this.queueOf(request.name).shift();
    if (next) this.give(next);
  }
  forget(request) {
    this.queues.set(request.name, this.queueOf(request.name).filter((other) => other !== request));
    if (this.locked.get(request.name) !== request) request.reject(new Error("aborted"));
  }
  /** Locks as one tab sees them: `kill` takes all it has, as its death does. */
  of(owner) {
    const request = (...args) => {
      this.owner = owner;
      return this.request(...args);
    };
    return {request};
  }
  kill(owner) {
    for (const name of this.queues.keys()) {
      this.queues.set(name, this.queueOf(name).filter((request) => request.owner !== owner));
    }
    for (const request of [...this.locked.values()]) if (request.owner === owner) this.free(request);
  }
}

/** Channels of one browser; unlike the real ones they deliver in the order of one queue, when it is emptied. */
class Air {
  channels = new Set();
  queue = [];
  open(name, owner) {
    const channel = {
      name, owner, onmessage: null, close: () => this.channels.delete(channel),
      postMessage: (data) => this.queue.push({channel, data: structuredClone(data)}),
    };
    this.channels.add(channel);
    return channel;
  }
  flush() {
    while (this.queue.length) {
      const {channel, data} = this.queue.shift();
      for (const other of [...this.channels]) {
        if (other === channel || other.name !== channel.name || !this.channels.has(other)) continue;
        if (!other.owner.isHung) other.onmessage?.({data});
      }
    }
  }
  kill(owner) {
    for (const channel of [...this.channels]) if (channel.owner === owner) channel.close();
    this.queue = this.queue.filter(({channel}) => channel.owner !== owner);
  }
}

/** A market with a memory of every moment: what a row was and how many ticks it had at any sequence. */
class Market {
  epoch = "one";
  seq = 10;
  symbols = ["A", "B", "C", "D", "E"];
  constructor() { this.begin(); }
  begin() {
    this.rows = new Map(this.symbols.map((s, at) => [s, [{seq: this.seq, ticks: 0, row: {p: at, v: 0}}]]));
    this.trades = [];
    this.dawn = (this.dawn ?? 0) + 1000;
    this.bars = new Map(this.symbols.map((s) => [s, []]));
    this.statuses = [];
    this.first = this.seq;
  }
  renew(epoch) {
    this.epoch = epoch;
    this.seq = 3;
    this.begin();
  }
  tick(s, row) {
    this.seq += 1;
    const {ticks, row: before} = this.rows.get(s).at(-1);
    this.rows.get(s).push({seq: this.seq, ticks: ticks + 1, row: {...before, ...row}});
  }
  trade(s, p) {
    this.tick(s, {p});
    this.trades.push({s, p, q: 1, side: "BUY", i: this.seq, t: 0});
    const bars = this.bars.get(s);
    const live = bars.at(-1);
    if (!live || live.n === 3) {
      if (live) Object.assign(live, {closed: true, seq: this.seq});
      bars.push({s, iv: "1m", t: this.dawn + bars.length, o: p, h: p, l: p, c: p, v: 1, n: 1, seq: this.seq});
    } else Object.assign(live, {h: Math.max(live.h, p), l: Math.min(live.l, p), c: p, v: live.v + 1, n: live.n + 1, seq: this.seq});
  }
  status(state) {
    this.seq += 1;
    this.statuses.push({seq: this.seq, entry: {feed: "F", name: "F", state, rate: 1, reason: "", t: this.seq}});
  }
  /** The bars of a name that changed after a sequence. */
  barsOf(name, since = -1) {
    return this.bars.get(name[0]).filter(({seq}) => seq > since).map(({seq, ...bar}) => bar);
  }
  at(s, seq) { return this.rows.get(s).findLast((moment) => moment.seq <= seq); }
}

/** The server's side of one connection; unlike the real one it sends when the test says so. */
class Session {
  constructor(market, say) {
    Object.assign(this, {market, say, places: {}, wanted: {ticker: new Set(), trades: new Set(), bars: new Set()}, paused: false});
    this.commands = [];
  }
  do(command) {
    const {method, params = {}, id} = command;
    const {market} = this;
    this.commands.push(command);
    const answer = (result) => this.say({channel: "answer", type: "answer", method, id: id ?? null, success: true, result, error: null});
    if (method === "set") {
      this.paused = params.paused ?? this.paused;
      answer(params);
    } else if (method === "subscribe") this.subscribe(params, answer);
    else if (method === "unsubscribe") {
      const left = this.wanted[params.channel];
      for (const s of params.symbols) left?.delete(s);
      if (!left?.size) delete this.places[params.channel];
      answer({channel: params.channel});
    } else if (method === "ping") answer({ts: market.seq});
  }
  subscribe({channel, symbols = [], since = null}, answer) {
    const {market} = this;
    const known = symbols.filter((s) => market.symbols.includes(s.split("@")[0]));
    const rejected = Object.fromEntries(symbols.filter((s) => !known.includes(s)).map((s) => [s, "unknown symbol"]));
    if (channel === "watchlist" || channel === "notifications") {
      answer({channel});
      const later = (frame) => this.time.setTimeout(() => this.say(frame), 20);
      if (channel === "watchlist") later({channel, type: "snapshot", data: ["A"]});
      else later({channel, type: "snapshot", seq: 2, unread: 1, data: [{id: 2, title: "T", body: "", level: "info", t: 1, read: false}]});
      return;
    }
    const [epoch, seq] = (since ?? ":").split(":");
    const resumed = since !== null && epoch === market.epoch && Number(seq) >= market.first && !this.places[channel];
    if (!resumed) this.take(true);
    for (const s of known) this.wanted[channel]?.add(s);
    answer({channel, symbols: known, rejected, resumed});
    this.places[channel] = {epoch: market.epoch, seq: resumed ? Number(seq) : market.seq};
    if (!resumed) this.snapshot(channel, known, since !== null);
  }
  snapshot(channel, symbols, hasGap) {
    const {market} = this;
    const {seq, epoch} = market;
    const head = {channel, type: "snapshot", epoch, seq, ts: seq};
    this.places[channel] = {epoch, seq};
    if (channel === "ticker") {
      const half = Math.ceil(symbols.length / 2);
      const entries = symbols.map((s) => ({s, n: 0, t: null, ...market.at(s, seq).row}));
      if (half && half < entries.length) this.say({...head, more: true, data: entries.slice(0, half)});
      this.say({...head, data: half < entries.length ? entries.slice(half) : entries});
    } else if (channel === "bars") {
      const data = symbols.flatMap((name) => market.barsOf(name).length ? market.barsOf(name).slice(-4) : [{s: name[0], iv: "1m", none: true}]);
      const half = data.length > 2 ? 2 : 0;
      if (half) this.say({...head, ...(hasGap && {gap: true}), more: true, data: data.slice(0, half)});
      this.say({...head, ...(hasGap && {gap: true}), data: data.slice(half)});
    } else if (channel === "trades") {
      const data = market.trades.filter(({s}) => symbols.includes(s)).slice(-50);
      this.say({...head, ...(hasGap && {gap: true}), data});
    } else this.say({...head, data: market.statuses.slice(-1).map(({entry}) => entry)});
  }
  take(isForced = false) {
    const {market} = this;
    for (const [channel, place] of Object.entries(this.places)) {
      if (this.paused && !isForced && channel !== "status") continue;
      if (place.epoch !== market.epoch) this.snapshot(channel, [...(this.wanted[channel] ?? [])], true);
      else this.update(channel, place);
    }
  }
  update(channel, place) {
    const {market} = this;
    const data = {
      ticker: () => [...this.wanted.ticker].map((s) => this.entry(s, place.seq)).filter(Boolean),
      trades: () => market.trades.filter(({s, i}) => i > place.seq && this.wanted.trades.has(s)),
      bars: () => [...this.wanted.bars].flatMap((name) => market.barsOf(name, place.seq)),
      status: () => market.statuses.filter(({seq}) => seq > place.seq).map(({entry}) => entry),
    }[channel]();
    if (!data.length) return;
    this.say({channel, type: "update", from: place.seq, seq: market.seq, ts: market.seq, data});
    place.seq = market.seq;
  }
  entry(s, since) {
    const [before, now] = [this.market.at(s, since), this.market.at(s, this.market.seq)];
    if (before.seq === now.seq) return null;
    const changed = Object.entries(now.row).filter(([key, value]) => before.row[key] !== value);
    return {s, t: now.seq, n: now.ticks - before.ticks, ...Object.fromEntries(changed)};
  }
  heartbeat() {
    this.take();
    const waiting = this.paused ? ["ticker", "trades", "bars"].filter((channel) => this.places[channel]) : [];
    if (Object.values(this.places).some(({epoch}) => epoch !== this.market.epoch)) return;
    const seq = Math.min(this.market.seq, ...waiting.map((channel) => this.places[channel].seq));
    for (const place of Object.values(this.places)) place.seq = Math.max(place.seq, seq);
    this.say({channel: "heartbeat", type: "heartbeat", seq, ts: seq, stale: null, confirms: TAPE_CHANNELS});
  }
}

const isConfirmed = (frame, channel) => frame.type === "heartbeat" && frame.confirms.includes(channel);

/** One tab, as tabs/sharing.js and pages/dashboard.js put it together, and an inspector of every frame it gets. */
class Tab {
  seen = {ticks: new Map(), trades: [], gaps: 0, resumed: [], statuses: [], news: 0, failed: []};
  symbols = new Set();
  ever = new Set();
  /** Symbols of which a snapshot came since they were wanted. */
  begun = new Set();
  board = new Board();
  inbox = new Inbox();
  /** The bars of charts, and the names of those that are open. */
  bars = new Bars();
  charts = new Set();
  trades = null;
  /** What a panel of trades shows, once one was opened. */
  tape = null;
  /** The symbols of that panel, and those that were asked for. */
  shown = [];
  asked = [];
  /** Those that were added to the others: nobody knows their trades before that. */
  late = new Set();
  isHung = false;
  constructor(world, id, {fields = null} = {}) {
    Object.assign(this, {world, id, fields});
    const {time, locks, air} = world;
    const openChannel = (name) => air.open(name, this);
    const own = locks.of(this);
    const presence = new Presence(own, "key");
    this.election = new Election({
      locks: own, name: "key",
      onlead: () => {
        this.leader = this.lead(openChannel, presence);
        if (follower.isAsking) this.leader.open();
      },
      onyield: () => { this.leader?.close(); this.leader = null; },
    });
    const follower = new FollowerTransport({
      key: "key", id, election: this.election, presence, openChannel, timers: this.timers(),
      random: () => (id.charCodeAt(0) % 10) / 10, onready: () => this.connection.tryNow(),
    });
    this.connection = new Connection({
      candidates: [{key: "shared", name: "Shared", make: () => follower}],
      details: fields ? {ticker: {fields}} : {},
      positions: () => ({
        bars: this.bars.position(this.charts),
        ticker: this.board.position("ticker", this.symbols), status: this.board.position("status"),
        trades: this.tape ? this.tape.position : this.trades && `${this.trades.epoch}:${this.trades.seq}`, notifications: this.inbox.position,
      }),
      deliver: (frame) => this.deliver(frame),
      onrecovery: ({resumed}) => this.seen.resumed.push(resumed),
      random: () => 0.5, now: () => time.now_ms, timers: this.timers(),
    });
  }
  /** Timers that stand still while the tab hangs, and for ever when it is dead. */
  timers() {
    const {time} = this.world;
    const run = (what) => () => (this.isHung ? time.setTimeout(run(what), 1000) : what());
    return {setTimeout: (what, wait_ms) => time.setTimeout(run(what), wait_ms), clearTimeout: time.clearTimeout};
  }
  lead(openChannel, presence) {
    const {world} = this;
    const transport = () => world.transport(this);
    return new Leader({
      key: "key", term: `${this.id} ${world.terms++}`, openChannel, presence, known: new Replica(),
      connect: (hooks) => new Connection({
        candidates: [{key: "fake", name: "Fake", make: transport}], ...hooks,
        random: () => 0.5, now: () => world.time.now_ms, timers: this.timers(),
      }),
      quietOf: () => 0, now: () => world.time.now_ms, timers: this.timers(),
    });
  }
  want(...symbols) {
    for (const s of symbols) {
      this.symbols.add(s);
      this.ever.add(s);
    }
    this.connection.subscriptions.add("ticker", symbols);
    return this;
  }
  /** Show trades of these symbols, as screen/trades/panel.js does; of none closes the panel. */
  show(...symbols) {
    this.tape ??= new Tape();
    this.rest();
    this.tape.clear();
    this.late.clear();
    this.shown = symbols;
    this.wake();
  }
  rest() {
    if (this.asked.length) this.connection.subscriptions.remove("trades", this.asked);
    this.asked = [];
  }
  wake() {
    if (this.asked.length || !this.shown.length) return;
    this.tape.want(this.shown);
    this.tape.follow(false);
    this.asked = [...this.shown];
    this.connection.subscriptions.add("trades", this.asked);
  }
  showMore(s) {
    this.late.add(s);
    this.shown.push(s);
    this.asked.push(s);
    this.tape.want(this.shown);
    this.connection.subscriptions.add("trades", [s]);
  }
  unwant(s) {
    this.symbols.delete(s);
    this.begun.delete(s);
    this.connection.subscriptions.remove("ticker", [s]);
    this.board.forget([s]);
    this.seen.ticks.delete(s);
  }
  deliver(frame) {
    if (frame.type === "answer") {
      if (frame.method === "subscribe" && frame.result.channel === "trades" && this.asked.length) this.tape?.follow(true);
      if (!frame.success) this.seen.failed.push(frame.error.name);
      this.rejected = {...this.rejected, ...frame.result.rejected};
      return true;
    }
    if (["welcome", "pace", "shutdown"].includes(frame.type)) return true;
    if (frame.channel === "notifications") {
      this.seen.news += this.inbox.apply(frame).length;
      return true;
    }
    if (frame.channel === "watchlist") return true;
    if (isConfirmed(frame, "bars")) this.bars.raise(frame.seq);
    if (frame.channel === "bars") return this.hearBars(frame);
    if (frame.channel === "trades" && this.tape) return this.asked.length === 0 || this.tape.apply(frame);
    if (frame.channel === "trades") return this.hearTrades(frame);
    if (isConfirmed(frame, "trades") && this.asked.length) this.tape.raise(frame.seq);
    if (isConfirmed(frame, "trades") && this.trades) this.trades.seq = Math.max(this.trades.seq, frame.seq);
    if (this.board.apply(frame) instanceof Gap) {
      this.seen.gaps += 1;
      return false;
    }
    if (frame.channel === "ticker") this.inspect(frame);
    if (frame.channel === "status" && frame.type === "update") this.seen.statuses.push(...frame.data.map(({t}) => t));
    return true;
  }
  /** After every frame the board is the market's at the frame's sequence, and the receipts add up. */
  inspect(frame) {
    const {market} = this.world;
    const isNow = this.board.position("ticker")?.startsWith(`${market.epoch}:`);
    for (const {s, n, ...rest} of frame.data) {
      check(this.ever.has(s), () => `${this.id} got ${s}`);
      if (frame.type === "snapshot" && this.symbols.has(s)) this.begun.add(s);
      const isForeign = (key) => this.fields && !["t", "gone", ...this.fields].includes(key);
      check(!Object.keys(rest).some(isForeign), () => `${this.id} got ${Object.keys(rest)}`);
      this.seen.ticks.set(s, frame.type === "snapshot" ? market.at(s, frame.seq)?.ticks : (this.seen.ticks.get(s) ?? NaN) + n);
    }
    for (const s of isNow && !frame.more ? this.begun : []) {
      const {row, ticks} = market.at(s, frame.seq);
      for (const key of this.fields ?? ["p", "v"]) {
        check(this.board.rows.get(s)[key] === row[key],
          () => `${this.id} ${s}.${key} at ${frame.seq}: ${this.board.rows.get(s)[key]}, not ${row[key]}`);
      }
      check(this.seen.ticks.get(s) === ticks, () => `${this.id} ${s} at ${frame.seq}: ${this.seen.ticks.get(s)} ticks, not ${ticks}`);
    }
  }
  /** Open a chart, or close it. */
  chart(name) {
    this.charts.add(name);
    this.connection.subscriptions.add("bars", [name]);
  }
  unchart(name) {
    this.charts.delete(name);
    this.connection.subscriptions.remove("bars", [name]);
    this.bars.forget([name]);
  }
  /** After every frame the newest bars are the market's at the frame's sequence, if that is now. */
  hearBars(frame) {
    const {market} = this.world;
    if (this.bars.apply(frame) instanceof Gap) return false;
    if (frame.seq === market.seq && !frame.more) this.inspectBars();
    return true;
  }
  inspectBars() {
    const {market} = this.world;
    const isNow = this.bars.position([])?.startsWith(`${market.epoch}:`);
    for (const name of isNow ? this.charts : []) {
      if (!this.bars.holds(name)) continue;
      const [mine, made] = [this.bars.of(name).filter(({t}) => t >= market.dawn), market.barsOf(name)].map((bars) => bars.slice(-4));
      check(JSON.stringify(mine) === JSON.stringify(made), () => `bars of ${this.id} ${name}: ${JSON.stringify(mine)}, not ${JSON.stringify(made)}`);
    }
  }
  hearTrades(frame) {
    if (frame.type === "snapshot") {
      this.seen.gaps += frame.gap ? 1 : 0;
      if (frame.gap || this.trades?.epoch !== frame.epoch) this.seen.trades = [];
      this.trades = {epoch: frame.epoch, seq: frame.seq};
      this.seen.trades.push(...frame.data.map(({i}) => i));
      return true;
    }
    check(frame.from === this.trades.seq, () => `${this.id} trades from ${frame.from}, not ${this.trades.seq}`);
    this.trades.seq = frame.seq;
    this.seen.trades.push(...frame.data.map(({i}) => i));
    return true;
  }
  /** Between two lines of the tape without a mark the market made no trade, and none after the last. */
  inspectTape() {
    const {market} = this.world;
    const isMine = (s) => this.shown.includes(s) && !this.late.has(s);
    const mine = market.trades.filter(({s}) => isMine(s)).map(({i}) => i);
    const era = this.tape.lines.at(-1)?.era;
    const lines = this.tape.position?.startsWith(`${market.epoch}:`) ? this.tape.lines.filter((line) => line.era === era && (!line.trade || isMine(line.trade.s))) : [];
    const text = () => `tape of ${this.id} (${this.shown}): ${lines.map(({at}) => at)}, not ${mine}`;
    check(lines.at(-1)?.at === mine.at(-1), () => `end of ${text()}`);
    for (const [at, {trade}] of lines.entries()) {
      const before = at ? lines[at - 1] : null;
      if (trade && before?.trade) check(mine.indexOf(trade.i) === mine.indexOf(before.trade.i) + 1, text);
    }
  }
  die() {
    this.isHung = true;
    this.isDead = true;
    this.world.air.kill(this);
    for (const session of this.world.sessions) if (session.tab === this) this.world.sessions.delete(session);
    this.world.locks.kill(this);
  }
}

/** One browser with its tabs, the market and all connections to it. */
export class TabWorld {
  time = new ManualClock();
  locks = new Locks();
  air = new Air();
  market = new Market();
  sessions = new Set();
  opened = 0;
  terms = 0;
  isDown = false;
  ending = 1006;
  transport(tab) {
    const transport = {name: "Fake", quiet_ms: 0, onopen() {}, onframe() {}, onclose() {}};
    let session = null;
    transport.open = () => {
      this.time.setTimeout(() => {
        if (tab.isDead) return;
        if (this.isDown) return transport.onclose({code: this.ending, reason: "down", retry_ms: 0});
        session = new Session(this.market, (frame) => tab.isHung || transport.onframe(structuredClone(frame), 100));
        session.tab = tab;
        session.time = this.time;
        session.end = (code) => { this.sessions.delete(session); transport.onclose({code, reason: "", retry_ms: 0}); };
        this.sessions.add(session);
        this.opened += 1;
        transport.onopen();
        session.say({channel: "status", type: "welcome", version: 1, server_time: 1, epoch: this.market.epoch, heartbeat_ms: 5000});
      }, 5);
    };
    transport.send = (command) => session?.do(structuredClone(command));
    transport.close = () => { this.sessions.delete(session); };
    return transport;
  }
  /** Let everything happen that happens without the market. */
  async settle(span_ms = 50) {
    for (let turn = 0; turn < 6; turn += 1) {
      await settled();
      this.air.flush();
      this.time.advance(span_ms / 6);
    }
    await settled();
    this.air.flush();
    await settled();
  }
  async open(id, options) {
    const tab = new Tab(this, id, options);
    for (const channel of ["status", "watchlist", "notifications"]) tab.connection.subscriptions.add(channel);
    tab.connection.open();
    return tab;
  }
  async take() {
    for (const session of this.sessions) session.take();
    await this.settle();
  }
  get session() {
    check(this.sessions.size === 1, () => `${this.sessions.size} sessions`);
    return [...this.sessions][0];
  }
  get commands() {
    return this.session.commands.map(({method, params}) => [method, params.channel ?? "", (params.symbols ?? []).join("")].join(" ").trim());
  }
}
