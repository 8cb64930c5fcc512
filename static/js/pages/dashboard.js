// @ts-check
/** The dashboard and the polling page: a person's list with its chart and its trades, and their edits of the list. */

import {isUp} from "../connection/state.js";
import {byId, find, recall, remember, write} from "../dom.js";
import {count} from "../format.js";
import {loadLate} from "../late.js";
import {isMarketList, isMovers, marketSymbols} from "../market/market_lists.js";
import {Rejected} from "../market/rejected.js";
import {offerActions} from "../screen/page/keyboard.js";
import {cameFrom, isStepFrom, saysAll} from "../screen/page/history.js";
import {Choice, addressWith, askFor, asked} from "../screen/page/settings.js";
import {columnsOf} from "../screen/watchlist/columns.js";
import {lineOfTitle, titleOf} from "../screen/watchlist/sections.js";
import {Watchlist} from "../screen/watchlist/watchlist.js";
import {isSymbol, readSymbol} from "../symbols.js";
import {CHANNEL, EVERYTHING, SHOWN_FIELDS} from "../wire/frames.js";
import {openSearch} from "./late_search.js";
import {MarketPage} from "./market_page.js";

/** @typedef {import("../wire/frames.js").MarketFrame} MarketFrame */

/** The most symbols whose trades are shown together. */
const TRADED = 200;
/** The most letters that a message shows of a wrong symbol. */
const LONGEST_TEXT = 40;
/** What the address says of the picture. */
const MAP = "map";
/** Somebody has typed nothing for so long: then the address says what they look for. */
const TYPED_MS = 300;
/** The name under which the browser remembers whether lines count ticks. */
const RECEIPTS = "receipts";

class Dashboard extends MarketPage {
  #watchlist = new Watchlist({
    panel: byId("watchlist"),
    facts: (symbol) => ({...this.facts(symbol), isRejected: this.#rejected.has(symbol), ticks: this.board.ticksOf(symbol)}),
    onremove: (symbol) => void this.#remove(symbol),
    onadd: this.settings.listId === null ? (symbol) => void this.#addToOwn(symbol) : undefined,
    onselect: (symbol) => this.#show(symbol),
    onsort: (word) => askFor("sort", word || null),
    onmove: this.settings.listId === null ? undefined : (line, place) => void this.#move(line, place),
    edits: this.settings.listId === null ? undefined : {
      onrename: (section, name) => void this.#postSection("rename", {section, name}),
      onstep: (section, step) => void this.#stepSection(section, step),
      onremove: (section) => void this.#removeSection(section),
    },
    hasDetails: !this.settings.isPolling,
    keepsChosen: isMarketList(this.settings.listKey),
    openDay: async () => {
      const {DayReader} = await loadLate(async () => await import("../requests/day_reader.js"));
      return new DayReader(this.settings.sparklinesUrl);
    },
  });
  #search = openSearch({
    form: byId("add-form"),
    catalogue: () => this.board.instruments.values(),
    isListed: (symbol) => this.#listId === null || this.#watchlist.has(symbol),
    onfilter: (text) => this.#filter(text),
    onadd: (symbols) => void this.post(this.settings.addUrl, {symbol: symbols.join(","), ...this.#ofList()}),
    onpick: (symbol) => this.#watchlist.reveal(symbol),
  });
  /** The server has drawn them; their script is needed when they change. */
  #tabs = loadTabs();
  #isMarket = isMarketList(this.settings.listKey);
  /** The id of the list that is shown; null for one that the person cannot change. */
  #listId = this.settings.listId;
  /** Whether instruments may have changed since the list was made of the market. */
  #hasListings = true;
  /** The columns that are shown, in order. @type {string[]} */
  #columns = [];
  #pauseButton = byId("pause");
  #rejected = new Rejected();
  /** The symbol whose chart is open though the list lacks it. @type {string | null} */
  #guest = null;
  /** Whether the next prices were missed while away: old news do not flash. */
  #isCatchingUp = true;
  #isPaused = false;
  /** The list as a heat map; its scripts are loaded when it is first wanted. @type {import("../screen/heatmap/heat_map.js").HeatMap | null} */
  #map = null;
  #isMapShown = false;
  /** The text in the box for symbols, until the address has it. @type {string | null} */
  #typed = null;
  /** @type {number | undefined} */
  #typedTimer;
  /** Whether the page follows the address or a list: what opens or closes meanwhile is no step of a person. */
  #isFollowing = false;
  /** While the page goes back by itself, because somebody closed what they had opened: the address to show then. @type {string | null} */
  #closing = null;
  /** Reconnects that the rest of the page knows of. */
  #reconnects = 0;

  constructor() {
    super({fields: SHOWN_FIELDS});
  }

  /** @override */
  get symbols() {
    return this.#isMarket ? [EVERYTHING] : this.#rejected.others(this.#withGuest());
  }

  /** The symbols of the list, and that of a chart which is open without a line. */
  #withGuest() {
    return this.#guest === null ? this.#watchlist.symbols : [...this.#watchlist.symbols, this.#guest];
  }

  /** @override */
  get tradedSymbols() {
    return this.#rejected.others(this.#watchlist.symbols).slice(0, TRADED);
  }

  /** @override */
  chosenSymbol() {
    return this.#watchlist.selected;
  }

  /** Tabs do not share the whole market: a tab that wants a few symbols would get all of them. @override */
  get isShared() {
    return super.isShared && !isMarketList(this.settings.listKey);
  }

  /** @override */
  get channels() {
    return [CHANNEL.WATCHLIST];
  }

  /** @override */
  prepare() {
    this.#bindPace();
  }

  /** @override */
  begin() {
    document.addEventListener("visibilitychange", () => {
      this.#isCatchingUp = true;
    });
    this.#pauseButton.addEventListener("click", () => this.#togglePause());
    offerActions([
      {key: "/", label: "Find a line, or a symbol to add", run: () => this.#search.focus()},
      ...(this.settings.isPolling ? [] : [{key: "m", label: "Show the list as a heat map, or as a table", run: () => void this.#showMap(!this.#isMapShown)}]),
      {key: "p", label: "Pause or resume the prices", run: () => this.#togglePause()},
      ...(this.tradesBox ? [{key: "t", label: "Open or close the trades", run: () => this.#toggleTrades()}] : []),
      {key: "n", label: "Show or hide how many ticks an update stood for", run: () => this.#toggleReceipts()},
    ]);
    byId("columns").addEventListener("toggle", () => void this.#openColumns(), {once: true});
    this.#watchlist.hasReceipts = recall(RECEIPTS) === "on";
    document.querySelector("#picture")?.addEventListener("click", () => void this.#showMap(!this.#isMapShown));
    document.querySelector("#list-menu")?.addEventListener("toggle", () => this.#offerPlace());
    addEventListener("pagehide", () => this.#tellTyped());
    if (!saysAll() && asked("sort") === null) askFor("sort", this.#watchlist.orderWord || null);
    this.#showAddress();
  }

  /** @override */
  followAddress() {
    clearTimeout(this.#typedTimer);
    this.#typed = null;
    if (this.#closing !== null) {
      this.#tellAddress(this.#closing);
      return;
    }
    super.followAddress();
    // An address without an open line says nothing of a chart.
    if (asked("i") !== null) this.followChart();
    this.#showAddress();
    this.place.restore();
  }

  /** Show what the address says: order, text, columns, picture and the line that is open. */
  #showAddress() {
    this.#isFollowing = true;
    this.#columns = columnsOf((asked("columns") ?? this.settings.columns).split(","));
    this.#watchlist.showColumns(this.#columns);
    this.#watchlist.orderWord = asked("sort") ?? "";
    this.#search.show(asked("find") ?? "");
    if ((asked("picture") === MAP) !== this.#isMapShown) void this.#showMap(!this.#isMapShown);
    this.select(this.#askedSymbol());
    this.#isFollowing = false;
  }

  /** Return the symbol whose chart the address asks for, which the list may lack, or null. A message says that a text cannot be a symbol. */
  #askedSymbol() {
    const text = asked("i");
    const symbol = readSymbol(text ?? "");
    if (!this.hasChart) return this.#watchlist.has(symbol) ? symbol : null;
    if (isSymbol(symbol)) {
      askFor("i", symbol);
      return symbol;
    }
    if (symbol !== "") this.toasts.show({title: "No chart", body: `\u201c${symbol.slice(0, LONGEST_TEXT)}\u201d is not a symbol.`, level: "warning"});
    askFor("i", null);
    return null;
  }

  /** Let the address say what is shown, after the page went back by itself. @param {string} address */
  #tellAddress(address) {
    this.#closing = null;
    history.replaceState(history.state, "", address);
    askFor("i", this.#watchlist.selected);
    askFor("picture", this.#isMapShown ? MAP : null);
    this.place.keep();
  }

  // --- frames -------------------------------------------------------------------------------
  /** @override @param {MarketFrame} frame @param {Set<string>} changed */
  hearMarket(frame, changed) {
    if (frame.channel === CHANNEL.TICKER) {
      if (this.#isCatchingUp || frame.type === "snapshot") this.#watchlist.hush(changed);
      if (frame.type === "update") this.#isCatchingUp = false;
    } else if (frame.channel === CHANNEL.STATUS) {
      this.#hasListings = true;
      this.#askRejected();
      this.#search.refresh();
      this.#watchlist.refilter();
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
    const wanted = found.filter((symbol) => this.#withGuest().includes(symbol));
    if (wanted.length) this.connection.subscriptions.add(CHANNEL.TICKER, wanted);
    this.trades?.retry(wanted);
  }

  /** Follow the person's lists, which may have been changed in another window. @override @param {import("../wire/frames.js").WatchlistFrame} frame */
  hearLists({data, lists}) {
    const shown = lists.find(({id}) => id === this.#listId) ?? lists[0];
    if (this.#listId !== null && shown) this.#listId = shown.id;
    const shownId = this.#listId;
    void this.#tabs.then((tabs) => tabs.show(lists, shownId));
    if (this.#listId === null) return;
    if (shown) write(byId("list-name"), shown.name);
    this.#list(shown?.symbols ?? data, shown?.sections);
  }

  /** Show these symbols, and follow their prices. @param {string[]} symbols @param {import("../wire/checks.js").Section[]} [sections] */
  #list(symbols, sections) {
    const before = new Set(this.#watchlist.symbols);
    const now = new Set(symbols);
    const added = symbols.filter((symbol) => !before.has(symbol));
    const removed = [...before].filter((symbol) => !now.has(symbol));
    this.#isFollowing = true;
    this.#watchlist.list([...now], sections);
    this.#isFollowing = false;
    if (this.#guest !== null && now.has(this.#guest)) this.#guest = null;
    if (this.hasChart && asked("i") !== null) askFor("i", this.#watchlist.selected);
    this.trades?.list([...now].slice(0, TRADED));
    this.meter.show({symbols: count(now.size)});
    this.#search.refresh();
    if (this.#isMarket) return;
    if (removed.length) this.connection.subscriptions.remove(CHANNEL.TICKER, removed);
    this.board.forget(removed);
    if (added.length) this.connection.subscriptions.add(CHANNEL.TICKER, added);
    this.#rejected.forget(removed);
  }

  /** Follow the market: movers change with the prices, the other lists with the instruments. */
  #followMarket() {
    const {listKey} = this.settings;
    if (this.board.position(CHANNEL.STATUS) === null) return;
    if (isMovers(listKey) ? this.#watchlist.isTouched : !this.#hasListings) return;
    this.#hasListings = false;
    this.#list(marketSymbols(listKey, this.board));
  }

  // --- people -------------------------------------------------------------------------------
  /** @override @param {string | null} symbol */
  select(symbol) {
    this.#watchlist.select(symbol);
  }

  /** Show only this instrument's trades, and its chart; null shows all trades and no chart. @param {string | null} symbol */
  #show(symbol) {
    this.#invite(symbol);
    this.trades?.select(symbol);
    void this.chart(symbol);
    if (this.#isFollowing) return;
    if (symbol !== null) this.#reveal();
    if (this.hasChart) this.#step("i", symbol);
  }

  /** Follow the prices of a chart that is opened for a symbol without a line, and no longer those of the former one. @param {string | null} symbol */
  #invite(symbol) {
    const before = this.#guest;
    this.#guest = symbol === null || !this.hasChart || this.#isMarket || this.#watchlist.has(symbol) ? null : symbol;
    if (this.#guest === before) return;
    if (before !== null && !this.#watchlist.has(before)) {
      this.connection.subscriptions.remove(CHANNEL.TICKER, [before]);
      this.board.forget([before]);
      this.#rejected.forget([before]);
    }
    if (this.#guest !== null) this.connection.subscriptions.add(CHANNEL.TICKER, [this.#guest]);
  }

  /**
   * Write into the address what opens or closes. Opening is a step that the back button takes back; closing what was opened
   * last takes that step back, if nothing else was changed meanwhile.
   * @param {string} name
   * @param {string | null} value
   */
  #step(name, value) {
    this.#tellTyped();
    const [before, after] = [location.href, addressWith(name, value)];
    if (value === null && isStepFrom(after)) {
      this.#closing = after;
      history.back();
    } else if (value !== null && asked(name) === null && this.#closing === null) {
      this.place.keep();
      history.pushState(history.state, "", after);
      cameFrom(before);
    } else askFor(name, value);
  }

  /** Show only the lines with a text, and let the address say so. @param {string} text */
  #filter(text) {
    this.#watchlist.filter(text);
    if (this.#isFollowing) return;
    this.#typed = text.trim();
    clearTimeout(this.#typedTimer);
    this.#typedTimer = setTimeout(() => this.#tellTyped(), TYPED_MS);
  }

  #tellTyped() {
    clearTimeout(this.#typedTimer);
    if (this.#typed !== null) askFor("find", this.#typed || null);
    this.#typed = null;
  }

  /** Bring the chart and the open trades of a line into view: a former one may have been scrolled. */
  #reveal() {
    for (const part of document.querySelectorAll("#beside, #instrument")) part.scrollTop = 0;
    this.revealTrades();
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

  /** Show the list as a heat map, or as a table again. @param {boolean} isShown */
  async #showMap(isShown) {
    if (this.settings.isPolling) return;
    this.#isMapShown = isShown;
    if (!this.#isFollowing) this.#step("picture", isShown ? MAP : null);
    write(byId("picture"), isShown ? "Table" : "Heat map");
    byId("heatmap").hidden = !isShown;
    find(byId("watchlist"), "table").hidden = isShown;
    if (!isShown || this.#map) {
      this.#paintMap();
      return;
    }
    const {HeatMap} = await loadLate(async () => await import("../screen/heatmap/heat_map.js"));
    this.#map ??= new HeatMap({panel: byId("heatmap"), facts: (symbol) => this.facts(symbol), onselect: (symbol) => this.select(symbol)});
    this.#paintMap();
  }

  #paintMap() {
    if (this.#isMapShown && !document.hidden) this.#map?.show(this.#watchlist.symbols, performance.now());
  }

  /** Show or hide how many ticks the last update of each line stood for. */
  #toggleReceipts() {
    const isShown = !this.#watchlist.hasReceipts;
    this.#watchlist.hasReceipts = isShown;
    remember(RECEIPTS, isShown ? "on" : null);
    this.announcer.say(isShown ? "Lines say how many ticks an update stood for" : "Lines no longer count ticks");
  }

  #toggleTrades() {
    this.toggleTrades();
    this.revealTrades();
  }

  /** Fill the menu of the columns, whose script is loaded when it is first opened. */
  async #openColumns() {
    const {ColumnMenu} = await loadLate(async () => await import("../screen/watchlist/column_menu.js"));
    const onchange = (/** @type {string[]} */ columns) => this.#chooseColumns(columns);
    const panel = find(byId("columns"), "[data-part=panel]");
    panel.replaceChildren();
    new ColumnMenu(panel, {columns: this.#columns, onchange});
  }

  /** Show these columns, here and wherever the person signs in. What the address said no longer counts. @param {string[]} columns */
  #chooseColumns(columns) {
    this.#watchlist.showColumns(columns);
    this.settings.columns = columns.join(",");
    askFor("columns", null);
    void this.post(this.settings.columnsUrl, {column: columns});
  }

  /** What an edit says of its list. */
  #ofList() {
    return {list: String(this.#listId ?? "")};
  }

  /** Put a line where so many others of the list stand before it, or a section among the sections. @param {string} line @param {number} place */
  async #move(line, place) {
    const section = titleOf(line);
    if (section === null) await this.post(this.settings.moveUrl, {symbol: line, place: String(place), ...this.#ofList()});
    else await this.#postSection("move", {section, place: String(place)});
  }

  /** @param {string} action @param {Record<string, string>} fields */
  async #postSection(action, fields) {
    return this.post(`${this.settings.sectionsUrl}${action}/`, {...fields, ...this.#ofList()});
  }

  /** Move a section by so many sections. @param {string} section @param {number} step */
  async #stepSection(section, step) {
    const place = this.#watchlist.titles.indexOf(section) + step;
    if (place >= 0) await this.#postSection("move", {section, place: String(place)});
  }

  /** Remove the title of a section, and offer to put it back. @param {string} section */
  async #removeSection(section) {
    const above = this.#watchlist.symbolAfter(lineOfTitle(section));
    if (!(await this.#postSection("remove", {section}))) return;
    const run = () => void this.#postSection("add", {name: section, above});
    this.toasts.show({title: `Section “${section}” removed`, body: "Its symbols stay.", action: {label: "Undo", run}});
  }

  /** Offer the line that is chosen as the one to move, and as the place of a new section. */
  #offerPlace() {
    const symbol = this.#watchlist.selected;
    if (symbol === null || !this.#watchlist.has(symbol)) return;
    for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("#list-menu [data-chosen]"))) field.value = symbol;
  }

  /** Put a line of the market, or of a list that was shared, on one of the person's own lists. @param {string} symbol */
  async #addToOwn(symbol) {
    const field = /** @type {HTMLSelectElement | HTMLInputElement} */ (find(document, "[name=list]:is([form=add-line-form], #add-line-form *)"));
    const name = field instanceof HTMLSelectElement ? field.selectedOptions[0]?.text : field.dataset.name;
    if (!(await this.post(this.settings.addUrl, {symbol, list: field.value}))) return;
    this.toasts.show({title: `${symbol} is on ${name ?? "your list"}`});
  }

  /** Remove a symbol, and offer to put it back where it stood. @param {string} symbol */
  async #remove(symbol) {
    if (this.#listId === null) return;
    const place = String(this.#watchlist.placeOf(symbol));
    if (!(await this.post(this.settings.removeUrl, {symbol, ...this.#ofList()}))) return;
    const run = () => void this.post(this.settings.addUrl, {symbol, place, undo: "1", ...this.#ofList()});
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
    if (this.#isMarket) this.#followMarket();
    this.#watchlist.showBreadth(byId("breadth"));
    this.#paintMap();
    this.#watchlist.markStale(this.connection.state.name === "live" && !document.hidden ? this.market_ms : NaN);
  }
}

async function loadTabs() {
  const {ListTabs} = await loadLate(async () => await import("../screen/watchlist/list_tabs.js"));
  return new ListTabs(byId("own-lists"));
}

new Dashboard().open();
