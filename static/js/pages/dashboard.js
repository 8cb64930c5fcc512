// @ts-check
/**
 * Puts the dashboard and the polling page together: connection -> board -> screen, and people's edits back to the
 * server. Must hold no logic that another room could have.
 */

import {Connection} from "../connection/connection.js";
import {isUp} from "../connection/state.js";
import {byId, find, write} from "../dom.js";
import {count} from "../format.js";
import {Board, Gap} from "../market/board.js";
import {Clock} from "../market/clock.js";
import {Inbox} from "../market/inbox.js";
import {Rejected} from "../market/rejected.js";
import {Replica} from "../market/replica.js";
import {openInstrument} from "../screen/chart/panel.js";
import {Notifications} from "../screen/notifications/notifications.js";
import {Toasts} from "../screen/notifications/toasts.js";
import {PaintScheduler} from "../screen/page/paint_scheduler.js";
import {Announcer} from "../screen/page/announcer.js";
import {bindKeys} from "../screen/page/keyboard.js";
import {Choice, askFor, asked, isSavingData, readSettings, signIn} from "../screen/page/settings.js";
import {ConnectionStatus} from "../screen/status/connection_status.js";
import {FeedBanner} from "../screen/status/feed_banner.js";
import {Meter} from "../screen/status/meter.js";
import {Pace} from "../screen/status/pace.js";
import {Stopwatch} from "../screen/status/stopwatch.js";
import {openTrades} from "../screen/trades/panel.js";
import {Search} from "../screen/watchlist/search.js";
import {Watchlist} from "../screen/watchlist/watchlist.js";
import {JumpWatch, steadyNow} from "../steady_clock.js";
import {shared} from "../tabs/sharing.js";
import {BarHistory} from "../transports/bar_history.js";
import {BookReader} from "../transports/book_reader.js";
import {candidatesOf} from "../transports/catalogue.js";
import {PollTransport} from "../transports/poll.js";
import {Poster} from "../transports/post.js";
import {CHANNEL, HEARTBEAT, SHOWN_FIELDS} from "../wire/frames.js";

/** @typedef {import("../wire/frames.js").Frame} Frame */
/** @typedef {import("../wire/frames.js").MarketFrame} MarketFrame */

/** Texts that depend on the time are written this often. */
const TICK_MS = 1_000;

class Page {
  #settings = readSettings();
  #board = new Board();
  #clock = new Clock();
  #inbox = new Inbox();
  #stopwatch = new Stopwatch();
  #scheduler = new PaintScheduler({onpaint: (paint) => this.#paint(paint)});
  #pace = new Pace({isSaving: isSavingData()});
  #meter = new Meter(document);
  #toasts = new Toasts();
  #announcer = new Announcer(byId("announcer"));
  #poster = new Poster(find(document, "input[name=csrfmiddlewaretoken]").getAttribute("value") ?? "");
  #poll = new PollTransport({url: this.#settings.pollUrl, interval_ms: this.#settings.interval_ms});
  #connection = this.#connect();
  #watchlist = new Watchlist({
    panel: byId("watchlist"),
    facts: (symbol) => this.#facts(symbol),
    onremove: (symbol) => void this.#remove(symbol),
    onselect: (symbol) => this.#select(symbol),
    hasDetails: !this.#settings.isPolling,
  });
  #history = new BarHistory(this.#settings.barsUrl);
  #books = new BookReader(this.#settings.quotesUrl);
  #instrument = openInstrument({
    subscriptions: this.#connection.subscriptions,
    read: (request) => this.#history.read(request),
    readBook: (symbol) => this.#books.read(symbol),
    facts: (symbol) => ({...this.#facts(symbol), isUnseen: this.#isUnseen(symbol)}),
    onchange: (part) => this.#scheduler.touch(part),
    onclose: () => this.#watchlist.select(null),
    announce: (text) => this.#announcer.say(text),
  });
  #trades = openTrades({
    subscriptions: this.#connection.subscriptions,
    instruments: this.#board.instruments,
    onchange: (part) => this.#scheduler.touch(part),
    onall: () => this.#watchlist.select(null),
    announce: (text) => this.#announcer.say(text),
  });
  #notifications = new Notifications({
    inbox: () => this.#inbox,
    onread: (ids) => void this.#post(this.#settings.readUrl, {id: ids.map(String)}),
  });
  #feeds = new FeedBanner({announce: (text) => this.#announcer.say(text)});
  #status = new ConnectionStatus({
    announce: (text) => this.#announcer.say(text),
    onact: (state) => this.#act(state),
  });
  #search = new Search({
    form: byId("add-form"),
    catalogue: () => this.#board.instruments.values(),
    isListed: (symbol) => this.#watchlist.symbols.includes(symbol),
    onfilter: (text) => this.#watchlist.filter(text),
    onadd: (symbols) => void this.#post(this.#settings.addUrl, {symbol: symbols.join(",")}),
    onpick: (symbol) => this.#watchlist.reveal(symbol),
  });
  #pauseButton = byId("pause");
  #jumps = new JumpWatch();
  #rejected = new Rejected();
  /** Whether the next prices were missed while away: old news do not flash. */
  #isCatchingUp = true;
  #isPaused = false;
  /** Whether the next paint shows prices. */
  #hasPrices = false;
  #marketFrames = 0;
  /** Reconnects that the rest of the page knows of. */
  #reconnects = 0;

  /** Start the page. */
  open() {
    const {symbols} = this.#watchlist;
    for (const channel of [CHANNEL.STATUS, CHANNEL.WATCHLIST, CHANNEL.NOTIFICATIONS]) this.#connection.subscriptions.add(channel);
    if (symbols.length) this.#connection.subscriptions.add(CHANNEL.TICKER, symbols);
    this.#listen();
    this.#bindPace();
    this.#trades?.list(symbols);
    const shown = asked("i");
    if (shown !== null && symbols.includes(shown)) this.#watchlist.select(shown);
    this.#connection.open();
    setInterval(() => this.#tick(), TICK_MS);
  }

  /** @returns {Connection} */
  #connect() {
    const candidates = candidatesOf({...this.#settings, poll: this.#poll});
    const sharing = {key: this.#settings.shareKey, known: () => new Replica(), onready: () => this.#connection.tryNow()};
    return new Connection({
      candidates: this.#settings.isPolling ? candidates.filter(({key}) => key === "poll") : shared(candidates, sharing),
      positions: () => this.#positions(),
      details: {[CHANNEL.TICKER]: {fields: SHOWN_FIELDS}},
      deliver: (frame) => this.#deliver(frame),
      onstate: (state) => this.#onstate(state),
      onrecovery: (recovery) => this.#status.recovered(recovery),
    });
  }

  #positions() {
    return {
      [CHANNEL.TICKER]: this.#board.position(CHANNEL.TICKER, this.#rejected.others(this.#watchlist.symbols)),
      [CHANNEL.STATUS]: this.#board.position(CHANNEL.STATUS),
      [CHANNEL.TRADES]: this.#trades?.position ?? null,
      [CHANNEL.BARS]: this.#instrument?.position ?? null,
      [CHANNEL.NOTIFICATIONS]: this.#inbox.position,
    };
  }

  // --- frames -------------------------------------------------------------------------------
  /** Give a frame to the parts that it concerns. Return false for one that leaves a gap. @param {Frame} frame */
  #deliver(frame) {
    const now_ms = steadyNow();
    const isNext = this.#trades?.hear(frame) ?? true;
    // It hears of the status when the board has it.
    const isNextBar = frame.channel === CHANNEL.STATUS || (this.#instrument?.hear(frame) ?? true);
    switch (frame.type) {
      case "welcome":
        this.#clock.hear(frame.server_time, now_ms);
        this.#pace.forget();
        return true;
      case "pace":
        this.#pace.hear(frame);
        this.#showPace();
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
        this.#list(frame.data);
        return true;
      case CHANNEL.TRADES:
        return isNext;
      case CHANNEL.BARS:
        return isNextBar;
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
    const changed = this.#board.apply(frame);
    if (changed instanceof Gap) return false;
    if (frame.channel === CHANNEL.TICKER) {
      this.#marketFrames += 1;
      this.#clock.stamp(frame.ts);
      if (this.#isCatchingUp || frame.type === "snapshot") this.#watchlist.hush(changed);
      if (frame.type === "update") this.#isCatchingUp = false;
    } else if (frame.channel === CHANNEL.STATUS) {
      this.#feeds.show(this.#board.feeds.values());
      this.#askRejected();
      this.#search.refresh();
      this.#instrument?.hear(frame);
    }
    if (this.#instrument?.symbol && changed.has(this.#instrument.symbol)) this.#scheduler.touch(this.#instrument);
    if (changed.size || frame.channel === CHANNEL.TICKER) this.#scheduler.touch(this.#watchlist, changed);
    return true;
  }

  /** @param {import("../wire/frames.js").Answer} answer */
  #hearAnswer({success, error, result}) {
    const rejected = Object.keys(result.rejected ?? {});
    this.#rejected.add(rejected);
    this.#board.forget(rejected);
    if (rejected.length) this.#scheduler.touch(this.#watchlist, new Set(rejected));
    if (success || !error || error.retry) return;
    this.#toasts.show({title: "The server refused", body: error.message, level: "warning"});
  }

  /** Ask again for symbols that were rejected and are listed now. */
  #askRejected() {
    const found = this.#rejected.found(this.#board.instruments);
    const wanted = found.filter((symbol) => this.#watchlist.symbols.includes(symbol));
    if (wanted.length) this.#connection.subscriptions.add(CHANNEL.TICKER, wanted);
    this.#trades?.retry(wanted);
  }

  /** @param {import("../wire/frames.js").Notices} frame */
  #hearNotices(frame) {
    for (const notice of this.#inbox.apply(frame)) this.#toasts.show(notice);
    this.#toasts.dismiss(this.#inbox.notices.filter(({read}) => read).map(({id}) => id));
    this.#scheduler.touch(this.#notifications);
  }

  /** Follow the person's list, which may have been changed in another window. @param {string[]} symbols */
  #list(symbols) {
    const before = new Set(this.#watchlist.symbols);
    const now = new Set(symbols);
    const added = symbols.filter((symbol) => !before.has(symbol));
    const removed = [...before].filter((symbol) => !now.has(symbol));
    this.#watchlist.list([...now]);
    this.#trades?.list([...now]);
    if (removed.length) this.#connection.subscriptions.remove(CHANNEL.TICKER, removed);
    this.#board.forget(removed);
    if (added.length) this.#connection.subscriptions.add(CHANNEL.TICKER, added);
    this.#rejected.forget(removed);
    this.#search.refresh();
    this.#meter.show({symbols: count(now.size)});
  }

  /** @param {string} symbol */
  #facts(symbol) {
    const instrument = this.#board.instruments.get(symbol);
    const feed = this.#board.feeds.get(instrument?.feed ?? "");
    return {row: this.#board.rows.get(symbol), instrument, feed, isRejected: this.#rejected.has(symbol)};
  }

  /** @param {string} symbol */
  #isUnseen(symbol) {
    return this.#board.position(CHANNEL.STATUS) !== null && !this.#board.instruments.has(symbol);
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
    this.#connection.acknowledge(this.#board.position(CHANNEL.TICKER), this.#stopwatch.paint_ms);
  }

  // --- people -------------------------------------------------------------------------------
  #listen() {
    document.addEventListener("visibilitychange", () => {
      this.#isCatchingUp = true;
      this.#connection.setHidden(document.hidden);
      this.#trades?.setHidden(document.hidden);
    });
    for (const kind of ["online", "offline"]) addEventListener(kind, () => this.#connection.setOnline(kind === "online"));
    addEventListener("pageshow", (event) => event.persisted && this.#connection.open());
    addEventListener("pagehide", () => this.#connection.close());
    this.#pauseButton.addEventListener("click", () => this.#togglePause());
    bindKeys({"/": () => this.#search.focus(), "p": () => this.#togglePause(), "t": () => this.#toggleTrades()});
  }

  /** Show only this instrument's trades, and its chart; null shows all trades and no chart. @param {string | null} symbol */
  #select(symbol) {
    this.#trades?.select(symbol);
    this.#instrument?.show(symbol);
    if (symbol !== null) this.#trades?.reveal();
    if (this.#instrument) askFor("i", symbol);
  }

  #togglePause() {
    this.#isPaused = !this.#isPaused;
    this.#isCatchingUp = true;
    this.#pauseButton.setAttribute("aria-pressed", String(this.#isPaused));
    write(find(this.#pauseButton, "[data-part=label]"), this.#isPaused ? "Resume" : "Pause");
    this.#connection.setPaused("by hand", this.#isPaused);
    this.#showPace();
  }

  /** Bind the choices of pace and transport. The polling page has only its interval. */
  #bindPace() {
    if (this.#settings.isPolling) {
      const select = /** @type {HTMLSelectElement} */ (byId("pace"));
      select.addEventListener("change", () => {
        this.#poll.interval_ms = Number(select.value) * 1000;
        askFor("interval", select.value);
      });
      return;
    }
    const setPace = (/** @type {string} */ rate) => this.#setPace(Number(rate));
    setPace(new Choice(byId("pace"), {name: "pace", onchange: setPace}).value);
    const pin = (/** @type {string} */ key) => this.#connection.pin(key);
    pin(new Choice(byId("transport"), {name: "transport", onchange: pin}).value);
  }

  /** @param {number} rate updates per second; 0 leaves it to the page */
  #setPace(rate) {
    this.#pace.choose(rate);
    this.#connection.subscriptions.setRate(this.#pace.max_rate);
    this.#showPace();
  }

  /** @param {string} state */
  #act(state) {
    if (state === "paused") this.#togglePause();
    else if (state === "signed_out") signIn(this.#settings.loginUrl);
    else if (state === "stopped") this.#connection.open();
    else this.#connection.tryNow();
  }

  #toggleTrades() {
    this.#trades?.toggle();
    this.#trades?.reveal();
  }

  /** Remove a symbol, and offer to put it back where it stood. @param {string} symbol */
  async #remove(symbol) {
    const place = String(this.#watchlist.symbols.indexOf(symbol));
    if (!(await this.#post(this.#settings.removeUrl, {symbol}))) return;
    const run = () => void this.#post(this.#settings.addUrl, {symbol, place});
    this.#toasts.show({title: `${symbol} removed`, action: {label: "Undo", run}});
  }

  /**
   * Send an edit and tell what the server says about it. Return whether it was done.
   * @param {string} url
   * @param {Record<string, string | string[]>} fields
   */
  async #post(url, fields) {
    const {isDone, text} = await this.#poster.post(url, fields);
    if (!isDone || text) this.#toasts.show({title: isDone ? "Done in part" : "Not done", body: text, level: "warning"});
    return isDone;
  }

  // --- telling ------------------------------------------------------------------------------
  /** @param {import("../connection/state.js").ConnectionState} state */
  #onstate(state) {
    if (state.name !== "live") this.#isCatchingUp = true;
    this.#tellReconnects();
    this.#status.show(state);
    this.#trades?.showConnection(state.name, isUp(state.name));
    this.#tick();
    if (state.name === "signed_out") signIn(this.#settings.loginUrl);
  }

  /** Say to the rest of the page that another server may have answered. */
  #tellReconnects() {
    const {state, reconnects} = this.#connection;
    if (!isUp(state.name) || reconnects === this.#reconnects) return;
    this.#reconnects = reconnects;
    dispatchEvent(new Event("reconnected"));
  }

  #tick() {
    const now_ms = steadyNow();
    // A line may have died while the machine slept, and the steady clock slept with it.
    if (this.#jumps.hasJumped()) this.#connection.doubt();
    const {ticks, entries} = this.#board;
    const {state, reconnects} = this.#connection;
    const link = {transport: state.transport, reconnects};
    this.#status.tick();
    this.#showCosts();
    this.#showPace();
    this.#meter.tell({ticks, entries, frames: this.#marketFrames, age_ms: this.#clock.age(now_ms), ...link}, now_ms);
    this.#feeds.tick(now_ms + this.#clock.offset_ms);
    this.#watchlist.showBreadth(byId("breadth"));
  }

  #showPace() {
    const {state, subscriptions} = this.#connection;
    const interval_ms = state.transport === this.#poll.name ? this.#poll.interval_ms : 0;
    this.#meter.show({pace: this.#pace.text({pauses: subscriptions.pauses, interval_ms})});
  }

  /** Show what the transport costs. A poll changes it rarely, so it is also shown with every response. */
  #showCosts() {
    const {requests, unchanged, bytes} = this.#poll.meter;
    this.#meter.tellCosts({requests, unchanged, bytes: this.#settings.isPolling ? bytes : this.#connection.bytes});
  }
}

new Page().open();
