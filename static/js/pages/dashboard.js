// @ts-check
/** The dashboard and the polling page: a person's list with its chart and its trades, and their edits of the list. */

import {isUp} from "../connection/state.js";
import {byId, find, write} from "../dom.js";
import {count} from "../format.js";
import {Rejected} from "../market/rejected.js";
import {bindKeys} from "../screen/page/keyboard.js";
import {Choice, askFor, asked} from "../screen/page/settings.js";
import {Search} from "../screen/watchlist/search.js";
import {Watchlist} from "../screen/watchlist/watchlist.js";
import {CHANNEL, SHOWN_FIELDS} from "../wire/frames.js";
import {MarketPage} from "./market_page.js";

/** @typedef {import("../wire/frames.js").MarketFrame} MarketFrame */

class Dashboard extends MarketPage {
  #watchlist = new Watchlist({
    panel: byId("watchlist"),
    facts: (symbol) => ({...this.facts(symbol), isRejected: this.#rejected.has(symbol)}),
    onremove: (symbol) => void this.#remove(symbol),
    onselect: (symbol) => this.#show(symbol),
    hasDetails: !this.settings.isPolling,
  });
  #search = new Search({
    form: byId("add-form"),
    catalogue: () => this.board.instruments.values(),
    isListed: (symbol) => this.#watchlist.symbols.includes(symbol),
    onfilter: (text) => this.#watchlist.filter(text),
    onadd: (symbols) => void this.post(this.settings.addUrl, {symbol: symbols.join(",")}),
    onpick: (symbol) => this.#watchlist.reveal(symbol),
  });
  #pauseButton = byId("pause");
  #rejected = new Rejected();
  /** Whether the next prices were missed while away: old news do not flash. */
  #isCatchingUp = true;
  #isPaused = false;
  /** Reconnects that the rest of the page knows of. */
  #reconnects = 0;

  constructor() {
    super({fields: SHOWN_FIELDS});
  }

  /** @override */
  get symbols() {
    return this.#rejected.others(this.#watchlist.symbols);
  }

  /** @override */
  get channels() {
    return [CHANNEL.WATCHLIST];
  }

  /** @override */
  begin() {
    document.addEventListener("visibilitychange", () => {
      this.#isCatchingUp = true;
    });
    this.#pauseButton.addEventListener("click", () => this.#togglePause());
    bindKeys({"/": () => this.#search.focus(), "p": () => this.#togglePause(), "t": () => this.#toggleTrades()});
    this.#bindPace();
    const shown = asked("i");
    if (shown !== null && this.symbols.includes(shown)) this.select(shown);
  }

  // --- frames -------------------------------------------------------------------------------
  /** @override @param {MarketFrame} frame @param {Set<string>} changed */
  hearMarket(frame, changed) {
    if (frame.channel === CHANNEL.TICKER) {
      if (this.#isCatchingUp || frame.type === "snapshot") this.#watchlist.hush(changed);
      if (frame.type === "update") this.#isCatchingUp = false;
    } else if (frame.channel === CHANNEL.STATUS) {
      this.#askRejected();
      this.#search.refresh();
    }
    if (changed.size || frame.channel === CHANNEL.TICKER) this.scheduler.touch(this.#watchlist, changed);
  }

  /** @override @param {string[]} symbols */
  hearRejected(symbols) {
    this.#rejected.add(symbols);
    if (symbols.length) this.scheduler.touch(this.#watchlist, new Set(symbols));
  }

  /** Ask again for symbols that were rejected and are listed now. */
  #askRejected() {
    const found = this.#rejected.found(this.board.instruments);
    const wanted = found.filter((symbol) => this.#watchlist.symbols.includes(symbol));
    if (wanted.length) this.connection.subscriptions.add(CHANNEL.TICKER, wanted);
    this.trades?.retry(wanted);
  }

  /** Follow the person's list, which may have been changed in another window. @override @param {string[]} symbols */
  list(symbols) {
    const before = new Set(this.#watchlist.symbols);
    const now = new Set(symbols);
    const added = symbols.filter((symbol) => !before.has(symbol));
    const removed = [...before].filter((symbol) => !now.has(symbol));
    this.#watchlist.list([...now]);
    this.trades?.list([...now]);
    if (removed.length) this.connection.subscriptions.remove(CHANNEL.TICKER, removed);
    this.board.forget(removed);
    if (added.length) this.connection.subscriptions.add(CHANNEL.TICKER, added);
    this.#rejected.forget(removed);
    this.#search.refresh();
    this.meter.show({symbols: count(now.size)});
  }

  // --- people -------------------------------------------------------------------------------
  /** @override @param {string | null} symbol */
  select(symbol) {
    this.#watchlist.select(symbol);
  }

  /** Show only this instrument's trades, and its chart; null shows all trades and no chart. @param {string | null} symbol */
  #show(symbol) {
    this.trades?.select(symbol);
    void this.chart(symbol);
    if (symbol !== null) this.trades?.reveal();
    if (this.hasChart) askFor("i", symbol);
  }

  #togglePause() {
    this.#isPaused = !this.#isPaused;
    this.#isCatchingUp = true;
    this.#pauseButton.setAttribute("aria-pressed", String(this.#isPaused));
    write(find(this.#pauseButton, "[data-part=label]"), this.#isPaused ? "Resume" : "Pause");
    this.connection.setPaused("by hand", this.#isPaused);
    this.showPace();
  }

  /** Bind the choices of pace and transport. The polling page has only its interval. */
  #bindPace() {
    if (this.settings.isPolling) {
      const select = /** @type {HTMLSelectElement} */ (byId("pace"));
      select.addEventListener("change", () => {
        this.poll.interval_ms = Number(select.value) * 1000;
        askFor("interval", select.value);
      });
      return;
    }
    const setPace = (/** @type {string} */ rate) => this.#setPace(Number(rate));
    setPace(new Choice(byId("pace"), {name: "pace", onchange: setPace}).value);
    const pin = (/** @type {string} */ key) => this.connection.pin(key);
    pin(new Choice(byId("transport"), {name: "transport", onchange: pin}).value);
  }

  /** @param {number} rate updates per second; 0 leaves it to the page */
  #setPace(rate) {
    this.pace.choose(rate);
    this.connection.subscriptions.setRate(this.pace.max_rate);
    this.showPace();
  }

  /** @override @param {string} state */
  act(state) {
    if (state === "paused") this.#togglePause();
    else super.act(state);
  }

  #toggleTrades() {
    this.trades?.toggle();
    this.trades?.reveal();
  }

  /** Remove a symbol, and offer to put it back where it stood. @param {string} symbol */
  async #remove(symbol) {
    const place = String(this.#watchlist.symbols.indexOf(symbol));
    if (!(await this.post(this.settings.removeUrl, {symbol}))) return;
    const run = () => void this.post(this.settings.addUrl, {symbol, place});
    this.toasts.show({title: `${symbol} removed`, action: {label: "Undo", run}});
  }

  // --- telling ------------------------------------------------------------------------------
  /** @override @param {import("../connection/state.js").ConnectionState} state */
  onstate(state) {
    if (state.name !== "live") this.#isCatchingUp = true;
    this.#tellReconnects();
    super.onstate(state);
  }

  /** Say to the rest of the page that another server may have answered. */
  #tellReconnects() {
    const {state, reconnects} = this.connection;
    if (!isUp(state.name) || reconnects === this.#reconnects) return;
    this.#reconnects = reconnects;
    dispatchEvent(new Event("reconnected"));
  }

  /** @override */
  tick() {
    super.tick();
    this.#watchlist.showBreadth(byId("breadth"));
  }
}

new Dashboard().open();
