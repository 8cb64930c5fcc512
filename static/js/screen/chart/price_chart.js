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

/** A horizontal line at a price, as of an alert. @typedef {{price: number}} PriceMark */
/** A mark at the bar in which something happened; `isBelow` the bar. @typedef {{t: number, text: string, isBelow: boolean, isUrgent: boolean}} TimeMark */
/**
 * What is drawn. `times` of the exchange; `tick` the least step of the price.
 * @typedef {{
 *   symbol: string, bars: readonly Bar[], interval: string, kind: ChartKind, times: ExchangeTimes, digits: number, tick: number,
 *   previousClose: number | null, marks: readonly TimeMark[],
 * }} Picture
 */
/** The values of the lines at a bar. @typedef {{vwap: number | null, fast: number | null, slow: number | null, close: number | null}} LineValues */

export const FAST = 20;
export const SLOW = 50;
/** How many bars are seen at first. */
const SHOWN = 120;
/** So many bars before the oldest one is seen, older ones are wanted. */
const AHEAD = 20;
/** How far the view moves to the left by the button, as a part of its width. */
const STEP = 0.8;
const DASHED = 2;
/** The lines on top of the bars, in this order. @type {readonly ("vwap" | "fast" | "slow")[]} */
const LINES = Object.freeze(["vwap", "fast", "slow"]);

export class PriceChart {
  #library;
  #element;
  #chart;
  #onview;
  #onmove;
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
  /** The last bars of days but the newest, by index. @type {Set<number>} */
  #dayEnds = new Set();
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
  #isDrawing = false;

  /**
   * @param {Library} library
   * @param {HTMLElement} element
   * @param {{
   *   onpoint: (index: number | null) => void, onpick: (y: number) => void, onview: () => void, onhold: () => void, onmove: () => void,
   * }} hear `onpoint`: somebody points at a bar, by its index, or at none; `onpick`: somebody clicked this far below the top;
   *   `onview`: prices may have other places now; `onhold`: somebody takes hold of the chart; `onmove`: other bars are seen
   */
  constructor(library, element, {onpoint, onpick, onview, onhold, onmove}) {
    this.#library = library;
    this.#element = element;
    this.#colours = coloursOf(element);
    this.#chart = library.createChart(element, {autoSize: true, ...this.#look()});
    this.#onview = onview;
    this.#onmove = onmove;
    this.#bands = new SessionBands(this.#chart.timeScale());
    this.#volume = this.#chart.addSeries(library.HistogramSeries, {
      priceScaleId: "", priceFormat: {type: "volume"}, lastValueVisible: false, priceLineVisible: false,
    });
    this.#volume.priceScale().applyOptions({scaleMargins: {top: 0.82, bottom: 0}});
    for (const name of LINES) this.#lines[name] = this.#addLine(name);
    this.#prices = this.#addPrices("candles");
    this.#markers = library.createSeriesMarkers(this.#prices, []);
    this.#chart.subscribeCrosshairMove(({logical, point}) => onpoint(point && logical !== undefined ? logical : null));
    this.#chart.subscribeClick(({point}) => point && onpick(point.y));
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange(() => this.#isDrawing || onmove());
    for (const kind of ["pointerdown", "wheel"]) element.addEventListener(kind, onhold, {capture: true, passive: true});
  }

  /** The height of the picture without the axis of time, in pixels. */
  get height() {
    return Math.max(0, this.#element.clientHeight - this.#chart.timeScale().height());
  }

  /** Return how far below the top a price is drawn, in pixels; null before there are bars. @param {number} price */
  placeOf(price) {
    return this.#prices.priceToCoordinate(price);
  }

  /** Return the price at a place, in pixels below the top; null before there are bars. @param {number} y */
  priceAt(y) {
    return this.#prices.coordinateToPrice(y);
  }

  /** Return the values of the lines at a bar. @param {number} index @returns {LineValues} */
  valuesAt(index) {
    const [vwap = null, fast = null, slow = null] = LINES.map((name) => this.#values[name]?.[index] ?? null);
    return {vwap, fast, slow, close: this.#close_at === "" ? null : Number(this.#close_at)};
  }

  /** Draw. The library gets only what differs from the last picture. @param {Picture} picture */
  show(picture) {
    const before = this.#picture;
    const isOther = this.#isForced || before?.symbol !== picture.symbol || before.kind !== picture.kind || before.interval !== picture.interval
      || before.times !== picture.times || before.digits !== picture.digits;
    if (isOther) this.#dress(picture);
    this.#calculate(picture);
    this.#drawInPlace(picture, isOther ? null : firstChange(before.bars, picture.bars));
    this.#showClose(picture);
    this.#showMarks(picture);
    this.#picture = picture;
    this.#isForced = false;
    if (before?.interval !== picture.interval || before.symbol !== picture.symbol || before.bars.length === 0) this.showNewest();
    this.#onmove();
  }

  /** Whether the oldest bar is seen, or nearly. */
  get isAtFront() {
    const seen = this.#chart.timeScale().getVisibleLogicalRange();
    return seen !== null && (this.#picture?.bars.length ?? 0) > 0 && seen.from < AHEAD;
  }

  /** The index of the newest bar that is seen; null while that is the newest of all. */
  get lastSeen() {
    const seen = this.#chart.timeScale().getVisibleLogicalRange();
    const last = (this.#picture?.bars.length ?? 0) - 1;
    return seen === null || seen.to >= last ? null : Math.max(0, Math.floor(seen.to));
  }

  /** Show the bars before those that are seen. */
  showOlder() {
    const seen = this.#chart.timeScale().getVisibleLogicalRange();
    if (!seen) return;
    const width = seen.to - seen.from;
    const from = Math.min(seen.from, Math.max(seen.from - STEP * width, -AHEAD / 2));
    this.#chart.timeScale().setVisibleLogicalRange({from, to: from + width});
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
    this.#priceLines = marks.map(({price}) => this.#prices.createPriceLine({
      price, title: "", color: this.#colours.accent, lineWidth: 1, lineStyle: DASHED, axisLabelVisible: true,
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
        // The page names the library below the chart, as its licence asks.
        attributionLogo: false, background: {type: "solid", color: surface}, textColor: muted,
        fontFamily: getComputedStyle(this.#element).fontFamily, fontSize: 11,
      },
      grid: {vertLines: {color: faint(line, 0.6)}, horzLines: {color: faint(line, 0.6)}},
      crosshair: {mode: 0, vertLine: cross, horzLine: cross},
      rightPriceScale: {borderColor: line, scaleMargins: {top: 0.08, bottom: 0.22}},
      timeScale: {borderColor: line, timeVisible: true, secondsVisible: false, rightOffset: 4, minBarSpacing: 1},
      // The wheel and a finger go on scrolling the page.
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
    // The library calls it whenever it draws, and says in no other way that the scale of prices moved.
    series.attachPrimitive({updateAllViews: () => this.#onview(), paneViews: () => []});
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
    this.#dayEnds = new Set([...days.keys()].filter((index) => index + 1 < days.length && days[index] !== days[index + 1]));
    this.#bands.show(isIntraday ? daySpans(days) : []);
  }

  /** Draw, so that what is seen stays where it is when older bars come before it. @param {Picture} picture @param {number | null} from */
  #drawInPlace(picture, from) {
    const before = from === null && this.#isSameChart(picture) ? this.#picture : null;
    const seen = this.#chart.timeScale().getVisibleLogicalRange();
    this.#isDrawing = true;
    this.#draw(picture, from);
    const shift = before && seen ? shiftOf(before.bars, picture.bars, seen) : 0;
    if (shift && seen) this.#chart.timeScale().setVisibleLogicalRange({from: seen.from + shift, to: seen.to + shift});
    this.#isDrawing = false;
  }

  /** @param {Picture} picture */
  #isSameChart({symbol, interval}) {
    return this.#picture?.symbol === symbol && this.#picture.interval === interval;
  }

  /** @param {Picture} picture @param {number | null} from the first bar that differs; null draws all */
  #draw({bars, kind}, from) {
    this.#put(this.#prices, bars.length, from, (index) => pricePoint(bars[index], kind));
    this.#put(this.#volume, bars.length, from, (index) => this.#volumePoint(bars[index]));
    for (const [name, series] of Object.entries(this.#lines)) {
      // The average of a day is no continuation of that of the day before.
      const isEnd = (/** @type {number} */ index) => name === "vwap" && this.#dayEnds.has(index);
      this.#put(series, bars.length, from, (index) => linePoint(bars[index], this.#values[name]?.[index], isEnd(index)));
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
    // A title would cover the newest bars and their marks: the legend names the line.
    this.#closeLine = at === "" ? null : this.#prices.createPriceLine({
      price: Number(at), title: "", color: this.#colours.muted, lineWidth: 1, lineStyle: DASHED, axisLabelVisible: true,
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
export function firstChange(before, now) {
  const last = before.length - 1;
  if (last < 0 || now.length <= last || before[last]?.t !== now[last]?.t) return null;
  // A correction may mend any bar, however old.
  for (let index = 0; index < last; index += 1) if (before[index] !== now[index]) return null;
  return last;
}

/**
 * Return by how many places the view must move so that the same bars are seen. While the newest bar is seen and no older
 * ones came, the library moves on with the newest by itself: then 0.
 * @param {readonly Bar[]} before
 * @param {readonly Bar[]} now
 * @param {{to: number}} seen the index of the last bar that is seen
 */
export function shiftOf(before, now, {to}) {
  const [first, last] = [before[0], before.at(-1)];
  if (!first || !last || !now[0]) return 0;
  if (now[0].t >= first.t && to >= before.length - 1) return 0;
  const index = now.findLastIndex(({t}) => t <= last.t);
  return index < 0 ? 0 : index - (before.length - 1);
}

/** @param {Bar | undefined} bar @param {ChartKind} kind @returns {Point} */
function pricePoint(bar, kind) {
  const {t = 0, o = 0, h = 0, l = 0, c = 0} = bar ?? {};
  const time = t / 1000;
  return kind === "candles" ? {time, open: o, high: h, low: l, close: c} : {time, value: c};
}

/** @param {Bar | undefined} bar @param {number | null | undefined} value @param {boolean} isEnd no line leads on from it @returns {Point} */
function linePoint(bar, value, isEnd) {
  const time = (bar?.t ?? 0) / 1000;
  if (value === null || value === undefined) return {time};
  return isEnd ? {time, value, color: "transparent"} : {time, value};
}

/** @param {ExchangeTimes} times @param {string} interval @param {number} at_s @param {number} kind of the tick: 3 and 4 are times of day */
function tickText(times, interval, at_s, kind) {
  return kind < 3 ? times.date(at_s * 1000, interval) : times.clock(at_s * 1000, kind === 4 ? "1s" : interval.endsWith("s") ? "1m" : interval);
}
