// @ts-check
/**
 * Reads the bars before those of the wire: once for each snapshot, and another page whenever somebody wants to see more.
 * Must not know the network, or how bars are drawn.
 */

/** @typedef {import("../../market/chart_bars.js").ChartBars} ChartBars */
/** @typedef {import("../../wire/frames.js").Bar} Bar */
/** @typedef {(request: {symbol: string, interval: string, to_ms: number | null, limit: number}) => Promise<Bar[]>} ReadBars */
/**
 * What became of the last wish for more: nothing was wanted or all came, it is being read, it could not be read, there are
 * none older, or the chart holds no more.
 * @typedef {"" | "reading" | "failed" | "none" | "full"} OlderState
 */

/** Bars of one page. */
const PAGE = 900;
/** The first wait before the bars that a snapshot needs are asked for again; it doubles. */
const RETRY_MS = 2_000;
const MOST_RETRY_MS = 30_000;

export class OlderBars {
  #read;
  #onchange;
  /** @type {ChartBars | null} */
  #bars = null;
  #chart = {symbol: "", interval: ""};
  /** The generation of bars whose older ones are being read. */
  #reading = 0;
  #retry_ms = RETRY_MS;
  /** Where the bars begin that somebody wanted to see. After a snapshot all from there on are read again. */
  #from_ms = Infinity;
  /** Whether somebody wants more: after a failure only if they try again. */
  #isAllowed = false;
  /** @type {OlderState} */
  #state = "";

  /** @param {{read: ReadBars, onchange: () => void}} options `onchange`: bars or the state changed */
  constructor({read, onchange}) {
    this.#read = read;
    this.#onchange = onchange;
  }

  /** @returns {OlderState} */
  get state() {
    return this.#state;
  }

  /** Whether the bars that a snapshot needs could not be read, and are asked for again later. */
  get isLate() {
    return this.#retry_ms > RETRY_MS;
  }

  /** Whether somebody wanted more of these bars. */
  get wasAsked() {
    return this.#isAllowed || this.#state === "failed";
  }

  /** Start anew with the bars of another chart; null reads nothing. @param {ChartBars | null} bars @param {string} symbol @param {string} interval */
  begin(bars, symbol, interval) {
    this.#bars = bars;
    this.#chart = {symbol, interval};
    this.#reading = 0;
    this.#retry_ms = RETRY_MS;
    this.#from_ms = Infinity;
    this.#isAllowed = false;
    this.#state = "";
  }

  /** Read the bars before those of the wire, once for each snapshot. */
  join() {
    const bars = this.#bars;
    if (!bars?.hasBegun || bars.isJoined || this.#reading === bars.generation) return;
    this.#reading = bars.generation;
    void this.#join(bars, bars.generation);
  }

  /** Somebody takes hold of the chart, so bars may be wanted, also after a failure. */
  allow() {
    this.#isAllowed = true;
  }

  /** Read one page more, unless one is on its way or there are none. */
  want() {
    const bars = this.#bars;
    if (!bars?.isJoined || !this.#isAllowed || ["reading", "none", "full"].includes(this.#state)) return;
    this.#tell("reading");
    void this.#readMore(bars, bars.generation);
  }

  /** @param {ChartBars} bars @param {number} generation */
  async #join(bars, generation) {
    try {
      const older = await this.#readBack(bars, generation);
      if (bars !== this.#bars || generation !== bars.generation) return;
      bars.join(older, generation);
      this.#retry_ms = RETRY_MS;
      this.#state = older.length ? "" : "none";
    } catch {
      this.#joinLater(bars);
    }
    if (bars === this.#bars) this.#onchange();
  }

  /** Return the bars before those of the wire, as far back as somebody wanted to see. @param {ChartBars} bars @param {number} generation */
  async #readBack(bars, generation) {
    let older = await this.#page(bars.olderEnd_ms);
    while (older[0] && older[0].t > this.#from_ms && bars === this.#bars && generation === bars.generation) {
      const page = await this.#page(older[0].t);
      if (!page.length) break;
      older = [...page, ...older];
    }
    return older;
  }

  /** @param {ChartBars} bars */
  #joinLater(bars) {
    setTimeout(() => {
      if (bars !== this.#bars) return;
      this.#reading = 0;
      this.join();
    }, this.#retry_ms);
    this.#retry_ms = Math.min(2 * this.#retry_ms, MOST_RETRY_MS);
  }

  /** @param {ChartBars} bars @param {number} generation */
  async #readMore(bars, generation) {
    /** @type {OlderState} */
    let state = "failed";
    try {
      const end_ms = bars.olderEnd_ms;
      const page = end_ms === null ? [] : await this.#page(end_ms);
      bars.join(page, generation);
      state = page.length ? "" : "none";
    } catch {
      // It is told, and read again as soon as somebody tries again.
      if (bars === this.#bars) this.#isAllowed = false;
    }
    if (bars !== this.#bars) return;
    // A snapshot came meanwhile: what was read does not fit it.
    if (generation !== bars.generation) state = "";
    else if (state === "") this.#from_ms = bars.olderEnd_ms ?? Infinity;
    this.#tell(state === "" && bars.isFull ? "full" : state);
  }

  /** Return the newest bars before a time. @param {number | null} to_ms null: the newest of all */
  async #page(to_ms) {
    const bars = await this.#read({...this.#chart, to_ms, limit: PAGE});
    return bars.filter(({t}) => t < (to_ms ?? Infinity));
  }

  /** @param {OlderState} state */
  #tell(state) {
    this.#state = state;
    this.#onchange();
  }
}
