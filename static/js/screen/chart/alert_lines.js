// @ts-check
/**
 * The alerts of this person on the instrument of a chart: a handle for each price that they wait for, which can be moved
 * with the pointer and the keyboard, and the offer to make an alert at a price.
 * Must not know the network: it is handed functions that read, move and make alerts.
 */

import {hide, make, write} from "../../dom.js";
import {price} from "../../format.js";
import {onTick, placesOf, stepOf} from "./line_places.js";

/** @typedef {{alert: number, index: number, kind: string, price: number}} AlertLine */
/** What the lines need of a chart. `height`: of its picture in pixels. @typedef {{height: number, placeOf(price: number): number | null, priceAt(y: number): number | null}} PriceScale */
/** The last price, the least step of a price and its decimals. @typedef {{digits: number, tick: number, last: number | null}} PriceFacts */
/**
 * `move` and `make` say whether it was done; prices are texts, as numbers would be rounded.
 * @typedef {{
 *   read: (symbol: string) => Promise<AlertLine[]>, move: (line: AlertLine, price: string) => Promise<boolean>,
 *   make: (symbol: string, kind: string, price: string) => Promise<boolean>,
 * }} AlertService
 */

/** @type {Record<string, string>} */
const KINDS = Object.freeze({above: "above", below: "below", crosses_up: "crosses up", crosses_down: "crosses down"});
const HELP = "Drag to another price, or use the arrow keys and Enter. Escape takes it back.";

export class AlertLines {
  #layer;
  #service;
  #chart;
  #onlines;
  #facts;
  #announce;
  #home;
  /** @type {string | null} */
  #symbol = null;
  /** @type {Map<string, LineHandle>} */
  #handles = new Map();
  #offer;
  #reading = 0;

  /**
   * @param {HTMLElement} layer over the chart
   * @param {{
   *   service: AlertService, chart: () => PriceScale | null, onlines: () => void, facts: (symbol: string) => PriceFacts,
   *   announce: (text: string) => void, home: HTMLElement,
   * }} options `onlines`: the lines have changed; `home`: what gets the focus of a line that leaves
   */
  constructor(layer, {service, chart, onlines, facts, announce, home}) {
    this.#layer = layer;
    this.#service = service;
    this.#chart = chart;
    this.#onlines = onlines;
    this.#facts = facts;
    this.#announce = announce;
    this.#home = home;
    this.#offer = make("button", {type: "button", class: "alert-offer", hidden: ""});
    layer.append(this.#offer);
    this.#offer.addEventListener("click", () => void this.#makeAlert());
    this.#offer.addEventListener("keydown", ({key}) => key === "Escape" && this.#closeOffer());
    this.#offer.addEventListener("blur", () => this.#closeOffer());
    // Another tab may have changed alerts meanwhile.
    document.addEventListener("visibilitychange", () => document.hidden || this.renew());
  }

  /** The lines as they are shown, also while one is moved. @returns {{price: number}[]} */
  get lines() {
    return [...this.#handles.values()].map(({price}) => ({price}));
  }

  /** Show the alerts of this symbol; null shows none. @param {string | null} symbol */
  show(symbol) {
    this.#symbol = symbol;
    this.#reading += 1;
    this.#closeOffer();
    this.#take([]);
    this.renew();
  }

  /** Read the alerts again. */
  renew() {
    if (this.#symbol !== null) void this.#read(this.#symbol);
  }

  /** Put the handles where the chart draws their prices now. */
  place() {
    const chart = this.#chart();
    // The chart calls this whenever it draws, and its height is known only when the page is laid out.
    if (!chart || this.#handles.size === 0) return;
    const handles = [...this.#handles.values()];
    const places = placesOf(handles.map(({price}) => chart.placeOf(price)), chart.height);
    handles.forEach((handle, index) => handle.stand(places[index] ?? null));
  }

  /** Offer an alert at this place of the chart, in pixels below its top. @param {number} y */
  offer(y) {
    const at = this.#chart()?.priceAt(y) ?? null;
    if (at === null || this.#symbol === null) return;
    const {last, ...facts} = this.#facts(this.#symbol);
    const text = onTick(at, facts);
    const kind = last === null || Number(text) >= last ? "above" : "below";
    Object.assign(this.#offer.dataset, {kind, price: text});
    write(this.#offer, `Alert ${kind} ${price(Number(text), facts.digits)}`);
    this.#offer.style.setProperty("--at", `${Math.max(16, y)}px`);
    this.#offer.hidden = false;
    this.#offer.focus({preventScroll: true});
  }

  /** Offer an alert at the last price, as people do who use no pointer. Return whether the chart has a place for it. */
  offerLast() {
    const chart = this.#chart();
    const {last} = this.#facts(this.#symbol ?? "");
    const y = chart && last !== null ? chart.placeOf(last) : null;
    if (y !== null) this.offer(y);
    return y !== null;
  }

  // --- alerts ---------------------------------------------------------------------------------
  /** Lines that cannot be read now stay as they were. @param {string} symbol */
  async #read(symbol) {
    const reading = ++this.#reading;
    try {
      const lines = await this.#service.read(symbol);
      if (reading === this.#reading) this.#take(lines);
    } catch {
      // they are read again with the next notification
    }
  }

  /** @param {readonly AlertLine[]} lines */
  #take(lines) {
    const known = new Map(lines.map((line) => [keyOf(line), line]));
    for (const [key, handle] of this.#handles) {
      if (known.has(key)) continue;
      const hadFocus = handle.element === document.activeElement;
      handle.leave();
      this.#handles.delete(key);
      if (hadFocus) this.#home.focus({preventScroll: true});
    }
    for (const [key, line] of known) {
      const handle = this.#handles.get(key) ?? this.#addHandle(key);
      handle.show(line);
    }
    this.#onlines();
    this.place();
  }

  /** @param {string} key */
  #addHandle(key) {
    const handle = new LineHandle({
      chart: this.#chart, facts: () => this.#facts(this.#symbol ?? ""),
      onmove: () => {
        this.#onlines();
        this.place();
      },
      onset: (line, text) => void this.#move(line, text),
    });
    this.#layer.append(handle.element);
    this.#handles.set(key, handle);
    return handle;
  }

  /** @param {AlertLine} line @param {string} text */
  async #move(line, text) {
    const isDone = await this.#service.move(line, text);
    if (isDone) this.#announce(`The alert waits for ${text}`);
    this.#handles.get(keyOf(line))?.end(text, isDone ? {...line, price: Number(text)} : line);
    this.#onlines();
    this.place();
    this.renew();
  }

  async #makeAlert() {
    const symbol = this.#symbol;
    const {kind = "", price: text = ""} = this.#offer.dataset;
    this.#closeOffer();
    if (symbol === null) return;
    const known = new Set(this.#handles.keys());
    if (!await this.#service.make(symbol, kind, text)) return;
    this.#announce(`Alert made: ${symbol} ${kind} ${text}`);
    if (symbol !== this.#symbol) return;
    await this.#read(symbol);
    const key = [...this.#handles.keys()].find((each) => !known.has(each));
    // An alert that has fired already has no line any more.
    (this.#handles.get(key ?? "")?.element ?? this.#home).focus({preventScroll: true});
  }

  #closeOffer() {
    this.#offer.hidden = true;
  }
}

/** @param {AlertLine} line */
function keyOf({alert, index}) {
  return `${alert}.${index}`;
}

/** The handle of one line. While it is moved it has another price than its alert. */
class LineHandle {
  element = make("div", {class: "alert-line", role: "slider", tabindex: "0", "aria-orientation": "vertical", title: HELP});
  #chart;
  #facts;
  #onmove;
  #onset;
  /** @type {AlertLine} */
  #line = {alert: 0, index: 0, kind: "", price: 0};
  /** The price that it is moved to, as text. @type {string | null} */
  #moved = null;
  /** The price that is being stored, as text. @type {string | null} */
  #stored = null;
  /** How far the pointer is below the handle's price, in pixels. @type {number | null} */
  #grip = null;
  #y = 0;

  /** @param {{chart: () => PriceScale | null, facts: () => PriceFacts, onmove: () => void, onset: (line: AlertLine, price: string) => void}} options */
  constructor({chart, facts, onmove, onset}) {
    this.#chart = chart;
    this.#facts = facts;
    this.#onmove = onmove;
    this.#onset = onset;
    this.element.addEventListener("pointerdown", (event) => this.#grab(event));
    this.element.addEventListener("pointermove", (event) => this.#drag(event));
    this.element.addEventListener("pointerup", () => this.#drop());
    this.element.addEventListener("pointercancel", () => this.#takeBack());
    this.element.addEventListener("keydown", (event) => this.#press(event));
    this.element.addEventListener("blur", () => this.#set());
  }

  get price() {
    return this.#moved === null ? this.#line.price : Number(this.#moved);
  }

  /** @param {AlertLine} line */
  show(line) {
    this.#line = line;
    this.#write();
  }

  /** @param {import("./line_places.js").HandlePlace | null} place */
  stand(place) {
    hide(this.element, place === null);
    if (!place) return;
    this.#y = place.y;
    this.element.style.setProperty("--at", `${place.y}px`);
    if (this.element.dataset.beyond !== place.beyond) this.element.dataset.beyond = place.beyond;
  }

  /** A move to this price is over, stored or refused: show the price of the alert, unless it was moved once more. @param {string} moved @param {AlertLine} line */
  end(moved, line) {
    if (this.#stored === moved) this.#stored = null;
    if (this.#moved === moved && !this.element.classList.contains("is-moving")) this.#moved = null;
    this.show(line);
  }

  /** Leave the chart; a move that has not ended is given up. */
  leave() {
    this.#moved = null;
    this.element.remove();
  }

  /** @param {PointerEvent} event */
  #grab(event) {
    if (event.button !== 0) return;
    this.element.setPointerCapture(event.pointerId);
    this.#grip = event.clientY - this.#y;
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    const chart = this.#chart();
    if (this.#grip === null || !chart) return;
    const y = Math.min(Math.max(0, event.clientY - this.#grip), chart.height);
    const at = y === this.#y ? null : chart.priceAt(y);
    if (at !== null) this.#moveTo(at);
  }

  #drop() {
    this.#grip = null;
    this.#set();
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const {key} = event;
    const step = stepOf(key, this.price, this.#facts().tick);
    const isKnown = step !== 0 || key === "Enter" || (key === "Escape" && this.#moved !== null);
    if (!isKnown || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (step !== 0) this.#moveTo(this.price + step);
    else if (key === "Enter") this.#set();
    else this.#takeBack();
  }

  /** @param {number} price */
  #moveTo(price) {
    this.#moved = onTick(price, this.#facts());
    this.element.classList.add("is-moving");
    this.#write();
    this.#onmove();
  }

  #set() {
    if (this.#moved === null || this.#grip !== null || !this.element.classList.contains("is-moving")) return;
    this.element.classList.remove("is-moving");
    if (this.#stored === null && this.price === this.#line.price) {
      this.#forgetMove();
      return;
    }
    this.#stored = this.#moved;
    this.#onset(this.#line, this.#moved);
  }

  #takeBack() {
    this.#grip = null;
    this.element.classList.remove("is-moving");
    this.#forgetMove();
    this.#onmove();
  }

  #forgetMove() {
    this.#moved = null;
    this.#write();
  }

  #write() {
    const {digits} = this.#facts();
    const kind = KINDS[this.#line.kind] ?? this.#line.kind;
    const text = price(this.price, digits);
    write(this.element, `${kind} ${text}`);
    const facts = {"aria-label": `Alert ${kind}`, "aria-valuenow": String(this.price), "aria-valuemin": "0", "aria-valuemax": String(1_000 * this.price), "aria-valuetext": text};
    for (const [name, value] of Object.entries(facts)) this.element.setAttribute(name, value);
  }
}
