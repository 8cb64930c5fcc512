/** Claims with their verdicts, and what many users would cost. */

import {make} from "/static/js/dom.js";
import {showFleet, showVerdicts} from "/static/js/screen/lab/verdicts.js";
import {equal, test} from "../../harness.js";

const texts = (list) => [...list.children].map((item) =>
  [item.dataset.holds, ...["claim", "verdict", "because"].map((part) => item.querySelector(`[data-part=${part}]`).textContent)]);

test("a claim is true, not true, or not known yet", () => {
  const list = make("ul");
  const [first, second] = [{claim: "A", holds: true, because: "a"}, {claim: "B", holds: null, because: "b"}];
  showVerdicts(list, [first, second]);
  equal(texts(list), [["true", "A", "True here", "a"], ["null", "B", "Not known yet", "b"]]);
  showVerdicts(list, [first, {claim: "B", holds: false, because: "c"}]);
  equal(texts(list), [["true", "A", "True here", "a"], ["false", "B", "Not true here", "c"]]);
});

test("a cost has three digits at least, and no more decimals than it needs", () => {
  const names = ["cores", "requests_per_s", "mbit_per_s"];
  const section = make("section", {}, make("b", {"data-part": "users"}),
    ...["sse", "poll"].flatMap((key) => names.map((name) => make("td", {"data-fleet": name, "data-transport": key}))));
  showFleet(section, 12_000, {
    sse: {cores: 1.234, requests_per_s: 10, mbit_per_s: 99.94}, poll: {cores: null, requests_per_s: 12_345.6, mbit_per_s: 9.999},
  });
  equal([...section.children].map(({textContent}) => textContent), ["12,000", "1.23", "10.0", "99.9", "–", "12,346", "10.00"]);
});
