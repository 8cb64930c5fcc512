/** The ladder has five lines, whatever the book has. */

import {make} from "/static/js/dom.js";
import {BookLadder} from "/static/js/screen/chart/depth_ladder.js";
import {equal, test} from "../../harness.js";

test("levels stand beside each other, and what is missing is no zero", () => {
  const table = make("table", {}, make("tbody"));
  const ladder = new BookLadder(table);
  ladder.show({bids: [[10.5, 1_200], [10.4, 300]], asks: [[10.6, 600]]}, 2);
  const texts = () => [...table.querySelectorAll("tr")].map((row) => [...row.children].map((cell) => cell.textContent));
  equal(texts().slice(0, 3), [["1,200", "10.50", "10.60", "600"], ["300", "10.40", "–", "–"], ["–", "–", "–", "–"]]);
  equal([texts().length, table.querySelector("td").style.getPropertyValue("--share")], [5, "100%"]);
  ladder.show({bids: [], asks: []}, 0);
  equal(texts()[0], ["–", "–", "–", "–"]);
});
