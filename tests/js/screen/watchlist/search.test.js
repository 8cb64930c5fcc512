/** The box that filters the table and offers symbols: which, in which order, and what a choice does. */

import {make} from "/static/js/dom.js";
import {Search, bestMatches, groupsOf, severalIn} from "/static/js/screen/watchlist/search.js";
import {each, equal, test} from "../../harness.js";

const CATALOGUE = [
  {s: "ORB", name: "Orbit Foods", sector: "Food"},
  {s: "NVX", name: "Novexa", sector: "Technology"},
  {s: "NOV", name: "Harbour Nova", sector: "Shipping"},
  {s: "QAL", name: "Qualis", sector: "Nova Tech"},
];
const symbols = (text, catalogue = CATALOGUE) => bestMatches(catalogue, text).map(({s}) => s);

test("the best match comes first", () =>
  each([
    [" nov ", ["NOV", "NVX", "QAL"]],
    ["n", ["NOV", "NVX", "QAL"]],
    ["nv", ["NVX", "NVXA"], [{s: "NVXA", name: "Other"}, CATALOGUE[1]]],
    ["nvx", ["NVX", "NVXA", "ANVX"], [{s: "ANVX", name: "a"}, {s: "NVXA", name: "Nvx"}, CATALOGUE[1]]],
    ["foods", ["ORB"]],
    ["rbi", ["ORB"]],
    ["tech", ["NVX", "QAL"]],
    ["xyz", []],
  ], ([text, expected, catalogue]) => {
    equal(symbols(text, catalogue), expected);
  }));

test("a symbol's beginning counts more than a word's, that more than a part, and a sector the least", () => {
  const [begins, word, part, inName, sector] = [
    {s: "NVX9", name: "a"}, {s: "E", name: "The Nvx House"}, {s: "CNVX", name: "a"}, {s: "D", name: "Anvxa"}, {s: "A", name: "a", sector: "All of nvx"},
  ];
  equal(symbols("nvx", [sector, inName, part, word, begins]), ["NVX9", "E", "CNVX", "D", "A"]);
});

test("no more than eight are offered", () => {
  const many = Array.from({length: 20}, (_, index) => ({s: `A${index + 10}`, name: "a"}));
  equal(symbols("a", many), many.slice(0, 8).map(({s}) => s));
});

/** A box on the page, and what it was asked for. `NVX` is in the list already. */
function shown(catalogue = CATALOGUE) {
  document.querySelector("#search-of-tests")?.remove();
  const list = make("ul", {role: "listbox", id: "offers-of-tests", hidden: ""});
  const form = make("form", {id: "search-of-tests"}, make("input", {name: "symbol", list: "x", required: ""}), list);
  document.body.append(form);
  const world = {form, list, input: form.querySelector("input"), filtered: [], added: [], picked: []};
  world.search = new Search({
    form, catalogue: () => catalogue, isListed: (s) => s === "NVX",
    onfilter: (text) => world.filtered.push(text), onadd: (symbols) => world.added.push(symbols.join(" ")), onpick: (s) => world.picked.push(s),
  });
  world.type = (text) => {
    world.input.value = text;
    world.input.dispatchEvent(new Event("input"));
  };
  world.press = (key) => world.input.dispatchEvent(new KeyboardEvent("keydown", {key, cancelable: true}));
  world.submit = () => form.dispatchEvent(new Event("submit", {cancelable: true}));
  world.offers = () => [...list.querySelectorAll("[data-symbol]")].map(({dataset}) => dataset.symbol);
  world.active = () => list.querySelector("[aria-selected=true]")?.dataset.symbol ?? null;
  return world;
}

test("typing filters the table and offers what matches", () => {
  const {type, filtered, offers, list, input} = shown();
  type("nov");
  equal([filtered, offers(), list.hidden], [["nov"], ["NOV", "NVX", "QAL"], false]);
  equal([...list.querySelectorAll(".offer-verb")].map(({textContent}) => textContent), ["Add", "In list", "Add"]);
  equal([input.getAttribute("role"), input.getAttribute("aria-expanded")], ["combobox", "true"]);
  type("xyz");
  equal([offers(), list.hidden, list.textContent], [[], false, "No instrument matches."]);
  type(" ");
  equal([list.hidden, input.getAttribute("aria-expanded")], [true, "false"]);
});

test("the arrows go round through the offers", () => {
  const {type, press, active, input} = shown();
  type("nov");
  equal(active(), null);
  const seen = ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"].map((key) => {
    press(key);
    return active();
  });
  equal(seen, ["NOV", "NVX", "QAL", "NOV", "QAL"]);
  equal(input.getAttribute("aria-activedescendant"), "offer-2");
  type("nov");
  equal([active(), input.hasAttribute("aria-activedescendant")], [null, false]);
  press("ArrowUp");
  equal(active(), "QAL");
});

test("Enter takes the chosen offer, else the exact one, else the first", () => {
  const {type, press, submit, added, picked, input, filtered} = shown();
  submit();
  type("nov");
  submit();
  type("nov");
  press("ArrowUp");
  submit();
  type("nvx");
  submit();
  equal([added, picked], [["NOV", "QAL"], ["NVX"]]);
  equal([input.value, filtered.at(-1)], ["", ""]);
});

test("Enter before the catalogue has come waits for it", () => {
  const catalogue = [];
  const {type, submit, added, list, input, search} = shown(catalogue);
  submit();
  type("orb, nov");
  submit();
  equal([added, list.textContent, input.value], [[], "Loading the instruments…", "orb, nov"]);
  search.refresh();
  equal(added, []);
  input.dispatchEvent(new Event("blur"));
  catalogue.push(...CATALOGUE);
  search.refresh();
  search.refresh();
  equal([added, input.value, list.hidden], [["ORB NOV"], "", true]);
});

test("typing on takes an early Enter back", () => {
  const catalogue = [];
  const {type, submit, added, search} = shown(catalogue);
  type("orb");
  submit();
  type("orbi");
  catalogue.push(...CATALOGUE);
  search.refresh();
  equal(added, []);
});

test("several symbols are those that somebody pasted, and no name", () =>
  each([
    ["NVX, orb", ["NVX", "ORB"]],
    ["nvx;ORB\tQAL\n", ["NVX", "ORB", "QAL"]],
    ["NVX orb nvx", ["NVX", "ORB"]],
    ["NVX,ZZZ", ["NVX", "ZZZ"]],
    ["NVX ZZZ", []],
    ["NVX|ORB", ["NVX", "ORB"]],
    ["'NVX', 'ZZZ'", ["NVX", "ZZZ"]],
    ["nasdaq:nvx $ORB", ["NVX", "ORB"]],
    ["O'Neil Nova", []],
    ["Harbour Nova", []],
    ["Foods, Inc", []],
    ["NVX", []],
    ["NVX, ", []],
    ["", []],
  ], ([text, expected]) => equal(severalIn(CATALOGUE, text), expected)));

test("an exchange, a dollar or quotes around a symbol find it", () =>
  each(["demo:orb", "$ORB", "'orb'", "(ORB)"], (text) => {
    equal(bestMatches(CATALOGUE, text).map(({s}) => s)[0], "ORB");
    const {type, submit, added} = shown(CATALOGUE);
    type(text);
    submit();
    equal(added, ["ORB"]);
  }));

test("a sector and the whole market stand for their instruments", () =>
  each([
    ["Techno", [["Technology", "NVX"]]],
    ["nova t", [["Nova Tech", "QAL"]]],
    ["foo", []],
    ["food", [["Food", "ORB"]]],
    ["hipping", []],
    [" ALL ", [["The whole market", "ORB NVX NOV QAL"]]],
    ["*", [["The whole market", "ORB NVX NOV QAL"]]],
  ], ([text, expected]) => equal(groupsOf(CATALOGUE, text).map(({name, symbols: all}) => [name, all.join(" ")]), expected)));

test("what is added together is one request, without what is in the list", () => {
  const {type, submit, list, added, press} = shown();
  type("NVX, ORB, QAL");
  equal(list.children.length, 1);
  equal([...list.querySelectorAll("span")].map(({textContent}) => textContent), ["Add 2", "NVX, ORB, QAL", "", "Add"]);
  submit();
  type("all");
  press("ArrowDown");
  submit();
  type("Shipping");
  submit();
  type("Techno");
  submit();
  type("nvx,nvx;");
  equal(list.querySelector("[data-symbol]")?.dataset.symbol, "NVX");
  equal(added, ["ORB QAL", "ORB NOV QAL", "NOV"]);
});

test("a pasted column keeps its symbols apart", () => {
  const {input, submit, added} = shown();
  const clipboardData = new DataTransfer();
  clipboardData.setData("text", "ORB\r\nQAL\r\n");
  const paste = new ClipboardEvent("paste", {clipboardData, cancelable: true});
  input.dispatchEvent(paste);
  equal([paste.defaultPrevented, input.value], [true, "ORB, QAL"]);
  submit();
  equal(added, ["ORB QAL"]);
});

test("Escape empties the box and shows every line again", () => {
  const {type, press, input, filtered, list} = shown();
  type("nov");
  press("Escape");
  equal([input.value, filtered, list.hidden], ["", ["nov", ""], true]);
});

test("a click on an offer takes it and leaves the focus in the box", () => {
  const {type, list, added} = shown();
  type("qual");
  const down = new Event("pointerdown", {bubbles: true, cancelable: true});
  list.querySelector("[data-symbol] span").dispatchEvent(down);
  equal([added, down.defaultPrevented], [["QAL"], true]);
});

test("what was typed and sent before the script came is searched, and done when the catalogue has come", () => {
  const catalogue = [];
  const {input, search, filtered, added} = shown(catalogue);
  input.value = "orb";
  search.catchUp(false);
  equal(filtered, [], "nobody is in the box");
  search.catchUp(true);
  equal([filtered, added], [["orb"], []]);
  catalogue.push(...CATALOGUE);
  search.refresh();
  equal(added, ["ORB"]);
});

test("what was typed early and not sent is only searched", () => {
  const {input, search, offers, added} = shown();
  search.catchUp(false);
  equal(offers(), []);
  input.value = "orb";
  input.focus();
  search.catchUp(false);
  equal([offers(), added], [["ORB"], []]);
});
