// @ts-check
/**
 * What the pages of the market have in common: a connection, the board, the parts of the screen that all of them have,
 * and the wiring between these. Must hold no logic that another room could have.
 */

import {Connection} from "../connection/connection.js";
import {isUp} from "../connection/state.js";
import {byId, find, remember} from "../dom.js";
import {count, writeTimesIn} from "../format.js";
import {loadLate} from "../late.js";
import {Board, Gap} from "../market/board.js";
import {Clock} from "../market/clock.js";
import {Inbox} from "../market/inbox.js";
import {Replica} from "../market/replica.js";
import {Announcer} from "../screen/page/announcer.js";
import {PaintScheduler} from "../screen/page/paint_scheduler.js";
import {ScrollPlace, chosenIn, sayAll} from "../screen/page/history.js";
import {askFor, asked, isSavingData, readSettings} from "../screen/page/settings.js";
import {showSignedOut} from "../screen/page/signed_out.js";
import {showTrouble} from "../screen/page/trouble.js";
import {CHANGED, chosen} from "../screen/page/theme.js";
import {ConnectionStatus} from "../screen/status/connection_status.js";
import {FeedBanner} from "../screen/status/feed_banner.js";
import {LinkDetails} from "../screen/status/link_details.js";
import {Meter} from "../screen/status/meter.js";
import {Pace} from "../screen/status/pace.js";
import {Stopwatch} from "../screen/status/stopwatch.js";
import {JumpWatch, steadyNow} from "../steady_clock.js";
import {shared} from "../tabs/sharing.js";
import {candidatesOf} from "../transports/catalogue.js";
import {PollTransport} from "../transports/poll.js";
import {Poster} from "../requests/post.js";
import {CHANNEL, CORRECTED_CHANNELS, EVERYTHING, HEARTBEAT, METHOD} from "../wire/frames.js";
import {LateToasts} from "./late_toasts.js";

/** @typedef {import("../wire/frames.js").Frame} Frame */
/** @typedef {import("../wire/frames.js").MarketFrame} MarketFrame */
/** @typedef {import("../screen/chart/panel.js").InstrumentPanel} InstrumentPanel */
/** @typedef {import("../screen/trades/panel.js").TradesPanel} TradesPanel */
/** @typedef {import("../screen/notifications/notifications.js").Notifications} Notifications */

/** Trades and charts show what was corrected. */
const CORRECTED = Object.freeze(Object.fromEntries(CORRECTED_CHANNELS.map((channel) => [channel, {corrections: true}])));
/** The name under which the browser remembers whether the trades are open, and what it says then. */
const [TRADES, OPEN] = ["trades", "open"];
/** Texts that depend on the time are written this often. */
const TICK_MS = 1_000;
/** While somebody looks at the details of the connection, its latency is measured this often. */
const PING_MS = 3_000;
/** A shorter gap is told on the badge alone. */
const LEAST_GAP_MS = 1_000;

export class MarketPage {
  settings = readSettings();
  board = new Board();
  pace = new Pace({isSaving: isSavingData()});
  meter = new Meter(document);
  toasts = new LateToasts();
  announcer = new Announcer(byId("announcer"));
  place = new ScrollPlace();
  scheduler = new PaintScheduler({onpaint: (paint) => this.#paint(paint)});
  poll = new PollTransport({url: this.settings.pollUrl, interval_ms: this.settings.interval_ms});
  #clock = new Clock();
  #inbox = new Inbox();
  #stopwatch = new Stopwatch();
  #poster = new Poster(find(document, "input[name=csrfmiddlewaretoken]").getAttribute("value") ?? "");
  /** The menu of notifications; the server has drawn its count. @type {Notifications | null} */
  #notifications = null;
  #feeds = new FeedBanner({announce: (text) => this.announcer.say(text)});
  #status = new ConnectionStatus({
    announce: (text) => this.announcer.say(text),
    onact: (state) => this.act(state),
  });
  #details = new LinkDetails(byId("link-box"), {onwanted: () => this.#ping()});
  /** When the latency was last asked for, and when that was answered. */
  #pinged_ms = -Infinity;
  #jumps = new JumpWatch();
  /** @type {number | undefined} */
  #ticker;
  /** Whether the person is signed out: nothing of the market is on the page any more. */
  #isOver = false;
  /** The trades of the page. Their scripts are loaded when they are first open. @type {TradesPanel | null} */
  trades = null;
  /** The details in which trades are; the polling page has none. */
  tradesBox = /** @type {HTMLDetailsElement | null} */ (document.querySelector("#trades"));
  #areTradesWanted = false;
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
  }

  // --- what a page says of itself ------------------------------------------------------------
  /** The symbols whose prices it shows. @returns {readonly string[]} */
  get symbols() {
    return [];
  }

  /** The symbols whose trades it shows when none is chosen. @returns {readonly string[]} */
  get tradedSymbols() {
    return this.symbols;
  }

  /** The one instrument whose trades it shows, or null for all of them. @returns {string | null} */
  chosenSymbol() {
    return null;
  }

  /** The channels that it wants beside status and notifications, and the prices of its symbols. @returns {readonly string[]} */
  get channels() {
    return [];
  }

  /** Choose how the page connects, before its connection opens. */
  prepare() {}

  /** Bind what only this page has. */
  begin() {}

  /** Show what the address says, which is another one since people went back or forward. */
  followAddress() {
    if (this.tradesBox) this.tradesBox.open = asked(TRADES) === OPEN;
  }

  /** Show one instrument, or none. @param {string | null} _symbol */
  select(_symbol) {}

  /** Follow the person's lists. @param {import("../wire/frames.js").WatchlistFrame} _frame */
  hearLists(_frame) {}

  /** Hear of the notifications. @param {Inbox} _inbox */
  hearInbox(_inbox) {}

  /** Whether it may share its connection with other tabs. */
  get isShared() {
    return !this.settings.isPolling;
  }

  /** Hear of a frame that the board has applied. @param {MarketFrame} _frame @param {Set<string>} _changed */
  hearMarket(_frame, _changed) {}

  /** Hear of symbols that the server does not know, perhaps of none. @param {string[]} _symbols */
  hearRejected(_symbols) {}

  // --- opening -------------------------------------------------------------------------------
  /** Start the page. */
  open() {
    const {subscriptions} = this.connection;
    this.prepare();
    // The browser looks for a leading tab, or the server, while the page is made ready.
    this.connection.open();
    for (const channel of [CHANNEL.STATUS, ...this.channels, CHANNEL.NOTIFICATIONS]) subscriptions.add(channel);
    if (this.symbols.length) subscriptions.add(CHANNEL.TICKER, [...this.symbols]);
    this.begin();
    this.#listen();
    this.#bindTrades();
    sayAll();
    this.place.restore();
    void this.#loadNotifications();
    this.#ticker = setInterval(() => this.tick(), TICK_MS);
  }

  /** @param {readonly string[] | undefined} fields @returns {Connection} */
  #connect(fields) {
    const candidates = candidatesOf({...this.settings, poll: this.poll});
    return new Connection({
      candidates: this.#among(candidates),
      positions: () => this.#positions(),
      details: {...CORRECTED, ...(fields && {[CHANNEL.TICKER]: {fields}})},
      deliver: (frame) => this.#deliver(frame),
      onstate: (state) => this.onstate(state),
      onrecovery: (recovery) => this.#tellGap(recovery),
    });
  }

  /** Return the transports that the page may use. @param {import("../connection/ladder.js").Candidate[]} candidates */
  #among(candidates) {
    if (this.settings.isPolling) return candidates.filter(({key}) => key === "poll");
    if (!this.isShared) return candidates;
    return shared(candidates, {key: this.settings.shareKey, known: () => new Replica(), onready: () => this.connection.tryNow()});
  }

  #positions() {
    const named = this.symbols.filter((symbol) => symbol !== EVERYTHING);
    return {
      [CHANNEL.TICKER]: this.board.position(CHANNEL.TICKER, named),
      [CHANNEL.STATUS]: this.board.position(CHANNEL.STATUS),
      [CHANNEL.TRADES]: this.trades?.position ?? null,
      [CHANNEL.BARS]: this.#chart?.position ?? null,
      [CHANNEL.DEPTH]: this.#chart?.bookPosition ?? null,
      [CHANNEL.NOTIFICATIONS]: this.#inbox.position,
    };
  }

  #listen() {
    document.addEventListener("visibilitychange", () => {
      this.connection.setHidden(document.hidden);
      this.trades?.setHidden(document.hidden);
    });
    addEventListener("popstate", () => this.followAddress());
    for (const kind of ["online", "offline"]) addEventListener(kind, () => this.connection.setOnline(kind === "online"));
    // A browser that goes back may show this page as it was left, with its connection closed.
    addEventListener("pageshow", (event) => event.persisted && this.connection.open());
    addEventListener("pagehide", () => {
      this.#poster.leave();
      this.connection.close();
    });
    addEventListener(CHANGED, () => this.#chooseZone());
    this.#chooseZone();
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
        this.hearLists(frame);
        return true;
      case CHANNEL.TRADES:
        return areNextTrades;
      case CHANNEL.BARS:
      case CHANNEL.DEPTH:
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
    if (frame.channel === HEARTBEAT) {
      this.#showCosts();
      showTrouble(frame.trouble ?? "");
    }
    const changed = this.board.apply(frame);
    if (changed instanceof Gap) return false;
    if (frame.channel === CHANNEL.TICKER) {
      this.#marketFrames += 1;
      this.#clock.stamp(frame.ts);
    } else if (frame.channel === CHANNEL.STATUS) {
      this.#chooseZone();
      this.#feeds.show(this.board.feeds.values());
    }
    this.hearMarket(frame, changed);
    if (frame.channel === CHANNEL.STATUS) this.#chart?.hear(frame);
    if (this.#chart?.symbol && changed.has(this.#chart.symbol)) this.scheduler.touch(this.#chart);
    return true;
  }

  /** @param {import("../wire/frames.js").Answer} answer */
  #hearAnswer({method, success, error, result}) {
    // A pong is the answer to a ping.
    if (method === METHOD.PING || method === "pong") this.meter.show({latency: `${count(steadyNow() - this.#pinged_ms)} ms`});
    const rejected = Object.keys(result.rejected ?? {});
    this.board.forget(rejected);
    this.hearRejected(rejected);
    if (rejected.length && this.#chart) this.scheduler.touch(this.#chart);
    if (success || !error || error.retry) return;
    this.toasts.show({title: "The server refused", body: error.message, level: "warning"});
  }

  /** @param {import("../wire/frames.js").Notices} frame */
  #hearNotices(frame) {
    const news = this.#inbox.apply(frame);
    for (const notice of news) this.toasts.show(notice);
    if (news.length) void tellOf(news);
    this.hearInbox(this.#inbox);
    this.toasts.dismiss(this.#inbox.notices.filter(({read}) => read).map(({id}) => id));
    if (this.#notifications) this.scheduler.touch(this.#notifications);
  }

  /** Write times in the zone that the person chose. That of the exchange is known when the market is. */
  #chooseZone() {
    const exchange = [...this.board.feeds.values()].find(({zone}) => zone)?.zone;
    const zone = {utc: "UTC", exchange}[chosen("zone")];
    if (!writeTimesIn(zone)) return;
    this.trades?.rewrite();
    if (this.#notifications) this.scheduler.touch(this.#notifications);
  }

  /** The time by the server's clock (UTC ms). */
  get market_ms() {
    return steadyNow() + this.#clock.offset_ms;
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
    if (state === "stopped") this.connection.open();
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

  // --- notifications and trades --------------------------------------------------------------
  async #loadNotifications() {
    const {Notifications} = await loadLate(async () => await import("../screen/notifications/notifications.js"));
    this.#notifications = new Notifications({
      inbox: () => this.#inbox,
      onread: (ids) => void this.post(this.settings.readUrl, {id: ids.map(String)}),
    });
    if (this.#inbox.position !== null) this.scheduler.touch(this.#notifications);
  }

  /** Open the trades if they were open last time. */
  #bindTrades() {
    const box = this.tradesBox;
    if (!box) return;
    box.addEventListener("toggle", () => {
      remember(TRADES, box.open ? OPEN : null);
      askFor(TRADES, box.open ? OPEN : null);
      if (!box.open || this.#areTradesWanted) return;
      this.#areTradesWanted = true;
      void this.#loadTrades();
    });
    if (chosenIn(TRADES) === OPEN) box.open = true;
  }

  async #loadTrades() {
    const {openTrades} = await loadLate(async () => await import("../screen/trades/panel.js"));
    const {name} = this.connection.state;
    this.trades = openTrades({...this.#parts(), instruments: this.board.instruments, onall: () => this.select(null)});
    this.trades?.select(this.chosenSymbol());
    this.trades?.list([...this.tradedSymbols]);
    this.trades?.showConnection(name, isUp(name));
    this.trades?.setHidden(document.hidden);
  }

  /** Open or close the trades. */
  toggleTrades() {
    if (this.tradesBox) this.tradesBox.open = !this.tradesBox.open;
  }

  /** Bring the open trades into view: they lie below the list. */
  revealTrades() {
    if (this.tradesBox?.open) this.tradesBox.scrollIntoView({block: "nearest"});
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

  /** Let the chart show what the address says of it. */
  followChart() {
    this.#chart?.followAddress();
  }

  async #loadChart() {
    try {
      const {openInstrument} = await import("../screen/chart/panel.js");
      const {AlertReader} = await import("../requests/alert_reader.js");
      const {BarHistory} = await import("../requests/bar_history.js");
      const history = new BarHistory(this.settings.barsUrl);
      const lines = new AlertReader(this.settings.linesUrl);
      this.#chart = openInstrument({
        ...this.#parts(),
        read: (request) => history.read(request),
        alerts: {
          read: (symbol) => lines.read(symbol),
          move: ({alert, index}, price) => this.post(`${this.settings.linesUrl}move/`, {alert: String(alert), index: String(index), price}),
          make: (symbol, kind, price) => this.post(`${this.settings.linesUrl}make/`, {symbol, kind, price}),
        },
        facts: (symbol) => ({...this.facts(symbol), isUnseen: this.isUnseen(symbol)}),
        onclose: () => this.select(null),
        address: {asked, askFor},
        isBeside: document.querySelector("#watchlist") !== null,
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
    if (this.#isOver) return;
    this.#status.show(state);
    this.trades?.showConnection(state.name, isUp(state.name));
    this.tick();
    if (state.name !== "signed_out") return;
    this.#isOver = true;
    clearInterval(this.#ticker);
    showSignedOut();
  }

  /** Say that prices were missed, or that none were: nobody should have to guess. @param {import("../connection/state.js").Recovery} recovery */
  #tellGap(recovery) {
    const text = this.#status.recovered(recovery);
    if (recovery.gap_ms >= LEAST_GAP_MS) this.toasts.show({title: text});
  }

  /** Measure the latency. */
  #ping() {
    if (!isUp(this.connection.state.name) || steadyNow() - this.#pinged_ms < PING_MS) return;
    this.#pinged_ms = steadyNow();
    this.connection.subscriptions.ask(METHOD.PING, {});
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
    if (this.#details.areShown) this.#ping();
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

/** Tell of new notifications beyond the page, as the person wishes. @param {import("../wire/frames.js").Notice[]} news */
async function tellOf(news) {
  const {tell} = await loadLate(async () => await import("../screen/notifications/choices.js"));
  tell(news);
}
