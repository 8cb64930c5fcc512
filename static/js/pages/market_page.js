// @ts-check
/**
 * What the pages of the market have in common: a connection, the board, the parts of the screen that all of them have,
 * and the wiring between these. Must hold no logic that another room could have.
 */

import {Connection} from "../connection/connection.js";
import {isUp} from "../connection/state.js";
import {byId, find} from "../dom.js";
import {Board, Gap} from "../market/board.js";
import {Clock} from "../market/clock.js";
import {Inbox} from "../market/inbox.js";
import {Replica} from "../market/replica.js";
import {Notifications} from "../screen/notifications/notifications.js";
import {Toasts} from "../screen/notifications/toasts.js";
import {Announcer} from "../screen/page/announcer.js";
import {PaintScheduler} from "../screen/page/paint_scheduler.js";
import {isSavingData, readSettings, signIn} from "../screen/page/settings.js";
import {ConnectionStatus} from "../screen/status/connection_status.js";
import {FeedBanner} from "../screen/status/feed_banner.js";
import {Meter} from "../screen/status/meter.js";
import {Pace} from "../screen/status/pace.js";
import {Stopwatch} from "../screen/status/stopwatch.js";
import {openTrades} from "../screen/trades/panel.js";
import {JumpWatch, steadyNow} from "../steady_clock.js";
import {shared} from "../tabs/sharing.js";
import {BarHistory} from "../transports/bar_history.js";
import {BookReader} from "../transports/book_reader.js";
import {candidatesOf} from "../transports/catalogue.js";
import {PollTransport} from "../transports/poll.js";
import {Poster} from "../transports/post.js";
import {CHANNEL, HEARTBEAT} from "../wire/frames.js";

/** @typedef {import("../wire/frames.js").Frame} Frame */
/** @typedef {import("../wire/frames.js").MarketFrame} MarketFrame */
/** @typedef {import("../screen/chart/panel.js").InstrumentPanel} InstrumentPanel */

/** Texts that depend on the time are written this often. */
const TICK_MS = 1_000;

export class MarketPage {
  settings = readSettings();
  board = new Board();
  pace = new Pace({isSaving: isSavingData()});
  meter = new Meter(document);
  toasts = new Toasts();
  announcer = new Announcer(byId("announcer"));
  scheduler = new PaintScheduler({onpaint: (paint) => this.#paint(paint)});
  poll = new PollTransport({url: this.settings.pollUrl, interval_ms: this.settings.interval_ms});
  #clock = new Clock();
  #inbox = new Inbox();
  #stopwatch = new Stopwatch();
  #poster = new Poster(find(document, "input[name=csrfmiddlewaretoken]").getAttribute("value") ?? "");
  #history = new BarHistory(this.settings.barsUrl);
  #books = new BookReader(this.settings.quotesUrl);
  #notifications = new Notifications({
    inbox: () => this.#inbox,
    onread: (ids) => void this.post(this.settings.readUrl, {id: ids.map(String)}),
  });
  #feeds = new FeedBanner({announce: (text) => this.announcer.say(text)});
  #status = new ConnectionStatus({
    announce: (text) => this.announcer.say(text),
    onact: (state) => this.act(state),
  });
  #jumps = new JumpWatch();
  /** The chart of the page. Its scripts are loaded when it is first wanted. @type {InstrumentPanel | null} */
  #chart = null;
  /** The instrument whose chart is wanted. @type {string | null} */
  #charted = null;
  /** @type {Promise<void> | null} */
  #loading = null;
  /** Whether the next paint shows prices. */
  #hasPrices = false;
  #marketFrames = 0;

  /** @param {{fields?: readonly string[]}} options `fields`: of prices; all without them */
  constructor({fields} = {}) {
    this.connection = this.#connect(fields);
    this.trades = openTrades({
      ...this.#parts(), instruments: this.board.instruments, onall: () => this.select(null),
    });
  }

  // --- what a page says of itself ------------------------------------------------------------
  /** The symbols whose prices it shows. @returns {readonly string[]} */
  get symbols() {
    return [];
  }

  /** The channels that it wants beside status and notifications, and the prices of its symbols. @returns {readonly string[]} */
  get channels() {
    return [];
  }

  /** Bind what only this page has, before the connection opens. */
  begin() {}

  /** Show one instrument, or none. @param {string | null} _symbol */
  select(_symbol) {}

  /** Follow the person's list. @param {string[]} _symbols */
  list(_symbols) {}

  /** Hear of a frame that the board has applied. @param {MarketFrame} _frame @param {Set<string>} _changed */
  hearMarket(_frame, _changed) {}

  /** Hear of symbols that the server does not know, perhaps of none. @param {string[]} _symbols */
  hearRejected(_symbols) {}

  // --- opening -------------------------------------------------------------------------------
  /** Start the page. */
  open() {
    const {subscriptions} = this.connection;
    for (const channel of [CHANNEL.STATUS, ...this.channels, CHANNEL.NOTIFICATIONS]) subscriptions.add(channel);
    if (this.symbols.length) subscriptions.add(CHANNEL.TICKER, [...this.symbols]);
    this.trades?.list([...this.symbols]);
    this.begin();
    this.#listen();
    this.connection.open();
    setInterval(() => this.tick(), TICK_MS);
  }

  /** @param {readonly string[] | undefined} fields @returns {Connection} */
  #connect(fields) {
    const candidates = candidatesOf({...this.settings, poll: this.poll});
    const sharing = {key: this.settings.shareKey, known: () => new Replica(), onready: () => this.connection.tryNow()};
    return new Connection({
      candidates: this.settings.isPolling ? candidates.filter(({key}) => key === "poll") : shared(candidates, sharing),
      positions: () => this.#positions(),
      details: fields ? {[CHANNEL.TICKER]: {fields}} : {},
      deliver: (frame) => this.#deliver(frame),
      onstate: (state) => this.onstate(state),
      onrecovery: (recovery) => this.#status.recovered(recovery),
    });
  }

  #positions() {
    return {
      [CHANNEL.TICKER]: this.board.position(CHANNEL.TICKER, [...this.symbols]),
      [CHANNEL.STATUS]: this.board.position(CHANNEL.STATUS),
      [CHANNEL.TRADES]: this.trades?.position ?? null,
      [CHANNEL.BARS]: this.#chart?.position ?? null,
      [CHANNEL.NOTIFICATIONS]: this.#inbox.position,
    };
  }

  #listen() {
    document.addEventListener("visibilitychange", () => {
      this.connection.setHidden(document.hidden);
      this.trades?.setHidden(document.hidden);
    });
    for (const kind of ["online", "offline"]) addEventListener(kind, () => this.connection.setOnline(kind === "online"));
    addEventListener("pageshow", (event) => event.persisted && this.connection.open());
    addEventListener("pagehide", () => this.connection.close());
  }

  // --- frames --------------------------------------------------------------------------------
  /** Give a frame to the parts that it concerns. Return false for one that leaves a gap. @param {Frame} frame */
  #deliver(frame) {
    const now_ms = steadyNow();
    const areNextTrades = this.trades?.hear(frame) ?? true;
    // It hears of the status when the board has it.
    const areNextBars = frame.channel === CHANNEL.STATUS || (this.#chart?.hear(frame) ?? true);
    switch (frame.type) {
      case "welcome":
        this.#clock.hear(frame.server_time, now_ms);
        this.pace.forget();
        return true;
      case "pace":
        this.pace.hear(frame);
        this.showPace();
        return true;
      case "answer":
        this.#hearAnswer(frame);
        return true;
      case "shutdown":
        return true;
    }
    switch (frame.channel) {
      case CHANNEL.NOTIFICATIONS:
        this.#hearNotices(frame);
        return true;
      case CHANNEL.WATCHLIST:
        this.list(frame.data);
        return true;
      case CHANNEL.TRADES:
        return areNextTrades;
      case CHANNEL.BARS:
        return areNextBars;
      case CHANNEL.TICKER:
        this.#hasPrices = true;
        return this.#stopwatch.time(() => this.#hearMarket(frame, now_ms));
      default:
        return this.#hearMarket(frame, now_ms);
    }
  }

  /** @param {MarketFrame} frame @param {number} now_ms */
  #hearMarket(frame, now_ms) {
    if (frame.ts !== null) this.#clock.hear(frame.ts, now_ms);
    if (frame.channel === HEARTBEAT) this.#showCosts();
    const changed = this.board.apply(frame);
    if (changed instanceof Gap) return false;
    if (frame.channel === CHANNEL.TICKER) {
      this.#marketFrames += 1;
      this.#clock.stamp(frame.ts);
    } else if (frame.channel === CHANNEL.STATUS) {
      this.#feeds.show(this.board.feeds.values());
    }
    this.hearMarket(frame, changed);
    if (frame.channel === CHANNEL.STATUS) this.#chart?.hear(frame);
    if (this.#chart?.symbol && changed.has(this.#chart.symbol)) this.scheduler.touch(this.#chart);
    return true;
  }

  /** @param {import("../wire/frames.js").Answer} answer */
  #hearAnswer({success, error, result}) {
    const rejected = Object.keys(result.rejected ?? {});
    this.board.forget(rejected);
    this.hearRejected(rejected);
    if (rejected.length && this.#chart) this.scheduler.touch(this.#chart);
    if (success || !error || error.retry) return;
    this.toasts.show({title: "The server refused", body: error.message, level: "warning"});
  }

  /** @param {import("../wire/frames.js").Notices} frame */
  #hearNotices(frame) {
    for (const notice of this.#inbox.apply(frame)) this.toasts.show(notice);
    this.toasts.dismiss(this.#inbox.notices.filter(({read}) => read).map(({id}) => id));
    this.scheduler.touch(this.#notifications);
  }

  /** What the page knows of an instrument. @param {string} symbol */
  facts(symbol) {
    const instrument = this.board.instruments.get(symbol);
    return {row: this.board.rows.get(symbol), instrument, feed: this.board.feeds.get(instrument?.feed ?? "")};
  }

  /** Say whether the market is known, and this instrument is not in it. @param {string} symbol */
  isUnseen(symbol) {
    return this.board.position(CHANNEL.STATUS) !== null && !this.board.instruments.has(symbol);
  }

  /** Paint, then acknowledge the prices that are on the screen now, and what painting cost. @param {() => void} paint */
  #paint(paint) {
    if (!this.#hasPrices) {
      paint();
      return;
    }
    this.#hasPrices = false;
    this.#stopwatch.time(paint);
    this.#stopwatch.lap();
    this.connection.acknowledge(this.board.position(CHANNEL.TICKER), this.#stopwatch.paint_ms);
  }

  // --- people --------------------------------------------------------------------------------
  /** Do what the button of the badge offers. @param {string} state */
  act(state) {
    if (state === "signed_out") signIn(this.settings.loginUrl);
    else if (state === "stopped") this.connection.open();
    else this.connection.tryNow();
  }

  /**
   * Send an edit and tell what the server says about it. Return whether it was done.
   * @param {string} url
   * @param {Record<string, string | string[]>} fields
   */
  async post(url, fields) {
    const {isDone, text} = await this.#poster.post(url, fields);
    if (!isDone || text) this.toasts.show({title: isDone ? "Done in part" : "Not done", body: text, level: "warning"});
    return isDone;
  }

  // --- the chart -----------------------------------------------------------------------------
  /** Say whether the page has room for a chart. */
  get hasChart() {
    return document.querySelector("#instrument") !== null;
  }

  /** Show the chart of an instrument, or close it. @param {string | null} symbol */
  async chart(symbol) {
    this.#charted = symbol;
    if (symbol !== null && this.hasChart) await (this.#loading ??= this.#loadChart());
    // Another one may have been chosen while the scripts were loaded.
    this.#chart?.show(this.#charted);
  }

  async #loadChart() {
    try {
      const {openInstrument} = await import("../screen/chart/panel.js");
      this.#chart = openInstrument({
        ...this.#parts(),
        read: (request) => this.#history.read(request),
        readBook: (symbol) => this.#books.read(symbol),
        facts: (symbol) => ({...this.facts(symbol), isUnseen: this.isUnseen(symbol)}),
        onclose: () => this.select(null),
      });
    } catch (error) {
      this.#loading = null;
      this.toasts.show({title: "The chart could not be loaded", body: String(error), level: "warning"});
    }
  }

  /** What the panels of trades and of the chart need of the page. */
  #parts() {
    return {
      subscriptions: this.connection.subscriptions,
      /** @param {import("../screen/page/paint_scheduler.js").Part} part */
      onchange: (part) => this.scheduler.touch(part),
      /** @param {string} text */
      announce: (text) => this.announcer.say(text),
    };
  }

  // --- telling -------------------------------------------------------------------------------
  /** @param {import("../connection/state.js").ConnectionState} state */
  onstate(state) {
    this.#status.show(state);
    this.trades?.showConnection(state.name, isUp(state.name));
    this.tick();
    if (state.name === "signed_out") signIn(this.settings.loginUrl);
  }

  /** Write the texts that depend on the time. */
  tick() {
    const now_ms = steadyNow();
    // A line may have died while the machine slept, and the steady clock slept with it.
    if (this.#jumps.hasJumped()) this.connection.doubt();
    const {ticks, entries} = this.board;
    const {state, reconnects} = this.connection;
    const link = {transport: state.transport, reconnects};
    this.#status.tick();
    this.#showCosts();
    this.showPace();
    this.meter.tell({ticks, entries, frames: this.#marketFrames, age_ms: this.#clock.age(now_ms), ...link}, now_ms);
    this.#feeds.tick(now_ms + this.#clock.offset_ms);
  }

  showPace() {
    const {state, subscriptions} = this.connection;
    const interval_ms = state.transport === this.poll.name ? this.poll.interval_ms : 0;
    this.meter.show({pace: this.pace.text({pauses: subscriptions.pauses, interval_ms})});
  }

  /** Show what the transport costs. A poll changes it rarely, so it is also shown with every response. */
  #showCosts() {
    const {requests, unchanged, bytes} = this.poll.meter;
    this.meter.tellCosts({requests, unchanged, bytes: this.settings.isPolling ? bytes : this.connection.bytes});
  }
}
