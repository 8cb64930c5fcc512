// @ts-check
/**
 * Shows common claims about the transports and whether this run supports them, and what many users would cost.
 * Must not know how either is computed.
 */

import {find, make, write} from "../../dom.js";
import {count, price} from "../../format.js";

/** @typedef {import("../../lab/measure/claims.js").Verdict} Verdict */
/** @typedef {import("../../lab/measure/fleet.js").FleetCost} FleetCost */

/**
 * Show each claim, whether it holds, and why.
 * @param {HTMLElement} list
 * @param {Verdict[]} verdicts
 */
export function showVerdicts(list, verdicts) {
  while (list.children.length < verdicts.length) list.append(line());
  verdicts.forEach(({claim, holds, because}, index) => {
    const item = /** @type {HTMLElement} */ (list.children[index]);
    item.dataset.holds = String(holds);
    write(find(item, "[data-part=claim]"), claim);
    write(find(item, "[data-part=verdict]"), wordOf(holds));
    write(find(item, "[data-part=because]"), because);
  });
}

/** @param {boolean | "unclear" | null} holds */
function wordOf(holds) {
  if (holds === null) return "Not known yet";
  if (holds === "unclear") return "No clear difference here";
  return holds ? "True here" : "Not true here";
}

function line() {
  const claim = make("strong", {"data-part": "claim"});
  const verdict = make("span", {"class": "verdict", "data-part": "verdict"});
  return make("li", {}, make("p", {}, claim, " ", verdict), make("p", {"class": "lab-because", "data-part": "because"}));
}

/**
 * Show what this many users would cost over each transport.
 * @param {HTMLElement} section
 * @param {number} users
 * @param {Record<string, FleetCost>} costs
 */
export function showFleet(section, users, costs) {
  write(find(section, "[data-part=users]"), count(users));
  for (const [key, {cores, requests_per_s, mbit_per_s}] of Object.entries(costs)) {
    const cells = {cores, requests_per_s, mbit_per_s};
    for (const [name, value] of Object.entries(cells)) {
      write(find(section, `[data-fleet=${name}][data-transport=${key}]`), short(value));
    }
  }
}

/** @param {number | null} value */
function short(value) {
  return price(value, value !== null && Math.abs(value) < 10 ? 2 : value !== null && Math.abs(value) < 100 ? 1 : 0);
}
