/** Numbers about the stream of prices: sums as they are, and rates of what came since the last look. */

import {make} from "/static/js/dom.js";
import {Meter} from "/static/js/screen/status/meter.js";
import {equal, test} from "../../harness.js";

const NAMES = ["age", "transport", "updates", "ticks", "tick_rate", "merged", "reconnects", "bytes", "requests"];

/** A meter with a place for each number, and two for the age. */
function shown() {
  const page = make("div", {}, ...[...NAMES, "age"].map((name) => make("span", {"data-meter": name})));
  const texts = () => Object.fromEntries(NAMES.map((name) => [name, page.querySelector(`[data-meter=${name}]`).textContent]));
  return {page, meter: new Meter(page), texts};
}

test("sums stand as they are, and rates are of the time since the last look", () => {
  const {page, meter, texts} = shown();
  const facts = {ticks: 100, entries: 60, frames: 10, age_ms: 400, transport: "SSE", reconnects: 2};
  meter.tell(facts, 1_000);
  equal([texts().updates, texts().tick_rate], ["0.0", "0"]);
  meter.tell({...facts, ticks: 1_300, entries: 460, frames: 15, transport: ""}, 3_000);
  equal(texts(), {
    age: "0.4 s", transport: "–", updates: "2.5", ticks: "1,300", tick_rate: "600", merged: "840", reconnects: "2",
    bytes: "", requests: "",
  });
  equal([...page.querySelectorAll("[data-meter=age]")].map(({textContent}) => textContent), ["0.4 s", "0.4 s"]);
});

test("the costs of a transport are shown, and what has no place is left out", () => {
  const {meter, texts} = shown();
  meter.tellCosts({requests: 12, unchanged: 3, bytes: 1_500});
  equal([texts().requests, texts().bytes], ["12", "1.5 kB"]);
});
