// @ts-check
/**
 * A chart of bars, drawn by the chart library: prices, volume, lines made of them, days and marks.
 * Must not know where bars come from.
 */

import {coloursOf, faint} from "./colours.js";
import {daySpans} from "./days.js";
import {movingAverage, volumeWeightedAverage} from "./indicators.js";
import {SessionBands} from "./session_bands.js";

/** @typedef {import("../../wire/frames.js").Bar} Bar */
/** @typedef {import("./days.js").ExchangeTimes} ExchangeTimes */
/** @typedef {import("./library.js").Library} Library */
/** @typedef {import("./library.js").Point} Point */
/** @typedef {import("./library.js").Series} Series */
/** @typedef {"candles" | "line" | "area"} ChartKind */

/** A horizontal line at a price, as of an alert. @typedef {{price: number, title: string, colour?: string}} PriceMark */
/** A mark at the bar in which something happened; `isBelow` the bar. @typedef {{t: number, text: string, isBelow: boolean, isUrgent: boolean}} TimeMark */
/**
 * What is drawn. `times` of the exchange; `tick` the least step of the price.
 * @typedef {{
 *   symbol: string, bars: readonly Bar[], interval: string, kind: ChartKind, times: ExchangeTimes, digits: number, tick: number,
 *   previousClose: number | null, marks: readonly TimeMark[],
 * }} Picture
 */
/** The values of the calculated lines at a bar. @typedef {{vwap: number | null, fast: number | null, slow: number | null}} LineValues */

export const FAST = 20;
export const SLOW = 50;
/** How many bars are seen at first. */
const SHOWN = 120;
const DASHED = 2;
/** The lines on top of the bars, in this order. @type {readonly ("vwap" | "fast" | "slow")[]} */
const LINES = Object.freeze(["vwap", "fast", "slow"]);

export class PriceChart {
  #library;
  #element;
  #chart;
  #volume;
  #bands;
  /** @type {Series} */
  #prices;
  /** @type {ChartKind | ""} */
  #kind = "";
  /** @type {import("./library.js").Markers} */
  #markers;
  #marked = "";
  /** @type {Record<string, Series>} */
  #lines = {};
  /** @type {Record<string, (number | null)[]>} */
  #values = {};
  /** @type {import("./library.js").PriceLine | null} */
  #closeLine = null;
  #close_at = "";
  /** @type {import("./library.js").PriceLine[]} */
  #priceLines = [];
  /** @type {readonly PriceMark[]} */
  #priceMarks = [];
  #colours;
  /** What was drawn last. @type {Picture | null} */
  #picture = null;
  #isForced = true;

  /**
   * @param {Library} library
   * @param {HTMLElement} element
   * @param {(index: number | null) => void} onpoint somebody points at a bar, by its index, or at none
   */
  constructor(library, element, onpoint) {
    this.#library = library;
    this.#element = element;
    this.#colours = coloursOf(element);
    this.#chart = library.createChart(element, {autoSize: true, ...this.#look()});
    this.#bands = new SessionBands(this.#chart.timeScale());
    this.#volume = this.#chart.addSeries(library.HistogramSeries, {
      priceScaleId: "", priceFormat: {type: "volume"}, lastValueVisible: false, priceLineVisible: false,
    });
    this.#volume.priceScale().applyOptions({scaleMargins: {top: 0.82, bottom: 0}});
    for (const name of LINES) this.#lines[name] = this.#addLine(name);
    this.#prices = this.#addPrices("candles");
    this.#markers = library.createSeriesMarkers(this.#prices, []);
    this.#chart.subscribeCrosshairMove(({logical, point}) => onpoint(point && logical !== undefined ? logical : null));
  }

  /** Return the values of the lines at a bar. @param {number} index @returns {LineValues} */
  valuesAt(index) {
    const [vwap = null, fast = null, slow = null] = LINES.map((name) => this.#values[name]?.[index] ?? null);
    return {vwap, fast, slow};
  }

  /** Draw. Only what differs from the last picture is told to the library. @param {Picture} picture */
  show(picture) {
    const before = this.#picture;
    const isOther = this.#isForced || before?.symbol !== picture.symbol || before.kind !== picture.kind || before.interval !== picture.interval
      || before.times !== picture.times || before.digits !== picture.digits;
    if (isOther) this.#dress(picture);
    this.#calculate(picture);
    this.#draw(picture, isOther ? null : firstChange(before.bars, picture.bars));
    this.#showClose(picture);
    this.#showMarks(picture);
    this.#picture = picture;
    this.#isForced = false;
    if (before?.interval !== picture.interval || before.symbol !== picture.symbol || before.bars.length === 0) this.showNewest();
  }

  /** Show the newest bars, as at first. */
  showNewest() {
    const count = this.#picture?.bars.length ?? 0;
    this.#chart.timeScale().setVisibleLogicalRange({from: count - Math.min(SHOWN, Math.max(count, 30)), to: count + 4});
  }

  /** Draw horizontal lines at these prices and no others. @param {readonly PriceMark[]} marks */
  showPriceLines(marks) {
    for (const line of this.#priceLines) this.#prices.removePriceLine(line);
    this.#priceMarks = marks;
    this.#priceLines = marks.map(({price, title, colour}) => this.#prices.createPriceLine({
      price, title, color: colour ?? this.#colours.accent, lineWidth: 1, lineStyle: DASHED, axisLabelVisible: true,
    }));
  }

  /** Take the colours of the page again. */
  recolour() {
    this.#colours = coloursOf(this.#element);
    this.#chart.applyOptions(this.#look());
    for (const name of LINES) this.#lines[name]?.applyOptions({color: this.#colours[`chart-${name}`]});
    if (!this.#picture) return;
    this.#isForced = true;
    this.#closeLine = null;
    this.#close_at = this.#marked = "";
    this.#replacePrices(this.#picture.kind);
    this.show(this.#picture);
  }

  /** Return the chart as a picture. */
  picture() {
    return this.#chart.takeScreenshot();
  }

  // --- looks ----------------------------------------------------------------------------------
  #look() {
    const {surface, muted, line, text} = this.#colours;
    const cross = {color: muted, labelBackgroundColor: text, width: 1, style: 3};
    return {
      layout: {
        attributionLogo: false, background: {type: "solid", color: surface}, textColor: muted,
        fontFamily: getComputedStyle(this.#element).fontFamily, fontSize: 11,
      },
      grid: {vertLines: {color: faint(line, 0.6)}, horzLines: {color: faint(line, 0.6)}},
      crosshair: {mode: 0, vertLine: cross, horzLine: cross},
      rightPriceScale: {borderColor: line, scaleMargins: {top: 0.08, bottom: 0.22}},
      timeScale: {borderColor: line, timeVisible: true, secondsVisible: false, rightOffset: 4, minBarSpacing: 1},
      handleScroll: {mouseWheel: false, vertTouchDrag: false},
      handleScale: {mouseWheel: false},
    };
  }

  /** Prepare the series for another kind of picture. @param {Picture} picture */
  #dress(picture) {
    if (this.#kind !== picture.kind) this.#replacePrices(picture.kind);
    const format = {type: "price", precision: picture.digits, minMove: picture.tick};
    for (const series of [this.#prices, ...Object.values(this.#lines)]) series.applyOptions({priceFormat: format});
    const {times, interval} = picture;
    this.#chart.applyOptions({
      localization: {timeFormatter: (/** @type {number} */ at_s) => times.text(at_s * 1000, interval)},
      timeScale: {tickMarkFormatter: (/** @type {number} */ at_s, /** @type {number} */ kind) => tickText(times, interval, at_s, kind)},
    });
    this.#bands.paintWith({fill: faint(this.#colours.muted, 0.06), stroke: faint(this.#colours["line-strong"], 0.7)});
  }

  /** @param {ChartKind} kind */
  #replacePrices(kind) {
    this.#chart.removeSeries(this.#prices);
    this.#closeLine = null;
    this.#close_at = this.#marked = "";
    this.#prices = this.#addPrices(kind);
    this.#markers = this.#library.createSeriesMarkers(this.#prices, []);
    this.#priceLines = [];
    this.showPriceLines(this.#priceMarks);
  }

  /** @param {ChartKind} kind */
  #addPrices(kind) {
    const {up, down, accent} = this.#colours;
    const library = this.#library;
    this.#kind = kind;
    const series = kind === "candles"
      ? this.#chart.addSeries(library.CandlestickSeries, {upColor: up, downColor: down, wickUpColor: up, wickDownColor: down, borderVisible: false})
      : kind === "line" ? this.#chart.addSeries(library.LineSeries, {color: accent, lineWidth: 2})
        : this.#chart.addSeries(library.AreaSeries, {lineColor: accent, lineWidth: 2, topColor: faint(accent, 0.28), bottomColor: faint(accent, 0.02)});
    series.attachPrimitive(this.#bands);
    return series;
  }

  /** @param {string} name */
  #addLine(name) {
    return this.#chart.addSeries(this.#library.LineSeries, {
      color: this.#colours[`chart-${name}`], lineWidth: 1, priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false,
    });
  }

  // --- data -----------------------------------------------------------------------------------
  /** @param {Picture} picture */
  #calculate({bars, interval, times}) {
    const isIntraday = interval !== "1d";
    const days = isIntraday ? bars.map(({t}) => times.day(t)) : [];
    // The day so far needs all its bars; of seconds only the newest are known.
    const hasDay = isIntraday && !interval.endsWith("s");
    this.#values = {
      vwap: hasDay ? volumeWeightedAverage(bars, days) : bars.map(() => null),
      fast: movingAverage(bars, FAST),
      slow: movingAverage(bars, SLOW),
    };
    this.#bands.show(isIntraday ? daySpans(days) : []);
  }

  /** @param {Picture} picture @param {number | null} from the first bar that differs; null draws all */
  #draw({bars, kind}, from) {
    this.#put(this.#prices, bars.length, from, (index) => pricePoint(bars[index], kind));
    this.#put(this.#volume, bars.length, from, (index) => this.#volumePoint(bars[index]));
    for (const [name, series] of Object.entries(this.#lines)) {
      this.#put(series, bars.length, from, (index) => linePoint(bars[index], this.#values[name]?.[index]));
    }
  }

  /**
   * @param {Series} series
   * @param {number} count
   * @param {number | null} from
   * @param {(index: number) => Point} pointAt
   */
  #put(series, count, from, pointAt) {
    if (from === null) series.setData(Array.from({length: count}, (_, index) => pointAt(index)));
    else for (let index = from; index < count; index += 1) series.update(pointAt(index));
  }

  /** @param {Bar | undefined} bar @returns {Point} */
  #volumePoint(bar) {
    const {t = 0, v = 0, o = 0, c = 0} = bar ?? {};
    return {time: t / 1000, value: v, color: faint(c >= o ? this.#colours.up : this.#colours.down, 0.35)};
  }

  /** @param {Picture} picture */
  #showClose({previousClose, interval}) {
    const at = interval === "1d" || previousClose === null ? "" : String(previousClose);
    if (at === this.#close_at) return;
    if (this.#closeLine) this.#prices.removePriceLine(this.#closeLine);
    this.#close_at = at;
    this.#closeLine = at === "" ? null : this.#prices.createPriceLine({
      price: Number(at), title: "Prev. close", color: this.#colours.muted, lineWidth: 1, lineStyle: DASHED, axisLabelVisible: true,
    });
  }

  /** @param {Picture} picture */
  #showMarks({marks}) {
    const {amber, muted} = this.#colours;
    const points = marks.map(({t, text, isBelow, isUrgent}) => ({
      time: t / 1000, text, color: isUrgent ? amber : muted, shape: isUrgent ? "square" : "circle",
      position: isBelow ? "belowBar" : "aboveBar", size: isUrgent ? 1 : 0.6,
    }));
    const key = JSON.stringify(points);
    if (key === this.#marked) return;
    this.#marked = key;
    this.#markers.setMarkers(/** @type {Point[]} */ (points));
  }
}

/**
 * Return the index from which on bars differ; null when not only the end differs.
 * @param {readonly Bar[]} before
 * @param {readonly Bar[]} now
 */
function firstChange(before, now) {
  const last = before.length - 1;
  if (last < 0 || now.length <= last || before[0]?.t !== now[0]?.t || before[last]?.t !== now[last]?.t) return null;
  return last > 0 && before[last - 1] !== now[last - 1] ? null : last;
}

/** @param {Bar | undefined} bar @param {ChartKind} kind @returns {Point} */
function pricePoint(bar, kind) {
  const {t = 0, o = 0, h = 0, l = 0, c = 0} = bar ?? {};
  const time = t / 1000;
  return kind === "candles" ? {time, open: o, high: h, low: l, close: c} : {time, value: c};
}

/** @param {Bar | undefined} bar @param {number | null | undefined} value @returns {Point} */
function linePoint(bar, value) {
  const time = (bar?.t ?? 0) / 1000;
  return value === null || value === undefined ? {time} : {time, value};
}

/** @param {ExchangeTimes} times @param {string} interval @param {number} at_s @param {number} kind of the tick: 3 and 4 are times of day */
function tickText(times, interval, at_s, kind) {
  return kind < 3 ? times.date(at_s * 1000, interval) : times.clock(at_s * 1000, kind === 4 ? "1s" : interval.endsWith("s") ? "1m" : interval);
}
