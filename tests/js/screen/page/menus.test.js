/** Menus close on Escape, on a click elsewhere, and when another one opens. */

import {make} from "/static/js/dom.js";
import {bindMenus} from "/static/js/screen/page/menus.js";
import {equal, ok, test} from "../../harness.js";

bindMenus();

/** Two open menus, each with a button. */
function shown() {
  for (const menu of document.querySelectorAll("details.of-tests")) menu.remove();
  const menus = [0, 1].map(() => make("details", {class: "menu of-tests", open: ""}, make("summary", {}, "menu"), make("button", {type: "button"}, "in")));
  document.body.append(...menus);
  return {menus, open: () => menus.map((menu) => menu.open)};
}

const press = (key) => document.dispatchEvent(new KeyboardEvent("keydown", {key}));

test("Escape closes all, and the focus goes back to the menu that had it", () => {
  const {menus, open} = shown();
  menus[1].querySelector("button").focus();
  press("a");
  equal(open(), [true, true]);
  press("Escape");
  equal(open(), [false, false]);
  ok(document.activeElement === menus[1].querySelector("summary"), "the focus is elsewhere");
});

test("a click closes the menus that it is not in", () => {
  const {menus, open} = shown();
  menus[0].querySelector("button").click();
  equal(open(), [true, false]);
  document.body.click();
  equal(open(), [false, false]);
});

test("a click on what goes by that closes nothing", () => {
  const {menus, open} = shown();
  const button = menus[0].querySelector("button");
  button.addEventListener("click", () => button.remove());
  button.click();
  equal(open(), [true, true]);
});
