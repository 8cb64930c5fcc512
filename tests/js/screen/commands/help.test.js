/** The help names the keys of this page, and switches single keys off. */

import {make} from "/static/js/dom.js";
import {openHelp} from "/static/js/screen/commands/help.js";
import {areKeysOn, switchKeys} from "/static/js/screen/page/keyboard.js";
import {equal, test} from "../../harness.js";

function opened(options = {}) {
  document.querySelector("#help")?.remove();
  openHelp({actions: [{key: "p", label: "Pause"}, {key: "", label: "Theme"}], isMac: false, ...options});
  const dialog = document.querySelector("#help");
  const lines = () => [...dialog.querySelectorAll("dl > div")].map((line) => `${line.querySelector("dt").textContent.trim()}: ${line.querySelector("dd").textContent}`);
  return {dialog, lines, titles: () => [...dialog.querySelectorAll("h3")].map(({textContent}) => textContent)};
}

test("keys of this page stand beside those that work anywhere", () => {
  const {dialog, lines, titles} = opened();
  equal([titles(), lines().length, lines()[0].split(":")[0], lines()[2]], [["Anywhere"], 3, "Ctrl K", "p: Pause"]);
  equal(dialog.querySelectorAll("kbd").length, 4);
  dialog.close();
});

test("a Mac has another key, and a page with a table and a chart has their keys", () => {
  const parts = [make("div", {class: "grid"}), make("div", {id: "instrument"})];
  document.body.append(...parts);
  const {dialog, lines, titles} = opened({isMac: true});
  equal([titles(), lines()[0].split(":")[0]], [["Anywhere", "In the table", "With a chart"], "⌘ K"]);
  dialog.close();
  for (const part of parts) part.remove();
});

test("single keys are switched off and on", () => {
  switchKeys(false);
  const {dialog} = opened();
  const box = dialog.querySelector("input");
  equal([box.checked, box.parentElement.textContent], [false, " Use single keys anywhere on the page"]);
  box.click();
  equal(areKeysOn(), true);
  box.click();
  equal(areKeysOn(), false);
  switchKeys(true);
  dialog.close();
});
