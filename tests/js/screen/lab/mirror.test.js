/** The same prices as each transport knows them; old ones are dim. */

import {make} from "/static/js/dom.js";
import {Mirror} from "/static/js/screen/lab/mirror.js";
import {equal, test} from "../../harness.js";

function shown(symbols = ["NVX", "ORB"]) {
  const table = make("table", {}, make("tbody"));
  const mirror = new Mirror(table, ["sse", "poll"]);
  mirror.list(symbols);
  const cells = (symbol) => [...table.querySelectorAll(`[data-symbol=${symbol}] td`)];
  return {
    mirror, table, texts: (symbol) => cells(symbol).map(({textContent}) => textContent),
    dim: (symbol) => cells(symbol).map(({classList}) => classList.contains("is-behind")),
    show: (key, ...rows) => mirror.show(key, new Map(rows.map((row) => [row.s, row])), rows.map(({s}) => s)),
  };
}

test("a price stands in the column of its transport", () => {
  const {texts, show} = shown();
  equal(texts("NVX"), ["–", "–"]);
  show("poll", {s: "NVX", p: 10.5, t: 5});
  show("sse", {s: "ORB", p: 7, t: 5}, {s: "unknown", p: 1, t: 5});
  equal([texts("NVX"), texts("ORB")], [["–", "10.50"], ["7.00", "–"]]);
});

test("a price is dim while another transport knows a newer one", () => {
  const {dim, show} = shown();
  show("sse", {s: "NVX", p: 1, t: null});
  equal(dim("NVX"), [false, false]);
  show("sse", {s: "NVX", p: 1, t: 1});
  equal(dim("NVX"), [false, true]);
  show("poll", {s: "NVX", p: 1, t: 9});
  equal(dim("NVX"), [true, false]);
  show("sse", {s: "NVX", p: 1, t: 9});
  equal([dim("NVX"), dim("ORB")], [[false, false], [false, false]]);
});

test("prices of a symbol have as many decimals as any of them had", () => {
  const {texts, show} = shown();
  show("sse", {s: "NVX", p: 1.2345, t: 1});
  show("poll", {s: "NVX", p: 1.5, t: 1});
  show("poll", {s: "ORB", p: null, t: null});
  equal([texts("NVX"), texts("ORB")], [["1.2345", "1.5000"], ["–", "–"]]);
});

test("eight symbols have a line, and another list begins again", () => {
  const {mirror, table, texts, dim, show} = shown(Array.from({length: 9}, (_, index) => `S${index}`));
  equal(table.querySelectorAll("tbody tr").length, 8);
  show("sse", {s: "S1", p: 1, t: 9});
  mirror.list(["S1"]);
  equal(texts("S1"), ["–", "–"]);
  show("poll", {s: "S1", p: 1, t: 3});
  equal(dim("S1"), [true, false]);
});
