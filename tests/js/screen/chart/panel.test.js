/** The panel of one instrument: what it asks for, when it reads and draws, and what it says. */

import {make} from "/static/js/dom.js";
import {openInstrument} from "/static/js/screen/chart/panel.js";
import {readFrame} from "/static/js/wire/frames.js";
import {ManualClock, each, equal, settled, test, until} from "../../harness.js";
import {stopped} from "../../stopped_time.js";
import {fakeLibrary} from "./fake_library.js";

const MINUTE_MS = 60_000;
const INSTRUMENT = {s: "NVX", d: 2, tick: 0.05, feed: "main", ph: "OPEN", name: "Nova", sector: "Energy", reason: "", delay: 0};
const FEED = {feed: "main", zone: "UTC", exchange: false};
const bar = (minute, c = 1, more = {}) => ({s: "NVX", iv: "1m", t: minute * MINUTE_MS, o: 1, h: 9, l: 1, c, v: 1, n: 1, ...more});
const snapshot = (seq, data, more = {}) => readFrame({channel: "bars", type: "snapshot", epoch: "e", seq, ts: 1, data, ...more});
const update = (from, seq, data) => readFrame({channel: "bars", from, seq, ts: 1, data});
const beat = (seq, ...confirms) => ({channel: "heartbeat", type: "heartbeat", seq, ts: 1, stale: null, confirms});

function choices(name, values) {
  return values.map((value) => make("input", {type: "radio", name: `chart-${name}`, value}));
}

/** A panel without a chart library: the table shows the bars. `page`: the document that it is in. */
function opened({read = () => Promise.resolve([]), fired = "", address = {}, page = document, open = openInstrument, ...more} = {}) {
  page.getElementById("instrument")?.remove();
  const parts = ["symbol", "alert-lines", "legend", "chart", "chart-note"].map((name) => make("div", {"data-part": name}));
  const buttons = ["table", "older", "newest", "alert", "csv", "image", "close"].map((name) => make("button", {"data-part": name}));
  const panel = make("section", {id: "instrument", hidden: "", "data-page": "/instruments/~/", "data-library": "/missing.js", "data-fired": fired},
    ...parts, ...buttons, make("table", {"data-part": "ladder"}, make("tbody")), make("a", {"data-part": "page"}), make("div", {"data-part": "bars-table", hidden: ""}, make("table")),
    ...choices("interval", ["1m", "5m", "1h"]), ...choices("kind", ["candles", "line"]));
  panel.append(make("b", {"data-figure": "last"}));
  page.body.append(panel);
  const world = {panel, address, asked: [], reads: [], said: [], alerts: [], addressed: [], changed: 0, closed: 0, facts: {row: {p: 2, pc: 1}, instrument: INSTRUMENT, feed: FEED, isUnseen: false}};
  const note = (verb) => (channel, symbols) => world.asked.push(`${verb} ${channel} ${symbols}`);
  world.shown = open({
    subscriptions: {add: note("add"), remove: note("remove")}, facts: () => world.facts,
    read: (request) => {
      world.reads.push(request);
      return read(request);
    },
    alerts: {read: (symbol) => { world.alerts.push(symbol); return Promise.resolve([]); }, move: () => Promise.resolve(true), make: () => Promise.resolve(true)},
    address: {asked: (name) => address[name] ?? null, askFor: (name, value) => world.addressed.push([name, value])},
    onchange: () => { world.changed += 1; }, onclose: () => { world.closed += 1; }, announce: (text) => world.said.push(text), ...more,
  });
  world.taken = () => world.asked.splice(0);
  world.part = (name) => panel.querySelector(`[data-part=${name}]`);
  world.note = () => [world.part("chart-note").hidden, world.part("chart-note").textContent];
  world.closes = () => [...panel.querySelectorAll("[data-part=bars-table] tbody tr")].map((row) => row.children[4].textContent);
  world.choose = (name, value) => {
    const input = panel.querySelector(`input[name=chart-${name}][value="${value}"]`);
    input.checked = true;
    input.dispatchEvent(new Event("change"));
  };
  return world;
}

/** Run a check in a page whose scripts cannot be loaded. It is told how often one was asked for. */
async function scriptless(check) {
  const {append} = document.head;
  let count = 0;
  document.head.append = (script) => {
    count += 1;
    queueMicrotask(() => script.dispatchEvent(new Event("error")));
  };
  try {
    await check(() => count);
  } finally {
    document.head.append = append;
  }
}

/** Run a check while the panel's time stands still, and no library comes. */
const still = (check, options) => () => scriptless(() => stopped((clock) => check(clock, opened(options))));

test("a page without the panel has no instrument", () => {
  document.getElementById("instrument")?.remove();
  equal(openInstrument({}), null);
});

test("what is shown from now on is painted, and what the status says", still((_, world) => {
  world.shown.show("NVX");
  equal(world.changed > 0, true);
  for (const change of [() => world.shown.show("ORB"), () => world.shown.hear({channel: "status"}), () => world.choose("interval", "5m")]) {
    world.changed = 0;
    change();
    equal(world.changed > 0, true, String(change));
  }
  localStorage.removeItem("market.chart.interval");
}));

test("it asks for what it shows, once, and leaves what it no longer shows", still((_, {shown, panel, taken, part}) => {
  equal([shown.symbol, shown.position, shown.bookPosition, shown.hear(update(1, 2, []))], [null, null, null, true]);
  shown.show("NVX");
  equal(taken(), ["add depth NVX", "add bars NVX@1m"]);
  equal([panel.hidden, shown.symbol, part("symbol").textContent, part("page").getAttribute("href")], [false, "NVX", "NVX", "/instruments/NVX/"]);
  shown.show("NVX");
  equal(taken(), []);
  shown.show("ORB");
  equal(taken(), ["remove bars NVX@1m", "remove depth NVX", "add depth ORB", "add bars ORB@1m"]);
  shown.show(null);
  equal([taken(), panel.hidden, shown.symbol], [["remove bars ORB@1m", "remove depth ORB"], true, null]);
}));

test("bars follow their snapshot, and others are a gap", still((_, {shown}) => {
  shown.show("NVX");
  equal([shown.hear(snapshot(5, [bar(1)])), shown.position], [true, "e:5"]);
  equal([shown.hear(update(5, 7, [bar(2)])), shown.position], [true, "e:7"]);
  shown.hear(beat(20, "depth", "ticker"));
  equal(shown.position, "e:7");
  shown.hear(beat(20, "bars"));
  equal([shown.position, shown.bookPosition], ["e:20", null]);
  equal([shown.hear(update(21, 22, [bar(3)])), shown.position], [false, "e:20"]);
}));

test("a book follows its snapshot, and each one is painted", still((_, world) => {
  const {shown} = world;
  const book = (seq, more) => readFrame({channel: "depth", seq, ts: 1, data: {NVX: {bids: [[1, 2]], asks: []}}, ...more});
  shown.show("NVX");
  const before = world.changed;
  equal([shown.hear(book(5, {type: "snapshot", epoch: "e"})), shown.bookPosition, world.changed], [true, "e:5", before + 1]);
  shown.hear(beat(20, "bars"));
  equal(shown.bookPosition, "e:5");
  shown.hear(beat(20, "depth"));
  equal(shown.bookPosition, "e:20");
  equal([shown.hear(book(22, {from: 21})), shown.bookPosition, shown.position], [false, "e:20", null]);
}));

test("the figures and the book are written when they are painted, and not when nothing is open", still((_, world) => {
  const {shown, panel, part} = world;
  const seen = () => [panel.querySelector("[data-figure=last]").textContent, part("ladder").querySelectorAll("tbody tr").length > 0 && part("ladder").textContent.includes("1.50")];
  shown.paint();
  equal(seen(), ["", false]);
  shown.show("NVX");
  shown.hear(readFrame({channel: "depth", type: "snapshot", epoch: "e", seq: 5, ts: 1, data: {NVX: {bids: [[1.5, 2]], asks: []}}}));
  shown.paint();
  equal(seen(), ["2.00", true]);
  world.facts = {...world.facts, row: {p: 3, pc: 1}, instrument: {...INSTRUMENT, d: 3}};
  shown.paint();
  equal(panel.querySelector("[data-figure=last]").textContent, "3.000");
  world.facts = {...world.facts, row: {p: 4, pc: 1}};
  shown.show(null);
  shown.paint();
  equal(seen(), ["3.000", false]);
}));

test("older bars are read once for each snapshot, up to the first bar", still(async (clock, {shown, reads}) => {
  shown.show("NVX");
  await clock.pass(0);
  equal(reads, []);
  shown.hear(snapshot(5, [bar(9)]));
  shown.hear(update(5, 6, [bar(10)]));
  await clock.pass(0);
  shown.hear(update(6, 7, [bar(11)]));
  equal(reads, [{symbol: "NVX", interval: "1m", to_ms: 9 * MINUTE_MS, limit: 900}]);
  shown.hear(snapshot(50, [bar(40)], {gap: true}));
  equal([reads.length, reads[1].to_ms], [2, 40 * MINUTE_MS]);
}));

test("older bars stand before those of the wire", still(async (clock, {shown, part, closes, note}) => {
  part("table").click();
  shown.show("NVX");
  await clock.pass(0);
  equal([note(), closes()], [[false, "Loading bars…"], []]);
  shown.hear(snapshot(5, [bar(9, 4)]));
  await clock.pass(200);
  equal([note(), closes()], [[true, ""], ["4.00", "3.00"]]);
}, {read: () => Promise.resolve([bar(8, 3)])}));

test("an instrument without trades says so", still(async (clock, {shown, note}) => {
  shown.show("NVX");
  shown.hear(snapshot(5, []));
  await clock.pass(200);
  equal(note(), [false, "No bars yet. The first trade begins one."]);
}));

test("pictures are 200 ms apart at least", still(async (clock, {shown, part, closes}) => {
  part("table").click();
  shown.show("NVX");
  shown.hear(snapshot(5, [bar(9, 4)]));
  await clock.pass(0);
  equal(closes(), ["4.00"]);
  shown.hear(update(5, 6, [bar(9, 5)]));
  await clock.pass(199);
  equal(closes(), ["4.00"]);
  shown.hear(update(6, 7, [bar(9, 6)]));
  await clock.pass(1);
  equal(closes(), ["6.00"]);
  await clock.pass(1_000);
  shown.hear(update(7, 8, [bar(9, 7)]));
  await clock.pass(0);
  equal(closes(), ["7.00"]);
}));

test("pictures beside a list are a second apart at least", still(async (clock, {shown, part, closes}) => {
  part("table").click();
  shown.show("NVX");
  shown.hear(snapshot(5, [bar(9, 4)]));
  await clock.pass(0);
  shown.hear(update(5, 6, [bar(9, 5)]));
  await clock.pass(999);
  equal(closes(), ["4.00"]);
  await clock.pass(1);
  equal(closes(), ["5.00"]);
}, {isBeside: true}));

test("the first bars are drawn at once, however long they are awaited", still(async (clock, {shown, part, closes}) => {
  part("table").click();
  shown.show("NVX");
  await clock.pass(10);
  shown.hear({channel: "status"});
  await clock.pass(10);
  shown.hear(snapshot(5, [bar(9, 4)]));
  await clock.pass(0);
  equal(closes(), ["4.00"]);
}, {isBeside: true}));

test("what a person chooses is drawn at once", still(async (clock, {shown, part, closes, choose}) => {
  part("table").click();
  shown.show("NVX");
  shown.hear(snapshot(5, [bar(9, 4)]));
  await clock.pass(0);
  const choices = {table: () => { part("table").click(); part("table").click(); }, newest: () => part("newest").click(), older: () => part("older").click(), kind: () => choose("kind", "line")};
  let seq = 5;
  for (const [name, make] of Object.entries(choices)) {
    shown.hear(update(seq, seq + 1, [bar(9, seq)]));
    await clock.pass(10);
    equal(closes(), [`${seq - 1}.00`], `before ${name}`);
    make();
    await clock.pass(0);
    equal(closes(), [`${seq}.00`], name);
    seq += 1;
  }
  localStorage.removeItem("market.chart.kind");
  shown.show("ORB");
  shown.hear(snapshot(6, [bar(9, 7, {s: "ORB"})]));
  await clock.pass(0);
  equal(closes(), ["7.00"]);
}, {isBeside: true}));

test("pictures of many bars are further apart, as each looks at all bars", still(async (clock, {shown, part, closes}) => {
  part("table").click();
  shown.show("NVX");
  shown.hear(snapshot(5, [bar(5_000, 3)]));
  await clock.pass(1_000);
  shown.hear(update(5, 6, [bar(5_000, 4)]));
  await clock.pass(0);
  equal([closes().length, closes()[0]], [100, "4.00"]);
  shown.hear(update(6, 7, [bar(5_000, 5)]));
  await clock.pass(499);
  equal(closes()[0], "4.00");
  await clock.pass(2);
  equal(closes()[0], "5.00");
}, {read: () => Promise.resolve(Array.from({length: 4_999}, (_, minute) => bar(minute, 2)))}));

test("older bars that cannot be read are asked for later and later, 30 s at most", still(async (clock, {shown, reads, note}) => {
  shown.show("NVX");
  shown.hear(snapshot(5, [bar(9)]));
  await clock.pass(200);
  equal([reads.length, note()], [1, [false, "Older bars cannot be read now. Trying again…"]]);
  for (const [count, wait_ms] of [2_000, 4_000, 8_000, 16_000, 30_000, 30_000].entries()) {
    await clock.pass(wait_ms - 1 - (count === 0 ? 200 : 0));
    equal(reads.length, count + 1, `before ${wait_ms}`);
    await clock.pass(1);
    equal(reads.length, count + 2, `after ${wait_ms}`);
  }
}, {read: () => Promise.reject(new Error("away"))}));

test("what was read late is no reason to wait longer the next time, nor for another instrument", () => scriptless(() => stopped(async (clock) => {
  let isAway = true;
  const {shown, reads, note} = opened({read: () => (isAway ? Promise.reject(new Error("away")) : Promise.resolve([]))});
  shown.show("NVX");
  shown.hear(snapshot(5, [bar(9)]));
  isAway = false;
  await clock.pass(2_000);
  await clock.pass(200);
  equal([reads.length, note()], [2, [true, ""]]);
  isAway = true;
  shown.hear(snapshot(50, [bar(40)]));
  await clock.pass(1_999);
  equal(reads.length, 3);
  shown.show("ORB");
  await clock.pass(100_000);
  equal(reads.length, 3);
})));

test("an instrument that is gone is left, and asked for again when it is back", still(async (clock, world) => {
  const {shown, taken, note, reads} = world;
  shown.show("NVX");
  taken();
  world.facts = {row: undefined, instrument: undefined, feed: undefined, isUnseen: true};
  shown.hear({channel: "status"});
  equal(taken(), ["remove bars NVX@1m", "add bars NVX@1m", "remove depth NVX", "add depth NVX"]);
  shown.hear({channel: "status"});
  await clock.pass(200);
  equal([taken(), note()], [[], [false, "NVX is not listed now, or you may not see it."]]);
  shown.hear(snapshot(5, []));
  equal(reads, []);
  world.facts = {row: undefined, instrument: INSTRUMENT, feed: FEED, isUnseen: false};
  shown.hear({channel: "status"});
  equal(taken().length, 4);
}));

test("another interval is asked for, remembered and told; the usual one is not remembered", still((_, world) => {
  const {shown, taken, choose, said, reads} = world;
  shown.show("NVX");
  taken();
  choose("interval", "5m");
  equal([taken(), said, localStorage.getItem("market.chart.interval")], [["remove bars NVX@1m", "add bars NVX@5m"], ["Bars of 5m"], "5m"]);
  shown.hear(snapshot(5, [bar(9, 1, {iv: "5m"})]));
  equal(reads[0].interval, "5m");
  const again = opened();
  equal(again.panel.querySelector("input[name=chart-interval]:checked").value, "5m");
  again.shown.show("NVX");
  equal(again.taken().at(-1), "add bars NVX@5m");
  again.choose("interval", "1m");
  equal(localStorage.getItem("market.chart.interval"), null);
}));

test("the address counts more than what is remembered, and follows the choice", still(() => {
  localStorage.setItem("market.chart.interval", "1h");
  const {panel, addressed, choose} = opened({address: {bars: "5m"}});
  localStorage.removeItem("market.chart.interval");
  equal([panel.querySelector("input[name=chart-interval]:checked").value, addressed], ["5m", [["bars", "5m"]]]);
  choose("kind", "line");
  equal(addressed.at(-1), ["chart", "line"]);
  localStorage.removeItem("market.chart.kind");
}));

test("back and forward bring the choices of the address, by its silence the usual ones", still((_, {shown, panel, taken, choose, said, addressed, address}) => {
  const chosen = () => ["interval", "kind"].map((name) => panel.querySelector(`input[name=chart-${name}]:checked`).value);
  shown.show("NVX");
  choose("interval", "5m");
  taken();
  said.length = 0;
  Object.assign(address, {bars: "1h", chart: "line"});
  shown.followAddress();
  equal([chosen(), taken(), said], [["1h", "line"], ["remove bars NVX@5m", "add bars NVX@1h"], ["Bars of 1h"]]);
  equal(localStorage.getItem("market.chart.interval"), "5m");
  shown.followAddress();
  equal(taken(), []);
  delete address.bars;
  delete address.chart;
  shown.followAddress();
  equal([chosen(), taken()], [["1m", "candles"], ["remove bars NVX@1h", "add bars NVX@1m"]]);
  localStorage.removeItem("market.chart.interval");
  // Closed, it asks for nothing, and opens with what was followed.
  shown.show(null);
  taken();
  address.bars = "5m";
  shown.followAddress();
  equal(taken(), []);
  shown.show("NVX");
  equal(taken().at(-1), "add bars NVX@5m");
  // The address of another step may lack what the chart shows when it is opened there.
  delete address.bars;
  shown.show("ORB");
  equal(addressed.at(-1), ["bars", "5m"]);
}));

test("a remembered choice that is none any more gives way to the usual one", still(() => each([["interval", "1m"], ["kind", "candles"]], ([name, usual]) => {
  localStorage.setItem(`market.chart.${name}`, "2w");
  equal(opened().panel.querySelector(`input[name=chart-${name}]:checked`).value, usual);
  localStorage.removeItem(`market.chart.${name}`);
})));

test("the table takes the place of the picture, and gives it back", still((_, {part}) => {
  const shown = () => [part("bars-table").hidden, part("chart").hidden, part("table").getAttribute("aria-pressed")];
  part("table").click();
  equal(shown(), [false, true, "true"]);
  part("table").click();
  equal(shown(), [true, false, "false"]);
}));

test("the picture says in words what it shows", still(async (clock, {shown, part}) => {
  shown.show("NVX");
  shown.hear(snapshot(5, [bar(9, 4)]));
  await clock.pass(200);
  equal(part("chart").getAttribute("aria-label"),
    "Chart of NVX, bars of 1m, newest close 4.00 at 1 Jan, 00:09. The button Table shows the same values.");
  shown.show("ORB");
  shown.hear(snapshot(6, []));
  await clock.pass(200);
  equal(part("chart").getAttribute("aria-label"), "Chart of ORB, bars of 1m. The button Table shows the same values.");
}));

test("bars are saved once they are here, under the names of symbol and interval", still(async (clock, {shown, part, said}) => {
  const saved = [];
  const hear = (event) => event.target.download && (event.preventDefault(), saved.push(event.target.download));
  document.addEventListener("click", hear, true);
  shown.show("NVX");
  part("csv").click();
  equal([saved, said], [[], ["The bars are still loading"]]);
  shown.hear(snapshot(5, [bar(9, 4)]));
  await clock.pass(200);
  part("csv").click();
  document.removeEventListener("click", hear, true);
  equal([saved, said.length], [["NVX-1m.csv"], 1]);
}));

test("a notification reads the alerts again, and other frames do not", still((_, {shown, alerts}) => {
  shown.show("NVX");
  shown.hear(beat(9, "bars"));
  equal(alerts, ["NVX"]);
  shown.hear({channel: "notifications"});
  equal(alerts, ["NVX", "NVX"]);
}));

test("the button closes by asking the page", still((_, world) => {
  world.part("close").click();
  equal(world.closed, 1);
}));

test("a library that fails gives way to the table, and is asked for once", () => scriptless(async (asked) => {
  const {shown, part} = opened();
  shown.show("NVX");
  await settled();
  equal([part("bars-table").hidden, part("chart").hidden], [false, true]);
  shown.show("ORB");
  await settled();
  equal(asked(), 1);
  shown.show(null);
}));

/** Pages of 150 bars before a time, the first bar at minute 0. */
const pages = (request) => Promise.resolve(Array.from({length: 150}, (_, index) => request.to_ms / MINUTE_MS - 150 + index).filter((minute) => minute >= 0).map((minute) => bar(minute, minute)));

test("the button Older leads the table back to the oldest bar, and Newest to the newest", still(async (clock, {shown, part, closes, reads, note, said}) => {
  part("table").click();
  shown.show("NVX");
  shown.hear(snapshot(5, [bar(350, 350)]));
  await clock.pass(200);
  const seen = () => [Number(closes()[0]), closes().length, Number(closes().at(-1))];
  equal([seen(), reads.length], [[350, 100, 251], 1]);
  const rows = [];
  for (let press = 0; press < 5; press += 1) {
    part("older").click();
    await clock.pass(200);
    await clock.pass(200);
    rows.push(seen());
  }
  equal(rows, [[299, 100, 200], [199, 100, 100], [99, 100, 0], [99, 100, 0], [99, 100, 0]]);
  equal(reads.map(({to_ms}) => to_ms / MINUTE_MS), [350, 200, 50, 0]);
  equal([note(), said.includes("These are the oldest bars.")], [[false, "These are the oldest bars."], true]);
  part("newest").click();
  await clock.pass(200);
  equal([seen(), note()], [[350, 100, 251], [true, ""]]);
}, {read: pages}));

test("older bars that cannot be read by wish are told, and read by the next wish", () => scriptless(() => stopped(async (clock) => {
  let isAway = false;
  const {shown, part, reads, note, said} = opened({read: (request) => (isAway ? Promise.reject(new Error("away")) : pages(request))});
  part("table").click();
  shown.show("NVX");
  shown.hear(snapshot(5, [bar(400, 400)]));
  await clock.pass(200);
  isAway = true;
  for (let press = 0; press < 2; press += 1) {
    part("older").click();
    await clock.pass(200);
  }
  const failed = "Older bars cannot be read now. Drag again, or press Older.";
  equal([reads.length, note(), said.filter((text) => text === failed).length > 0], [3, [false, failed], true]);
  isAway = false;
  part("older").click();
  await clock.pass(200);
  equal([reads.length, reads.at(-1).to_ms / MINUTE_MS, note()[1]], [4, 250, ""]);
})));

test("another interval starts with the newest bars of it", still(async (clock, {shown, part, choose, reads, closes}) => {
  part("table").click();
  shown.show("NVX");
  shown.hear(snapshot(5, [bar(350, 350)]));
  await clock.pass(200);
  part("older").click();
  await clock.pass(200);
  choose("interval", "5m");
  shown.hear(snapshot(9, [bar(355, 355, {iv: "5m"})]));
  await clock.pass(200);
  equal([Number(closes()[0]), reads.at(-1).interval, reads.length], [355, "5m", 3]);
  localStorage.removeItem("market.chart.interval");
}, {read: pages}));

// --- with a chart library that draws nothing, in a frame ------------------------------------
/** Run a check of a panel with a chart, in a frame whose time stands still. */
const charted = (check, options) => async () => {
  const frame = document.createElement("iframe");
  document.body.append(frame);
  const {contentWindow: window, contentDocument: page} = frame;
  const script = page.createElement("script");
  const isLoaded = new Promise((resolve, reject) => Object.assign(script, {onload: resolve, onerror: reject}));
  page.head.append(Object.assign(script, {type: "module", src: "/tests/js/screen/chart/panel_frame.js"}));
  await isLoaded;
  const clock = new ManualClock();
  Object.assign(window, {setTimeout: (run, wait_ms = 0) => clock.setTimeout(run, wait_ms), clearTimeout: clock.clearTimeout});
  Object.defineProperty(window.performance, "now", {value: () => clock.now_ms});
  const fake = fakeLibrary();
  window.LightweightCharts = fake.library;
  page.head.append = (library) => queueMicrotask(() => library.dispatchEvent(new Event("load")));
  const world = Object.assign(opened({page, open: window.openInstrument, ...options}), {fake, page, window});
  world.panel.dataset.alert = "about:blank#/alerts/~/";
  world.pass = async (span_ms) => {
    await settled();
    clock.advance(span_ms);
    await settled();
  };
  world.begin = async (...bars) => {
    world.shown.show("NVX");
    world.shown.hear(snapshot(5, bars));
    await world.pass(1_000);
    await world.pass(1_000);
  };
  try {
    await check(world);
  } finally {
    frame.remove();
  }
};

test("the picture is given the bars, older ones before those of the wire, and what is known of the instrument", charted(async (world) => {
  const {fake, begin, part, note} = world;
  await begin(bar(350, 350));
  equal([fake.prices().points.length, fake.prices().points.at(-1).close, fake.prices().kind], [151, 350, "candles"]);
  equal([part("bars-table").hidden, note(), fake.prices().lines.map(({price}) => price)], [true, [true, ""], [1]]);
  equal(fake.prices().options.priceFormat, {type: "price", precision: 2, minMove: 0.05});
  world.choose("kind", "line");
  await world.pass(0);
  equal(fake.prices().kind, "line");
  localStorage.removeItem("market.chart.kind");
}, {read: pages}));

test("older bars are read when the oldest are seen by the button, and told at the picture", charted(async ({fake, begin, part, pass, reads, note, said}) => {
  await begin(bar(350, 350));
  equal([reads.length, fake.view], [1, {from: 31, to: 155}]);
  part("older").click();
  equal([reads.length, reads[1].to_ms / MINUTE_MS, note(), part("chart-note").className], [2, 200, [false, "Loading older bars\u2026"], "chart-note-front"]);
  await pass(1_000);
  equal([fake.prices().points.length, note(), said.at(-1), part("chart-note").className], [301, [true, ""], "Older bars are here.", ""]);
  fake.see({from: 5, to: 60});
  await pass(1_000);
  fake.see({from: 5, to: 60});
  await pass(1_000);
  fake.see({from: 5, to: 60});
  equal([reads.length, note()], [4, [false, "These are the oldest bars."]]);
  part("newest").click();
  equal(note(), [true, ""]);
}, {read: pages}));

test("a drag to the oldest bars reads older ones only when somebody took hold of the chart, and not before", charted(({fake, begin, part, reads}) => begin(bar(350, 350)).then(() => {
  fake.see({from: 5, to: 60});
  equal(reads.length, 1);
  part("chart").dispatchEvent(new Event("pointerdown"));
  fake.see({from: 25, to: 60});
  equal(reads.length, 1);
  fake.see({from: 19, to: 60});
  equal(reads.length, 2);
}), {read: pages}));

test("a picture behind the table, or of a chart that is closed, reads nothing", charted(async ({fake, begin, part, pass, reads, shown}) => {
  await begin(bar(60, 60));
  part("table").click();
  part("chart").dispatchEvent(new Event("pointerdown"));
  shown.hear(update(5, 6, [bar(61, 61)]));
  await pass(1_000);
  fake.see({from: 1, to: 60});
  equal(reads.length, 1);
  shown.show(null);
  part("table").click();
  fake.see({from: 1, to: 60});
  equal(reads.length, 1);
}, {read: pages}));

test("the table opens at the bars that the picture shows, and at the newest while that is seen", charted(async ({fake, begin, part, pass, closes}) => {
  await begin(bar(350, 350));
  fake.see({from: 30, to: 120.5});
  part("table").click();
  await pass(1_000);
  equal([closes()[0], closes().length], ["320.00", 100]);
  part("table").click();
  fake.see({from: 30, to: 150});
  part("table").click();
  await pass(1_000);
  equal(closes()[0], "350.00");
}, {read: pages}));

test("the values of the bar that somebody points at are shown, and stay with it when older ones come", charted(async ({fake, begin, part, pass, page}) => {
  const value = (name) => page.querySelector(`[data-part=legend] [data-part=${name}] b`).textContent;
  await begin(bar(350, 350));
  equal([value("c"), value("time"), value("close")], ["350.00", "1 Jan, 05:50", "1.00"]);
  fake.hears.point({logical: 10, point: {x: 1, y: 1}});
  equal([value("c"), value("change"), value("fast")], ["210.00", "+1.00 (+0.48%)", "\u2013"]);
  part("older").click();
  await pass(1_000);
  equal(value("c"), "210.00");
  fake.hears.point({logical: 900, point: {x: 1, y: 1}});
  equal(value("c"), "350.00");
  fake.hears.point({});
  equal([value("c"), value("fast"), value("slow")], ["350.00", "340.50", "325.50"]);
}, {read: pages}));

test("a forecast and a halt are marked at their bars", charted(async (world) => {
  const {fake, begin, pass, shown} = world;
  world.facts = {...world.facts, feed: {...FEED, clock: 60 * MINUTE_MS, t: 0, scale: 1}, instrument: {...INSTRUMENT, t: 0}};
  await begin(bar(59, 59), bar(60, 60));
  world.facts = {...world.facts, instrument: {...INSTRUMENT, ph: "HALTED", t: 0}};
  shown.hear({channel: "status"});
  await pass(1_000);
  equal(fake.prices().marks.map(({time, text}) => [time / 60, text]), [[59, "Alert \u00d72"], [60, "Halt"]]);
}, {fired: `${59 * MINUTE_MS},${59 * MINUTE_MS + 5}`}));

const alertKey = (more = {}) => new KeyboardEvent("keydown", {code: "KeyA", altKey: true, bubbles: true, cancelable: true, ...more});

test("Alt and A offer an alert on the open instrument, and nothing else does", charted(async ({begin, page, window, shown, part}) => {
  const press = (more) => {
    const event = alertKey(more);
    page.body.dispatchEvent(event);
    const {hash} = window.location;
    window.location.hash = "";
    return [event.defaultPrevented, hash];
  };
  equal(press(), [false, ""], "nothing is open");
  await begin(bar(60, 60));
  const offer = page.querySelector(".alert-offer");
  equal([press(), offer.hidden, offer.textContent], [[true, ""], false, "Alert above 2.00"]);
  part("table").click();
  equal(press(), [true, "#/alerts/NVX/"], "a table has no place for it");
  for (const more of [{ctrlKey: true}, {metaKey: true}, {shiftKey: true}, {altKey: false}, {code: "KeyB"}]) equal(press(more), [false, ""], JSON.stringify(more));
  const dialog = page.createElement("dialog");
  page.body.append(dialog);
  equal(press(), [true, "#/alerts/NVX/"]);
  dialog.setAttribute("open", "");
  equal(press(), [false, ""], "a dialog is open");
  dialog.remove();
  page.body.addEventListener("keydown", (event) => event.preventDefault(), {once: true});
  equal(press(), [true, ""], "somebody else took the key");
  part("alert").click();
  equal(window.location.hash, "#/alerts/NVX/");
  window.location.hash = "";
  shown.show(null);
  equal(press(), [false, ""]);
}, {read: pages}));

test("a click on the chart offers an alert at its price, and the lines of alerts are on the chart", charted(async (world) => {
  const {fake, begin, page} = world;
  await begin(bar(60, 60));
  equal(fake.prices().lines.map(({price}) => price).sort(), [1, 7]);
  fake.hears.click({point: {x: 5, y: 40}});
  equal([page.querySelector(".alert-offer").textContent, page.querySelector(".alert-offer").hidden], ["Alert above 60.00", false]);
}, {read: pages, alerts: {read: () => Promise.resolve([{alert: 1, index: 0, kind: "above", price: 7}]), move: () => Promise.resolve(true), make: () => Promise.resolve(true)}}));

test("the picture is saved under the names of symbol and interval", charted(async ({begin, part, page}) => {
  const saved = [];
  await begin(bar(60, 60));
  const hear = (event) => event.target.download && (event.preventDefault(), saved.push(event.target.download));
  page.addEventListener("click", hear, true);
  part("image").click();
  await until(() => saved.length > 0);
  equal(saved, ["NVX-1m.png"]);
}, {read: pages}));
