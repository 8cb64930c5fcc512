// @ts-check
/**
 * One instrument: its key figures and its chart. It wants bars only while it is open.
 * Must not know the network: it is handed subscriptions, frames, and a function that reads older bars.
 */

import {find, recall, remember, write} from "../../dom.js";
import {digitsOf, price} from "../../format.js";
import {ChartBars} from "../../market/chart_bars.js";
import {CHANNEL, HEARTBEAT} from "../../wire/frames.js";
import {barsFile, fillTable, save} from "./bars_table.js";
import {watchColours} from "./colours.js";
import {ExchangeTimes} from "./days.js";
import {Depth} from "./depth.js";
import {Figures, partOf} from "./figures.js";
import {Legend} from "./legend.js";
import {loadLibrary} from "./library.js";
import {PhaseLog, marksOf} from "./marks.js";
import {PriceChart} from "./price_chart.js";

/** @typedef {import("../../wire/frames.js").Bar} Bar */
/** @typedef {import("../../wire/frames.js").Frame} Frame */
/** @typedef {import("./price_chart.js").ChartKind} ChartKind */
/** @typedef {import("./price_chart.js").PriceMark} PriceMark */
/** @typedef {{add(channel: string, symbols: string[]): void, remove(channel: string, symbols: string[]): void}} BarSubscriptions */
/** @typedef {(request: {symbol: string, interval: string, to_ms: number | null, limit: number}) => Promise<Bar[]>} ReadBars */
/**
 * What the page knows of an instrument. `isUnseen`: the market is known, and this instrument is not in it.
 * @typedef {{
 *   row: import("../../wire/frames.js").Row | undefined, instrument: import("../../wire/frames.js").Instrument | undefined,
 *   feed: import("../../wire/frames.js").Feed | undefined, isUnseen: boolean,
 * }} InstrumentFacts
 */

/** As many older bars as the board of bars keeps, less those of the wire. */
const OLDER = 900;
/** The least time from one picture to the next: more would not be seen, but cost. */
const DRAW_MS = 200;
/** The first wait before older bars are asked for again; it doubles. */
const RETRY_MS = 2_000;
const MOST_RETRY_MS = 30_000;
const INTERVAL = "1m";
const KIND = "candles";

export class InstrumentPanel {
  #panel;
  #subscriptions;
  #read;
  #facts;
  #onchange;
  #announce;
  #figures;
  #depth;
  #legend;
  #host;
  #note;
  #table;
  /** @type {string | null} */
  #symbol = null;
  #interval = INTERVAL;
  /** @type {ChartKind} */
  #kind = KIND;
  /** @type {ChartBars | null} */
  #bars = null;
  #phases = new PhaseLog();
  #times = new ExchangeTimes("");
  #zone = "";
  /** @type {PriceChart | null} */
  #chart = null;
  /** @type {readonly PriceMark[]} */
  #priceLines = [];
  #isTable = false;
  #isUnseen = false;
  /** Whether the chart shows the bars that are wanted now. */
  #isDrawn = false;
  #hasFailed = false;
  /** The generation of bars whose older ones are being read. */
  #reading = 0;
  #retry_ms = RETRY_MS;
  #drawn_ms = -Infinity;
  /** @type {number | undefined} */
  #timer;
  /** The bar that somebody points at. @type {number | null} */
  #pointed = null;

  /**
   * @param {{
   *   panel: HTMLElement, subscriptions: BarSubscriptions, read: ReadBars,
   *   readBook: (symbol: string) => Promise<import("./ladder.js").Book | null>, facts: (symbol: string) => InstrumentFacts,
   *   onchange: (part: InstrumentPanel) => void, onclose: () => void, announce: (text: string) => void,
   * }} options `onclose`: the button was pressed
   */
  constructor({panel, subscriptions, read, readBook, facts, onchange, onclose, announce}) {
    this.#panel = panel;
    this.#subscriptions = subscriptions;
    this.#read = read;
    this.#facts = facts;
    this.#onchange = onchange;
    this.#announce = announce;
    this.#figures = new Figures(panel);
    this.#depth = new Depth(panel, {read: readBook, digitsOf: (symbol) => digitsOf(facts(symbol).instrument)});
    this.#legend = new Legend(partOf(panel, "legend"));
    this.#host = partOf(panel, "chart");
    this.#note = partOf(panel, "chart-note");
    this.#table = partOf(panel, "bars-table");
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

  /** Show an instrument, or close. @param {string | null} symbol */
  show(symbol) {
    if (symbol === this.#symbol) return;
    this.#unwant();
    this.#symbol = symbol;
    this.#isUnseen = false;
    this.#phases = new PhaseLog();
    this.#panel.hidden = symbol === null;
    this.#depth.show(symbol);
    if (symbol === null) return;
    for (const place of this.#panel.querySelectorAll("[data-part=symbol]")) write(place, symbol);
    const link = /** @type {HTMLAnchorElement | null} */ (this.#panel.querySelector("a[data-part=page]"));
    if (link) link.href = this.addressOf(symbol);
    this.#begin();
    void this.#openChart();
  }

  /** Return the address of an instrument's own page. @param {string} symbol */
  addressOf(symbol) {
    return (this.#panel.dataset.page ?? "").replace("~", encodeURIComponent(symbol));
  }

  /** Draw horizontal lines at these prices, as of alerts, and no others. @param {readonly PriceMark[]} lines */
  showPriceLines(lines) {
    this.#priceLines = lines;
    this.#chart?.showPriceLines(lines);
  }

  /** Take any frame. Return false for bars that leave a gap. @param {Frame} frame */
  hear(frame) {
    if (!this.#bars) return true;
    if (frame.channel === HEARTBEAT && frame.confirms.includes(CHANNEL.BARS)) this.#bars.raise(frame.seq);
    if (frame.channel === CHANNEL.STATUS) this.#hearStatus();
    if (frame.channel !== CHANNEL.BARS) return true;
    const isNext = this.#bars.take(frame);
    this.#join();
    this.#drawSoon();
    return isNext;
  }

  /** Show the key figures. The chart draws at its own pace. */
  paint() {
    if (this.#symbol === null) return;
    const {row, instrument} = this.#facts(this.#symbol);
    this.#figures.show(row, instrument);
  }

  // --- wanting --------------------------------------------------------------------------------
  #begin() {
    const symbol = this.#symbol ?? "";
    this.#bars = new ChartBars({s: symbol, iv: this.#interval});
    this.#reading = 0;
    this.#isDrawn = false;
    this.#retry_ms = RETRY_MS;
    this.#pointed = null;
    this.#subscriptions.add(CHANNEL.BARS, [this.#bars.name]);
    this.#hearStatus();
    this.#drawSoon();
    this.#onchange(this);
  }

  #unwant() {
    if (this.#bars) this.#subscriptions.remove(CHANNEL.BARS, [this.#bars.name]);
    this.#bars = null;
  }

  #hearStatus() {
    const {instrument, feed, isUnseen} = this.#facts(this.#symbol ?? "");
    this.#phases.hear(instrument, feed);
    if (feed && feed.zone !== this.#zone) {
      this.#zone = feed.zone;
      this.#times = new ExchangeTimes(feed.zone);
    }
    if (isUnseen !== this.#isUnseen) this.#beginAgain(isUnseen);
    this.#drawSoon();
    this.#onchange(this);
  }

  /**
   * Show nothing more of an instrument that is gone, or that this person may not see any more. If it comes back, ask again.
   * @param {boolean} isUnseen
   */
  #beginAgain(isUnseen) {
    this.#isUnseen = isUnseen;
    this.#unwant();
    this.#begin();
  }

  /** Read the bars before those of the wire, once for each snapshot. */
  #join() {
    const bars = this.#bars;
    if (!bars?.hasBegun || bars.isJoined || this.#isUnseen || this.#reading === bars.generation) return;
    this.#reading = bars.generation;
    void this.#readOlder(bars, bars.generation);
  }

  /** @param {ChartBars} bars @param {number} generation */
  async #readOlder(bars, generation) {
    const request = {symbol: this.#symbol ?? "", interval: this.#interval, to_ms: bars.olderEnd_ms, limit: OLDER};
    try {
      bars.join(await this.#read(request), generation);
      this.#retry_ms = RETRY_MS;
    } catch {
      this.#readLater(bars);
    }
    if (bars === this.#bars) this.#drawSoon();
  }

  /** @param {ChartBars} bars */
  #readLater(bars) {
    setTimeout(() => {
      if (bars !== this.#bars) return;
      this.#reading = 0;
      this.#join();
    }, this.#retry_ms);
    this.#retry_ms = Math.min(2 * this.#retry_ms, MOST_RETRY_MS);
  }

  // --- drawing --------------------------------------------------------------------------------
  async #openChart() {
    if (this.#chart || this.#hasFailed) return;
    try {
      const library = await loadLibrary(this.#panel.dataset.library ?? "");
      this.#chart ??= new PriceChart(library, this.#host, (index) => this.#point(index));
      this.#chart.showPriceLines(this.#priceLines);
    } catch {
      // The table has the same values, so nobody is left with an empty box.
      this.#hasFailed = true;
      this.#setTable(true);
    }
    this.#drawSoon();
  }

  #drawSoon() {
    if (this.#timer !== undefined) return;
    const wait_ms = Math.max(0, this.#drawn_ms + DRAW_MS - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#drawn_ms = performance.now();
      this.#draw();
    }, wait_ms);
  }

  #draw() {
    const bars = this.#bars;
    if (!bars || this.#symbol === null) return;
    const {row, instrument, feed, isUnseen} = this.#facts(this.#symbol);
    this.#tell(bars, isUnseen);
    // Until the older bars are here, a chart that lost its place goes on showing what it had.
    if (!bars.isJoined && !isUnseen && this.#retry_ms === RETRY_MS) return;
    this.#isDrawn = true;
    const {all} = bars;
    const digits = digitsOf(instrument);
    const facts = {interval: this.#interval, times: this.#times, digits};
    if (this.#isTable) fillTable(find(this.#table, "table"), all, facts);
    this.#chart?.show({
      ...facts, symbol: this.#symbol, bars: all, kind: this.#kind, tick: instrument?.tick ?? 10 ** -digits, previousClose: row?.pc ?? null,
      marks: marksOf(all, {...facts, hasAuctions: Boolean(feed?.exchange), changes: this.#phases.changes}),
    });
    this.#point(this.#pointed);
  }

  /** Say why there is nothing to see, or nothing new. @param {ChartBars} bars @param {boolean} isUnseen */
  #tell(bars, isUnseen) {
    const isEmpty = bars.olderEnd_ms === null;
    let text = "";
    if (isUnseen) text = `${this.#symbol} is not listed now, or you may not see it.`;
    else if (!this.#isDrawn && !bars.isJoined && this.#retry_ms === RETRY_MS) text = "Loading bars\u2026";
    else if (bars.isJoined && isEmpty) text = "No bars yet. The first trade begins one.";
    else if (!bars.isJoined && this.#retry_ms > RETRY_MS) text = "Older bars cannot be read now. Trying again\u2026";
    write(this.#note, text);
    this.#note.hidden = text === "";
  }

  /** Show the values of a bar above the chart. @param {number | null} index null: the newest */
  #point(index) {
    this.#pointed = index;
    const all = this.#bars?.all ?? [];
    const at = index !== null && index < all.length && index >= 0 ? index : all.length - 1;
    const bar = all[at];
    const digits = digitsOf(this.#facts(this.#symbol ?? "").instrument);
    const lines = this.#chart?.valuesAt(at) ?? {vwap: null, fast: null, slow: null};
    const time = bar ? this.#times.text(bar.t, this.#interval) : "";
    this.#legend.show(bar, {before: all[at - 1], time, digits, lines});
    if (index === null) this.#describe(bar, digits);
  }

  /** @param {Bar | undefined} bar @param {number} digits */
  #describe(bar, digits) {
    const text = bar ? `, newest close ${price(bar.c, digits)} at ${this.#times.text(bar.t, this.#interval)}` : "";
    const label = `Chart of ${this.#symbol}, bars of ${this.#interval}${text}. The button Table shows the same values.`;
    if (this.#host.getAttribute("aria-label") !== label) this.#host.setAttribute("aria-label", label);
  }

  // --- people ---------------------------------------------------------------------------------
  /** @param {() => void} onclose */
  #bind(onclose) {
    const panel = this.#panel;
    this.#interval = this.#bindChoice("interval", INTERVAL, (value) => this.#setInterval(value));
    this.#kind = /** @type {ChartKind} */ (this.#bindChoice("kind", KIND, (value) => {
      this.#kind = /** @type {ChartKind} */ (value);
      this.#drawSoon();
    }));
    partOf(panel, "table").addEventListener("click", () => this.#setTable(!this.#isTable));
    partOf(panel, "newest").addEventListener("click", () => this.#chart?.showNewest());
    partOf(panel, "csv").addEventListener("click", () => this.#saveBars());
    partOf(panel, "image").addEventListener("click", () => this.#savePicture());
    panel.querySelector("[data-part=close]")?.addEventListener("click", onclose);
  }

  /** Bind radio buttons. Return the value that this browser remembers. @param {string} name @param {string} first @param {(value: string) => void} onchange */
  #bindChoice(name, first, onchange) {
    const inputs = /** @type {HTMLInputElement[]} */ ([...this.#panel.querySelectorAll(`input[name=chart-${name}]`)]);
    const value = recall(`chart.${name}`) ?? first;
    const chosen = inputs.find((input) => input.value === value) ?? inputs.find((input) => input.value === first);
    if (chosen) chosen.checked = true;
    for (const input of inputs) {
      input.addEventListener("change", () => {
        remember(`chart.${name}`, input.value === first ? null : input.value);
        onchange(input.value);
      });
    }
    return chosen?.value ?? first;
  }

  /** @param {string} interval */
  #setInterval(interval) {
    this.#unwant();
    this.#interval = interval;
    this.#begin();
    this.#announce(`Bars of ${interval}`);
  }

  /** @param {boolean} isTable */
  #setTable(isTable) {
    this.#isTable = isTable;
    this.#table.hidden = !isTable;
    this.#host.hidden = isTable;
    partOf(this.#panel, "table").setAttribute("aria-pressed", String(isTable));
    this.#drawSoon();
  }

  #saveBars() {
    if (!this.#isDrawn) {
      this.#announce("The bars are still loading");
      return;
    }
    save(new Blob([barsFile(this.#bars?.all ?? [])], {type: "text/csv"}), `${this.#symbol}-${this.#interval}.csv`);
  }

  #savePicture() {
    this.#chart?.picture().toBlob((blob) => blob && save(blob, `${this.#symbol}-${this.#interval}.png`));
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
