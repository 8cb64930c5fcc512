/** The dashboard: a person's list, its edits, its address, its map and its pace; lists of the market; the polling page. */

import {each, equal, ok, test} from "../harness.js";
import {FEED, answerAll, instrument, lists, live, prices, status, update, welcome} from "./market.js";
import {opened} from "./page_frame.js";

const SCRIPT = "/static/js/pages/dashboard.js";
const line = (symbol) => `#watchlist tbody tr[data-symbol=${symbol}]`;
const shown = (page) => page.all("#watchlist tbody tr[data-symbol]").map(({dataset}) => dataset.symbol);
const lastOf = (page, symbol) => page.text(`${line(symbol)} [data-field=last]`);
const isLit = (page, symbol) => page.find(`${line(symbol)} [data-field=last]`).matches(".flash-up, .flash-down");
const selectedOf = (page) => page.find("#watchlist tr[aria-selected=true]")?.dataset.symbol ?? null;
const choose = (page, symbol) => page.click(`${line(symbol)} [data-field=last]`);
const listOf = (page) => page.document.body.dataset.listId;
const dashboard = (options) => live(SCRIPT, options);
const market = (key, options) => dashboard({path: `/?list=${key}`, ...options});

/** Let the list have these symbols from now on. */
function list(page, symbols, more = {}) {
  page.say(lists({id: Number(listOf(page)), symbols, ...more}));
}

/** Move prices by one step of the tape. */
function tick(page, rows, seq) {
  page.say(update(rows, {from: seq - 1, seq}));
}

test("it asks for the fields that lines show, and for its lists", async () => {
  const page = await dashboard();
  const asked = page.commands.filter(({method}) => method === "subscribe");
  equal(asked.slice(0, 3).map(({channel}) => channel), ["status", "watchlist", "notifications"]);
  equal(asked.find(({channel}) => channel === "ticker").fields, ["p", "b", "a", "o", "h", "l", "pc", "v", "ph"]);
  equal([shown(page), lastOf(page, "NVX"), lastOf(page, "ORB")], [["NVX", "ORB"], "11.00", "9.00"]);
  equal(page.text("#list-name"), "My list");
  equal(page.text("[data-meter=symbols]"), "2");
});

test("a symbol that leaves the list is left, and forgotten; a new one is asked for", async () => {
  const page = await dashboard();
  page.taken();
  list(page, ["ORB", "QAL"], {name: "Other name"});
  await page.pass(0);
  const fields = ["p", "b", "a", "o", "h", "l", "pc", "v", "ph"];
  equal(page.taken(), [
    {method: "unsubscribe", channel: "ticker", symbols: ["NVX"]},
    {method: "subscribe", channel: "ticker", symbols: ["QAL"], fields},
  ]);
  equal([shown(page), page.text("#list-name"), page.text("[data-meter=symbols]")], [["ORB", "QAL"], "Other name", "2"]);
  list(page, ["ORB", "QAL", "NVX"]);
  await page.pass(0);
  equal(lastOf(page, "NVX"), "–");
});

test("the same list again asks for nothing, and a list of another id is not shown", async () => {
  const page = await dashboard();
  page.taken();
  list(page, ["NVX", "ORB"]);
  const id = Number(listOf(page));
  page.say(lists({id: id + 7, name: "Of another", symbols: ["QAL"]}, {id, symbols: ["NVX", "ORB"]}));
  await page.pass(0);
  equal([page.taken(), shown(page)], [[], ["NVX", "ORB"]]);
  await page.until(() => page.all("#own-lists a").length === 2);
  equal(page.all("#own-lists a").map((tab) => [tab.textContent, tab.getAttribute("aria-current")]), [["Of another", null], ["My list", "page"]]);
});

test("a list that is deleted elsewhere gives way to the first, which is edited from then on", async () => {
  const page = await dashboard();
  page.say(lists({id: 901, name: "First", symbols: ["QAL"]}, {id: 902, symbols: ["ORB"]}));
  await page.pass(0);
  equal([shown(page), page.text("#list-name")], [["QAL"], "First"]);
  page.click(`${line("QAL")} button[name=symbol]`);
  await page.pass(0);
  equal(page.posted.at(-1).list, "901");
});

test("a section is moved by one place, and the first stays the first", async () => {
  const page = await dashboard({sections: [{at: 0, name: "One"}, {at: 1, name: "Two"}]});
  const sections = () => page.all("#watchlist tr.section").map(({dataset}) => dataset.section);
  equal(sections(), ["One", "Two"]);
  const of = (title, kind) => `#watchlist tr[data-section="${title}"] .${kind}`;
  page.click(of("One", "section-up"));
  page.click(of("Two", "section-up"));
  page.click(of("One", "section-down"));
  await page.until(() => page.posted.length > 1);
  const id = listOf(page);
  equal(page.posted, [
    {url: "/lists/sections/move/", section: "Two", place: "0", list: id},
    {url: "/lists/sections/move/", section: "One", place: "1", list: id},
  ]);
});

test("a title that is removed can be put back above the same symbol", async () => {
  const page = await dashboard({sections: [{at: 0, name: "One"}, {at: 1, name: "Two"}]});
  page.click("#watchlist tr[data-section=One] .remove");
  await page.until(() => page.toasts.length > 0);
  equal([page.toasts, page.text(".toast p")], [["Section “One” removed"], "Its symbols stay."]);
  page.click(".toast button");
  await page.pass(0);
  const id = listOf(page);
  equal(page.posted, [
    {url: "/lists/sections/remove/", section: "One", list: id},
    {url: "/lists/sections/add/", name: "One", above: "NVX", list: id},
  ]);
});

test("a title that was not removed is not offered back", async () => {
  const page = await dashboard({sections: [{at: 0, name: "One"}]});
  page.answers["/lists/sections/"] = () => page.json({error: {code: 400, message: "no such section"}}, 400);
  page.click("#watchlist tr[data-section=One] .remove");
  await page.until(() => page.toasts.length > 0);
  equal([page.toasts, page.text(".toast p")], [["Not done"], "no such section"]);
});

test("a title that is renamed, and a line that is moved by hand, are sent", async () => {
  const page = await dashboard({sections: [{at: 0, name: "One"}, {at: 1, name: "Two"}]});
  page.click("#watchlist tr[data-section=One] .section-title");
  await page.until(() => page.find(".section-field"));
  page.find(".section-field").value = "First";
  page.press("Enter", page.find(".section-field"));
  await page.pass(0);
  await page.until(() => {
    if (page.posted.length === 1) page.press("ArrowDown", page.find(`${line("NVX")} th`), {altKey: true, shiftKey: true});
    return page.posted.length > 1;
  });
  page.press("ArrowUp", page.find("#watchlist tr[data-section=Two] th"), {altKey: true, shiftKey: true});
  await page.until(() => page.posted.length > 2);
  const id = listOf(page);
  equal(page.posted, [
    {url: "/lists/sections/rename/", section: "One", name: "First", list: id},
    {url: page.document.body.dataset.move, symbol: "NVX", place: "2", list: id},
    {url: "/lists/sections/move/", section: "Two", place: "0", list: id},
  ]);
});

test("a removed symbol can be put back where it stood", async () => {
  const page = await dashboard();
  page.click(`${line("ORB")} button[name=symbol]`);
  await page.until(() => page.toasts.length > 0);
  equal(page.toasts, ["ORB removed"]);
  page.click(".toast button");
  await page.pass(0);
  const [id, {remove, add}] = [listOf(page), page.document.body.dataset];
  equal(page.posted, [{url: remove, symbol: "ORB", list: id}, {url: add, symbol: "ORB", place: "1", undo: "1", list: id}]);
});

test("a symbol that was not removed is not offered back, and the reason is told", async () => {
  const page = await dashboard();
  page.answers[page.document.body.dataset.remove] = () => page.json({error: {code: 503, message: "the database is full"}}, 503);
  page.press("Delete", page.find(`${line("ORB")} th`));
  await page.until(() => page.toasts.length > 0);
  equal([page.toasts, page.text(".toast p"), page.find(".toast").className], [["Not done"], "the database is full", "toast toast-warning"]);
});

test("what is typed filters the lines, and the address says it after a rest", async () => {
  const page = await dashboard({symbols: ["NVX", "ORB", "QAL"]});
  const input = page.find("#add-form input[name=symbol]");
  await page.until(() => input.getAttribute("role") === "combobox");
  const type = (text) => {
    input.value = text;
    input.dispatchEvent(new page.window.Event("input", {bubbles: true}));
  };
  type("orb");
  equal([shown(page), page.asked("find")], [["ORB"], null]);
  await page.pass(200);
  type(" orbit ");
  await page.pass(299);
  equal(page.asked("find"), null);
  await page.pass(1);
  equal(page.asked("find"), "orbit");
  type("");
  await page.pass(300);
  equal([page.asked("find"), shown(page).length], [null, 3]);
  type("qal");
  page.hear("pagehide");
  equal(page.asked("find"), "qal");
});

test("a symbol that the list lacks is added, and a listed one is gone to", async () => {
  const page = await dashboard();
  const input = page.find("#add-form input[name=symbol]");
  await page.until(() => input.getAttribute("role") === "combobox");
  const send = (text) => {
    input.value = text;
    input.dispatchEvent(new page.window.Event("input", {bubbles: true}));
    page.find("#add-form").requestSubmit();
  };
  send("QAL");
  await page.pass(0);
  equal(page.posted, [{url: page.document.body.dataset.add, symbol: "QAL", list: listOf(page)}]);
  send("ORB");
  await page.pass(0);
  equal([page.posted.length, page.document.activeElement.closest("tr")?.dataset.symbol], [1, "ORB"]);
});

test("several symbols are added together", async () => {
  const page = await dashboard({symbols: ["NVX"]});
  const input = page.find("#add-form input[name=symbol]");
  await page.until(() => input.getAttribute("role") === "combobox");
  input.value = "ORB, QAL";
  input.dispatchEvent(new page.window.Event("input", {bubbles: true}));
  page.find("#add-form").requestSubmit();
  await page.pass(0);
  equal(page.posted.map(({symbol}) => symbol), ["ORB,QAL"]);
});

test("the button and the key pause the prices and let them go on", async () => {
  const page = await dashboard();
  page.taken();
  const says = () => [page.text("#pause [data-part=label]"), page.find("#pause").getAttribute("aria-pressed"), page.text("[data-meter=pace]")];
  page.click("#pause");
  equal([page.taken(), says()], [[{method: "set", paused: true, max_rate: 10}], ["Resume", "true", "paused: by hand"]]);
  equal([page.document.body.dataset.link, page.text("#link-banner button")], ["paused", "Resume"]);
  page.click("#link-banner button");
  equal([page.taken(), says()], [[{method: "set", paused: false, max_rate: 10}], ["Pause", "false", "auto 10/s"]]);
});

test("the pace that is chosen is asked for, shown and remembered", async () => {
  const page = await dashboard({kept: {pace: "5"}});
  equal([page.commands[0], page.text("[data-meter=pace]")], [{method: "set", paused: false, max_rate: 5}, "5/s"]);
  page.taken();
  page.change(page.byId("pace"), "0.2");
  equal([page.taken(), page.text("[data-meter=pace]")], [[{method: "set", paused: false, max_rate: 0.2}], "0.2/s"]);
  equal(localStorage.getItem("market.pace"), "0.2");
  page.change(page.byId("pace"), "");
  equal([page.taken(), localStorage.getItem("market.pace")], [[{method: "set", paused: false, max_rate: 10}], null]);
});

test("the transport that is chosen is the only one", async () => {
  const page = await dashboard();
  page.answers["/poll/v1/"] = () => new Promise(() => {});
  page.change(page.byId("transport"), "poll");
  await page.pass(0);
  ok(page.requests.some(({url}) => url.startsWith("/poll/v1/")), "the poll that was chosen is not tried");
  const pinned = await opened(SCRIPT, {kept: {transport: "poll"}, change: (other) => {
    other.answers["/poll/v1/"] = () => new Promise(() => {});
  }});
  await pinned.pass(5_000);
  equal(pinned.sockets.length, 0, "another transport than the remembered one");
});

test("the keys of the page do what their labels say", async () => {
  const page = await dashboard();
  await page.load("/static/js/pages/shell.js");
  const input = page.find("#add-form input[name=symbol]");
  input.value = "old";
  page.press("/");
  equal([page.document.activeElement === input, input.selectionStart, input.selectionEnd], [true, 0, 3]);
  input.blur();
  page.press("p");
  equal(page.find("#pause").getAttribute("aria-pressed"), "true");
  page.press("p");
  equal(page.find("#pause").getAttribute("aria-pressed"), "false");
  page.press("t");
  equal(page.byId("trades").open, true);
  page.press("t");
  equal(page.byId("trades").open, false);
  page.press("m");
  equal([page.byId("heatmap").hidden, page.find("#watchlist table").hidden, page.text("#picture")], [false, true, "Table"]);
  page.press("m");
  equal([page.byId("heatmap").hidden, page.find("#watchlist table").hidden, page.text("#picture")], [true, false, "Heat map"]);
});

test("a key makes lines count their ticks, and the browser remembers it", async () => {
  const page = await dashboard({kept: {receipts: "on"}});
  await page.load("/static/js/pages/shell.js");
  const has = () => page.find("#watchlist table").hasAttribute("data-receipts");
  equal(has(), true);
  tick(page, {NVX: {p: 12, n: 5}}, 2);
  await page.pass(0);
  page.say(update({NVX: {p: 13, n: 3}}, {from: 2, seq: 5}));
  await page.pass(0);
  equal(page.find(`${line("NVX")} th`).dataset.receipt, "1 of 3");
  const said = () => page.find("#announcer").textContent;
  page.press("n");
  equal([has(), localStorage.getItem("market.receipts")], [false, null]);
  await page.live(5_000);
  equal(said(), "Lines no longer count ticks");
  page.press("n");
  equal([has(), localStorage.getItem("market.receipts")], [true, "on"]);
  await page.live(5_000);
  equal(said(), "Lines say how many ticks an update stood for");
});

test("prices flash when they move, but not the first ones", async () => {
  const page = await dashboard();
  equal(isLit(page, "NVX"), false);
  tick(page, {NVX: {p: 12}}, 2);
  await page.pass(0);
  equal(isLit(page, "NVX"), false, "the first prices after the page was away");
  tick(page, {NVX: {p: 13}}, 3);
  await page.pass(500);
  tick(page, {NVX: {p: 12}}, 4);
  await page.pass(0);
  equal([isLit(page, "NVX"), isLit(page, "ORB"), lastOf(page, "NVX")], [true, false, "12.00"]);
});

test("what was missed while away does not flash", async () => {
  const leave = {
    "a hidden page": async (page) => {
      page.hide();
      page.hide(false);
    },
    "a pause": async (page) => {
      page.click("#pause");
      page.click("#pause");
    },
    "a snapshot": async (page) => {
      page.say(prices({NVX: {p: 14}, ORB: {p: 9}}, {seq: 3}));
      await page.pass(0);
      equal(isLit(page, "NVX"), false, "the snapshot");
      tick(page, {NVX: {p: 15}}, 4);
      await page.pass(500);
      equal(isLit(page, "NVX"), true, "what comes after the snapshot");
      await page.pass(1_000);
      page.hide();
    },
  };
  await each(Object.keys(leave), async (name) => {
    const page = await dashboard();
    tick(page, {NVX: {p: 12}}, 2);
    await page.pass(0);
    tick(page, {NVX: {p: 13}}, 3);
    await page.pass(0);
    await page.pass(1_000);
    equal(isLit(page, "NVX"), false, "the light has gone out");
    await leave[name](page);
    const seq = name === "a snapshot" ? 5 : 4;
    tick(page, {NVX: {p: 16}}, seq);
    await page.pass(0);
    equal([isLit(page, "NVX"), lastOf(page, "NVX")], [false, "16.00"], "the first after that");
    tick(page, {NVX: {p: 17}}, seq + 1);
    await page.pass(0);
    equal(isLit(page, "NVX"), true, "the second after that");
  });
});

test("a line that opens is a step of the history, and closing it takes the step back", async () => {
  const page = await dashboard();
  const {history} = page.window;
  let pushed = 0;
  const push = history.pushState.bind(history);
  history.pushState = (...entry) => {
    pushed += 1;
    push(...entry);
  };
  choose(page, "NVX");
  equal([selectedOf(page), page.asked("i"), pushed], ["NVX", "NVX", 1]);
  choose(page, "ORB");
  equal([selectedOf(page), page.asked("i"), pushed], ["ORB", "ORB", 1], "another line is no further step");
  choose(page, "ORB");
  await page.until(() => page.asked("i") === null);
  equal([selectedOf(page), page.byId("instrument").hidden], [null, true]);
});

test("going back and forward shows what the address says", async () => {
  const page = await dashboard();
  choose(page, "NVX");
  page.window.history.back();
  await page.until(() => selectedOf(page) === null);
  equal(page.asked("i"), null);
  page.window.history.forward();
  await page.until(() => selectedOf(page) === "NVX");
  equal(page.asked("i"), "NVX");
});

test("the address opens a page as it was left", async () => {
  const page = await dashboard({path: "/?sort=symbol&find=or&columns=bid,ask&i=ORB", symbols: ["QAL", "ORB", "NVX"]});
  equal(page.find("[data-sort=symbol]").getAttribute("aria-sort"), "ascending");
  equal(page.find("#add-form input[name=symbol]").value, "or");
  equal(shown(page), ["ORB"]);
  equal(page.all(`${line("ORB")} td[data-field]`).map(({dataset}) => dataset.field), ["bid", "ask"]);
  equal(page.asked("sort"), "symbol");
});

test("the order that the browser remembers stands in an address that says none, and in no other", async () => {
  const order = async (path, change) => {
    const page = await dashboard({path, kept: {sort: "-symbol"}, change});
    await page.pass(1_000);
    return [page.asked("sort"), shown(page).join()];
  };
  equal(await order("/?find=o"), ["-symbol", "ORB,NVX"]);
  equal(await order("/?sort=last"), ["last", "ORB,NVX"]);
  equal(await order("/", ({window}) => window.history.replaceState({saysAll: true}, "")), [null, "NVX,ORB"]);
});

const titleOfChart = (page) => page.text("#instrument [data-part=symbol]");
const asksFor = (page, channel) => page.taken().filter((each) => each.channel === channel).map(({method, symbols}) => `${method} ${symbols}`);

test("the address opens the chart of a symbol that the list lacks, in small letters too, and its prices follow", () => each(["QAL", "qal", "%20Qal"], async (text) => {
  const page = await dashboard({path: `/?i=${text}`});
  await page.until(() => titleOfChart(page) !== null);
  page.say(status(["NVX", "ORB", "QAL"]), lists({id: Number(listOf(page)), symbols: ["NVX", "ORB"]}));
  page.say(prices({NVX: {p: 11}, ORB: {p: 9}, QAL: {p: 10}}));
  await page.pass(0);
  equal([titleOfChart(page), page.asked("i"), shown(page)], ["QAL", "QAL", ["NVX", "ORB"]]);
  ok(page.commands.some(({method, channel, symbols = []}) => method === "subscribe" && channel === "ticker" && symbols.includes("QAL")));
  equal(page.text("#instrument [data-figure=last]"), "10.00");
  page.taken();
  choose(page, "NVX");
  await page.pass(0);
  equal([titleOfChart(page), asksFor(page, "ticker")], ["NVX", ["unsubscribe QAL"]]);
}));

test("a symbol that exists nowhere, or that the reader may not see, has a chart that says so", async () => {
  const page = await dashboard({path: "/?i=ZZZ"});
  await page.until(() => titleOfChart(page) === "ZZZ");
  answerAll(page, ["ZZZ"]);
  page.say(status(["NVX", "ORB", "QAL"]));
  await page.pass(0);
  await page.pass(200);
  equal(page.text("#instrument [data-part=chart-note]"), "ZZZ is not listed now, or you may not see it.");
  page.taken();
  page.say(status(["NVX", "ORB", "QAL", "ZZZ"], {seq: 2}));
  await page.pass(0);
  ok(asksFor(page, "ticker").includes("subscribe ZZZ"));
});

test("what cannot be a symbol is told, and leaves the address", () => each(["$$", "%3Cb%3E", "A".repeat(25), "stra%C3%9Fe"], async (text) => {
  const page = await dashboard({path: `/?i=${text}`});
  await page.until(() => page.toasts.length > 0);
  equal([page.toasts, page.asked("i"), titleOfChart(page)], [["No chart"], null, null]);
}));

test("a chart without a line stays when its symbol joins the list, and goes when it leaves it", async () => {
  const page = await dashboard({path: "/?i=QAL"});
  await page.until(() => titleOfChart(page) === "QAL");
  list(page, ["NVX", "ORB", "QAL"]);
  await page.pass(0);
  equal([titleOfChart(page), selectedOf(page)], ["QAL", "QAL"]);
  list(page, ["NVX"]);
  await page.pass(0);
  equal([titleOfChart(page), page.asked("i")], [null, null]);
});

test("an order that is chosen stands in the address, and the person's own does not", async () => {
  const page = await dashboard();
  page.click("[data-sort=last] button");
  equal([page.asked("sort"), shown(page)], ["-last", ["NVX", "ORB"]]);
  page.click("[data-sort=last] button");
  page.click("[data-sort=last] button");
  equal(page.asked("sort"), null);
  const remembered = await dashboard({kept: {sort: "-symbol"}});
  equal([remembered.asked("sort"), shown(remembered)], ["-symbol", ["ORB", "NVX"]]);
});

test("a symbol that the server refuses is marked, and asked for again when it is listed", async () => {
  const page = await dashboard({rows: {NVX: {p: 11}}, listed: ["NVX"], symbols: ["NVX"]});
  page.taken();
  list(page, ["NVX", "NEW"]);
  answerAll(page, ["NEW"]);
  await page.pass(0);
  equal(page.text(`${line("NEW")} .phase`), "Not listed");
  page.taken();
  page.say(status(["NVX"], {seq: 2}));
  equal(page.taken().filter(({channel}) => channel === "ticker"), [], "it is still not listed");
  page.say(status(["NVX", "NEW"], {seq: 3}));
  equal(page.taken().filter(({channel}) => channel === "ticker").map(({method, symbols}) => [method, symbols]), [["subscribe", ["NEW"]]]);
  page.say(status(["NVX", "NEW"], {seq: 4}));
  equal(page.taken().filter(({channel}) => channel === "ticker"), [], "it is asked for once");
});

test("a refused symbol is not asked for by the next connection, unless it is listed again", async () => {
  const page = await dashboard({rows: {NVX: {p: 11}}, listed: ["NVX"], symbols: ["NVX"]});
  list(page, ["NVX", "NEW"]);
  answerAll(page, ["NEW"]);
  list(page, ["NVX"]);
  page.taken();
  page.say(status(["NVX", "NEW"], {seq: 2}));
  equal(page.taken().filter(({channel}) => channel === "ticker"), [], "it left the list meanwhile");
});

test("the columns that are chosen are shown, sent and no longer asked for by the address", async () => {
  const page = await dashboard({path: "/?columns=last,bid"});
  const menu = page.byId("columns");
  menu.open = true;
  await page.until(() => page.find("#columns input[name=bid]"));
  equal(page.find("#columns .menu-note"), null);
  equal(page.all("#columns input:checked").map(({name}) => name), ["last", "bid"]);
  page.click("#columns input[name=last]");
  await page.pass(0);
  equal(page.posted, [{url: "/columns/", column: "bid"}]);
  equal([page.asked("columns"), page.all(`${line("NVX")} td[data-field]`).map(({dataset}) => dataset.field)], [null, ["bid"]]);
});

test("a line that is chosen is offered as the place of a new section, and as the symbol to move", async () => {
  const page = await dashboard();
  const menu = page.byId("list-menu");
  const offered = () => page.all("#list-menu [data-chosen]").map(({name, value}) => [name, value]);
  menu.dispatchEvent(new page.window.Event("toggle"));
  equal(offered(), [["above", ""], ["symbol", ""]]);
  choose(page, "ORB");
  menu.dispatchEvent(new page.window.Event("toggle"));
  equal(offered(), [["above", "ORB"], ["symbol", "ORB"]]);
});

test("the map shows the list, opens a line, and stands in the address", async () => {
  const page = await dashboard();
  page.click("#picture");
  equal(page.asked("picture"), "map");
  await page.until(() => page.find("#heatmap [data-symbol]"));
  equal(page.all("#heatmap [data-symbol]").map(({dataset}) => dataset.symbol).sort(), ["NVX", "ORB"]);
  tick(page, {NVX: {p: 20}}, 2);
  await page.pass(1_000);
  equal(page.text("#heatmap [data-symbol=NVX] [data-part=change]"), "+100.00%");
  page.hide();
  tick(page, {NVX: {p: 30}}, 3);
  await page.pass(1_000);
  equal(page.text("#heatmap [data-symbol=NVX] [data-part=change]"), "+100.00%", "a hidden map is not painted");
  page.hide(false);
  await page.pass(1_000);
  page.click("#heatmap [data-symbol=NVX]");
  equal(selectedOf(page), "NVX");
  page.click("#picture");
  equal([page.asked("picture"), page.byId("heatmap").hidden], [null, true]);
  tick(page, {NVX: {p: 40}}, 4);
  await page.pass(1_000);
  equal(page.find("#heatmap [data-symbol=NVX] [data-part=change]").textContent, "+200.00%", "a map that is not shown is not painted");
});

test("the map of a reader who gets a feed late has the late values and their colours, and its tiles say how late", async () => {
  const late = {name: "Late feed", feed: "late"};
  const page = await dashboard({rows: {NVX: {p: 11}, ORB: {p: 9}}, listed: [instrument("NVX", {feed: "late", delay: 15}), "ORB"], path: "/?picture=map"});
  page.say(status([instrument("NVX", {feed: "late", delay: 15}), "ORB"], {seq: 2, feeds: [FEED, {...FEED, ...late}]}));
  await page.until(() => page.find("#heatmap [data-symbol=NVX]") !== null);
  await page.pass(1_000);
  const tile = (symbol) => page.find(`#heatmap [data-symbol=${symbol}]`);
  equal(tile("NVX").getAttribute("aria-label"), "NVX, Novexa, +10.00%, volume 100, 15 min late");
  equal(tile("ORB").getAttribute("aria-label"), "ORB, Orbit Foods, \u221210.00%, volume 100");
  equal([tile("NVX").dataset.shade, tile("NVX").hasAttribute("data-late"), tile("ORB").hasAttribute("data-late")], ["4", true, false]);
  equal(page.text("#heatmap [data-part=note]"), "Tiles with a ring are 15 min late.");
  tick(page, {NVX: {p: 9.9}}, 2);
  await page.pass(1_000);
  equal([tile("NVX").dataset.shade, tile("NVX").getAttribute("aria-label")], ["-2", "NVX, Novexa, \u22121.00%, volume 100, 15 min late"]);
});

test("the address opens the map, without another step", async () => {
  const page = await dashboard({path: "/?picture=map"});
  equal([page.byId("heatmap").hidden, page.asked("picture"), page.text("#picture")], [false, "map", "Table"]);
  await page.until(() => page.find("#heatmap [data-symbol]"));
});

test("the foot counts what rises and falls, once a second", async () => {
  const page = await dashboard({symbols: ["NVX", "ORB", "QAL"]});
  await page.pass(1_000);
  equal(["up", "down", "flat"].map((part) => page.text(`#breadth [data-part=${part}]`)), ["1", "1", "1"]);
});

test("the rest of the page hears of a reconnect once, and not of the first connection", async () => {
  const heard = [];
  const page = await dashboard({change: ({window}) => window.addEventListener("reconnected", () => heard.push("reconnected"))});
  await page.pass(1_000);
  equal(heard, []);
  page.end();
  await page.pass(2_000);
  equal(heard, []);
  welcome(page);
  equal(heard, ["reconnected"]);
  page.click("#pause");
  page.click("#pause");
  equal(heard, ["reconnected"]);
});

test("lines whose ticks stay away are marked, but not while the page is hidden", async () => {
  const page = await dashboard();
  let seq = 1;
  for (let turn = 0; turn < 30; turn += 1) {
    seq += 1;
    const now_ms = page.window.performance.timeOrigin + page.window.performance.now();
    page.say(update({NVX: {p: 11 + (turn % 2), ms: 0}}, {from: seq - 1, seq, ts: now_ms}));
    await page.pass(1_000);
  }
  const isStale = () => page.find(line("NVX")).hasAttribute("data-stale");
  const beat = async (count) => {
    for (let turn = 0; turn < count; turn += 1) {
      page.say({channel: "heartbeat", seq, ts: page.window.performance.timeOrigin + page.window.performance.now(), stale: null});
      await page.pass(1_000);
    }
  };
  equal(isStale(), false);
  await beat(120);
  equal(isStale(), true);
  page.hide();
  await page.pass(1_000);
  equal(isStale(), false);
});

test("the whole market is one subscription, and its list follows the instruments", async () => {
  const page = await market("all");
  equal(page.commands.find(({channel, method}) => channel === "ticker" && method === "subscribe").symbols, ["*"]);
  await page.pass(1_000);
  equal(shown(page), ["NVX", "ORB", "QAL"]);
  page.taken();
  page.say(status(["ORB", "QAL", "ABC"], {seq: 2}));
  await page.pass(1_000);
  equal([shown(page), page.text("[data-meter=symbols]")], [["ABC", "ORB", "QAL"], "3"]);
  equal(page.taken().filter(({channel}) => channel === "ticker"), [], "no symbol is subscribed or left");
});

test("a list of the market is not the person's, and no frame of their lists changes it", async () => {
  const page = await market("all");
  await page.pass(1_000);
  const name = page.text("#list-name");
  page.say(lists({id: 5, name: "Mine", symbols: ["NVX"]}));
  await page.pass(1_000);
  equal([page.text("#list-name"), shown(page).length], [name, 3]);
  page.press("Delete", page.find(`${line("ORB")} th`));
  await page.pass(0);
  equal(page.posted, []);
});

test("a line of the market is put on a list of the person, whose name is told", async () => {
  const page = await market("all");
  await page.pass(1_000);
  const field = page.find("#add-line-form [name=list]") ?? page.find("select[name=list]");
  page.click(`${line("ORB")} button[name=symbol]`);
  await page.until(() => page.toasts.length > 0);
  equal(page.posted, [{url: page.document.body.dataset.add, symbol: "ORB", list: field.value}]);
  equal(page.toasts, [`ORB is on ${field.dataset.name ?? field.selectedOptions[0].text}`]);
  page.answers[page.document.body.dataset.add] = () => page.json({error: {code: 400, message: "the list is full"}}, 400);
  page.click(".toast .icon-button");
  page.click(`${line("NVX")} button[name=symbol]`);
  await page.until(() => page.toasts.length > 0);
  equal(page.toasts, ["Not done"]);
});

test("movers follow the prices each second, but not while somebody is at the lines", async () => {
  const page = await market("gainers", {rows: {NVX: {p: 11}, ORB: {p: 12}, QAL: {p: 9}}});
  await page.pass(1_000);
  equal(shown(page), ["ORB", "NVX"]);
  tick(page, {QAL: {p: 15}}, 2);
  page.find(`${line("NVX")} th`).focus();
  await page.pass(1_000);
  equal(shown(page), ["ORB", "NVX"]);
  page.document.activeElement.blur();
  await page.pass(1_000);
  equal(shown(page), ["QAL", "ORB", "NVX"]);
});

test("no list is made of a market that is not known yet", async () => {
  const page = await opened(SCRIPT, {path: "/?list=all"});
  const drawn = shown(page);
  ok(drawn.length > 0, "the server drew no lines");
  await page.pass(3_000);
  equal(shown(page), drawn);
});

const POLLED = [status(["NVX"]), prices({NVX: {p: 11}})];
const polling = (options) => opened(SCRIPT, {path: "/polling/", change: (page) => {
  page.answers["/poll/v1/"] = () => page.json({frames: POLLED, cursor: "c"});
}, ...options});

test("the polling page opens no socket, and asks at the interval of its form", async () => {
  const page = await polling();
  const polls = () => page.requests.filter(({url}) => url.startsWith("/poll/v1/")).length;
  await page.live(10_000);
  const usual = polls();
  ok(usual >= 5 && usual <= 7, `asked ${usual} times in 10 s`);
  page.change(page.byId("pace"), "10");
  equal(page.asked("interval"), "10");
  await page.live(3_000);
  const before = polls();
  await page.live(40_000);
  equal(polls() - before, 4);
  equal(page.sockets.length, 0);
});

test("a page without a chart chooses the line that its address names, if the list has it", async () => {
  const chosen = async (path) => {
    const page = await polling({path, change: (each) => {
      each.answers["/poll/v1/"] = () => each.json({frames: POLLED, cursor: "c"});
    }});
    const [first] = shown(page);
    return [page, first];
  };
  const [page, first] = await chosen("/polling/?i=ZZZ");
  equal([selectedOf(page), page.asked("i"), page.toasts], [null, "ZZZ", []]);
  const [other] = await chosen(`/polling/?i=${first.toLowerCase()}`);
  equal([selectedOf(other), other.asked("i"), other.byId("instrument")], [first, first.toLowerCase(), null]);
});

test("the polling page has no map, and lines lead to pages of their own", async () => {
  const page = await polling();
  await page.load("/static/js/pages/shell.js");
  page.press("m");
  equal([page.find("#picture"), page.asked("picture")], [null, null]);
});
