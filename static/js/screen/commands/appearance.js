// @ts-check
/**
 * The dialog in which people choose how pages look.
 * Must not know how the looks are made.
 */

import {make} from "../../dom.js";
import {choose, chosen} from "../page/theme.js";
import {openDialog, titledDialog} from "./dialog.js";

/** @typedef {import("../page/theme.js").Aspect} Aspect */

/** What can be chosen: the label of each aspect, and its values with their labels. @type {readonly (readonly [Aspect, string, readonly (readonly [string, string])[]])[]} */
const CHOICES = Object.freeze([
  ["theme", "Theme", [["auto", "As the system"], ["light", "Light"], ["dark", "Dark"]]],
  ["contrast", "Contrast", [["auto", "As the system"], ["high", "High"]]],
  ["palette", "Colours of up and down", [
    ["western", "Green up, red down"], ["eastern", "Red up, green down"], ["blue-orange", "Blue up, orange down, for the colour-blind"],
  ]],
  ["density", "Lines", [["cosy", "Comfortable"], ["compact", "Compact"]]],
  ["zone", "Times", [["local", "Of this browser"], ["exchange", "Of the exchange"], ["utc", "UTC"]]],
]);

/** @type {Readonly<Record<"person" | "browser", string>>} */
const NOTE = Object.freeze({
  person: "Your choices follow you into every browser. Charts always show the time of the exchange.",
  browser: "This browser keeps what you choose.",
});

/** Open the dialog. A choice shows at once, so there is nothing to save. @param {boolean} isKept whether the server keeps it for the person */
export function openAppearance(isKept) {
  openDialog(titledDialog({id: "appearance", title: "Appearance"}, ...CHOICES.map(fieldOf), make("p", {"class": "dialog-note"}, NOTE[isKept ? "person" : "browser"])));
}

/** @param {(typeof CHOICES)[number]} choice */
function fieldOf([aspect, label, values]) {
  const options = values.map(([value, text]) => make("option", {value}, text));
  const select = /** @type {HTMLSelectElement} */ (make("select", {id: `look-${aspect}`, "class": "select"}, ...options));
  select.value = chosen(aspect);
  select.addEventListener("change", () => choose(aspect, select.value));
  return make("label", {"class": "field-inline"}, make("span", {}, label), select);
}
