// @ts-check
/**
 * One instrument: its key figures and its chart. It wants bars only while it is open.
 * Must not know the network: it is handed subscriptions, frames, and a function that reads older bars.
 */

import {find, hide, write} from "../../dom.js";
import {digitsOf, price} from "../../format.js";
import {ChartBars} from "../../market/chart_bars.js";
import {fileNameOf, pageOf} from "../../symbols.js";
import {CHANNEL, HEARTBEAT} from "../../wire/frames.js";
import {AlertLines} from "./alert_lines.js";
import {ROWS, barsFile, fillTable, save} from "./bars_table.js";
import {ChartChoice} from "./choice.js";
import {watchColours} from "./colours.js";
import {ExchangeTimes} from "./days.js";
import {Depth} from "./depth.js";
import {DrawingTimer} from "./drawing_timer.js";
import {Figures, partOf} from "./figures.js";
import {Legend} from "./legend.js";
import {loadLibrary} from "./library.js";
import {PhaseLog, marksOf} from "./marks.js";
import {OlderBars} from "./older_bars.js";
import {PriceChart} from "./price_chart.js";

/** @typedef {import("../../wire/frames.js").Bar} Bar */
/** @typedef {import("../../wire/frames.js").Frame} Frame */
/** @typedef {import("./price_chart.js").ChartKind} ChartKind */
/** @typedef {{add(channel: string, symbols: string[]): void, remove(channel: string, symbols: string[]): void}} BarSubscriptions */
/** @typedef {import("./older_bars.js").ReadBars} ReadBars */
/**
 * What the page knows of an instrument. `isUnseen`: the market is known, and this instrument is not in it.
 * @typedef {{
 *   row: import("../../wire/frames.js").Row | undefined, instrument: import("../../wire/frames.js").Instrument | undefined,
 *   feed: import("../../wire/frames.js").Feed | undefined, isUnseen: boolean,
 * }} InstrumentFacts
 */

/** The least time from one picture to the next: more would not be seen, but cost. */
const DRAW_MS = 200;
/** The same beside a list, whose line and the key figures show each price at once. */
const DRAW_BESIDE_MS = 1_000;
/** The same for each bar, as the library looks at all of them for each picture. */
const DRAW_MS_PER_BAR = 0.1;
/** What is said of the bars before those that the chart has. @type {Readonly<Record<import("./older_bars.js").OlderState, string>>} */
const OLDER = Object.freeze({
  "": "",
  reading: "Loading older bars\u2026",
  failed: "Older bars cannot be read now. Drag again, or press Older.",
  none: "These are the oldest bars.",
  full: "The chart holds no more bars. A longer interval shows more of the past.",
});
const INTERVAL = "1m";
const KIND = "candles";

export class InstrumentPanel {
  #panel;
  #subscriptions;
  #older;
  #facts;
  #onchange;
  #announce;
  #figures;
  #depth;
  #alerts;
  #legend;
  #host;
  #note;
  #table;
  /** @type {string | null} */
  #symbol = null;
  #interval;
  #kind;
  /** @type {ChartBars | null} */
  #bars = null;
  #phases = new PhaseLog();
  /** When the alert that the address describes would have fired. @type {readonly number[]} */
  #fired;
  #times = new ExchangeTimes("");
  #zone = "";
  /** @type {PriceChart | null} */
  #chart = null;
  #isTable = false;
  #isUnseen = false;
  /** Whether the chart shows the bars that are wanted now. */
  #isDrawn = false;
  #hasFailed = false;
  /** When the newest bar of the table begins; null: it is the newest of all. @type {number | null} */
  #tableEnd_ms = null;
  #drawing;
  /** The bars that are drawn. Others may have come since. @type {readonly Bar[]} */
  #drawn = [];
  /** Which of the drawn bars somebody points at. @type {number | null} */
  #pointed = null;

  /**
   * @param {{
   *   panel: HTMLElement, subscriptions: BarSubscriptions, read: ReadBars,
   *   facts: (symbol: string) => InstrumentFacts,
   *   alerts: import("./alert_lines.js").AlertService, onchange: (part: InstrumentPanel) => void, onclose: () => void, announce: (text: string) => void,
   *   address: import("./choice.js").Address, isBeside?: boolean,
   * }} options `onclose`: called when the close button is pressed; `address`: reads and sets parameters of the page's address;
   *   `isBeside`: a list beside it shows the price too
   */
  constructor({panel, subscriptions, read, facts, alerts, onchange, onclose, announce, address, isBeside = false}) {
    this.#panel = panel;
    const least_ms = isBeside ? DRAW_BESIDE_MS : DRAW_MS;
    this.#drawing = new DrawingTimer({draw: () => this.#draw(), rest_ms: () => Math.max(least_ms, DRAW_MS_PER_BAR * this.#drawn.length)});
    this.#fired = (panel.dataset.fired ?? "").split(",").filter(Boolean).map(Number);
    this.#subscriptions = subscriptions;
    this.#older = new OlderBars({read, onchange: () => this.#hearOlder()});
    this.#facts = facts;
    this.#onchange = onchange;
    this.#announce = announce;
    this.#figures = new Figures(panel);
    this.#depth = new Depth(panel, {subscriptions, digitsOf: (symbol) => digitsOf(facts(symbol).instrument)});
    this.#alerts = new AlertLines(partOf(panel, "alert-lines"), {
      service: alerts, announce, chart: () => this.#chart, onlines: () => this.#chart?.showPriceLines(this.#alerts.lines), facts: (symbol) => this.#priceFacts(symbol), home: partOf(panel, "alert"),
    });
    this.#legend = new Legend(partOf(panel, "legend"));
    this.#host = partOf(panel, "chart");
    this.#note = partOf(panel, "chart-note");
    this.#table = partOf(panel, "bars-table");
    this.#interval = new ChartChoice(panel, {name: "interval", parameter: "bars", first: INTERVAL, address, onchange: () => this.#setInterval()});
    this.#kind = new ChartChoice(panel, {name: "kind", parameter: "chart", first: KIND, address, onchange: () => this.#drawing.atOnce()});
    this.#bind(onclose);
    watchColours(() => this.#chart?.recolour());
  }

  /** The symbol that is shown, or null. */
  get symbol() {
    return this.#symbol;
  }

  /** The position of the bars, to resume from. */
  get position() {
    return this.#bars?.position ?? null;
  }

  /** The position of the book, to resume from. */
  get bookPosition() {
    return this.#depth.position;
  }

  /** Show an instrument, or close. @param {string | null} symbol */
  show(symbol) {
    if (symbol === this.#symbol) return;
    this.#unwant();
    this.#symbol = symbol;
    this.#isUnseen = false;
    this.#phases = new PhaseLog();
    this.#panel.hidden = symbol === null;
    this.#depth.show(symbol);
    this.#alerts.show(symbol);
    if (symbol === null) return;
    for (const choice of [this.#interval, this.#kind]) choice.tell();
    for (const place of this.#panel.querySelectorAll("[data-part=symbol]")) write(place, symbol);
    const link = /** @type {HTMLAnchorElement | null} */ (this.#panel.querySelector("a[data-part=page]"));
    if (link) link.href = this.addressOf(symbol);
    this.#begin();
    void this.#openChart();
  }

  /** Show the interval and the kind that the address says, which is another one since people went back or forward. */
  followAddress() {
    for (const choice of [this.#interval, this.#kind]) choice.follow();
  }

  /** Return the address of an instrument's own page. @param {string} symbol */
  addressOf(symbol) {
    return pageOf(this.#panel.dataset.page ?? "", symbol);
  }

  /** Take any frame. Return false for bars or a book that leave a gap. @param {Frame} frame */
  hear(frame) {
    if (!this.#bars) return true;
    if (frame.channel === HEARTBEAT && frame.confirms.includes(CHANNEL.BARS)) this.#bars.raise(frame.seq);
    if (frame.channel === HEARTBEAT && frame.confirms.includes(CHANNEL.DEPTH)) this.#depth.raise(frame.seq);
    if (frame.channel === CHANNEL.STATUS) this.#hearStatus();
    // An alert that fires is told in the same moment, and waits for nothing more.
    if (frame.channel === CHANNEL.NOTIFICATIONS) this.#alerts.renew();
    if (frame.channel === CHANNEL.DEPTH) return this.#hearBook(frame);
    if (frame.channel !== CHANNEL.BARS) return true;
    const isNext = this.#bars.take(frame);
    if (!this.#isUnseen) this.#older.join();
    this.#drawing.soon();
    return isNext;
  }

  /** Show the key figures. The chart draws at its own pace. */
  paint() {
    if (this.#symbol === null) return;
    const {row, instrument} = this.#facts(this.#symbol);
    this.#figures.show(row, instrument);
    this.#depth.paint();
  }

  /** @param {import("../../wire/frames.js").DepthFrame} frame */
  #hearBook(frame) {
    const isNext = this.#depth.hear(frame);
    this.#onchange(this);
    return isNext;
  }

  // --- wanting --------------------------------------------------------------------------------
  #begin() {
    const symbol = this.#symbol ?? "";
    this.#bars = new ChartBars({s: symbol, iv: this.#interval.value});
    this.#older.begin(this.#bars, symbol, this.#interval.value);
    this.#isDrawn = false;
    this.#tableEnd_ms = null;
    this.#drawn = [];
    this.#pointed = null;
    this.#subscriptions.add(CHANNEL.BARS, [this.#bars.name]);
    this.#hearStatus();
    this.#drawing.atOnce();
  }

  #unwant() {
    if (this.#bars) this.#subscriptions.remove(CHANNEL.BARS, [this.#bars.name]);
    this.#bars = null;
    this.#older.begin(null, "", "");
  }

  #hearStatus() {
    const {instrument, feed, isUnseen} = this.#facts(this.#symbol ?? "");
    this.#phases.hear(instrument, feed);
    if (feed && feed.zone !== this.#zone) {
      this.#zone = feed.zone;
      this.#times = new ExchangeTimes(feed.zone);
    }
    if (isUnseen !== this.#isUnseen) this.#beginAgain(isUnseen);
    this.#drawing.soon();
    this.#onchange(this);
  }

  /**
   * Stop showing an instrument that is gone, or that this person may not see now. If it comes back, ask again.
   * @param {boolean} isUnseen
   */
  #beginAgain(isUnseen) {
    this.#isUnseen = isUnseen;
    this.#unwant();
    this.#begin();
    this.#depth.show(this.#symbol);
  }

  /** Show what was read of the older bars, and say it to those who cannot see it. */
  #hearOlder() {
    const {state, wasAsked} = this.#older;
    if (wasAsked && state !== "reading") this.#announce(OLDER[state] || "Older bars are here.");
    if (this.#bars) this.#tell(this.#bars, this.#isUnseen);
    if (state !== "reading") this.#drawing.atOnce();
  }

  /** Other bars are seen: read older ones before their place is empty. */
  #hearView() {
    const bars = this.#bars;
    if (!bars || this.#isTable) return;
    if (this.#isAtFront(bars)) this.#older.want();
    this.#tell(bars, this.#isUnseen);
  }

  /** Say whether the oldest bars are seen that are here. @param {ChartBars} bars */
  #isAtFront(bars) {
    return this.#isTable ? this.#tableEnd(bars.all) <= ROWS : this.#chart?.isAtFront === true;
  }

  // --- drawing --------------------------------------------------------------------------------
  async #openChart() {
    // A library that failed is not asked for with every instrument that somebody chooses.
    if (this.#chart || this.#hasFailed) return;
    try {
      const library = await loadLibrary(this.#panel.dataset.library ?? "");
      // Several openings may wait for the same library.
      this.#chart ??= new PriceChart(library, this.#host, {
        onpoint: (index) => this.#point(index), onpick: (y) => this.#alerts.offer(y), onview: () => this.#alerts.place(),
        onhold: () => this.#older.allow(), onmove: () => this.#hearView(),
      });
      this.#chart.showPriceLines(this.#alerts.lines);
    } catch {
      // The table has the same values, so nobody is left with an empty box.
      this.#hasFailed = true;
      this.#setTable(true);
    }
    this.#drawing.atOnce();
  }

  #draw() {
    const bars = this.#bars;
    if (!bars || this.#symbol === null) return;
    const {row, instrument, feed, isUnseen} = this.#facts(this.#symbol);
    this.#tell(bars, isUnseen);
    // Until the older bars are here, a chart that lost its place goes on showing what it had.
    if (!bars.isJoined && !isUnseen && !this.#older.isLate) return;
    this.#isDrawn = true;
    const {all} = bars;
    const digits = digitsOf(instrument);
    const facts = {interval: this.#interval.value, times: this.#times, digits};
    const pointed = this.#pointed;
    const pointed_ms = this.#drawn[pointed ?? -1]?.t;
    this.#drawn = all;
    if (this.#isTable) fillTable(find(this.#table, "table"), all.slice(0, this.#tableEnd(all)), facts);
    this.#chart?.show({
      ...facts, symbol: this.#symbol, bars: all, kind: /** @type {ChartKind} */ (this.#kind.value), tick: instrument?.tick ?? 10 ** -digits, previousClose: row?.pc ?? null,
      marks: marksOf(all, {...facts, hasAuctions: Boolean(feed?.exchange), changes: this.#phases.changes, fired: this.#fired}),
    });
    // Older bars may stand before the one that somebody points at, unless the chart has noticed already.
    const isMoved = pointed_ms !== undefined && pointed === this.#pointed;
    this.#point(isMoved ? all.findLastIndex(({t}) => t <= pointed_ms) : this.#pointed);
  }

  /** Say why there is nothing to see, or nothing new. @param {ChartBars} bars @param {boolean} isUnseen */
  #tell(bars, isUnseen) {
    const isEmpty = bars.olderEnd_ms === null;
    let text = "";
    if (isUnseen) text = `${this.#symbol} is not listed now, or you may not see it.`;
    else if (!this.#isDrawn && !bars.isJoined && !this.#older.isLate) text = "Loading bars\u2026";
    else if (bars.isJoined && isEmpty) text = "No bars yet. The first trade begins one.";
    else if (!bars.isJoined && this.#older.isLate) text = "Older bars cannot be read now. Trying again\u2026";
    const older = text === "" && this.#isDrawn && this.#isAtFront(bars) && this.#older.wasAsked ? OLDER[this.#older.state] : "";
    this.#note.classList.toggle("chart-note-front", older !== "");
    write(this.#note, text || older);
    hide(this.#note, text === "" && older === "");
  }

  /** Return how many of the bars the table may show: those up to its newest. @param {readonly Bar[]} all */
  #tableEnd(all) {
    const end_ms = this.#tableEnd_ms;
    return end_ms === null ? all.length : all.findLastIndex(({t}) => t <= end_ms) + 1;
  }

  /** @param {string} symbol @returns {import("./alert_lines.js").PriceFacts} */
  #priceFacts(symbol) {
    const {row, instrument} = this.#facts(symbol);
    const digits = digitsOf(instrument);
    return {digits, tick: instrument?.tick ?? 10 ** -digits, last: row?.p ?? this.#bars?.all.at(-1)?.c ?? null};
  }

  /** Show the values of a bar above the chart. @param {number | null} index null: the newest */
  #point(index) {
    this.#pointed = index;
    const all = this.#drawn;
    const at = index !== null && index < all.length && index >= 0 ? index : all.length - 1;
    const bar = all[at];
    const digits = digitsOf(this.#facts(this.#symbol ?? "").instrument);
    const lines = this.#chart?.valuesAt(at) ?? {vwap: null, fast: null, slow: null, close: null};
    const time = bar ? this.#times.text(bar.t, this.#interval.value) : "";
    this.#legend.show(bar, {before: all[at - 1], time, digits, lines});
    if (index === null) this.#describe(bar, digits);
  }

  /** @param {Bar | undefined} bar @param {number} digits */
  #describe(bar, digits) {
    const text = bar ? `, newest close ${price(bar.c, digits)} at ${this.#times.text(bar.t, this.#interval.value)}` : "";
    const label = `Chart of ${this.#symbol}, bars of ${this.#interval.value}${text}. The button Table shows the same values.`;
    if (this.#host.getAttribute("aria-label") !== label) this.#host.setAttribute("aria-label", label);
  }

  // --- people ---------------------------------------------------------------------------------
  /** @param {() => void} onclose */
  #bind(onclose) {
    const panel = this.#panel;
    partOf(panel, "table").addEventListener("click", () => this.#setTable(!this.#isTable));
    partOf(panel, "newest").addEventListener("click", () => this.#showNewest());
    partOf(panel, "older").addEventListener("click", () => this.#showOlder());
    partOf(panel, "alert").addEventListener("click", () => this.#offerAlert());
    document.addEventListener("keydown", (event) => this.#onkeydown(event));
    partOf(panel, "csv").addEventListener("click", () => this.#saveBars());
    partOf(panel, "image").addEventListener("click", () => this.#savePicture());
    panel.querySelector("[data-part=close]")?.addEventListener("click", onclose);
  }

  /** Offer an alert at the last price; without a chart that shows it, lead to the form. */
  #offerAlert() {
    if (this.#symbol === null || (!this.#isTable && this.#alerts.offerLast())) return;
    location.assign((this.#panel.dataset.alert ?? "").replace("~", encodeURIComponent(this.#symbol)));
  }

  /** A line of the list that has the focus took the key for itself. @param {KeyboardEvent} event */
  #onkeydown(event) {
    const isForAlert = event.altKey && event.code === "KeyA" && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (!isForAlert || event.defaultPrevented || this.#symbol === null || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    this.#offerAlert();
  }

  /** Ask for the bars of the interval that is chosen now, if the panel is open. */
  #setInterval() {
    if (this.#symbol === null) return;
    this.#unwant();
    this.#begin();
    this.#announce(`Bars of ${this.#interval.value}`);
  }

  #showNewest() {
    this.#tableEnd_ms = null;
    this.#chart?.showNewest();
    this.#drawing.atOnce();
  }

  /** Show the bars before those that are seen, in the picture or in the table. */
  #showOlder() {
    const bars = this.#bars;
    if (!bars) return;
    this.#older.allow();
    if (this.#isTable) this.#showOlderRows(bars);
    else {
      this.#chart?.showOlder();
      this.#hearView();
    }
    this.#drawing.atOnce();
  }

  /** @param {ChartBars} bars */
  #showOlderRows(bars) {
    const {all} = bars;
    const end = Math.max(this.#tableEnd(all) - ROWS, Math.min(ROWS, all.length));
    this.#tableEnd_ms = all[end - 1]?.t ?? null;
    this.#table.scrollTop = 0;
    // The rows of the next step are read ahead.
    if (end <= 2 * ROWS) this.#older.want();
  }

  /** @param {boolean} isTable */
  #setTable(isTable) {
    const seen = isTable ? this.#chart?.lastSeen ?? null : null;
    this.#tableEnd_ms = seen === null ? null : this.#bars?.all[seen]?.t ?? null;
    this.#isTable = isTable;
    this.#table.hidden = !isTable;
    this.#host.hidden = isTable;
    partOf(this.#panel, "table").setAttribute("aria-pressed", String(isTable));
    this.#drawing.atOnce();
  }

  get #fileName() {
    return `${fileNameOf(this.#symbol ?? "")}-${this.#interval.value}`;
  }

  #saveBars() {
    if (!this.#isDrawn) {
      this.#announce("The bars are still loading");
      return;
    }
    save(new Blob([barsFile(this.#bars?.all ?? [])], {type: "text/csv"}), `${this.#fileName}.csv`);
  }

  #savePicture() {
    this.#chart?.picture().toBlob((blob) => blob && save(blob, `${this.#fileName}.png`));
  }
}

/**
 * Return the panel of this page, or null if it has none.
 * @param {Omit<ConstructorParameters<typeof InstrumentPanel>[0], "panel">} options
 */
export function openInstrument(options) {
  const panel = document.getElementById("instrument");
  return panel && new InstrumentPanel({panel, ...options});
}
