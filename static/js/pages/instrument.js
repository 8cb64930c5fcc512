// @ts-check
/**
 * Puts the page of one instrument together: connection -> board and bars -> screen.
 * Must hold no logic that another room could have.
 */

import {Connection} from "../connection/connection.js";
import {isUp} from "../connection/state.js";
import {byId, find} from "../dom.js";
import {Board, Gap} from "../market/board.js";
import {Clock} from "../market/clock.js";
import {Inbox} from "../market/inbox.js";
import {Replica} from "../market/replica.js";
import {openInstrument} from "../screen/chart/panel.js";
import {Notifications} from "../screen/notifications/notifications.js";
import {Toasts} from "../screen/notifications/toasts.js";
import {Announcer} from "../screen/page/announcer.js";
import {bindKeys} from "../screen/page/keyboard.js";
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
import {CHANNEL} from "../wire/frames.js";

/** @typedef {import("../wire/frames.js").Frame} Frame */
/** @typedef {import("../wire/frames.js").MarketFrame} MarketFrame */

/** Texts that depend on the time are written this often. */
const TICK_MS = 1_000;

class InstrumentPage {
  #symbol = find(document, "#instrument [data-part=symbol]").textContent;
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
  #history = new BarHistory(this.#settings.barsUrl);
  #books = new BookReader(this.#settings.quotesUrl);
  #connection = this.#connect();
  #instrument = openInstrument({
    subscriptions: this.#connection.subscriptions,
    read: (request) => this.#history.read(request),
    readBook: (symbol) => this.#books.read(symbol),
    facts: (symbol) => this.#facts(symbol),
    onchange: (part) => this.#scheduler.touch(part),
    onclose: () => {},
    announce: (text) => this.#announcer.say(text),
  });
  #trades = openTrades({
    subscriptions: this.#connection.subscriptions,
    instruments: this.#board.instruments,
    onchange: (part) => this.#scheduler.touch(part),
    onall: () => {},
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
  #jumps = new JumpWatch();
  /** Whether the next paint shows prices. */
  #hasPrices = false;
  #marketFrames = 0;
  #wasUnseen = false;

  /** Start the page. */
  open() {
    const {subscriptions} = this.#connection;
    for (const channel of [CHANNEL.STATUS, CHANNEL.NOTIFICATIONS]) subscriptions.add(channel);
    subscriptions.add(CHANNEL.TICKER, [this.#symbol]);
    subscriptions.setRate(this.#pace.max_rate);
    this.#instrument?.show(this.#symbol);
    this.#trades?.list([this.#symbol]);
    this.#listen();
    this.#connection.open();
    setInterval(() => this.#tick(), TICK_MS);
  }

  /** @returns {Connection} */
  #connect() {
    const poll = new PollTransport({url: this.#settings.pollUrl, interval_ms: this.#settings.interval_ms});
    const sharing = {key: this.#settings.shareKey, known: () => new Replica(), onready: () => this.#connection.tryNow()};
    return new Connection({
      candidates: shared(candidatesOf({...this.#settings, poll}), sharing),
      positions: () => this.#positions(),
      deliver: (frame) => this.#deliver(frame),
      onstate: (state) => this.#onstate(state),
      onrecovery: (recovery) => this.#status.recovered(recovery),
    });
  }

  #positions() {
    return {
      [CHANNEL.TICKER]: this.#board.position(CHANNEL.TICKER, [this.#symbol]),
      [CHANNEL.STATUS]: this.#board.position(CHANNEL.STATUS),
      [CHANNEL.TRADES]: this.#trades?.position ?? null,
      [CHANNEL.BARS]: this.#instrument?.position ?? null,
      [CHANNEL.NOTIFICATIONS]: this.#inbox.position,
    };
  }

  /** @param {string} symbol */
  #facts(symbol) {
    const instrument = this.#board.instruments.get(symbol);
    const isUnseen = this.#board.position(CHANNEL.STATUS) !== null && !instrument;
    return {row: this.#board.rows.get(symbol), instrument, feed: this.#board.feeds.get(instrument?.feed ?? ""), isUnseen};
  }

  // --- frames -------------------------------------------------------------------------------
  /** Give a frame to the parts that it concerns. Return false for one that leaves a gap. @param {Frame} frame */
  #deliver(frame) {
    const now_ms = steadyNow();
    const areNextTrades = this.#trades?.hear(frame) ?? true;
    // It hears of the status when the board has it.
    const areNextBars = frame.channel === CHANNEL.STATUS || (this.#instrument?.hear(frame) ?? true);
    switch (frame.type) {
      case "welcome":
        this.#clock.hear(frame.server_time, now_ms);
        this.#pace.forget();
        return true;
      case "pace":
        this.#pace.hear(frame);
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
        return true;
      case CHANNEL.TRADES:
        return areNextTrades;
      case CHANNEL.BARS:
        return areNextBars;
      default:
        return this.#hearMarket(frame, now_ms);
    }
  }

  /** @param {MarketFrame} frame @param {number} now_ms */
  #hearMarket(frame, now_ms) {
    if (frame.ts !== null) this.#clock.hear(frame.ts, now_ms);
    const changed = this.#board.apply(frame);
    if (changed instanceof Gap) return false;
    if (frame.channel === CHANNEL.TICKER) {
      this.#hasPrices = true;
      this.#marketFrames += 1;
      this.#clock.stamp(frame.ts);
      if (this.#instrument) this.#scheduler.touch(this.#instrument);
    } else if (frame.channel === CHANNEL.STATUS) {
      this.#feeds.show(this.#board.feeds.values());
      this.#askAgain();
      this.#instrument?.hear(frame);
    }
    return true;
  }

  /** Ask again for an instrument that the server did not know and that is listed now. */
  #askAgain() {
    const {isUnseen} = this.#facts(this.#symbol);
    if (this.#wasUnseen && !isUnseen) {
      this.#connection.subscriptions.add(CHANNEL.TICKER, [this.#symbol]);
      this.#trades?.retry([this.#symbol]);
    }
    this.#wasUnseen = isUnseen;
  }

  /** @param {import("../wire/frames.js").Answer} answer */
  #hearAnswer({success, error, result}) {
    this.#board.forget(Object.keys(result.rejected ?? {}));
    if (this.#instrument) this.#scheduler.touch(this.#instrument);
    if (success || !error || error.retry) return;
    this.#toasts.show({title: "The server refused", body: error.message, level: "warning"});
  }

  /** @param {import("../wire/frames.js").Notices} frame */
  #hearNotices(frame) {
    for (const notice of this.#inbox.apply(frame)) this.#toasts.show(notice);
    this.#toasts.dismiss(this.#inbox.notices.filter(({read}) => read).map(({id}) => id));
    this.#scheduler.touch(this.#notifications);
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
      this.#connection.setHidden(document.hidden);
      this.#trades?.setHidden(document.hidden);
    });
    for (const kind of ["online", "offline"]) addEventListener(kind, () => this.#connection.setOnline(kind === "online"));
    addEventListener("pageshow", (event) => event.persisted && this.#connection.open());
    addEventListener("pagehide", () => this.#connection.close());
    bindKeys({"t": () => this.#trades?.toggle()});
  }

  /** @param {string} state */
  #act(state) {
    if (state === "signed_out") signIn(this.#settings.loginUrl);
    else if (state === "stopped") this.#connection.open();
    else this.#connection.tryNow();
  }

  /** @param {string} url @param {Record<string, string | string[]>} fields */
  async #post(url, fields) {
    const {isDone, text} = await this.#poster.post(url, fields);
    if (!isDone) this.#toasts.show({title: "Not done", body: text, level: "warning"});
  }

  // --- telling ------------------------------------------------------------------------------
  /** @param {import("../connection/state.js").ConnectionState} state */
  #onstate(state) {
    this.#status.show(state);
    this.#trades?.showConnection(state.name, isUp(state.name));
    this.#tick();
    if (state.name === "signed_out") signIn(this.#settings.loginUrl);
  }

  #tick() {
    const now_ms = steadyNow();
    // A line may have died while the machine slept, and the steady clock slept with it.
    if (this.#jumps.hasJumped()) this.#connection.doubt();
    const {ticks, entries} = this.#board;
    const {state, reconnects, subscriptions, bytes} = this.#connection;
    this.#status.tick();
    this.#meter.tellCosts({requests: 0, unchanged: 0, bytes});
    this.#meter.show({pace: this.#pace.text({pauses: subscriptions.pauses, interval_ms: 0})});
    const facts = {ticks, entries, frames: this.#marketFrames, age_ms: this.#clock.age(now_ms)};
    this.#meter.tell({...facts, transport: state.transport, reconnects}, now_ms);
    this.#feeds.tick(now_ms + this.#clock.offset_ms);
  }
}

new InstrumentPage().open();
