// @ts-check
/**
 * The dialog that lists the keys of this page. Single keys can be switched off in it.
 * Must not know what the keys do.
 */

import {make} from "../../dom.js";
import {areKeysOn, switchKeys} from "../page/keyboard.js";
import {openDialog, titledDialog} from "./dialog.js";

/** Keys with their meaning. Keys of one line stand for alternatives. @typedef {readonly [string, string]} KeyLine */

/** Everywhere. @type {readonly KeyLine[]} */
const ANYWHERE = Object.freeze([
  ["Ctrl K", "Go to an instrument, a page or a list, or do something"],
  ["Esc", "Close a dialog or a menu, or clear the search"],
]);

/** In the table of prices. @type {readonly KeyLine[]} */
const IN_TABLE = Object.freeze([
  ["\u2191 \u2193 \u2190 \u2192", "Move in the table"],
  ["Home End", "First and last cell of a line; with Ctrl, of the table"],
  ["Enter", "On a column title: sort by it, then in reverse, then in your own order"],
  ["Enter", "On a line: show its chart and only its trades, or all trades again"],
  ["Alt A", "On a line: make an alert on its symbol"],
  ["Alt Shift \u2191 \u2193", "Move the line up or down in your own order; the mouse drags it"],
  ["Delete", "Remove the line from the watchlist"],
]);

/** While a chart is open. @type {readonly KeyLine[]} */
const WITH_CHART = Object.freeze([
  ["Alt A", "Offer an alert at the last price; Enter makes it"],
  ["\u2191 \u2193", "On an alert of the chart: move it; Enter keeps the price, Esc takes it back"],
]);

/**
 * Open the help.
 * @param {{actions: readonly import("../page/keyboard.js").Action[], isMac?: boolean}} options `isMac`: whether Cmd stands for Ctrl
 */
export function openHelp({actions, isMac = /mac/i.test(navigator.platform)}) {
  const own = actions.filter(({key}) => key !== "").map(({key, label}) => /** @type {KeyLine} */ ([key, label]));
  const anywhere = ANYWHERE.map(([keys, text]) => /** @type {KeyLine} */ ([isMac ? keys.replace("Ctrl", "\u2318") : keys, text]));
  const parts = [section("Anywhere", [...anywhere, ...own])];
  if (document.querySelector(".grid")) parts.push(section("In the table", IN_TABLE));
  if (document.querySelector("#instrument")) parts.push(section("With a chart", WITH_CHART));
  openDialog(titledDialog({id: "help", title: "Keyboard"}, ...parts, switchOfKeys()));
}

/** @param {string} title @param {readonly KeyLine[]} lines */
function section(title, lines) {
  return make("section", {}, make("h3", {"class": "keys-title"}, title), make("dl", {"class": "keys"}, ...lines.map(lineOf)));
}

/** @param {KeyLine} line */
function lineOf([keys, text]) {
  const names = keys.split(" ").flatMap((key) => [make("kbd", {}, key), " "]);
  return make("div", {}, make("dt", {}, ...names), make("dd", {}, text));
}

function switchOfKeys() {
  const box = /** @type {HTMLInputElement} */ (make("input", {type: "checkbox", id: "keys-on"}));
  box.checked = areKeysOn();
  box.addEventListener("change", () => switchKeys(box.checked));
  return make("label", {"class": "check"}, box, " Use single keys anywhere on the page");
}
