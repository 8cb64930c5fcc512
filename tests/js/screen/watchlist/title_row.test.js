/** The line of a section: its title, what a person does with it, and which line an element is in. */

import {make} from "/static/js/dom.js";
import {TitleRow, lineWith} from "/static/js/screen/watchlist/title_row.js";
import {lineOfTitle} from "/static/js/screen/watchlist/sections.js";
import {equal, test, until} from "../../harness.js";

function row(isOwn = true) {
  const log = [];
  const edits = {onrename: (...said) => log.push(["rename", ...said]), onstep: (...said) => log.push(["step", ...said]), onremove: (...said) => log.push(["remove", ...said])};
  const made = new TitleRow(isOwn ? edits : null);
  made.name("Energy");
  document.body.append(make("table", {}, make("tbody", {}, made.element)));
  return {row: made, element: made.element, log, buttons: [...made.element.querySelectorAll("td button")]};
}

test("the buttons move and remove the section that the line has now", () => {
  const {row: made, log, buttons} = row();
  for (const button of buttons) button.click();
  made.name("Food");
  for (const button of buttons) button.click();
  equal(log, [["step", "Energy", -1], ["step", "Energy", 1], ["remove", "Energy"], ["step", "Food", -1], ["step", "Food", 1], ["remove", "Food"]]);
});

test("the buttons say what they do with which section", () => {
  const {buttons, element} = row();
  equal(buttons.map((button) => button.getAttribute("aria-label")), ["Move the section up: Energy", "Move the section down: Energy", "Remove the title, keep the symbols: Energy"]);
  equal(buttons.map((button) => [button.tabIndex, button.className, button.querySelectorAll("svg").length]), [[-1, "section-up", 1], [-1, "section-down", 1], [-1, "remove", 0]]);
  equal([element.dataset.section, element.querySelector("th").textContent], ["Energy", "Energy"]);
});

test("a title that is pressed can be renamed where it stands", async () => {
  const {element, log} = row();
  element.querySelector(".section-title").click();
  await until(() => element.querySelector("input"));
  const field = element.querySelector("input");
  equal(field.value, "Energy");
  field.value = "Power";
  field.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter"}));
  equal(log, [["rename", "Energy", "Power"]]);
});

test("a section of somebody else is text, and takes the focus of the keyboard", () => {
  const {element, buttons} = row(false);
  equal([buttons.length, element.querySelector(".section-title").tagName, element.querySelector("th").getAttribute("tabindex")], [0, "SPAN", "-1"]);
  equal(row().element.querySelector("th").getAttribute("tabindex"), null);
});

test("a line is as high as the others, once their height is known", () => {
  const {row: made, element} = row();
  made.size(0);
  equal(element.style.height, "");
  made.size(31.5);
  equal(element.style.height, "31.5px");
});

test("the same name again writes nothing", () => {
  const {row: made, buttons} = row();
  buttons[0].setAttribute("aria-label", "kept");
  made.name("Energy");
  equal(buttons[0].getAttribute("aria-label"), "kept");
});

test("an element is in the line of its symbol or its title", () => {
  const inside = make("span");
  const line = make("tr", {"data-symbol": "NVX"}, make("td", {}, inside));
  equal([lineWith(inside), lineWith(row().buttons[0]), lineWith(make("i"))], ["NVX", lineOfTitle("Energy"), null]);
  line.removeAttribute("data-symbol");
  equal(lineWith(inside), null);
});
