/** What of a chart is drawn anew: the end while bars follow, and all of it after a correction of an older bar. */

import {firstChange, shiftOf} from "/static/js/screen/chart/price_chart.js";
import {each, equal, test} from "../../harness.js";

const bar = (t, c = 1) => ({s: "A", iv: "1m", t, o: 1, h: 1, l: 1, c, v: 1, n: 1});
const [A, B, C, D] = [bar(0), bar(60), bar(120), bar(180)];

test("only the end is drawn while bars follow", () => each([
  [[A, B, C], [A, B, C], 2], [[A, B, C], [A, B, bar(120, 2)], 2], [[A, B, C], [A, B, bar(120, 2), D], 2],
], ([before, now, from]) => {
  equal(firstChange(before, now), from);
}));

test("an amended, a missing and an added bar draw all anew, wherever they stand", () => each([
  [[A, B, C], [bar(0, 9), B, C]], [[A, B, C, D], [A, bar(60, 9), C, D]], [[A, B, C], [A, C]], [[A, C, D], [A, B, C, D]], [[A, B], [B]], [[], [A]],
], ([before, now]) => {
  equal(firstChange(before, now), null);
}));

test("the view moves with the bars that are seen, when others come before them or drop out", () => each([
  ["older ones in front", [C, D], [A, B, C, D], 0.5, 2], ["and a new one behind", [B, C], [A, B, C, D], 0.5, 1],
  ["also while the newest is seen", [C], [A, B, C], 9, 2], ["the oldest drops out, the newest is not seen", [A, B, C], [B, C, D], 1, -1],
  ["with the newest the library goes on by itself", [A, B, C], [B, C, D], 5, 0],
  ["also when it is the last that is seen", [A, B, C], [B, C, D], 2, 0], ["nearly the newest", [A, B, C], [B, C, D], 1.9, -1],
  ["none of those before is left", [A, B], [C, D], 0.5, 0], ["an amended bar moves nothing", [A, B, C], [A, bar(60, 9), C], 1, 0],
  ["no bars before", [], [A], 0, 0], ["no bars now", [A], [], 0, 0],
], ([name, before, now, to, shift]) => {
  equal(shiftOf(before, now, {to}), shift, name);
}));
