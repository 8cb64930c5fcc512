/**
 * A market instead of a server: every WebSocket of the page is one whose frames a worker writes, so that making them costs
 * the page nothing. What the page does with a frame, from its text on, is the page's own.
 * `options`: rows, updates per second, frames per second. It is the argument of the function that this file is.
 */
(options) => {
  const market = (/** @type {{rows: number, updates: number, frames: number}} */ {rows, updates, frames}) => {
    const symbols = Array.from({length: rows}, (_, index) => `S${String(index).padStart(4, "0")}`);
    const phases = {ph: "OPEN", reason: ""};
    const prices = symbols.map((s, index) => {
      const pc = Math.round(2000 + ((index * 7919) % 40_000)) / 100;
      return {s, p: pc, b: pc - 0.01, a: pc + 0.01, o: pc, h: pc + 0.5, l: pc - 0.5, pc, v: 1000 + index, ph: "OPEN"};
    });
    const [epoch, feed] = ["synthetic", "synthetic"];
    const begun_ms = Date.now();
    let sequence = 1;
    let isWanted = false;
    const tell = (/** @type {object} */ frame) => postMessage(JSON.stringify(frame));
    const cents = (/** @type {number} */ value) => Math.round(value * 100) / 100;

    const status = () => [
      {feed, name: "Synthetic", state: "RUNNING", rate: updates, reason: "", t: begun_ms, exchange: "XSYN", zone: "UTC",
        day: 0, ph: "OPEN", clock: begun_ms, scale: 1},
      ...symbols.map((s, index) => ({s, name: `Instrument ${index}`, sector: `Sector ${index % 9}`, feed, d: 2, tick: 0.01,
        t: begun_ms, ...phases})),
    ];
    const entry = (/** @type {{s: string}} */ {s, ...fields}) => [s, {...fields, ms: 0}];
    const snapshots = {
      status: () => ({epoch, seq: sequence, ts: Date.now(), data: status()}),
      ticker: () => ({epoch, seq: sequence, ts: Date.now(), data: Object.fromEntries(prices.map(entry))}),
      watchlist: () => ({data: symbols}),
      notifications: () => ({seq: 0, unread: 0, data: []}),
      trades: () => ({epoch, seq: sequence, ts: Date.now(), data: []}),
    };

    /** One trade or one quote of an instrument: the fields that it changes. */
    const moved = () => {
      const row = prices[Math.floor(Math.random() * rows)];
      const step = Math.random() < 0.5 ? -0.01 : 0.01;
      if (Math.random() < 0.5) {
        [row.b, row.a] = [cents(row.b + step), cents(row.a + step)];
        return [row.s, {b: row.b, a: row.a}];
      }
      [row.p, row.v] = [cents(row.p + step), row.v + 100];
      [row.h, row.l] = [Math.max(row.h, row.p), Math.min(row.l, row.p)];
      return [row.s, {p: row.p, v: row.v, h: row.h, l: row.l}];
    };

    let owed = 0;
    const update = () => {
      if (!isWanted) return;
      owed += updates / frames;
      const data = {};
      for (; owed >= 1; owed -= 1) {
        const [s, fields] = moved();
        const before = data[s];
        data[s] = {...before, ...fields, ms: 5, ...(before && {n: (before.n ?? 1) + 1})};
        sequence += 1;
      }
      const from = sequence - Object.values(data).reduce((sum, {n = 1}) => sum + n, 0);
      tell({channel: "ticker", from, seq: sequence, ts: Date.now(), data});
    };
    const beat = () => tell({channel: "heartbeat", type: "heartbeat", seq: sequence, ts: Date.now()});

    const answer = (/** @type {{method: string, id?: number, params: {channel?: string}}} */ {method, id, params}) => {
      if (id === undefined) return;
      const {channel = ""} = params;
      tell({method, id, success: true, result: method === "subscribe" ? {channel, resumed: false} : {}});
      const make = snapshots[channel];
      if (method !== "subscribe" || !make) return;
      tell({channel, type: "snapshot", ...make()});
      if (channel === "ticker") isWanted = true;
    };
    onmessage = ({data}) => answer(JSON.parse(data));
    tell({channel: "status", type: "welcome", version: 1, server_time: Date.now(), epoch, heartbeat_ms: 2000});
    setInterval(update, 1000 / frames);
    setInterval(beat, 2000);
  };

  const url = URL.createObjectURL(new Blob([`(${market})(${JSON.stringify(options)})`]));
  globalThis.WebSocket = class extends EventTarget {
    static CONNECTING = 0;
    static OPEN = 1;
    static CLOSED = 3;
    readyState = 1;
    onmessage = null;
    onclose = null;
    #worker = new Worker(url);

    constructor() {
      super();
      this.#worker.onmessage = (event) => this.onmessage?.(event);
    }

    send(text) {
      this.#worker.postMessage(text);
    }

    close() {
      this.readyState = 3;
      this.#worker.terminate();
    }
  };
  // The day so far of each instrument, in as many points as the server sends at most.
  const fetchOthers = globalThis.fetch.bind(globalThis);
  const dayOf = () => {
    const day = Date.now() - (Date.now() % 86_400_000);
    const t = Array.from({length: 120}, (_, index) => Math.floor((index * (Date.now() - day)) / 120 / 60_000));
    return {day, t, c: t.map((_, index) => 100 + Math.sin(index / 9) + Math.random())};
  };
  globalThis.fetch = (address, init) => {
    const {pathname, searchParams} = new URL(address, location.href);
    if (!pathname.endsWith("/sparklines")) return fetchOthers(address, init);
    const symbols = (searchParams.get("symbols") ?? "").split(",");
    return Promise.resolve(Response.json({data: Object.fromEntries(symbols.map((s) => [s, dayOf()])), rejected: {}}));
  };
  // Tabs share no list of so many symbols: such a page has a connection of its own.
  if (options.rows > 500) delete globalThis.BroadcastChannel;
};
