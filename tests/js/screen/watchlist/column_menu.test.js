/** The menu of the columns: what a person shows, hides and moves. */

import {make} from "/static/js/dom.js";
import {ColumnMenu} from "/static/js/screen/watchlist/column_menu.js";
import {columnsOf} from "/static/js/screen/watchlist/columns.js";
import {equal, ok, test} from "../../harness.js";

function menu(columns = ["bid", "last"]) {
  const panel = make("div");
  document.body.replaceChildren(panel);
  const told = [];
  new ColumnMenu(panel, {columns, onchange: (chosen) => told.push(chosen.join(" "))});
  const names = () => [...panel.querySelectorAll("input")].map(({name}) => name);
  const button = (label) => panel.querySelector(`[aria-label="${label}"]`);
  return {panel, told, names, button, box: (name) => panel.querySelector(`[name=${name}]`)};
}

test("shown columns come first, in their order, and the others after them", () => {
  const {names, panel} = menu();
  equal(names().slice(0, 4), ["bid", "last", "change", "change_percent"]);
  equal(names().length, columnsOf([]).length);
  equal([...panel.querySelectorAll(":checked")].map(({name}) => name), ["bid", "last"]);
  ok(panel.querySelector("a").href.endsWith("columns=bid%2Clast"), "the link says other columns");
});

test("a column is shown, hidden and moved, and the focus stays with it", () => {
  const {told, button, box} = menu();
  box("volume").click();
  box("last").click();
  equal([told.splice(0), document.activeElement.name], [["bid last volume", "bid volume"], "last"]);
  button("Move Bid to the right").click();
  button("Move Bid to the right").click();
  ok(document.activeElement === button("Move Bid to the right"), "the focus was lost");
  box("last").click();
  equal(told.at(-1), "last bid volume");
  button("Move Last price to the left");
  ok(button("Move Last price to the left").disabled, "the first column goes further");
});

test("only the last shown column must stay, and only what is at an end cannot go further", () => {
  const {panel, box} = menu(["bid", "last"]);
  const disabled = (elements) => [...panel.querySelectorAll(elements)].filter((each) => each.disabled).map((each) => each.name || each.title);
  const last = columnsOf([]).at(-1);
  equal([disabled("input"), disabled(".section-up"), disabled(".section-down").length], [[], ["Move Bid to the left"], 1]);
  box("bid").click();
  equal(disabled("input"), ["last"]);
  box(last).click();
  equal(disabled("input"), []);
});

test("the last column stays, and the usual ones come back", () => {
  const {told, box, panel} = menu(["low"]);
  ok(box("low").disabled, "the table may lose its last column");
  [...panel.querySelectorAll("button")].find(({textContent}) => textContent === "Usual columns").click();
  equal(told, [columnsOf([]).join(" ")]);
});
