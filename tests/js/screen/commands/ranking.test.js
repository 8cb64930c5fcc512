/** Commands are found by what somebody types. */

import {afterChoice, found, suggested} from "/static/js/screen/commands/ranking.js";
import {each, equal, test} from "../../harness.js";

const command = (kind, label, words = "") => ({id: `${kind}:${label}`, kind, label, words});
const ALL = [
  command("Action", "Pause or resume the prices"), command("Page", "Alerts"), command("List", "Technology", "watchlist"),
  command("Instrument", "NVX", "Novexa Systems chart"), command("Instrument", "BRK.B", "Berk Holding chart"), command("Instrument", "NV", "Nevis chart"),
  command("Alert", "Make an alert on NVX", "Novexa Systems"), command("Alert", "Make an alert on NV", "Nevis"),
];
const labels = (text, most = 9) => found(ALL, text, most).map(({label}) => label);

test("the symbol itself comes first, then what begins like it", () =>
  each([
    ["nvx", ["NVX", "Make an alert on NVX"]],
    ["NV", ["NV", "Make an alert on NV", "NVX", "Make an alert on NVX"]],
    ["brk.b", ["BRK.B"]],
    ["novexa", ["NVX", "Make an alert on NVX"]],
    ["alert nvx", ["Make an alert on NVX"]],
    ["nvx alert", ["Make an alert on NVX"]],
    ["pause", ["Pause or resume the prices"]],
    ["list tech", ["Technology"]],
    ["xyzzy", []],
    ["nvx xyzzy", []],
  ], ([text, expected]) => equal(labels(text), expected)));

test("only so many are found", () => equal(labels("n", 2).length, 2));

test("before anything is typed there is what was chosen lately, then all but instruments", () => {
  equal(suggested(ALL, ["Instrument:NVX", "Page:Alerts", "gone"]).map(({label}) => label),
    ["NVX", "Alerts", "Pause or resume the prices", "Technology"]);
});

test("the last choice is the first, once, and old ones are forgotten", () => {
  equal(afterChoice(["a", "b"], "b"), ["b", "a"]);
  equal(afterChoice(["a", "b", "c", "d", "e"], "f"), ["f", "a", "b", "c", "d"]);
});
