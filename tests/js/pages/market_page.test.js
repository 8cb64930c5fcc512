/** What the pages of the market have in common, seen on the dashboard: the connection, frames, notifications, trades and the chart. */

import {each, equal, ok, test} from "../harness.js";
import {EPOCH, FEED, answerAll, live, status, update, welcome} from "./market.js";
import {opened} from "./page_frame.js";

const SCRIPT = "/static/js/pages/dashboard.js";
const dashboard = (options) => live(SCRIPT, options);
const linkOf = (page) => page.document.body.dataset.link;
const line = (symbol) => `#watchlist tbody tr[data-symbol=${symbol}]`;
const lastOf = (page, symbol) => page.text(`${line(symbol)} [data-field=last]`);
const notice = (id, more = {}) => ({id, title: `Notice ${id}`, body: "", level: "info", t: 1_000, read: false, ...more});
const notices = (data, {type = "update", seq = Math.max(0, ...data.map(({id}) => id)), unread = data.length} = {}) => ({channel: "notifications", type, seq, unread, data});
const asked = (page, channel) => page.taken().filter((command) => command.channel === channel);
const beat = (page, seq) => page.say({channel: "heartbeat", seq, ts: Date.now(), stale: null});

test("a page that is opened connects at once, and says that it is live", async () => {
  const page = await opened(SCRIPT);
  equal([page.sockets.length, linkOf(page)], [1, "connecting"]);
  equal(new URL(page.socket.url).pathname, "/ws/v1/");
  welcome(page);
  await page.pass(0);
  equal([linkOf(page), page.text("#link-badge [data-part=label]")], ["live", "Live"]);
});

test("trades and bars are asked for with their corrections, and the others without", async () => {
  const page = await dashboard();
  page.byId("trades").open = true;
  await page.until(() => page.commands.some(({channel}) => channel === "trades"));
  equal(page.commands.find(({channel}) => channel === "trades"), {method: "subscribe", channel: "trades", symbols: ["NVX", "ORB"], corrections: true});
  equal(page.commands.filter(({channel}) => channel === "status"), [{method: "subscribe", channel: "status"}]);
});

test("staff read what is wrong with the database until it is over, and others have no place for it", async () => {
  const change = ({document}) => {
    document.getElementById("database-trouble")?.remove();
    document.getElementById("page-note").before(Object.assign(document.createElement("p"), {id: "database-trouble", hidden: true}));
  };
  const staff = await dashboard({change});
  const trouble = (page, text) => page.say({channel: "heartbeat", seq: 1, ts: Date.now(), trouble: text});
  trouble(staff, "The disk is full.");
  equal(staff.text("#database-trouble"), "The disk is full.");
  staff.say(update({NVX: {p: 12}}, {from: 1, seq: 2}), status(["NVX", "ORB", "QAL"], {seq: 2}));
  equal(staff.text("#database-trouble"), "The disk is full.", "prices say nothing of it");
  beat(staff, 1);
  equal(staff.text("#database-trouble"), null);
  const other = await dashboard({change: ({document}) => document.getElementById("database-trouble")?.remove()});
  trouble(other, "The disk is full.");
  equal([other.document.getElementById("database-trouble"), linkOf(other)], [null, "live"]);
});

test("a lost connection is told, and the button tries at once", async () => {
  const page = await dashboard();
  await page.pass(10_000);
  const {length} = page.sockets;
  page.end();
  equal([linkOf(page), page.document.body.classList.contains("is-not-live")], ["reconnecting", true]);
  ok(page.text("#link-banner").startsWith("Connection lost."), page.text("#link-banner"));
  equal(page.sockets.length, length);
  page.click("#link-banner button");
  equal(page.sockets.length, length + 1);
});

test("a page that an operator disconnected stays so until somebody presses the button", async () => {
  const page = await dashboard();
  page.end(4410);
  const {length} = page.sockets;
  await page.pass(100_000);
  equal([page.sockets.length, linkOf(page), page.text("#link-banner button")], [length, "stopped", "Try again"]);
  page.click("#link-banner button");
  equal(page.sockets.length, length + 1);
});

test("a sign-out takes the page away, nothing is written any more, and it can be left", async () => {
  const page = await dashboard();
  page.say(notices([notice(1)], {type: "snapshot"}));
  await page.until(() => {
    page.paint();
    return page.find("#notices .notice") && page.find("#own-lists a")?.textContent === "My list";
  });
  page.end(4401);
  await page.pass(0);
  ok(page.text("#main").startsWith("You are signed out"), page.text("#main"));
  const {length} = page.sockets;
  await page.pass(100_000);
  page.hear("pagehide");
  equal([page.sockets.length, page.errors], [length, []]);
});

test("the next connection resumes every channel where the page stands", async () => {
  const page = await dashboard();
  page.say(update({NVX: {p: 12}}, {from: 1, seq: 7}), notices([notice(3)], {type: "snapshot"}));
  page.end();
  await page.pass(5_000);
  welcome(page);
  const since = (channel) => page.commands.find((command) => command.channel === channel)?.since;
  equal([since("ticker"), since("status"), since("notifications")], [`${EPOCH}:7`, `${EPOCH}:1`, "3"]);
  const {symbols} = page.commands.find(({channel}) => channel === "ticker");
  equal([...symbols].sort(), ["NVX", "ORB"]);
});

test("the next connection resumes the trades, the bars and the book that are open", async () => {
  const page = await dashboard({kept: {trades: "open"}, path: "/?i=NVX"});
  page.answers["/api/v1/bars"] = {bars: []};
  await page.until(() => ["trades", "bars", "depth"].every((channel) => page.commands.some((command) => command.channel === channel)));
  answerAll(page);
  const first = (channel, seq, data) => ({channel, type: "snapshot", epoch: EPOCH, seq, ts: 1_000, data});
  page.say(first("trades", 3, []), first("bars", 4, [{s: "NVX", iv: "1m", t: 60_000, o: 1, h: 1, l: 1, c: 1, v: 1, n: 1}]), first("depth", 5, {NVX: {bids: [[10, 1]], asks: []}}));
  page.end();
  await page.pass(5_000);
  welcome(page);
  equal(["trades", "bars", "depth"].map((channel) => page.commands.find((command) => command.channel === channel)?.since), [3, 4, 5].map((seq) => `${EPOCH}:${seq}`));
});

test("a symbol without prices makes the next connection ask for all of them", async () => {
  const page = await dashboard({rows: {NVX: {p: 11}}});
  page.end();
  await page.pass(5_000);
  welcome(page);
  equal("since" in page.commands.find(({channel}) => channel === "ticker"), false);
});

test("prices that leave a gap are not shown, and asked for again from where the page stands", async () => {
  const page = await dashboard();
  page.taken();
  page.say(update({NVX: {p: 99}}, {from: 5, seq: 6}));
  await page.pass(0);
  equal([lastOf(page, "NVX"), asked(page, "ticker").map(({method, since}) => [method, since])], ["11.00", [["subscribe", `${EPOCH}:1`]]]);
});

test("a heartbeat moves the position of what is open, and shows what the transport costs", async () => {
  const page = await dashboard();
  page.taken();
  answerAll(page);
  beat(page, 40);
  page.say(update({NVX: {p: 12}}, {from: 40, seq: 41}));
  await page.pass(0);
  equal([lastOf(page, "NVX"), asked(page, "ticker")], ["12.00", []]);
  ok(/^\d/.test(page.text("#link [data-meter=bytes]") ?? page.find("#link [data-meter=bytes]").textContent), "no bytes are shown");
});

test("a short gap is told on the badge alone, and a long one also by a toast", async () => {
  await each([[500, 0], [999, 0], [1_000, 1], [30_000, 1]], async ([gap_ms, count]) => {
    const page = await dashboard();
    await page.pass(6_000);
    beat(page, 1);
    page.end();
    await page.pass(gap_ms);
    if (page.socket.readyState !== 0) page.click("#link-banner button");
    welcome(page);
    answerAll(page);
    await page.until(() => page.find("#link-note").textContent.startsWith("Reconnected after"));
    await page.pass(0);
    if (count) await page.until(() => page.toasts.length > 0);
    equal(page.toasts.length, count);
  });
});

test("what was painted is acknowledged once a second at most, with the position of the prices", async () => {
  const page = await dashboard();
  const acks = () => page.taken().filter(({method}) => method === "ack").map(({position}) => position);
  acks();
  await page.pass(5_000);
  equal(acks(), [], "nothing was painted");
  page.say(update({NVX: {p: 12}}, {from: 1, seq: 2}));
  equal(acks(), [], "it is not painted yet");
  await page.pass(0);
  equal(acks(), [`${EPOCH}:2`]);
  page.say(update({NVX: {p: 13}}, {from: 2, seq: 3}));
  await page.pass(999);
  page.say(status(["NVX", "ORB", "QAL"], {seq: 9}));
  await page.pass(1);
  equal(acks(), [], "a second has not passed, and then no prices were painted");
  page.say(update({NVX: {p: 14}}, {from: 3, seq: 4}));
  await page.pass(0);
  equal(acks(), [`${EPOCH}:4`]);
});

test("while somebody looks at the connection its latency is measured every three seconds", async () => {
  const page = await dashboard();
  const pings = () => page.socket.sent.splice(0).filter(({method}) => method === "ping");
  pings();
  await page.pass(10_000);
  equal(pings(), [], "nobody looks");
  page.byId("link-box").dispatchEvent(new page.window.Event("pointerenter"));
  const [ping] = pings();
  await page.pass(40);
  page.say({method: "pong", id: ping.id, success: true, result: {}});
  equal(page.find("[data-meter=latency]").textContent, "40 ms");
  page.byId("link").open = true;
  await page.pass(1_960);
  equal(pings().length, 0, "two seconds after the first");
  await page.pass(1_000);
  equal(pings().length, 1, "three seconds after the first");
  page.byId("link").open = false;
  await page.pass(9_000);
  equal(pings().length, 0);
});

test("a connection that is down is not measured", async () => {
  const page = await dashboard();
  page.end();
  page.byId("link-box").dispatchEvent(new page.window.Event("pointerenter"));
  await page.pass(500);
  equal(page.socket.sent.filter(({method}) => method === "ping"), []);
});

test("the first notifications interrupt nobody, the next do, and those that were read go", async () => {
  const page = await dashboard();
  await page.until(() => page.find("#notices [data-part=count]"));
  page.say(notices([notice(1)], {type: "snapshot"}));
  await page.pass(0);
  equal(page.toasts, []);
  page.say(notices([notice(2, {level: "critical"}), notice(3, {read: true})], {unread: 2}));
  await page.until(() => page.toasts.length > 0);
  equal(page.toasts, ["Notice 2"]);
  page.say(notices([notice(2, {read: true})], {seq: 3, unread: 1}));
  await page.until(() => page.toasts.length === 0);
  await page.until(() => {
    page.paint();
    return page.find("#notices [data-part=count]").textContent === "1";
  });
});

test("a notification is marked as read on the server", async () => {
  const page = await dashboard();
  page.say(notices([notice(1), notice(2)], {type: "snapshot"}));
  await page.until(() => {
    page.paint();
    return page.find("#notices .notice button");
  });
  page.click("#notices .notice button");
  await page.pass(0);
  equal(page.posted, [{url: page.document.body.dataset.read, id: "2"}]);
});

test("notifications that came before their script are shown when it is there", async () => {
  const page = await opened(SCRIPT);
  welcome(page);
  page.say(notices([notice(1)], {type: "snapshot"}));
  await page.until(() => {
    page.paint();
    return page.find("#notices .notice");
  });
});

test("a refusal is told, unless it is tried again or was no refusal", async () => {
  const page = await dashboard();
  const answer = (more) => page.say({method: "subscribe", id: 900, success: false, result: null, error: {code: 409, name: "forbidden", message: "not yours", retry: false}, ...more});
  answer({error: {code: 429, name: "too many", message: "later", retry: true}});
  answer({success: true, error: null, result: {}});
  answer({error: null});
  await page.pass(0);
  equal(page.toasts, []);
  answer({});
  await page.until(() => page.toasts.length > 0);
  equal([page.toasts, page.text(".toast p")], [["The server refused"], "not yours"]);
});

test("a pace of the server is shown, and forgotten with its connection", async () => {
  const page = await dashboard();
  const pace = () => page.find("[data-meter=pace]").textContent;
  page.say({channel: "status", type: "pace", rate: 4, reason: "paint 38 ms"});
  equal(pace(), "auto 4/s: paint 38 ms");
  page.end();
  await page.pass(5_000);
  welcome(page);
  await page.pass(1_000);
  equal(pace(), "auto 10/s");
});

test("a shutdown is a word of the server, and the page waits as long as it says", async () => {
  const page = await dashboard();
  await page.pass(10_000);
  page.say({channel: "status", type: "shutdown", retry_ms: 20_000});
  const {length} = page.sockets;
  page.end(4503);
  await page.pass(19_999);
  equal(page.sockets.length, length);
  await page.pass(20_000);
  equal(page.sockets.length > length, true);
});

test("a page that is hidden for ten seconds rests, and goes on when it is seen", async () => {
  const page = await dashboard();
  const pauses = () => page.taken().filter(({method}) => method === "set").map(({paused}) => paused);
  pauses();
  page.hide();
  await page.pass(9_000);
  page.say(update({NVX: {p: 12}}, {from: 1, seq: 2}));
  equal(pauses(), []);
  await page.pass(1_000);
  equal(pauses(), [true]);
  page.hide(false);
  equal(pauses(), [false]);
});

test("the browser's word that the network is gone is doubted, and its return is taken at once", async () => {
  const page = await dashboard();
  page.taken();
  page.hear("offline");
  equal(page.taken().map(({method}) => method), ["ping"]);
  page.end();
  equal(linkOf(page), "offline");
  const {length} = page.sockets;
  page.hear("online");
  equal(page.sockets.length, length + 1);
});

test("a page that is left closes its connection, and one that comes back opens another", async () => {
  const page = await dashboard();
  page.hear("pagehide");
  equal([page.socket.closed, linkOf(page)], [1000, "closed"]);
  const {length} = page.sockets;
  page.hear("pageshow", {persisted: false});
  equal(page.sockets.length, length);
  page.hear("pageshow", {persisted: true});
  equal(page.sockets.length, length + 1);
});

test("edits that wait are sent when the page is left", async () => {
  const page = await dashboard();
  page.answers[page.document.body.dataset.remove] = () => new Promise(() => {});
  page.click(`${line("NVX")} button[name=symbol]`);
  page.click(`${line("ORB")} button[name=symbol]`);
  await page.pass(0);
  equal(page.posted.length, 1);
  page.hear("pagehide");
  await page.pass(0);
  equal(page.posted.map(({symbol}) => symbol), ["NVX", "ORB"]);
});

test("an edit that was done in part says what was not", async () => {
  const page = await dashboard();
  page.answers[page.document.body.dataset.remove] = {message: "ORB was not on the list"};
  page.click(`${line("ORB")} button[name=symbol]`);
  await page.until(() => page.toasts.length > 1);
  equal(page.toasts, ["Done in part", "ORB removed"]);
});

test("the figures say what came since a second ago", async () => {
  const page = await dashboard();
  const figure = (name) => page.find(`[data-meter=${name}]`).textContent;
  await page.pass(1_000);
  const ts = page.window.Date.now();
  page.say(update({NVX: {p: 12, n: 4}, ORB: {p: 8}}, {from: 1, seq: 6, ts}));
  page.say(update({NVX: {p: 13, n: 2}}, {from: 6, seq: 8, ts}));
  await page.pass(1_000);
  equal(["ticks", "merged", "tick_rate", "updates", "transport", "reconnects"].map(figure), ["7", "4", "7", "2.0", "WebSocket", "0"]);
  await page.pass(2_000);
  equal(figure("age"), "3.0 s");
  page.end();
  await page.pass(5_000);
  welcome(page);
  await page.pass(1_000);
  equal(figure("reconnects"), "1");
});

test("a clock that jumps makes the page doubt its connection", async () => {
  const page = await dashboard();
  await page.pass(1_000);
  page.taken();
  page.jump_ms = 6_000;
  await page.pass(1_000);
  equal(page.taken().filter(({method}) => method === "ping").length, 1);
  await page.pass(1_000);
  equal(page.taken().filter(({method}) => method === "ping").length, 0);
});

test("feeds that do not run are told, and the day of the exchange is written each second", async () => {
  const page = await dashboard();
  equal([page.text("#market-rate"), page.text("#feed-banner")], ["120", ""]);
  page.say(status(["NVX", "ORB", "QAL"], {seq: 2, feeds: [{...FEED, state: "PAUSED", reason: "lunch"}]}));
  ok(page.text("#feed-banner").startsWith("Demo feed is paused: lunch."), page.text("#feed-banner"));
  equal(page.document.body.dataset.market, "still");
  await page.pass(1_000);
  ok(page.text("#market-day").includes("XDEM") || page.text("#market-day").includes("Demo"), page.text("#market-day"));
});

test("times are written in the zone that the person chose, from then on", async () => {
  const page = await dashboard();
  page.byId("trades").open = true;
  await page.until(() => page.commands.some(({channel}) => channel === "trades"));
  answerAll(page);
  page.say({channel: "trades", type: "snapshot", epoch: EPOCH, seq: 2, ts: 1_000_000, data: [{s: "NVX", p: 11, q: 5, side: "buy", i: 2, ms: 0}]});
  await page.pass(0);
  const time = () => page.text("#trades tbody [data-part=time]");
  const choose = async (zone) => {
    localStorage.setItem("market.zone", zone);
    page.hear("look");
    await page.pass(0);
    return time();
  };
  equal(await choose("utc"), "00:16:40");
  equal(await choose("exchange"), "09:16:40", "Tokyo");
});

test("trades are loaded when they are first opened, and the page remembers that", async () => {
  const page = await dashboard();
  equal(page.commands.some(({channel}) => channel === "trades"), false);
  page.byId("trades").open = true;
  await page.until(() => page.commands.some(({channel}) => channel === "trades"));
  equal([localStorage.getItem("market.trades"), page.asked("trades")], ["open", "open"]);
  answerAll(page);
  const trade = (i) => ({s: "NVX", p: 11, q: 5, side: "buy", i, ms: 0});
  page.say({channel: "trades", type: "snapshot", epoch: EPOCH, seq: 2, ts: 1_000, data: [trade(2)]});
  await page.pass(0);
  equal(page.all("#trades tbody tr").length, 1);
  page.taken();
  page.say({channel: "trades", type: "update", from: 8, seq: 9, ts: 1_000, data: [trade(9)]});
  equal(asked(page, "trades").map(({since}) => since), [`${EPOCH}:2`], "a gap of the trades is filled");
  page.byId("trades").open = false;
  await page.until(() => page.asked("trades") === null);
  equal([localStorage.getItem("market.trades"), asked(page, "trades").at(-1)?.method], [null, "unsubscribe"]);
});

test("trades that were open are open again, and follow the line that is chosen", async () => {
  const page = await dashboard({kept: {trades: "open"}, path: "/?i=NVX"});
  await page.until(() => page.commands.some(({channel}) => channel === "trades"));
  equal(page.commands.find(({channel}) => channel === "trades").symbols, ["NVX"]);
  await page.pass(0);
  equal(page.text("#trades [data-part=scope]"), "NVX");
  page.click("#trades [data-part=all]");
  await page.pass(0);
  equal([page.find("#watchlist tr[aria-selected=true]"), page.text("#trades [data-part=scope]")], [null, "All watched symbols"]);
});

test("trades of a page that is hidden for a minute rest", async () => {
  const page = await dashboard({kept: {trades: "open"}});
  await page.until(() => page.commands.some(({channel}) => channel === "trades"));
  page.taken();
  page.hide();
  for (let turn = 0; turn < 59; turn += 1) {
    beat(page, 1);
    await page.pass(1_000);
  }
  equal(asked(page, "trades"), []);
  beat(page, 1);
  await page.pass(1_000);
  equal(asked(page, "trades").map(({method}) => method), ["unsubscribe"]);
});

test("the chart of a line is opened with its bars, and closed by its button", async () => {
  const page = await dashboard();
  page.answers["/api/v1/bars"] = {bars: []};
  page.click(`${line("NVX")} [data-field=last]`);
  await page.until(() => page.commands.some(({channel}) => channel === "bars"));
  equal([page.byId("instrument").hidden, page.text("#instrument-title [data-part=symbol]")], [false, "NVX"]);
  const bars = page.commands.find(({channel}) => channel === "bars");
  equal([bars.symbols, bars.corrections], [["NVX@1m"], true]);
  page.click("#instrument [data-part=close]");
  await page.pass(0);
  equal([page.byId("instrument").hidden, asked(page, "bars").at(-1).method], [true, "unsubscribe"]);
});

test("a chart is told of the status, and of notifications that change its alerts", async () => {
  const page = await dashboard({path: "/?i=NVX"});
  await page.until(() => page.commands.some(({channel}) => channel === "bars"));
  await page.pass(1_000);
  const reads = () => page.requests.filter(({url}) => url.includes("symbol=NVX")).length;
  const before = reads();
  page.say(notices([notice(1)], {type: "snapshot"}));
  await page.pass(0);
  equal(reads(), before + 1);
  page.say(status(["ORB", "QAL"], {seq: 2}));
  await page.pass(1_000);
  equal(page.text("#instrument [data-part=chart-note]"), "NVX is not listed now, or you may not see it.");
});

test("trades that are loaded while the page is hidden rest after a minute too", async () => {
  const page = await dashboard();
  page.hide();
  page.byId("trades").open = true;
  await page.until(() => page.commands.some(({channel}) => channel === "trades"));
  page.taken();
  await page.pass(60_000);
  equal(asked(page, "trades").map(({method}) => method), ["unsubscribe"]);
});

test("the line that was chosen last has the chart, however long the scripts took", async () => {
  const page = await dashboard();
  page.click(`${line("NVX")} [data-field=last]`);
  page.click(`${line("ORB")} [data-field=last]`);
  await page.until(() => page.commands.some(({channel}) => channel === "bars"));
  equal([page.commands.filter(({channel, method}) => channel === "bars" && method === "subscribe").map(({symbols}) => symbols)], [[["ORB@1m"]]]);
});

test("the figures of the open line move with its prices", async () => {
  const page = await dashboard();
  page.click(`${line("NVX")} [data-field=last]`);
  await page.until(() => page.commands.some(({channel}) => channel === "bars"));
  await page.pass(1_000);
  page.say(update({NVX: {p: 12.5}}, {from: 1, seq: 2}));
  await page.pass(1_000);
  equal(page.text("#instrument [data-figure=last]"), "12.50");
});
