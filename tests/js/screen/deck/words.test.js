/** Names and ages as the flight deck writes them. */

import {ago, sentence} from "/static/js/screen/deck/words.js";
import {each, equal, test} from "../../harness.js";

test("a name of the wire is written as a sentence begins", () =>
  each([["PRE_OPEN", "Pre-open"], ["RUNNING", "Running"], ["A_B_C", "A-b-c"], ["", ""]], ([name, words]) => equal(sentence(name), words)));

test("an age has the unit that fits", () =>
  each([
    [null, "–"], [0, "0 ms"], [999, "999 ms"], [1_000, "1 s"], [1_250, "1.3 s"], [89_999, "90 s"], [90_000, "2 min"], [89_949, "89.9 s"],
    [6_000_000, "100 min"], [61_000_000, "1,017 min"],
  ], ([ms, words]) => equal(ago(ms), words)));
