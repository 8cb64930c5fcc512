/** Symbols that the server rejected, until they are listed. */

import {Rejected} from "/static/js/market/rejected.js";
import {equal, test} from "../harness.js";

test("a rejected symbol is left out until it is forgotten or listed", () => {
  const rejected = new Rejected();
  rejected.add(["A", "B", "C"]);
  equal([rejected.has("A"), rejected.has("D"), rejected.others(["D", "A", "E", "C"])], [true, false, ["D", "E"]]);
  rejected.forget(["C", "D"]);
  equal(rejected.others(["A", "C"]), ["C"]);
  equal(rejected.found(new Map([["B", {}], ["D", {}]])), ["B"]);
  equal([rejected.has("B"), rejected.has("A"), rejected.found(new Map([["B", {}]]))], [false, true, []]);
});
