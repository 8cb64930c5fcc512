// @ts-check
/**
 * Puts the transport lab together: four readers of the same market, their figures, and the page.
 * Must hold no logic that another room could have.
 */

import {byId, find, write} from "../dom.js";
import {count, price} from "../format.js";
import {headline, verdictsOf} from "../lab/measure/claims.js";
import {csvOf} from "../lab/measure/csv.js";
import {FIGURES, figuresOf} from "../lab/measure/figures.js";
import {fleetCost} from "../lab/measure/fleet.js";
import {History, Ledger} from "../lab/measure/ledger.js";
import {ClockOffset} from "../lab/measure/offset.js";
import {Noise} from "../lab/measure/noise.js";
import {Spending} from "../lab/measure/spending.js";
import {Reader} from "../lab/reader.js";
import {askCosts} from "../lab/server_costs.js";
import {Timekeeper} from "../lab/timekeeper.js";
import {KEYS, openTransports} from "../lab/transports.js";
import {FiguresTable} from "../screen/lab/figures_table.js";
import {LabForm} from "../screen/lab/form.js";
import {Mirror} from "../screen/lab/mirror.js";
import {Plot} from "../screen/lab/plot.js";
import {Troubles} from "../screen/lab/troubles.js";
import {showFleet, showVerdicts} from "../screen/lab/verdicts.js";
import {PaintScheduler} from "../screen/page/paint_scheduler.js";
import {readSettings} from "../screen/page/settings.js";
import {showSignedOut} from "../screen/page/signed_out.js";
import {steadyNow} from "../steady_clock.js";
import {TRANSPORTS, byTransport} from "../transports/catalogue.js";
import {WebSocketTransport} from "../transports/websocket.js";
import {CLOSE} from "../wire/frames.js";

/** @typedef {import("../lab/server_costs.js").ServerCosts} ServerCosts */
/** @typedef {import("../transports/catalogue.js").TransportKey} TransportKey */
/** @typedef {import("../screen/lab/form.js").LabSettings} LabSettings */

/** The figures are taken and shown this often. */
const TICK_MS = 1_000;
/** The length of the recent period in the table. */
const RECENT_S = 10;
/** The server is asked for its sums on every second tick, over HTTP, beside the readers. */
const COSTS_EVERY = 2;
/** The run starts after this time at the latest, even if the clock is not known well. */
const CLOCK_MS = 2_000;
/** The length of our request header until the server has measured it. */
const HEADER_BYTES = 700;

class Lab {
  #settings = readSettings();
  #costsUrl = document.body.dataset.costs ?? "/lab/costs/";
  #form = new LabForm({
    watchlist: (document.body.dataset.symbols ?? "").split(",").filter((symbol) => symbol !== ""),
    onchange: (settings, name) => this.#heed(settings, name),
  });
  #scheduler = new PaintScheduler();
  #table = new FiguresTable(byId("lab-figures"), KEYS);
  #mirror = new Mirror(byId("lab-mirror"), KEYS);
  #troubles = new Troubles(byId("lab-troubles"));
  #plot = new Plot(byId("lab-plot"), [...TRANSPORTS]);
  #offset = new ClockOffset();
  #spending = new Spending();
  #timekeeper = new Timekeeper({
    transport: new WebSocketTransport(this.#settings.socketUrl),
    now: steadyNow,
    onanswer: (sent_ms, server_ms, heard_ms) => this.#offset.hear(sent_ms, server_ms, heard_ms),
  });
  /** @type {Map<TransportKey, Reader>} */
  #readers = new Map();
  #histories = byTransport(() => new History(RECENT_S));
  #noises = byTransport(() => new Noise());
  /** @type {import("../transports/poll.js").PollTransport | null} */
  #poll = null;
  #header_bytes = HEADER_BYTES;
  #isRunning = false;
  /** Whether the person is signed out: nothing of the lab is on the page any more. */
  #isOver = false;
  #ticks = 0;
  /** The symbols that the server does not know. @type {Set<string>} */
  #rejected = new Set();

  /** Start the page. */
  async open() {
    byId("lab-run").addEventListener("click", () => (this.#isRunning ? this.#stop() : this.#start()));
    byId("lab-reset").addEventListener("click", () => this.#reset());
    byId("lab-csv").addEventListener("click", () => this.#export());
    byId("lab-quantity").addEventListener("change", () => this.#plot.clear());
    for (const radio of document.querySelectorAll("input[name=period]")) radio.addEventListener("change", () => this.#show());
    document.addEventListener("visibilitychange", () => this.#look());
    addEventListener("pagehide", () => this.#leave());
    addEventListener("signed-out", () => this.#end());
    setInterval(() => this.#tick(), TICK_MS);
    this.#timekeeper.open();
    await Promise.race([this.#clockIsSure(), passed(CLOCK_MS)]);
    await this.#askCosts();
    this.#start();
  }

  async #clockIsSure() {
    while (!this.#timekeeper.isSure) await passed(50);
  }

  // --- running ------------------------------------------------------------------------------
  #start() {
    if (this.#isOver) return;
    const {symbols, interval_s, max_rate} = this.#form.settings;
    this.#isRunning = true;
    this.#rejected.clear();
    this.#mirror.list(symbols);
    const options = {...this.#settings, interval_ms: interval_s * 1000, header_bytes: this.#header_bytes};
    const {transports, poll} = openTransports(options);
    this.#poll = poll;
    for (const key of KEYS) this.#readers.set(key, this.#reader(key, transports[key], symbols, max_rate));
    this.#reset();
    this.#look();
    for (const reader of this.#readers.values()) reader.open();
  }

  /** @param {TransportKey} key @param {import("../lab/transports.js").LabTransport} transport @param {string[]} symbols @param {number} max_rate */
  #reader(key, {candidate, byteCount}, symbols, max_rate) {
    const column = {paint: (/** @type {Set<string>} */ dirty) => this.#paint(key, dirty)};
    return new Reader({
      candidate, byteCount, symbols,
      max_rate: key === "poll" ? 0 : max_rate,
      now: () => steadyNow() + this.#offset.offset_ms,
      onchange: (changed) => this.#scheduler.touch(column, changed),
      onstate: (state) => this.#showState(key, state),
      onanswer: ({result}) => Object.keys(result.rejected ?? {}).forEach((symbol) => this.#rejected.add(symbol)),
    });
  }

  #stop() {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    for (const reader of this.#readers.values()) reader.close();
    this.#show();
    this.#look();
  }

  #leave() {
    this.#stop();
    this.#timekeeper.close();
  }

  #end() {
    this.#leave();
    this.#isOver = true;
  }

  /** Count from now on. */
  #reset() {
    for (const [key, reader] of this.#readers) {
      reader.settle();
      this.#histories[key].begin(reader.ledger);
      this.#noises[key].begin();
    }
    this.#spending.begin();
    this.#plot.clear();
    this.#show();
  }

  /** Measure only while the page is visible: a hidden page paints nothing, and its timers are slow. */
  #look() {
    if (this.#isOver) return;
    const isSeen = !document.hidden;
    if (this.#isRunning) for (const reader of this.#readers.values()) reader.measure(isSeen);
    if (isSeen) this.#spending.skip();
    document.body.dataset.lab = this.#isRunning ? (isSeen ? "running" : "paused") : "stopped";
    write(find(byId("lab-run"), "[data-part=label]"), this.#isRunning ? "Stop" : "Start");
    byId("lab-hidden").hidden = isSeen;
  }

  /** @param {LabSettings} settings @param {keyof LabSettings} name */
  #heed({interval_s, max_rate}, name) {
    if (name === "interval_s" && this.#poll) this.#poll.interval_ms = interval_s * 1000;
    if (name === "max_rate") {
      for (const key of KEYS) if (key !== "poll") this.#readers.get(key)?.subscriptions.setRate(max_rate);
    }
    if (name === "symbols" && this.#isRunning) {
      this.#stop();
      this.#start();
    }
    this.#show();
  }

  // --- counting -----------------------------------------------------------------------------
  #tick() {
    if (!this.#isRunning || document.hidden) return;
    this.#ticks += 1;
    if (this.#ticks % COSTS_EVERY === 0) void this.#askCosts();
    for (const [key, reader] of this.#readers) {
      reader.settle();
      this.#noises[key].note(this.#histories[key].tick(reader.ledger));
    }
    this.#show();
    this.#draw();
  }

  async #askCosts() {
    const sent_ms = steadyNow();
    const answer = await askCosts(this.#costsUrl);
    if (this.#isOver) return;
    byId("lab-costs-lost").hidden = !("ending" in answer);
    if ("ending" in answer) {
      if (answer.ending.code === CLOSE.SIGNED_OUT) showSignedOut();
      return;
    }
    this.#offset.hear(sent_ms, answer.costs.ts, steadyNow());
    this.#header_bytes = answer.costs.request_header_bytes;
    this.#charge(answer.costs);
  }

  /** @param {ServerCosts} costs */
  #charge(costs) {
    if (document.hidden) return;
    const spent = this.#spending.hear(costs);
    for (const [key, {ledger}] of this.#readers) {
      const {cpu_s, updates} = spent[key] ?? {cpu_s: 0, updates: 0};
      ledger.sums.server_cpu_s += cpu_s;
      ledger.sums.server_updates += updates;
    }
  }

  // --- showing ------------------------------------------------------------------------------
  /** @param {TransportKey} key @param {Set<string>} dirty */
  #paint(key, dirty) {
    const reader = this.#readers.get(key);
    if (!reader) return;
    this.#mirror.show(key, reader.board.rows, dirty);
    reader.painted();
  }

  /** @param {string} key @param {import("../connection/state.js").ConnectionState} state */
  #showState(key, state) {
    const cell = find(document, `[data-state=${key}]`);
    cell.dataset.name = state.name;
    write(cell, state.name.replace("_", " "));
    this.#troubles.show(TRANSPORTS.find((each) => each.key === key)?.name ?? key, state);
  }

  #periods() {
    return byTransport((key) => this.#histories[key].periods(this.#readers.get(key)?.ledger ?? new Ledger()));
  }

  #show() {
    const periods = this.#periods();
    const period = find(document, "input[name=period]:checked").getAttribute("value") === "all" ? "all" : "recent";
    const of = (/** @type {"all" | "recent"} */ which) => byTransport((key) => figuresOf(periods[key][which]));
    const all = of("all");
    this.#table.show(period === "all" ? all : of("recent"));
    const errors = byTransport((key) => this.#noises[key].errors());
    write(byId("lab-headline"), headline(all, errors, TRANSPORTS));
    showVerdicts(byId("lab-verdicts"), verdictsOf(all, errors));
    const {users} = this.#form.settings;
    showFleet(byId("lab-fleet"), users, byTransport((key) => fleetCost(users, all[key])));
    this.#showRemarks();
  }

  #showRemarks() {
    const {process_s, owned_s, span_ms} = this.#spending;
    const perSecond = (/** @type {number} */ spent_s) => `${price(span_ms ? (spent_s * 1e6) / span_ms : null, 1)} ms/s`;
    write(byId("lab-process"), perSecond(process_s));
    write(byId("lab-owned"), perSecond(owned_s));
    write(byId("lab-unowned"), perSecond(process_s - owned_s));
    const error_ms = this.#offset.error_ms;
    write(byId("lab-clock"), error_ms === null ? "an unknown time" : `${price(this.#offset.offset_ms, 1)} ms, give or take ${price(error_ms, 1)} ms`);
    write(byId("lab-header"), count(this.#header_bytes));
    const unknown = [...this.#rejected].join(", ");
    byId("lab-rejected").hidden = unknown === "";
    write(find(byId("lab-rejected"), "[data-part=symbols]"), unknown);
  }

  #draw() {
    const quantity = /** @type {HTMLSelectElement} */ (byId("lab-quantity")).value;
    const figure = FIGURES.find(({key}) => key === quantity);
    const periods = this.#periods();
    const values = byTransport((key) => figure?.of(periods[key].last) ?? null);
    this.#plot.add({at_s: performance.now() / 1000, values});
  }

  #export() {
    for (const reader of this.#readers.values()) reader.settle();
    const periods = this.#periods();
    const lines = TRANSPORTS.flatMap(({key, name}) => [
      {name, period: "since start", ledger: periods[key].all},
      {name, period: `last ${RECENT_S} s`, ledger: periods[key].recent},
    ]);
    const text = csvOf(lines, {at_ms: Date.now(), ...this.#form.settings});
    const url = URL.createObjectURL(new Blob([text], {type: "text/csv"}));
    const link = document.createElement("a");
    link.href = url;
    link.download = "transports.csv";
    link.click();
    URL.revokeObjectURL(url);
  }
}

/** @param {number} wait_ms @returns {Promise<void>} */
function passed(wait_ms) {
  return new Promise((resolve) => setTimeout(resolve, wait_ms));
}

void new Lab().open();
