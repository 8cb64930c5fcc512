/** The box for symbols before its script is there. */

import {make} from "/static/js/dom.js";
import {openSearch} from "/static/js/pages/late_search.js";
import {equal, test, until} from "../harness.js";

const CATALOGUE = [{s: "NVX", name: "Novexa"}, {s: "ORB", name: "Orbit Foods"}];

function box() {
  document.querySelector("#box-of-tests")?.remove();
  const input = make("input", {name: "symbol", value: "early"});
  const form = make("form", {id: "box-of-tests"}, input, make("ul", {role: "listbox", id: "offers-of-tests", hidden: ""}));
  document.body.append(form);
  const world = {form, input, filtered: [], added: [], picked: []};
  world.search = openSearch({
    form, catalogue: () => CATALOGUE, isListed: (symbol) => symbol === "ORB",
    onfilter: (text) => world.filtered.push(text), onadd: (symbols) => world.added.push(symbols), onpick: (symbol) => world.picked.push(symbol),
  });
  world.isLoaded = () => until(() => input.getAttribute("role") === "combobox");
  world.submit = () => form.dispatchEvent(new Event("submit", {cancelable: true}));
  return world;
}

test("what is sent early does not leave the page, and is added when the script is there", async () => {
  const {input, submit, isLoaded, added} = box();
  input.value = "NVX";
  equal([submit(), added], [false, []]);
  await isLoaded();
  await until(() => added.length > 0);
  equal(added, [["NVX"]]);
});

test("what nobody sent is not added", async () => {
  const {input, isLoaded, added, filtered} = box();
  input.value = "NVX";
  await isLoaded();
  await new Promise((resolve) => setTimeout(resolve, 20));
  equal([added, filtered], [[], []]);
});

test("what is sent when the script is there is sent once", async () => {
  const {input, isLoaded, submit, added, search} = box();
  await isLoaded();
  await new Promise((resolve) => setTimeout(resolve));
  input.value = "NVX";
  input.dispatchEvent(new Event("input"));
  equal(submit(), false);
  equal(added, [["NVX"]]);
  search.refresh();
  equal(added.length, 1);
});

test("the box is gone to with its text selected, and shows a text by which it filters", () => {
  const {input, search, filtered} = box();
  search.focus();
  equal([document.activeElement === input, input.selectionStart, input.selectionEnd], [true, 0, 5]);
  search.show("orb");
  equal([input.value, filtered], ["orb", ["orb"]]);
  search.refresh();
});

test("offers that wait for the catalogue are refreshed", async () => {
  const {form, input, isLoaded, search} = box();
  await isLoaded();
  await new Promise((resolve) => setTimeout(resolve));
  input.value = "NV";
  input.dispatchEvent(new Event("input"));
  CATALOGUE.push({s: "NVY", name: "Nivay"});
  search.refresh();
  CATALOGUE.pop();
  equal(form.querySelectorAll("[role=option]").length, 2);
});
