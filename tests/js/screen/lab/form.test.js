/** The settings of the lab: the form and the address say the same, within limits. */

import {make} from "/static/js/dom.js";
import {LabForm} from "/static/js/screen/lab/form.js";
import {askFor, asked} from "/static/js/screen/page/settings.js";
import {each, equal, ok, test} from "../../harness.js";

const KEYS = ["symbols", "interval", "rate", "users"];

/** The form of a page whose address has these parameters. */
function shown(address = {}) {
  for (const key of KEYS) askFor(key, address[key] ?? null);
  document.getElementById("lab-form")?.remove();
  const rates = [1, 2, 5, 10, 15].map((rate) => make("option", {value: String(rate)}));
  const users = make("input", {id: "lab-users", type: "range", min: "0", max: "500", step: "1"});
  const fields = [make("input", {id: "lab-symbols"}), make("input", {id: "lab-interval"}), make("select", {id: "lab-rate"}, ...rates), users];
  document.body.append(make("form", {id: "lab-form"}, ...fields));
  const changes = [];
  const form = new LabForm({watchlist: ["NVX", "ORB"], onchange: (settings, name) => changes.push([name, settings[name]])});
  const enter = (key, value) => {
    const field = document.getElementById(`lab-${key}`);
    field.value = value;
    field.dispatchEvent(new Event("change"));
  };
  return {form, changes, enter, values: () => KEYS.map((key) => document.getElementById(`lab-${key}`).value)};
}

test("without an address the settings are the usual ones", () => {
  const {form, values} = shown();
  equal(form.settings, {symbols: ["NVX", "ORB"], interval_s: 2, max_rate: 10, users: 1000});
  equal(values(), ["NVX, ORB", "2", "10", "300"]);
});

test("the address says what is set", () => {
  const {form, values} = shown({symbols: "qal, nvx", interval: "0.5", rate: "5", users: "100"});
  equal(form.settings, {symbols: ["QAL", "NVX"], interval_s: 0.5, max_rate: 5, users: 100});
  equal(values(), ["QAL, NVX", "0.5", "5", "200"]);
});

test("what is out of the limits is brought into them, and junk is the usual", () =>
  each([
    [{interval: "0.1"}, {interval_s: 0.25}], [{interval: "11"}, {interval_s: 10}], [{interval: "x"}, {interval_s: 2}],
    [{interval: "0.25"}, {interval_s: 0.25}], [{interval: "10"}, {interval_s: 10}], [{interval: "Infinity"}, {interval_s: 2}],
    [{rate: "3"}, {max_rate: 10}], [{rate: "15"}, {max_rate: 15}], [{rate: "1"}, {max_rate: 1}], [{rate: ""}, {max_rate: 10}],
    [{users: "0"}, {users: 1}], [{users: "200000"}, {users: 100_000}], [{users: "7.6"}, {users: 8}], [{users: ""}, {users: 1000}],
    [{symbols: "nvx;<b>, ,NVX  orb,nvx"}, {symbols: ["NVX", "ORB"]}], [{symbols: "!"}, {symbols: ["NVX", "ORB"]}],
    [{symbols: `A.B-1 btc/usd,m&m ${"X".repeat(24)} ${"Y".repeat(25)}`}, {symbols: ["A.B-1", "BTC/USD", "M&M", "X".repeat(24)]}],
  ], ([address, expected]) => {
    const {settings} = shown(address).form;
    equal(Object.fromEntries(Object.keys(expected).map((name) => [name, settings[name]])), expected);
  }));

test("at most fifty symbols are compared", () => {
  const many = Array.from({length: 60}, (_, index) => `S${index}`);
  equal(shown({symbols: many.join(" ")}).form.settings.symbols, many.slice(0, 50));
});

test("a change is told, written into the address, and the others stay", () => {
  const {form, changes, enter, values} = shown({interval: "3"});
  enter("symbols", "qal");
  enter("interval", "99");
  enter("rate", "15");
  enter("users", "400");
  equal(changes, [["symbols", ["QAL"]], ["interval_s", 10], ["max_rate", 15], ["users", 10_000]]);
  equal(KEYS.map(asked), ["QAL", "10", "15", "10000"]);
  equal(form.settings, {symbols: ["QAL"], interval_s: 10, max_rate: 15, users: 10_000});
  equal(values(), ["QAL", "10", "15", "400"]);
});

test("the slider is heard while it moves, and the form is not sent", () => {
  const {changes} = shown();
  const slider = document.getElementById("lab-users");
  slider.value = "0";
  slider.dispatchEvent(new Event("input"));
  equal(changes, [["users", 1]]);
  const event = new Event("submit", {cancelable: true});
  document.getElementById("lab-form").dispatchEvent(event);
  ok(event.defaultPrevented, "the form was sent");
});
