/** The key figures show what is known of an instrument, and a dash for what is not. */

import {make} from "/static/js/dom.js";
import {Figures, partOf} from "/static/js/screen/chart/figures.js";
import {each, equal, test, throws} from "../../harness.js";

const NAMES = [
  "last", "change", "change_percent", "bid", "ask", "bid_size", "ask_size", "spread", "open", "high", "low", "previous_close", "volume",
  "name", "sector", "phase", "delay", "reason",
];
const ROW = {p: 10.5, pc: 10, b: 10.25, a: 10.75, bs: 1500, as: 20, o: 10.1, h: 11, l: 9.5, v: 12_345, t: 1_000, ph: "OPEN"};
const INSTRUMENT = {d: 3, name: "Novex", sector: "Mining", ph: "HALTED", delay: 15, reason: "News"};

/** A panel with two places for the last price. */
function shown(row, instrument) {
  const panel = make("section", {}, make("i", {"data-part": "x"}), make("b", {"data-figure": "last"}),
    ...NAMES.map((name) => make("span", {"data-figure": name})));
  const figures = new Figures(panel);
  figures.show(row, instrument);
  const place = (name) => panel.querySelector(`span[data-figure=${name}]`);
  return {panel, figures, place, text: (...names) => names.map((name) => place(name).textContent)};
}

test("every figure has the decimals of the instrument", () => {
  const {panel, place, text} = shown(ROW, INSTRUMENT);
  equal(text("last", "change", "change_percent", "bid", "ask", "spread"), ["10.500", "+0.500", "+5.00%", "10.250", "10.750", "0.500"]);
  equal(text("open", "high", "low", "previous_close"), ["10.100", "11.000", "9.500", "10.000"]);
  equal(text("bid_size", "ask_size", "volume"), ["1,500", "20", "12.35K"]);
  equal([panel.querySelector("b").textContent, place("volume").title], ["10.500", "12,345 shares"]);
  equal(place("last").title.startsWith("Last tick 1 Jan"), true);
});

test("what is not known is a dash and never a zero", () => {
  const {panel, place, text} = shown(undefined, undefined);
  equal(text(...NAMES.slice(0, 13)), Array(13).fill("\u2013"));
  equal([panel.dataset.direction, panel.dataset.phase, place("volume").title, place("last").title], ["flat", "", "", ""]);
  const partly = shown({p: 3, pc: null, b: 2, a: null, t: null}, undefined);
  equal(partly.text("last", "change", "change_percent", "spread"), ["3.00", "\u2013", "\u2013", "\u2013"]);
  equal(partly.place("last").title, "");
  equal(shown({p: null, pc: 3, b: null, a: 2}, undefined).text("change", "change_percent", "spread"), ["\u2013", "\u2013", "\u2013"]);
});

test("the direction is that of the change as it is written", () => each([
  [10.5, "up"], [9.5, "down"], [10, "flat"], [10.004, "flat"], [9.996, "flat"], [10.006, "up"], [9.994, "down"],
], ([p, direction]) => equal(shown({...ROW, p}, {...INSTRUMENT, d: 2}).panel.dataset.direction, direction)));

test("a phase other than open and a delay are named, and nothing stands for the others", () => {
  const halted = shown(ROW, INSTRUMENT);
  equal([halted.panel.dataset.phase, ...halted.text("name", "sector", "delay", "reason")], ["HALTED", "Novex", "Mining", "15 min late", "News"]);
  equal([halted.text("phase")[0] !== "", halted.place("phase").hidden, halted.place("delay").hidden], [true, false, false]);
  const open = shown(ROW, {...INSTRUMENT, ph: "OPEN", delay: 0});
  equal([open.panel.dataset.phase, ...open.text("phase", "delay", "reason")], ["OPEN", "", "", ""]);
  equal([open.place("phase").hidden, open.place("delay").hidden], [true, true]);
  open.figures.show(ROW, {...INSTRUMENT, ph: "NEW_PHASE"});
  equal([open.text("phase"), open.place("phase").hidden], [["NEW_PHASE"], false]);
  equal(shown({...ROW, ph: "AUCTION"}, undefined).panel.dataset.phase, "AUCTION");
});

test("a part that a panel has not is a mistake of the template", () => {
  const {panel} = shown(ROW, INSTRUMENT);
  equal(partOf(panel, "x").tagName, "I");
  throws(() => partOf(panel, "y"), "Error: page has no [data-part=y]");
});

test("what stays as it was is not written again", () => {
  const {panel, figures} = shown(ROW, INSTRUMENT);
  const watch = new MutationObserver(() => {});
  watch.observe(panel, {subtree: true, childList: true, attributes: true, characterData: true});
  figures.show({...ROW}, {...INSTRUMENT});
  equal(watch.takeRecords().length, 0);
  figures.show({...ROW, b: 10.375}, INSTRUMENT);
  equal(watch.takeRecords().map(({target}) => target.parentElement.dataset.figure), ["bid", "spread"]);
});
