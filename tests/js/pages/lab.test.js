/** The transport lab: it begins when the clock is known, counts while it is seen, and ends with the person's sign-in. */

import {equal, ok, settled, test} from "../harness.js";
import {EPOCH, prices, update} from "./market.js";
import {opened} from "./page_frame.js";

const SCRIPT = "/static/js/pages/lab.js";
const COSTS = {process: "p1", process_cpu_s: 1, ts: 0, request_header_bytes: 812, transports: {websocket: {cpu_s: 0.1, updates: 10}}};
const stateOf = (page) => page.document.body.dataset.lab;
const labelOf = (page) => page.text("#lab-run [data-part=label]");
const costsAsked = (page) => page.requests.filter(({url}) => url.startsWith("/lab/costs/")).length;
const cell = (page, figure, transport = "websocket") => page.text(`[data-figure=${figure}][data-transport=${transport}]`);
const number = (text) => Number(text.replaceAll(",", "").replace("–", "NaN"));
/** The server's time: ahead of the page's by two seconds. */
const serverNow = (page) => page.window.performance.timeOrigin + page.window.performance.now() + 2_000;

/** Open the lab; the clock is not asked yet. */
async function lab({costs = COSTS, path = "/lab/?symbols=NVX,ORB&rate=5&interval=2&users=100", ...options} = {}) {
  const page = await opened(SCRIPT, {path, ...options, change: (each) => {
    each.answers = {"/poll/": () => new Promise(() => {}), "/sse/": () => new Promise(() => {}), "/lab/costs/": () => each.json({...each.costs, ts: serverNow(each)})};
    each.costs = costs;
  }});
  page.time = page.sockets[0];
  return page;
}

/** Answer the next ping of the clock. */
async function pong(page) {
  const ping = page.time.sent.at(-1);
  page.time.hear(JSON.stringify({method: "pong", id: ping.id, success: true, result: {ts: serverNow(page)}}));
  await page.pass(0);
}

/** Open the lab, with a clock that is known and readers that run. */
async function running(options) {
  const page = await lab(options);
  page.time.readyState = 1;
  page.time.hear(JSON.stringify({channel: "status", type: "welcome", version: 1, server_time: serverNow(page), epoch: EPOCH, heartbeat_ms: 600_000}));
  for (let turn = 0; turn < 12; turn += 1) await pong(page);
  await page.pass(50);
  await page.until(() => page.sockets.length > 1);
  page.reader = page.sockets.find((socket) => socket !== page.time);
  page.hearReader = (...frames) => frames.forEach((frame) => page.reader.hear(JSON.stringify(frame)));
  page.reader.readyState = 1;
  page.hearReader({channel: "status", type: "welcome", version: 1, server_time: serverNow(page), epoch: EPOCH, heartbeat_ms: 600_000});
  await page.pass(0);
  return page;
}

/** Let the reader's prices tick once a second. */
async function ticking(page, count, from = 1) {
  for (let seq = from + 1; seq <= from + count; seq += 1) {
    page.hearReader(update({NVX: {p: 10 + seq / 10, ms: 20, n: 2}}, {from: seq - 1, seq, ts: serverNow(page)}));
    await page.pass(1_000);
    await settled();
  }
  return from + count;
}

test("the lab begins when twelve answers have told the clock", async () => {
  const page = await lab();
  equal([page.sockets.length, costsAsked(page), stateOf(page)], [1, 0, "stopped"]);
  page.time.readyState = 1;
  page.time.hear(JSON.stringify({channel: "status", type: "welcome", version: 1, server_time: 0, epoch: EPOCH, heartbeat_ms: 600_000}));
  for (let turn = 0; turn < 11; turn += 1) await pong(page);
  await page.pass(50);
  equal([page.sockets.length, costsAsked(page)], [1, 0]);
  await pong(page);
  await page.pass(50);
  await page.until(() => stateOf(page) === "running");
  equal([page.sockets.length, costsAsked(page), labelOf(page)], [2, 1, "Stop"]);
  ok(page.text("#lab-clock").startsWith("2,000.0 ms, give or take"), page.text("#lab-clock"));
});

test("a clock that nobody tells does not hold the lab up for longer than two seconds", async () => {
  const page = await lab();
  await page.pass(1_999);
  equal([stateOf(page), costsAsked(page)], ["stopped", 0]);
  await page.pass(1);
  await page.until(() => stateOf(page) === "running");
});

test("all four transports are opened, and the socket is asked for the symbols at the rate", async () => {
  const page = await running();
  const [set, ticker] = page.reader.sent;
  equal([set.params, ticker.params.symbols], [{paused: false, max_rate: 5}, ["NVX", "ORB"]]);
  const requested = (begin) => page.requests.filter(({url}) => url.startsWith(begin));
  await page.until(() => {
    void page.pass(10);
    return requested("/sse/").length > 0 && requested("/poll/").length > 1;
  });
});

test("figures are counted each second, and those of the last ten seconds are shown", async () => {
  const page = await running();
  page.hearReader(prices({NVX: {p: 10}, ORB: {p: 9}}, {ts: serverNow(page)}));
  await page.pass(0);
  const seq = await ticking(page, 12);
  const recent = number(cell(page, "updates_per_s"));
  ok(recent > 0.9 && recent < 1.1, cell(page, "updates_per_s"));
  equal(page.text("#lab-mirror tbody tr td"), "11.30");
  page.click("input[name=period][value=all]");
  await page.pass(20_000);
  page.click("input[name=period][value=recent]");
  const [now] = [number(cell(page, "updates_per_s"))];
  page.click("input[name=period][value=all]");
  const all = number(cell(page, "updates_per_s"));
  ok(now === 0 && all > 0.2, `${now} in the last ten seconds, ${all} in all, at ${seq}`);
});

test("a reset counts from now on, and empties the plot", async () => {
  const page = await running();
  page.hearReader(prices({NVX: {p: 10}, ORB: {p: 9}}, {ts: serverNow(page)}));
  const seq = await ticking(page, 5);
  ok(page.find("#lab-plot path.plot-line").getAttribute("d") !== null, "no plot");
  page.click("input[name=period][value=all]");
  page.click("#lab-reset");
  equal([page.find("#lab-plot path.plot-line").getAttribute("d"), ["–", "0", "0.0"].includes(cell(page, "updates_per_s"))], ["", true]);
  await ticking(page, 3, seq);
  ok(number(cell(page, "updates_per_s")) > 0.9, cell(page, "updates_per_s"));
});

test("the plot shows what is chosen, and begins anew with another figure", async () => {
  const page = await running();
  page.hearReader(prices({NVX: {p: 10}, ORB: {p: 9}}, {ts: serverNow(page)}));
  await ticking(page, 3);
  const line = () => page.find("#lab-plot path.plot-websocket").getAttribute("d");
  ok(line().startsWith("M"), "nothing is drawn");
  page.change(page.byId("lab-quantity"), "sent_per_s");
  equal(line(), "");
});

test("a hidden page measures nothing and says so, and goes on when it is seen", async () => {
  const page = await running();
  page.hearReader(prices({NVX: {p: 10}, ORB: {p: 9}}, {ts: serverNow(page)}));
  const seq = await ticking(page, 3);
  page.hide();
  const asked = costsAsked(page);
  equal([stateOf(page), page.byId("lab-hidden").hidden], ["paused", false]);
  page.click("input[name=period][value=all]");
  await page.pass(20_000);
  equal(costsAsked(page), asked);
  page.hide(false);
  equal([stateOf(page), page.byId("lab-hidden").hidden], ["running", true]);
  await ticking(page, 2, seq);
  ok(number(cell(page, "updates_per_s")) > 0.7, `the hidden time counts: ${cell(page, "updates_per_s")}`);
});

test("the button stops all readers, and starts others", async () => {
  const page = await running();
  page.click("#lab-run");
  equal([stateOf(page), labelOf(page), page.reader.closed, page.time.closed], ["stopped", "Start", 1000, null]);
  const asked = costsAsked(page);
  await page.pass(10_000);
  equal([costsAsked(page), page.sockets.length], [asked, 2]);
  page.click("#lab-run");
  equal([stateOf(page), page.sockets.length], ["running", 3]);
});

test("other symbols begin another run, and another rate or interval does not", async () => {
  const page = await running();
  page.change(page.byId("lab-rate"), "15");
  equal([page.reader.sent.at(-1).params, page.sockets.length], [{paused: false, max_rate: 15}, 2]);
  page.change(page.byId("lab-interval"), "4");
  equal(page.sockets.length, 2);
  page.change(page.byId("lab-symbols"), "QAL");
  equal([page.sockets.length, page.reader.closed, page.asked("symbols")], [3, 1000, "QAL"]);
  page.click("#lab-run");
  page.change(page.byId("lab-symbols"), "NVX");
  equal(page.sockets.length, 3, "a stopped lab stays stopped");
});

test("symbols that the server does not know are named, until the next run", async () => {
  const page = await running();
  equal(page.byId("lab-rejected").hidden, true);
  page.hearReader({method: "subscribe", id: page.reader.sent.at(-1).id, success: true, result: {channel: "ticker", rejected: {ORB: "unknown"}}});
  await page.pass(1_000);
  equal(page.text("#lab-rejected [data-part=symbols]"), "ORB");
  page.change(page.byId("lab-symbols"), "QAL");
  equal(page.byId("lab-rejected").hidden, true);
});

test("the server is asked for its costs on every second tick, and they are shown", async () => {
  const page = await running();
  const asked = costsAsked(page);
  page.costs = {...COSTS, process_cpu_s: 1.5, transports: {websocket: {cpu_s: 0.3, updates: 30}}};
  await page.pass(1_000);
  equal(costsAsked(page), asked);
  await page.pass(1_000);
  equal(costsAsked(page), asked + 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  page.costs = {...COSTS, process_cpu_s: 2, transports: {websocket: {cpu_s: 0.5, updates: 50}}};
  await page.pass(2_000);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await page.pass(1_000);
  equal(page.text("#lab-header"), "812");
  const [all, owned, rest] = ["lab-process", "lab-owned", "lab-unowned"].map((id) => number(page.text(`#${id}`).replace(" ms/s", "")));
  ok(all > owned && owned > 0, `${all} in all, ${owned} of it for transports`);
  ok(Math.abs(all - owned - rest) < 0.11, `${all} in all, ${owned} and ${rest}`);
});

test("costs that are lost are told until the next come", async () => {
  const page = await running();
  page.answers["/lab/costs/"] = () => Promise.reject(new TypeError("no line"));
  await page.pass(2_000);
  await page.until(() => !page.byId("lab-costs-lost").hidden);
  page.answers["/lab/costs/"] = () => page.json({...COSTS, ts: serverNow(page)});
  await page.pass(2_000);
  await page.until(() => page.byId("lab-costs-lost").hidden);
});

test("a sign-out takes the lab away, and nothing of it begins again", async () => {
  const page = await running();
  page.answers["/lab/costs/"] = () => page.json({error: {code: 401, message: "signed out"}}, 401);
  await page.pass(2_000);
  await page.until(() => page.byId("signed-out-title"));
  equal([page.reader.closed, page.time.closed], [1000, 1000]);
  const {length} = page.sockets;
  const asked = costsAsked(page);
  await page.pass(10_000);
  page.hide();
  page.hide(false);
  equal([page.sockets.length, costsAsked(page)], [length, asked]);
});

test("a page that is left closes its readers and its clock", async () => {
  const page = await running();
  page.hear("pagehide");
  equal([page.reader.closed, page.time.closed, stateOf(page)], [1000, 1000, "stopped"]);
});

test("a transport that does not run says so, with the reason", async () => {
  const page = await running();
  equal([page.text("[data-state=websocket]"), page.find("[data-state=websocket]").dataset.name], ["live", "live"]);
  page.reader.readyState = 3;
  page.reader.onclose({code: 4410, reason: ""});
  await page.pass(0);
  equal([page.text("[data-state=websocket]"), page.text("#lab-troubles")], ["stopped", "WebSocket is stopped: disconnected by an operator."]);
});

test("what people say of transports is judged by the figures of this run, and not before there are some", async () => {
  const page = await running();
  const verdicts = () => page.all("#lab-verdicts li").map((item) => [item.dataset.holds, item.querySelector("[data-part=verdict]").textContent]);
  equal([verdicts(), page.text("#lab-headline")], [Array(6).fill(["null", "Not known yet"]), "The verdict comes within seconds."]);
  equal(page.text("#lab-verdicts li [data-part=claim]"), "WebSocket has lower latency than polling.");
});

test("the file has both periods of every transport, and the settings", async () => {
  const page = await running();
  const made = [];
  page.window.URL.createObjectURL = (blob) => {
    made.push(blob);
    return "about:blank#file";
  };
  let name = "";
  page.document.addEventListener("click", (event) => {
    if (event.target.download) name = event.target.download;
  }, true);
  page.window.HTMLAnchorElement.prototype.click = function click() {
    name = this.download;
  };
  page.click("#lab-csv");
  const text = await made[0].text();
  equal([name, made[0].type], ["transports.csv", "text/csv"]);
  for (const words of ["since start", "last 10 s", "WebSocket", "Long poll", "Polling"]) ok(text.includes(words), `no ${words} in:\n${text}`);
});

test("what many users would cost follows their number", async () => {
  const page = await running();
  equal(page.text("#lab-fleet [data-part=users]"), "100");
  page.byId("lab-users").value = "300";
  page.byId("lab-users").dispatchEvent(new page.window.Event("input"));
  equal([page.text("#lab-fleet [data-part=users]"), page.asked("users")], ["1,000", "1000"]);
});
