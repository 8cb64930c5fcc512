/** The figures of the flight deck, each in its place and with its unit. */

import {make} from "/static/js/dom.js";
import {DeckPanel} from "/static/js/screen/deck/panel.js";
import {each, equal, test} from "../../harness.js";

const FEED_PARTS = ["state", "ph", "rate", "target", "age", "halted", "instruments", "reason"];
const PROCESS_PARTS = [
  "connections", "websocket", "sse", "polls", "frames", "updates", "conflation", "bytes", "lag", "cuts", "refused", "overruns",
];
const FEED = {feed: "main", state: "RUNNING", ph: "PRE_OPEN", reason: "", target: 200, rate: 198.26, age_ms: 40, instruments: 1_200, halted: 3};
const PROCESS = {
  process: "p1", readers: {websocket: 5, sse: 4, longpoll: 3, poll: 2}, frames: 10.25, updates: 20, bytes: 1_500, conflation: 2.5,
  lag_ms: 1_500, stale: null, cuts: 1, refused: 2, overruns: 7,
};
const person = (id, more = {}) =>
  ({id, user: "ada", user_id: 1, transport: "sse", pace: 3.9, reason: "", behind: 1_000, symbols: null, since: 0, ...more});

const parts = (names) => names.map((name) => make("span", {"data-part": name}));

function shown() {
  const page = make("div", {},
    make("section", {"data-feed": "main"}, ...parts(FEED_PARTS)), make("section", {id: "process"}, ...parts(PROCESS_PARTS)),
    ...parts(["process", "hidden"]), make("table", {}, make("tbody", {id: "people"})), make("form", {id: "disconnect"}),
    make("table", {}, make("tbody", {id: "entries"})));
  const panel = new DeckPanel(page);
  const text = (selector) => page.querySelector(selector).textContent;
  const show = (more = {}) => panel.show({feeds: [FEED], process: PROCESS, people: [], connections: 14, ...more});
  return {page, panel, show, text, rows: () => [...page.querySelectorAll("#people tr")]};
}

test("a feed shows what it is to do and what it does", () => {
  const {show, text} = shown();
  show({feeds: [FEED, {...FEED, feed: "unknown"}]});
  equal(FEED_PARTS.map((name) => text(`[data-feed] [data-part=${name}]`)), ["Running", "Pre-open", "198.3", "200", "40 ms", "3", "1,200", "–"]);
});

test("the process shows each figure in its place", () => {
  const {show, text} = shown();
  show();
  equal(PROCESS_PARTS.map((name) => text(`#process [data-part=${name}]`)),
    ["14", "5", "4", "5", "10.3", "20", "2.5 ticks", "1.5 kB/s", "1.5 s", "1", "2", "7"]);
  equal(text("div > [data-part=process]"), "process p1");
});

test("what is not known is not 0", () => {
  const {show, text} = shown();
  show({process: {...PROCESS, readers: {}, conflation: null, lag_ms: null}});
  equal(["sse", "polls", "conflation", "lag"].map((name) => text(`#process [data-part=${name}]`)), ["0", "0", "–", "–"]);
  show({process: {...PROCESS, stale: 5}});
  equal(text("#process [data-part=lag]"), "silent");
});

test("an age has the unit that fits", () =>
  each([[999, "999 ms"], [1_000, "1 s"], [89_999, "90 s"], [90_000, "2 min"], [null, "–"]], ([age_ms, expected]) => {
    const {show, text} = shown();
    show({feeds: [{...FEED, age_ms}]});
    equal(text("[data-feed] [data-part=age]"), expected);
  }));

test("people come and go, and the rest is counted", () => {
  const {show, text, rows} = shown();
  show({people: [person("a"), person("b", {reason: "paint 38 ms", symbols: 40})], connections: 5});
  const texts = () => rows().map((row) => ["user", "pace", "limit", "behind", "symbols"].map((name) => row.querySelector(`[data-part=${name}]`).textContent));
  equal(texts(), [["ada", "3.9", "–", "1,000 events", "all"], ["ada", "3.9", "paint 38 ms", "1,000 events", "40"]]);
  equal(text("[data-part=hidden]"), "and 3 more");
  const [, second] = rows();
  show({people: [person("b")], connections: 1});
  equal([rows().length, rows()[0] === second, text("[data-part=hidden]")], [1, true, ""]);
  show({people: null});
  equal(rows().length, 1);
});

test("a button ends a connection, or all of a user", () => {
  const {show, panel, rows} = shown();
  const ended = [];
  panel.ondisconnect = (user, connection) => ended.push([user, connection]);
  show({people: [person("a")], connections: 1});
  const buttons = [...rows()[0].querySelectorAll("button")];
  equal(buttons.map(({textContent, type}) => [textContent, type]), [["Disconnect", "button"], ["Everywhere", "button"]]);
  for (const button of buttons) button.click();
  rows()[0].click();
  equal(ended, [["1", "a"], ["1", ""]]);
});

test("a line of a person says since when in UTC, and has no button where nobody may disconnect", () => {
  const {show, page, rows} = shown();
  page.querySelector("#disconnect").remove();
  show({people: [person("a", {transport: "poll", since: Date.UTC(2026, 0, 2, 13, 4, 5), symbols: 1_200})], connections: 1});
  equal([...rows()[0].children].map((cell) => cell.textContent), ["ada", "poll", "3.9", "–", "1,000 events", "1,200", "13:04:05"]);
  equal([rows()[0].dataset.user, page.querySelectorAll("#people button").length], ["ada", 0]);
});

test("counts are whole, and rates have one decimal at most", () => {
  const {show, text} = shown();
  show({feeds: [{...FEED, halted: 2.6, rate: 2.64, target: 7}], process: {...PROCESS, cuts: 1.4, frames: 3}});
  equal(["halted", "rate", "target"].map((name) => text(`[data-feed] [data-part=${name}]`)), ["3", "2.6", "7"]);
  equal(["cuts", "frames"].map((name) => text(`#process [data-part=${name}]`)), ["1", "3"]);
});

test("what was done can be undone where there is a way back", () => {
  const {panel, page} = shown();
  panel.showEntries([{texts: ["12:00", "ada"], undo: "/undo/1/"}, {texts: ["11:00", "bob"], undo: ""}]);
  const buttons = [...page.querySelectorAll("#entries tr")].map((row) => row.querySelector("button")?.getAttribute("formaction"));
  equal([page.querySelectorAll("#entries td").length, buttons], [6, ["/undo/1/", undefined]]);
});

test("a form shows whether its command was done", () => {
  const {panel} = shown();
  const form = make("form", {}, ...parts(["answer"]));
  panel.answer(form, {isDone: true, text: "Halted"});
  equal([form.textContent, form.firstChild.dataset.is], ["Halted", "done"]);
  panel.answer(form, {isDone: false, text: "No"});
  equal([form.textContent, form.firstChild.dataset.is], ["No", "refused"]);
});

function operated() {
  const {page, panel, show} = shown();
  const section = page.querySelector("[data-feed]");
  const button = (name, states) => make("button", {"data-in": states, name}, name);
  const form = make("form", {}, button("start", "PAUSED CLOSED PAUSED+recorded CLOSED+recorded"), button("pause", "RUNNING RUNNING+recorded"),
    button("record", "RUNNING PAUSED CLOSED"), button("keep", "RUNNING+recorded PAUSED+recorded CLOSED+recorded"), make("output", {"data-part": "answer"}));
  section.append(form);
  document.body.append(page);
  const seen = () => [...form.querySelectorAll("button")].filter((each) => !each.hidden).map((each) => each.name);
  return {page, panel, show, form, seen};
}

test("only the buttons that can do something are shown", () => {
  const {page, panel, show, form, seen} = operated();
  show();
  equal(seen(), ["pause", "record"]);
  show({feeds: [{...FEED, state: "PAUSED"}]});
  equal(seen(), ["start", "record"]);
  panel.answer(form, {isDone: true, text: "Recording."}, "/admin/flightdeck/feeds/main/record/");
  equal(seen(), ["start", "keep"]);
  panel.answer(form, {isDone: false, text: "No."}, "/admin/flightdeck/feeds/main/keep/");
  equal(seen(), ["start", "keep"]);
  page.remove();
});

test("the keyboard stays among the buttons when its own goes", () => {
  const {page, show, form} = operated();
  show();
  form.querySelector("[name=pause]").focus();
  show({feeds: [{...FEED, state: "PAUSED"}]});
  equal(document.activeElement.name, "start");
  page.remove();
});

test("the log keeps the keyboard: the same rows stay, and other rows take it", () => {
  const {page, panel} = shown();
  const entry = (undo) => ({texts: ["now", "ada", "pause", ""], undo});
  document.body.append(page);
  panel.showEntries([entry("/1/undo/"), entry("/2/undo/")]);
  const button = page.querySelector("[formaction='/2/undo/']");
  button.focus();
  panel.showEntries([entry("/1/undo/"), entry("/2/undo/")]);
  equal(document.activeElement === button, true);
  panel.showEntries([entry("/3/undo/"), entry("/2/undo/")]);
  equal(document.activeElement.getAttribute("formaction"), "/2/undo/");
  page.remove();
});
