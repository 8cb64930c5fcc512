/** The panel of trades asks for trades only while somebody may look, and names what is missing. */

import {make} from "/static/js/dom.js";
import {time} from "/static/js/format.js";
import {openTrades} from "/static/js/screen/trades/panel.js";
import {TAPE_CHANNELS} from "/static/js/wire/frames.js";
import {equal, test} from "../../harness.js";
import {stopped} from "../../stopped_time.js";

const part = (name, tag = "span") => make(tag, {"data-part": name});

function template(name, ...cells) {
  const made = make("template", {"data-part": name});
  made.content.append(make("tr", {}, ...cells.map((cell) => part(cell, "td"))));
  return made;
}

/** An open panel that follows NVX and ORB. */
function shown({isOpen = true} = {}) {
  document.getElementById("trades")?.remove();
  localStorage.setItem("market.trades", isOpen ? "open" : "closed");
  const scroll = make("div", {"data-part": "scroll"}, make("table", {}, make("tbody")));
  const panel = make("details", {id: "trades"}, ...["scope", "note"].map((name) => part(name)), part("all", "button"), scroll,
    template("trade", "time", "symbol", "mark", "fate", "price", "size", "side"), template("gap", "text"));
  document.body.append(panel);
  const world = {panel, asked: [], announced: [], all: 0, changed: 0};
  const note = (verb) => (channel, symbols) => world.asked.push(`${verb} ${channel} ${symbols}`);
  world.trades = openTrades({
    subscriptions: {add: note("add"), remove: note("remove")}, instruments: new Map([["NVX", {d: 3}]]), onchange: () => { world.changed += 1; },
    onall: () => { world.all += 1; }, announce: (text) => world.announced.push(text),
  });
  world.trades.list(["NVX", "ORB"]);
  world.taken = () => world.asked.splice(0);
  world.text = (name) => panel.querySelector(`[data-part=${name}]`).textContent;
  return world;
}

const trade = (i, s = "NVX") => ({s, i, p: 1.5, q: 10, side: "BUY", t: 1});
const snapshot = (seq, data, more = {}) => ({channel: "trades", type: "snapshot", epoch: "e", seq, ts: 1, data, ...more});
const update = (from, seq, data) => ({channel: "trades", type: "update", from, seq, ts: 1, data});

test("an open panel asks for what is watched, and for what is chosen", () => {
  const {trades, taken} = shown();
  equal(taken(), ["add trades NVX,ORB"]);
  trades.list(["ORB", "QAL"]);
  equal(taken(), ["remove trades NVX", "add trades QAL"]);
  trades.select("QAL");
  trades.select("QAL");
  equal(taken(), ["remove trades ORB,QAL", "add trades QAL"]);
  trades.retry(["NVX", "QAL"]);
  trades.retry(["NVX"]);
  equal(taken(), ["add trades QAL"]);
});

test("a closed panel asks for nothing, hears nothing and has no position", () => {
  const {trades, taken} = shown({isOpen: false});
  equal([taken(), trades.hear(update(3, 4, [])), trades.position], [[], true, null]);
});

test("trades that follow are shown, and others are a gap", () => {
  const {trades, panel, text} = shown();
  equal([trades.hear(snapshot(5, [trade(5)])), trades.hear(update(5, 7, [trade(7)]))], [true, true]);
  equal([trades.hear(update(8, 9, [trade(9)])), trades.position], [false, "e:7"]);
  equal(trades.hear({channel: "heartbeat", type: "heartbeat", seq: 30, ts: 1, stale: null, confirms: TAPE_CHANNELS}), true);
  equal(trades.position, "e:7");
  trades.paint();
  equal([...panel.querySelectorAll("tbody [data-part=price]")].map(({textContent}) => textContent), ["1.500", "1.500"]);
  equal([text("scope"), panel.querySelector("[data-part=all]").hidden], ["All watched symbols", true]);
});

test("heartbeats count while the server follows, and not before it has answered again", () => {
  const {trades} = shown();
  const beat = (seq) => trades.hear({channel: "heartbeat", type: "heartbeat", seq, ts: 1, stale: null, confirms: TAPE_CHANNELS});
  trades.hear(snapshot(5, []));
  beat(9);
  trades.showConnection("reconnecting", false);
  beat(20);
  equal(trades.position, "e:9");
  trades.hear({channel: "answer", type: "answer", method: "subscribe", result: {channel: "ticker"}});
  beat(21);
  equal(trades.position, "e:9");
  trades.hear({channel: "answer", type: "answer", method: "subscribe", result: {channel: "trades"}});
  trades.showConnection("live", true);
  beat(22);
  equal(trades.position, "e:22");
});

test("missing trades are announced once", () => {
  const {trades, announced} = shown();
  trades.hear(snapshot(5, [trade(5)]));
  trades.hear(snapshot(50, [trade(50)], {gap: true}));
  trades.hear(update(50, 51, [trade(51)]));
  equal(announced, ["Some trades are missing"]);
});

test("a choice is named, and a button leads back to all", () => {
  const world = shown();
  const {trades, panel, text} = world;
  trades.select("ORB");
  trades.paint();
  const button = panel.querySelector("[data-part=all]");
  equal([text("scope"), button.hidden, panel.querySelector("[data-part=scroll]").hidden], ["ORB", false, true]);
  button.click();
  equal(world.all, 1);
});

const beat = (seq) => ({channel: "heartbeat", type: "heartbeat", seq, ts: 1, stale: null, confirms: TAPE_CHANNELS});
const opening = {channel: "answer", type: "answer", method: "subscribe", result: {channel: "trades"}};

test("trades of a hidden page go on for a minute, rest then, and resume where they stand when it is seen", () => stopped((clock) => {
  const {trades, taken} = shown();
  trades.hear(opening);
  trades.hear(snapshot(5, [trade(5)]));
  taken();
  trades.setHidden(true);
  clock.advance(59_999);
  trades.setHidden(false);
  trades.setHidden(true);
  clock.advance(59_999);
  equal(taken(), []);
  clock.advance(1);
  equal([taken(), trades.position], [["remove trades NVX,ORB"], "e:5"]);
  trades.list(["NVX"]);
  equal([taken(), trades.hear(beat(9)), trades.position], [[], true, "e:5"]);
  trades.setHidden(false);
  equal(taken(), ["add trades NVX"]);
  trades.hear(beat(9));
  equal(trades.position, "e:5", "the server has not answered yet");
  trades.hear(opening);
  trades.hear(beat(9));
  equal(trades.position, "e:9");
  trades.setHidden(false);
  clock.advance(120_000);
  equal(taken(), []);
}));

test("another choice begins at the top, with nothing of the last one and its own gaps", () => {
  const {trades, panel, announced, taken} = shown();
  const scroll = panel.querySelector("[data-part=scroll]");
  Object.assign(scroll.style, {height: "20px", overflow: "auto"});
  panel.querySelector("table").style.height = "900px";
  const gap = () => {
    trades.hear(snapshot(5, [trade(5)]));
    trades.hear(snapshot(50, [trade(50)], {gap: true}));
  };
  gap();
  scroll.scrollTop = 50;
  equal(scroll.scrollTop, 50);
  taken();
  trades.select("NVX");
  equal([scroll.scrollTop, trades.position, taken()], [0, null, ["remove trades NVX,ORB", "add trades NVX"]]);
  trades.paint();
  equal(panel.querySelectorAll("tbody tr").length, 0);
  gap();
  equal(announced, ["Some trades are missing", "Some trades are missing"]);
});

test("a panel that is closed leaves its trades, and one that opens begins anew; the browser remembers it", () => {
  const {trades, panel, taken} = shown();
  trades.hear(snapshot(5, [trade(5)]));
  taken();
  const toggle = (isOpen) => {
    panel.open = isOpen;
    panel.dispatchEvent(new Event("toggle"));
    return [taken(), trades.position, localStorage.getItem("market.trades")];
  };
  equal(toggle(false), [["remove trades NVX,ORB"], null, null]);
  equal(toggle(true), [["add trades NVX,ORB"], null, "open"]);
});

test("a list that gets empty leaves its trades, and says why there are none", () => {
  const {trades, taken, text, panel} = shown();
  trades.hear(snapshot(5, [trade(5)]));
  taken();
  trades.list([]);
  trades.paint();
  equal([taken(), trades.position, text("note"), panel.querySelector("[data-part=note]").hidden], [["remove trades NVX,ORB"], null, "No trades: the watchlist is empty.", false]);
});

test("the note says what is waited for, and goes with the first trade", () => {
  const {trades, text, panel} = shown();
  const says = () => {
    trades.paint();
    return [panel.querySelector("[data-part=note]").hidden, text("note"), panel.querySelector("[data-part=scroll]").hidden];
  };
  equal(says(), [false, "Waiting for trades…", true]);
  trades.hear(snapshot(5, []));
  equal(says(), [false, "No trades yet.", true]);
  trades.hear(update(5, 6, [trade(6)]));
  equal(says(), [true, "", false]);
  trades.select("ORB");
  trades.hear(snapshot(7, []));
  equal(says(), [false, "No trades of ORB yet.", true]);
});

test("while none come the note says how old the newest trade is", () => {
  const {trades, text} = shown();
  trades.hear(snapshot(5, [{...trade(4), t: 3_600_000}, {...trade(5), t: 7_265_000}]));
  trades.showConnection("paused", true);
  trades.paint();
  equal(text("note"), `Paused. Trades of the pause follow when you resume. Newest trade: ${time(7_265_000)}.`);
});

test("what changes the trades or their note is painted", () => {
  const world = shown();
  const {trades} = world;
  const changed = (change) => {
    world.changed = 0;
    change();
    return world.changed > 0;
  };
  equal([
    () => trades.hear(snapshot(5, [trade(5)])), () => trades.showConnection("paused", true), () => trades.rewrite(), () => trades.list(["NVX"]), () => trades.select("ORB"),
    () => trades.hear(beat(9)), () => trades.select("ORB"),
  ].map(changed), [true, true, true, true, true, false, false]);
});

test("trades that are written anew stand as before", () => {
  const {trades, panel} = shown();
  trades.hear(snapshot(5, [trade(4), trade(5)]));
  trades.paint();
  trades.rewrite();
  equal(panel.querySelectorAll("tbody tr").length, 0);
  trades.paint();
  equal(panel.querySelectorAll("tbody tr").length, 2);
});
